"""A small folder of results, made by hand, and what tests ask of its page."""

import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from richlazy.experiments import page_plan
from richlazy.pages import results_page
from richlazy.statistics.claims import CLAIM_COLUMNS
from richlazy.storage import parquet

ROOT = Path(__file__).parents[1]
NASTY = 'a <b> & "c"'
LIBRARY = "window.vegaEmbed = async () => {};"
VOID = {"meta", "link", "img", "br", "hr", "input", "col"}


class Page(HTMLParser):
    """What a test asks of a page: elements with their attributes, headings, and text."""

    def __init__(self, text: str):
        super().__init__()
        self.elements: list[tuple[str, dict]] = []
        self.open: list[str] = []
        self.text = text
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open and self.open[-1] == tag, f"</{tag}> closes {self.open[-1:]}"
            self.open.pop()

    def all(self, tag: str) -> list[dict]:
        return [attributes for name, attributes in self.elements if name == tag]

    def levels(self) -> list[int]:
        return [int(name[1]) for name, _ in self.elements if re.fullmatch("h[1-6]", name)]


def runs(conditions=(1, 30), seeds=3, tasks=("2AF", "DMS"), **changes) -> pd.DataFrame:
    """Rows of runs.parquet of an experiment that compares ranks."""
    rows = [
        {"task": task, "rank": rank, "seed": seed, "network": f"results/runs/{task}/{rank}/{seed}/network.npz"}
        | {"kernel_alignment": 0.1 * place + 0.01 * seed, "weight_change_norm": 2.0 - place, "final_loss": 0.1}
        | {"structure": "svd_truncation", "matching": "frobenius", "size": 24, "rectification": "after_leak"}
        | {"time_step_ms": 100.0, "time_constant_ms": 100.0, "iterations": 20, "batch_size": 4, "learning_rate": 0.003}
        | {
            "guess_accuracy": 0.5,
            "diverged": False,
            "failed": False,
            "converged": True,
            "connectome": None,
            "substitute": None,
        }
        for task in tasks
        for place, rank in enumerate(conditions)
        for seed in range(seeds)
    ]
    return pd.DataFrame(rows).assign(**changes)


def described(name="figure_1", **changes) -> dict:
    usual = {
        "name": name, "title": f"Rank of {name}", "source": "Liu et al. 2024, Figure 1", "arms": ["task"],
        "compare": "rank", "measures": ["kernel_alignment", "weight_change_norm"],
        "paper_shows": "Lower rank learns richer.", "options": {}, "figures": ["measures", "losses"], "networks": 12,
    }  # fmt: skip
    return {name: usual | changes}


def claim(identity: str, **changes) -> dict:
    usual = {column: "" for column in CLAIM_COLUMNS} | {
        "id": identity, "paper": "Liu et al. 2024", "location": "Figure 1B (2AF)",
        "statement": f"Statement of {identity}.",
        "experiment": "figure_1", "scale": "tiny", "verdict": "supported", "supporting": 2, "contradicting": 0,
        "undecided": 0, "measure": "kernel_alignment", "margin": np.nan,
        "effect": 0.5, "effect_is": "Kendall's tau", "interval_low": 0.4, "interval_high": 0.6,
        "relative_effect": np.nan, "p": 0.01, "n": 3,
        "evidence": "2AF kernel_alignment: +0.5 [+0.4, +0.6], p 0.01, n 3",
    }  # fmt: skip
    return usual | changes


METHODS = {
    "connectivity": {"size": 24, "matching": "frobenius"},
    "dynamics": {"time_step_ms": 100, "time_constant_ms": 100},
    "training": {"loss_steps": "all", "iterations": 20, "batch_size": 4, "learning_rate": 0.003},
    "probe": {"trials": 10, "kernel_trials": 2},
    "statistics": {"significance_level": 0.05},
}
PROVENANCE = {
    "commit": "0123456789", "uncommitted_changes": True, "python": "3.11.7", "versions": {"snakemake": "9.27.1"},
    "machine_class": {"processor": "a processor", "instructions": "AVX2", "system": "Linux",
                      "torch": "2", "numpy": "2", "scipy": "1"},
    "wall_seconds": {"train": 4000.0, "measure": None},
}  # fmt: skip


def write(folder: Path, tables=None, claims=None, experiments=None, scale="tiny") -> results_page.Given:
    """Write results to a folder, and give what their page is made of."""
    for name, table in ({"figure_1": runs()} if tables is None else tables).items():
        own = folder / "experiments" / name
        (own / "tables").mkdir(parents=True)
        (own / "figures").mkdir()
        parquet.save_table(own / "tables/runs.parquet", table, dict.fromkeys(table, "a column"))
        for figure in ("measures", "losses"):
            Image.new("RGB", (40, 20), "white").save(own / f"figures/{figure}.png")
    if claims is None:
        claims = [claim("liu2024-one"), claim("liu2024-two", verdict="not run", supporting=0, n=0, evidence="")]
    table = pd.DataFrame(claims, columns=list(CLAIM_COLUMNS))
    parquet.save_table(folder / "claims.parquet", table, CLAIM_COLUMNS)
    return results_page.Given(
        folder=folder,
        experiments=described() if experiments is None else experiments,
        methods=page_plan.methods({"scale": scale, **METHODS}),
        measures=page_plan.measures(),
        provenance={"figure_1": PROVENANCE},
        library=LIBRARY,
        beside=[],
        options=" --configfile tiny.yaml",
        captions=ROOT / "workflow/report",
    )
