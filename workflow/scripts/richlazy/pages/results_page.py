"""The page of results: one file that opens on the answer, with every figure, verdict, number and origin."""

import base64
import gzip
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2
import pandas as pd

from richlazy import wording
from richlazy.figures import figure_style
from richlazy.pages import charts, claim_lines, documents, methods, networks, notices, origins, pictures, words
from richlazy.pages.claim_lines import ClaimLine
from richlazy.pages.networks import Asked, Networks
from richlazy.pages.pictures import Picture
from richlazy.storage import parquet

# What the bundle of the chart library shows to the script of the page.
EXPOSED = "window.vegaEmbed = vegaEmbed;"
TEMPLATES = Path(__file__).parent / "templates"
_NO_PAPER = "What no paper asked"
QUESTION = "How does the wiring of a recurrent network shape the way it learns?"
# What figures show, for those who do not see them.
SHOWN = {
    "measures": "Measures of change of every network",
    "losses": "Loss curves during training",
    "effects": "Effects on every measure with their intervals",
    "trajectories": "Networks during training",
    "truncation": "Singular values of the weight change, and loss with the change truncated",
    "outputs": "Outputs of trained networks on a few trials",
    "interactions": "How the effect changes over the numbers that are swept",
    "lstm": "Singular values, accuracy after truncation and course of training of LSTMs",
}


@dataclass(frozen=True)
class Given:
    """What a page is made of.

    Attributes:
        folder: of the results.
        experiments: what the configuration asks of each (``page_plan.described``).
        methods: groups of the configuration that the methods name (``page_plan.methods``).
        measures: ``labels`` and ``roles`` of all measures (``page_plan.measures``).
        provenance: of each experiment (``reference.provenance``); those without are left out of the table of runs.
        library: JavaScript of the chart library.
        beside: figures of tasks, of connectomes and over all experiments.
        options: of the commands that build these results, after the name of the target.
        captions: folder of the captions of the report.
    """

    folder: Path
    experiments: Mapping[str, Mapping[str, Any]]
    methods: Mapping[str, Any]
    measures: Mapping[str, Any]
    provenance: Mapping[str, Mapping[str, Any]]
    library: str
    beside: Sequence[Path]
    options: str
    captions: Path


@dataclass(frozen=True)
class Section:
    """A figure of the page: an experiment.

    Attributes:
        asked: what the configuration asks of it.
        count: how many networks and seeds it has.
        notices: about its data.
        charts: title and panels of each measure; empty where the experiment has no figure of measures.
        overlay, legend: name of the parameter that is told by colour, and colour of each value; empty where none is.
        data: the networks, packed, for charts and download.
        head, summary: the chart in words.
        caption: of the chart.
        pictures: its other figures.
        claims: claims that it tests.
        command: that builds it again.
    """

    asked: Asked
    count: str
    notices: list[str]
    charts: list[dict[str, Any]]
    overlay: str
    legend: dict[Any, str]
    data: str
    head: list[str]
    summary: list[list[str]]
    caption: str
    pictures: list[Picture]
    claims: list[ClaimLine]
    command: str


def render(given: Given) -> str:
    """The page as HTML.

    Raises:
        ValueError: when a table is damaged.
    """
    labels = given.measures["labels"]
    claims = claim_lines.lines(parquet.load_table(given.folder / "claims.parquet"), labels, given.experiments)
    asked = {one.name: one for one in ordered(given)}
    runs = {
        name: parquet.load_table(file) for name in asked if (file := _of(given, name) / "tables/runs.parquet").exists()
    }
    sections = [_section(given, asked[name], table, claims) for name, table in runs.items()]
    main = max(sections, key=lambda one: sum(claim.word != "not run" for claim in one.claims), default=None)
    tested = sum(claim.word != "not run" for claim in claims)
    scale, missing = str(given.methods["scale"]), [name for name in asked if name not in runs]
    networks_of = {name: table["network"].nunique() for name, table in runs.items()}
    told = {**given.methods, "ran": methods.ran(runs.values()), "tests_claims": tested > 0}
    return (
        environment()
        .get_template("results.html")
        .render(
            question=QUESTION,
            scale=scale,
            notices=notices.of_page(
                scale, missing, {one.asked.name: one.notices for one in sections}, tests_claims=tested > 0
            ),
            main=main,
            main_picture=_main_picture(given, main),
            tested=tested,
            claims=wording.counted(len(claims), "claim"),
            standing=claim_lines.standing(claims),
            papers=claim_lines.by_paper(claims),
            rules=claim_lines.rules(),
            shown=set(runs),
            groups=_groups(sections),
            experiments=wording.counted(len(sections), "experiment"),
            methods=documents.caption(given.captions / "workflow.rst", {}, {}, told),
            beside=_beside(given),
            origins=origins.table({name: given.provenance.get(name) for name in runs}, networks_of),
            library=_packed(given.library),
        )
    )


def verdicts(folder: Path, measures: Mapping[str, Any], experiments: Mapping[str, Any]) -> str:
    """The table of verdicts alone as HTML, for the report."""
    claims = claim_lines.lines(parquet.load_table(folder / "claims.parquet"), measures["labels"], experiments)
    return environment().get_template("verdicts.html").render(papers=claim_lines.by_paper(claims), shown=set())


def environment() -> jinja2.Environment:
    """Templates of pages; whatever is put into them is escaped."""
    loader = jinja2.FileSystemLoader(TEMPLATES)
    found = jinja2.Environment(
        loader=loader, autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    found.globals["colours"] = figure_style.distinct_colours(6)
    return found


def _of(given: Given, experiment: str) -> Path:
    return given.folder / "experiments" / experiment


def ordered(given: Given) -> list[Asked]:
    """Experiments of a page: papers by name, what no paper shows last, and figures by number."""
    return sorted((Asked(**described) for described in given.experiments.values()), key=_order)


def _order(asked: Asked) -> tuple[bool, str, tuple[int, str], str]:
    paper, _, place = asked.source.partition(", ")
    number = re.match(r"Figures? (\d+)", place)
    return group_of(asked) == _NO_PAPER, paper, (int(number[1]) if number else 999, place), asked.name


def group_of(asked: Asked) -> str:
    """Heading of the group of figures that an experiment belongs to."""
    paper = asked.source.partition(", ")[0]
    return _NO_PAPER if paper.startswith("no paper") or paper == asked.source else f"Figures of {paper}"


def _groups(sections: Sequence[Section]) -> list[tuple[str, list[Section]]]:
    """Sections by paper, with a heading each."""
    found: dict[str, list[Section]] = {}
    for one in sections:
        found.setdefault(group_of(one.asked), []).append(one)
    return list(found.items())


def _section(given: Given, asked: Asked, runs: pd.DataFrame, claims: Sequence[ClaimLine]) -> Section:
    labels, roles = given.measures["labels"], given.measures["roles"]
    params = {"title": asked.title, "source": asked.source, "options": asked.options, "networks": [{"seed": 0}]}
    drawn: Networks | None = networks.of(asked, runs, roles) if "measures" in asked.figures else None
    found = []
    for name in asked.figures:
        file = _of(given, asked.name) / "figures" / f"{name}.png"
        if file.exists() and name != "measures":
            caption = documents.caption(
                given.captions / f"{name}.rst", params, {"experiment": asked.name}, given.methods
            )
            alternative = f"{SHOWN.get(name, name)}: {asked.title}. The caption says what is drawn."
            found.append(pictures.picture(file, given.folder, alternative, caption))
    head, summary = networks.summary(drawn, labels, asked.compare) if drawn else ([], [])
    return Section(
        asked=asked,
        count=", ".join(wording.counted(runs[what].nunique(), what) for what in ("network", "seed")),
        notices=notices.of_experiment(asked, runs),
        charts=_panels(asked, drawn, labels) if drawn else [],
        overlay=words.parameter(drawn.overlay) if drawn and drawn.overlay else "",
        legend=charts.legend(drawn) if drawn else {},
        data=_packed(json.dumps(_data(asked, drawn, runs, labels), allow_nan=False, separators=(",", ":"))),
        head=head,
        summary=summary,
        caption=_caption(drawn) if drawn else "",
        pictures=found,
        claims=[claim for claim in claims if claim.experiment == asked.name],
        command=f"snakemake {asked.name}{given.options}",
    )


def _panels(asked: Asked, drawn: Networks, labels: Mapping[str, tuple[str, int]]) -> list[dict[str, Any]]:
    """Of each measure its title and, for every panel, title and text alternative."""
    found = []
    for measure, chart in zip(drawn.measures, charts.charts(asked, drawn, labels), strict=True):
        panels = []
        for title in drawn.panels:
            of_panel = [row for row in drawn.medians if row["panel"] == title and measure in row]
            medians = ", ".join(
                f"{row['condition']}{' and ' + str(row['overlaid']) if 'overlaid' in row else ''}: "
                f"{row[measure] if row[measure] != 'inf' else 'not reached'}"
                for row in of_panel[:12]
            )
            text = (
                f"{words.measure(measure, labels)} by {words.parameter(asked.compare)}{', ' + title if title else ''}"
            )
            panels.append({"title": title, "alternative": f"{text}. Medians {medians}. Table below."})
        found.append({"title": chart["title"], "panels": panels})
    return found


def _data(
    asked: Asked, drawn: Networks | None, runs: pd.DataFrame, labels: Mapping[str, tuple[str, int]]
) -> dict[str, Any]:
    """What the script of the page reads of an experiment: columns and rows of its networks, medians, specifications."""
    if drawn is None:
        plain = [networks.plain_row(row) for row in runs.to_dict("records")]
        return {"columns": list(runs), "rows": [list(row.values()) for row in plain], "medians": [], "specs": []}
    columns = list(drawn.rows[0])
    return {
        "columns": columns,
        "names": {"condition": asked.compare} | ({"overlaid": drawn.overlay} if drawn.overlay else {}),
        "rows": [list(row.values()) for row in drawn.rows],
        "medians": drawn.medians,
        "panels": drawn.panels,
        "specs": [chart["spec"] for chart in charts.charts(asked, drawn, labels)],
    }


def _caption(drawn: Networks) -> str:
    """What the marks of a chart mean: those that occur."""
    states = {row["state"] for row in drawn.rows}
    parts = ["Each dot is one trained network; " + ("lines" if drawn.numeric else "bars") + " are medians over seeds."]
    parts += ["Open circles have not converged."] * ("not converged" in states)
    parts += ["Crosses failed to learn and are left out of medians of rich and lazy."] * ("failed to learn" in states)
    values = [value for row in drawn.rows for value in row.values()]
    lost = [row[name] for row in drawn.rows if row["state"] == "diverged" for name in drawn.measures]
    parts += ["Triangles that point down diverged; only their times count."] * any(value is not None for value in lost)
    parts += ["Open triangles at the upper edge: not reached in training."] * ("inf" in values)
    theory = any(name.endswith("_predicted") for row in drawn.medians for name in row)
    parts += ["Diamonds are medians of what theory says of the same networks."] * theory
    return " ".join(parts)


def _main_picture(given: Given, main: Section | None) -> Picture | None:
    """The figure of measures of the section that most claims are about."""
    file = _of(given, main.asked.name) / "figures" / "measures.png" if main else None
    if main is None or file is None or not file.exists():
        return main.pictures[0] if main and main.pictures else None
    return pictures.picture(
        file, given.folder, f"{SHOWN['measures']}: {main.asked.title}. Its section has the numbers."
    )


def _beside(given: Given) -> list[Picture]:
    """Figures that belong to no single experiment: trials of tasks, connectomes, effect of rank in every arm."""
    found = []
    for file in given.beside:
        kind, name = file.stem, file.parents[1].name
        shown = {"robustness": "Effect of rank in every arm", "trials": f"Trials of the task {name}"}
        title = shown.get(kind, f"Connectome {name}")
        found.append(pictures.picture(file, given.folder, f"{title}.", title))
    return found


def _packed(text: str) -> str:
    """Text in a fifth of its length, for the script of the page; equal text gives equal letters."""
    return base64.b64encode(gzip.compress(text.encode(), 9, mtime=0)).decode()
