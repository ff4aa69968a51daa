"""Figures: drawn from small tables of every kind, the same bytes each time, and readable."""

import copy
import hashlib
import itertools
import json
import re
from dataclasses import dataclass
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
import yaml
from matplotlib import pyplot as plt
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.text import Text

from richlazy import connectivity, experiments, metrics, plotting, records, statistics, summaries, tables

ROOT = Path(__file__).parents[2]
CONFIG = yaml.safe_load((ROOT / "config.yaml").read_text())
SETTINGS = CONFIG["figures"] | {"resolution_dpi": 60}
STATISTICS = CONFIG["statistics"] | {"bootstrap_resamples": 99}
SVD = {"structure": ["svd_truncation"], "rank": [1, 30, 100, 300]}


@dataclass
class Case:
    """An experiment, and what happened to its runs."""

    grid: dict
    compare: str = "rank"
    seeds: int = 4
    diverged: object = None  # which runs diverged, a function of the run
    unconverged: object = None
    floor: float | None = 0.25
    schematic: bool = False
    title: str = "Rank of the initial recurrent weights, by SVD truncation"
    groups: tuple = ({},)
    spectrum: str | None = None

    @property
    def experiment(self):
        return {
            "preset": "reproduction", "grid": self.grid, "groups": list(self.groups), "compare": self.compare,
            "seeds": self.seeds, "measures": SETTINGS["measures"],
        }  # fmt: skip

    @property
    def levels(self):
        """Values of the compared parameter."""
        return experiments.values(self.experiment, self.compare)


CASES = {
    "one task": Case({"task": ["2AF"], **SVD}),
    "three tasks": Case({"task": ["2AF", "DMS", "CXT"], **SVD}, schematic=True),
    "eight arms": Case(
        {"task": ["CXT"], "leak": ["euler", "exponential"], "momentum": [0.0, 0.9], "gain": [1.25, 1.5], **SVD},
        title="Which conclusions hang on leak, momentum and gain",
    ),
    "named comparison": Case(
        {"task": ["2AF", "CXT"], "structure": ["gaussian", "uniform", "soft_rank"], "decay_exponent": [2]},
        compare="structure",
        title="Structures of the initial weights",
    ),
    "two values": Case({"task": ["DMS"], "structure": ["gaussian"], "gain": [1, 1.5]}, compare="gain", title="Gain"),
    "arms with and without a rank": Case(
        {"task": ["2AF"], "structure": ["gaussian", "svd_truncation"], "rank": [1, 30], "gain": [1.0, 1.25, 1.5]},
        compare="gain", title="Gain of several structures",
    ),
    "diverged and unconverged": Case(
        {"task": ["2AF", "CXT"], **SVD},
        diverged=lambda run: run["rank"] == 1 and run["seed"] == 2,
        unconverged=lambda run: run["task"] == "CXT" and run["seed"] == 0,
    ),
    "all diverged": Case({"task": ["2AF"], **SVD}, diverged=lambda run: True),
    "structures": Case(
        {"task": ["2AF"]},
        compare="structure",
        groups=(
            {"size": [20], "structure": ["gaussian", "cell_types", "dale"]},
            {"size": [12], "structure": ["gaussian", "connectome"]},
        ),
        spectrum="eigenvalues",
        unconverged=lambda run: run["structure"] == "dale" and run["seed"] < 3,
        title="Biologically inspired initial connectivity",
    ),
    "shuffles": Case(
        {"task": ["2AF"], "size": [12], "structure": ["connectome", "connectome_shuffled",
         "connectome_shuffled_signs_kept", "connectome_shuffled_targets", "connectome_shuffled_edges", "gaussian"]},
        compare="structure", spectrum="singular_values", title="Shuffled connectome",
    ),
    "no floor": Case({"task": ["MSI"], **SVD}, floor=None),
}  # fmt: skip
FIGURES = {
    "measures": [
        "one task", "three tasks", "eight arms", "named comparison", "two values", "diverged and unconverged",
        "all diverged", "structures", "shuffles",
    ],
    "losses": [
        "one task", "three tasks", "eight arms", "named comparison", "diverged and unconverged", "all diverged",
        "no floor", "structures",
    ],
    "effects": [
        "one task", "eight arms", "named comparison", "arms with and without a rank", "all diverged", "structures",
    ],
}  # fmt: skip
DRAWINGS = [(name, figure) for figure, names in FIGURES.items() for name in names]


EVERY_DRAWING = pytest.mark.parametrize(("name", "figure"), DRAWINGS)


@dataclass
class Data:
    """What the workflow has when it draws the figures of an experiment."""

    case: Case
    arms: list
    runs: pd.DataFrame
    curves: pd.DataFrame
    trends: pd.DataFrame
    contrasts: pd.DataFrame
    spectra: pd.DataFrame | None = None


def spectra_of(config, runs, notes):
    """Spectra of all initial weights, as the workflow tabulates them."""
    starts = {experiments.connectivity_path(run): run for run in runs}.values()
    mapped = np.abs(np.random.default_rng(0).standard_normal((12, 12))) * ([1] * 9 + [-1] * 3)
    matrices = []
    for run in starts:
        structure = config["structures"][run["structure"]]
        kind = connectivity.STRUCTURES[structure["kind"]]
        options = {name: mapped if name == "connectome" else structure[name] for name in kind.options}
        rng = np.random.default_rng(run["seed"])
        matrices.append(
            connectivity.structured_weights(
                structure["kind"], run["size"], run["gain"], run["matching"] or "frobenius", rng, **options
            )
        )
    return summaries.connectivity_tables(list(starts), matrices, notes)[1]


def data_of(case, folder):
    config = copy.deepcopy(CONFIG)
    config["experiments"] = {"mine": case.experiment}
    rng = np.random.default_rng(0)
    rows, histories = [], []
    for run in experiments.runs(config, "mine"):
        lost = bool(case.diverged and case.diverged(run))
        loss = 0.9 if case.unconverged and case.unconverged(run) else 0.3
        place = case.levels.index(run[case.compare])
        values = {name: 0.5 + 0.1 * place + 0.05 * rng.random() for name in metrics.MEASURES}
        rows.append(
            run
            | {"network": "network.npz", "probe": "probe.npz", "diverged": lost, "diverged_at": 20 if lost else None}
            | {"final_loss": None if lost else loss, "bayes_loss": case.floor, "bayes_accuracy": None}
            | (dict.fromkeys(values) if lost else values)
        )
        curve = loss + 1.5 * np.exp(-np.arange(1, 11) / 3) + 0.01 * rng.random(10)
        histories.append(
            {"iterations": list(range(10, 110, 10)), "loss": [*curve[:3], *([None] * 7)] if lost else curve}
        )
    rows = json.loads(json.dumps(rows))
    notes = {name: experiments.connectome_note(config, name) for name in config["structures"]}
    notes = {name: note for name, note in notes.items() if note}
    runs = summaries.runs_table(rows, STATISTICS["convergence_factor"], STATISTICS["loss_margin"], notes)
    arms = experiments.arms(config, "mine")
    found = {
        "runs": runs,
        "curves": summaries.curves_table(histories, runs["run"]),
        "trends": statistics.trends(runs, arms, case.compare, STATISTICS),
        "contrasts": statistics.contrasts(runs, arms, case.compare, STATISTICS),
    }
    if case.spectrum:
        found["spectra"] = spectra_of(config, experiments.runs(config, "mine"), notes)
    for name, table in found.items():  # as the figures get them: from files
        tables.save_table(folder / f"{name}.parquet", table, dict.fromkeys(table.columns, "meaning"))
    return Data(case, arms, **{name: tables.load_table(folder / f"{name}.parquet") for name in found})


def draw(figure, data, folder, settings=SETTINGS):
    """Draw one figure of an experiment as its script does."""
    case, files = data.case, (folder / "figure.pdf", folder / "figure.png")
    if figure == "measures":
        plotting.draw_measures(
            data.runs, data.arms, case.compare, case.title, settings["measures"], settings, *files,
            with_schematic=case.schematic, spectra=data.spectra, spectrum=case.spectrum,
        )  # fmt: skip
    elif figure == "losses":
        plotting.draw_losses(data.runs, data.curves, data.arms, case.compare, case.title, settings, *files)
    else:
        plotting.draw_effects(
            data.trends, data.contrasts, data.arms, case.compare, case.title, 0.05, settings, *files
        )  # fmt: skip
    return files


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Tables of every case, made once."""
    found = {}

    def get(name):
        if name not in found:
            found[name] = data_of(CASES[name], tmp_path_factory.mktemp("tables"))
        return found[name]

    return get


class Drawing:
    """A figure as it was when its PNG was written: its files, and where its texts stood."""

    def __init__(self, files, figure, drawn, page):
        self.pdf, self.png = files
        self.page = page
        self.open_figures = plt.get_fignums()
        self.axes = [axes for axes in figure.axes if axes.get_visible()]
        schematic = {text for axes in figure.axes if not axes.axison for text in axes.findobj(Text)}
        ticks = {
            label
            for axes in self.axes
            for axis in (axes.xaxis, axes.yaxis)
            for tick in (*axis.majorTicks, *axis.minorTicks)
            for label in (tick.label1, tick.label2)
        }
        self.boxes = [
            (text.get_text().replace("\n", " "), text in ticks, box)
            for text, box in drawn.items()
            if text.get_text().strip() and text not in schematic
        ]
        self.texts = [text.get_text() for text in drawn]

    def text(self):
        return "\n".join(self.texts)


def draw_and_watch(figure, data, folder):
    """Draw a figure and note the place of every text in the moment in which it is drawn."""
    figures, drawn, pages = [], {}, []
    save, draw_text = plotting._save, Text.draw

    def keep_figure(saved, *arguments):
        figures.append(saved)
        save(saved, *arguments)

    def keep_place(text, renderer, *arguments, **keywords):
        if isinstance(renderer, RendererAgg) and text.get_visible():
            drawn[text] = text.get_window_extent(renderer)
            pages.append(text.get_figure(root=True).bbox.frozen())
        draw_text(text, renderer, *arguments, **keywords)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plotting, "_save", keep_figure)
        patch.setattr(Text, "draw", keep_place)
        files = draw(figure, data, folder)
    assert len(figures) == 1
    return Drawing(files, figures[0], drawn, pages[-1])


@pytest.fixture(scope="module")
def drawings(data, tmp_path_factory):
    """Every figure of every case, drawn once when it is first asked for."""
    found = {}

    def get(name, figure):
        if (name, figure) not in found:
            found[name, figure] = draw_and_watch(figure, data(name), tmp_path_factory.mktemp("figures"))
        return found[name, figure]

    return get


@pytest.mark.parametrize(("name", "figure"), DRAWINGS)
def test_every_figure_is_drawn_to_pdf_and_png(drawings, name, figure):
    drawing = drawings(name, figure)
    assert drawing.pdf.read_bytes()[:5] == b"%PDF-"
    pixels = plt.imread(drawing.png)
    assert pixels.shape[1] == pytest.approx(SETTINGS["width_mm"] / 25.4 * 60, abs=1)
    assert pixels[..., :3].std() > 0.01
    assert sorted(path.name for path in drawing.pdf.parent.iterdir()) == ["figure.pdf", "figure.png"]
    assert drawing.open_figures == []


@EVERY_DRAWING
def test_texts_stand_inside_the_figure(drawings, name, figure):
    drawing = drawings(name, figure)
    outside = [
        text
        for text, _, box in drawing.boxes
        if box.x0 < -1 or box.y0 < -1 or box.x1 > drawing.page.x1 + 1 or box.y1 > drawing.page.y1 + 1
    ]
    assert outside == []


def overlap(first, second):
    """Width and height in pixels of what two boxes share."""
    return min(first.x1, second.x1) - max(first.x0, second.x0), min(first.y1, second.y1) - max(first.y0, second.y0)


@EVERY_DRAWING
def test_titles_labels_and_notes_do_not_overlap(drawings, name, figure):
    """Titles, labels, legend and footnote against each other and against the numbers at the ticks."""
    boxes = drawings(name, figure).boxes
    assert len(boxes) > 5
    crossing = [
        (first, second)
        for (first, first_tick, box), (second, second_tick, other) in itertools.combinations(boxes, 2)
        if not (first_tick and second_tick) and min(overlap(box, other)) > 1
    ]
    assert crossing == []


@pytest.mark.parametrize(
    ("name", "figure"), [("three tasks", "measures"), ("one task", "losses"), ("one task", "effects")]
)
def test_equal_tables_give_equal_bytes(drawings, data, tmp_path, name, figure):
    drawing = drawings(name, figure)
    again = draw(figure, data(name), tmp_path)
    for before, after in zip((drawing.pdf, drawing.png), again, strict=True):
        assert hashlib.sha256(before.read_bytes()).digest() == hashlib.sha256(after.read_bytes()).digest()


def test_files_carry_no_date(drawings):
    drawing = drawings("one task", "measures")
    assert b"/CreationDate" not in drawing.pdf.read_bytes()
    assert b"Software" not in drawing.png.read_bytes()


# What a figure says


def number_of_arms(name):
    return len(CASES[name].grid["task"]) * {"eight arms": 8, "structures": 2}.get(name, 1)


@pytest.mark.parametrize("name", FIGURES["measures"])
def test_measures_have_a_panel_for_each_arm_and_measure(drawings, name):
    drawing = drawings(name, "measures")
    case = CASES[name]
    panels = [axes for axes in drawing.axes if axes.axison]
    assert len(panels) == number_of_arms(name) * (len(SETTINGS["measures"]) + (case.spectrum is not None))
    assert len(drawing.axes) - len(panels) == case.schematic
    for task in case.grid["task"] if name not in ("structures",) else ():
        assert task in drawing.text()
    for measure in SETTINGS["measures"]:
        assert plotting.LABELS[measure][0] in drawing.text()


@pytest.mark.parametrize("name", FIGURES["losses"])
def test_losses_have_a_panel_for_each_arm_and_a_line_for_each_level(drawings, name):
    drawing = drawings(name, "losses")
    case = CASES[name]
    assert len(drawing.axes) == number_of_arms(name)
    legend = [f"{level:g}" if isinstance(level, (int, float)) else level.replace("_", " ") for level in case.levels]
    assert set(legend) <= set(drawing.texts)
    assert ("Bayes floor" in drawing.texts) == (case.floor is not None)


@pytest.mark.parametrize("name", FIGURES["effects"])
def test_effects_have_a_panel_for_each_tested_measure(drawings, name):
    drawing = drawings(name, "effects")
    assert len(drawing.axes) == len(STATISTICS["measures"])
    assert re.search(r"filled: p < 0\.05 after Holm's correction", drawing.text())


@pytest.mark.parametrize(
    ("figure", "name", "notes"),
    [
        ("measures", "one task", ["16 runs; 0 diverged", "0 not converged"]),
        ("losses", "one task", ["16 runs; 0 diverged", "0 not converged"]),
        (
            "measures",
            "diverged and unconverged",
            ["32 runs; 2 diverged", "not drawn", "4 not converged", "open circles"],
        ),
        ("losses", "diverged and unconverged", ["32 runs; 2 diverged", "not drawn", "4 not converged"]),
        ("measures", "all diverged", ["16 runs; 16 diverged"]),
        ("losses", "no floor", ["16 runs; 0 diverged"]),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_note_counts_runs_that_diverged_or_did_not_converge(drawings, figure, name, notes):
    text = drawings(name, figure).text()
    for note in notes:
        assert note in text
    assert ("not converged" in text) == (CASES[name].floor is not None)


def dots(drawing):
    """Number of dots of all panels, filled and open."""
    colours = [
        collection.get_facecolors()
        for axes in drawing.axes
        for collection in axes.collections
        if isinstance(collection, mpl.collections.PathCollection)
    ]
    counted = [(colour[:, 3] > 0).sum() for colour in colours]
    return int(sum(counted)), int(sum(len(colour) for colour in colours) - sum(counted))


@pytest.mark.parametrize(
    ("name", "filled", "hollow"),
    [("one task", 16 * 3, 0), ("diverged and unconverged", (32 - 2 - 4) * 3, 4 * 3), ("all diverged", 0, 0)],
)
def test_a_dot_for_each_run_open_where_it_did_not_converge(drawings, name, filled, hollow):
    assert dots(drawings(name, "measures")) == (filled, hollow)


def test_a_seed_keeps_its_place_where_another_diverged(drawings):
    drawing = drawings("diverged and unconverged", "measures")
    panel = next(axes for axes in drawing.axes if axes.axison)
    found = [collection for collection in panel.collections if isinstance(collection, mpl.collections.PathCollection)]
    places = [np.sort(collection.get_offsets()[:, 0]) - level for level, collection in enumerate(found)]
    assert len(places[0]) == 3
    assert set(places[0].round(9)) < set(places[1].round(9))


def test_medians_are_those_of_the_runs(drawings, data):
    panel = drawings("one task", "measures").axes[0]
    runs = data("one task").runs
    expected = runs.groupby("rank")[SETTINGS["measures"][0]].median()
    lines = [c for c in panel.collections if isinstance(c, mpl.collections.LineCollection)]
    heights = [line.get_segments()[0][0, 1] for line in lines]
    assert heights == pytest.approx(expected.tolist())


def test_levels_stand_in_their_order_with_their_names(drawings):
    panel = drawings("one task", "measures").axes[-1]
    assert [label.get_text() for label in panel.get_xticklabels()] == ["1", "30", "100", "300"]
    panel = drawings("named comparison", "measures").axes[-1]
    assert [label.get_text() for label in panel.get_xticklabels()] == ["gaussian", "uniform", "soft rank"]


# Structures, with the spectrum of their initial weights


def panel_rows(drawing, name):
    """Panels of a figure of measures, row by row."""
    panels, arms = [axes for axes in drawing.axes if axes.axison], number_of_arms(name)
    return [panels[start : start + arms] for start in range(0, len(panels), arms)]


LEVELS = {
    "structures": [["gaussian", "cell types", "dale"], ["gaussian", "connectome"]],
    "shuffles": [
        ["connectome", "connectome shuffled", "connectome shuffled signs kept", "connectome shuffled targets",
         "connectome shuffled edges", "gaussian"],
    ],
}  # fmt: skip


@pytest.mark.parametrize("name", LEVELS)
def test_a_figure_of_structures_opens_with_their_spectra(drawings, data, name):
    spectra, spectrum = data(name).spectra, CASES[name].spectrum
    column, label = plotting.SPECTRA[spectrum]
    panels = panel_rows(drawings(name, "measures"), name)[0]
    assert panels[0].get_ylabel() == label
    for axes, levels in zip(panels, LEVELS[name], strict=True):
        assert [text.get_text() for text in axes.get_legend().get_texts()] == levels
        size = int(re.search(r"\d+", axes.get_title())[0]) if name == "structures" else 12
        for line, level in zip(axes.get_lines(), levels, strict=True):
            rows = spectra[(spectra["structure"] == level.replace(" ", "_")) & (spectra["size"] == size)]
            by_seed = [np.sort(values)[::-1] / values.max() for _, values in rows.groupby("seed")[column]]
            assert len(by_seed) == 4
            np.testing.assert_allclose(line.get_ydata(), np.median(by_seed, axis=0), rtol=1e-12)
            np.testing.assert_allclose(line.get_xdata(), np.arange(1, size + 1) / size)
            assert line.get_ydata()[0] == 1.0


@pytest.mark.parametrize("name", LEVELS)
def test_a_structure_has_one_colour_in_spectrum_and_dots_and_its_panels_alone(drawings, name):
    rows = panel_rows(drawings(name, "measures"), name)
    seen = {}
    for place, levels in enumerate(LEVELS[name]):
        lines = dict(zip(levels, rows[0][place].get_lines(), strict=True))
        for axes in (row[place] for row in rows[1:]):
            ticks = [label.get_text().replace("\n", " ") for label in axes.get_xticklabels()]
            # Other structures, of other sizes, have no place here; the last row alone carries the names.
            assert ticks == (levels if axes is rows[-1][place] else [])
            found = [c for c in axes.collections if isinstance(c, mpl.collections.PathCollection)]
            for level, collection in zip(levels, found, strict=True):
                colour = mpl.colors.to_hex(collection.get_edgecolors()[0])
                assert colour == mpl.colors.to_hex(lines[level].get_color())
                assert seen.setdefault(level, colour) == colour
    assert len(set(seen.values())) == len(seen)
    assert seen[LEVELS[name][0][0]] == plotting._REFERENCE_COLOUR.lower()


def test_the_rows_of_a_figure_of_structures_are_labelled(drawings):
    rows = panel_rows(drawings("structures", "measures"), "structures")
    for (first, second), measure in zip(rows[1:], SETTINGS["measures"], strict=True):
        label, sign = plotting.LABELS[measure]
        assert first.get_ylabel() == label + {1: " (lazier ↑)", -1: " (lazier ↓)"}[sign]
        assert second.get_ylabel() == ""
    assert [axes.get_title().replace("\N{NO-BREAK SPACE}", " ") for axes in rows[0]] == ["N = 20", "N = 12"]


@pytest.mark.parametrize("figure", ["measures", "losses", "effects"])
def test_a_figure_made_of_a_connectome_says_so(drawings, figure):
    text = drawings("structures", figure).text().replace("\n", " ")
    assert experiments.connectome_note(CONFIG, "connectome") in text
    assert "connectome v1_column" in text
    assert "connectome v1" not in drawings("one task", figure).text()


def test_the_note_of_structures_counts_runs_that_did_not_converge(drawings):
    assert "20 runs; 0 diverged; 3 not converged (open circles)" in drawings("structures", "measures").text()
    assert dots(drawings("structures", "measures")) == (17 * 3, 3 * 3)
    assert "24 runs; 0 diverged; 0 not converged" in drawings("shuffles", "measures").text()


def test_colours_width_and_resolution_are_those_of_the_settings(data, tmp_path):
    style, given, before = dict(mpl.rcParams), data("one task"), data("one task").runs.copy()
    settings = SETTINGS | {"width_mm": 100.0, "resolution_dpi": 80, "dot_colour": "#000000", "median_colour": "#00FF00"}
    _, png = draw("measures", given, tmp_path, settings)
    # Nothing beside the files has changed.
    pd.testing.assert_frame_equal(given.runs, before)
    assert dict(mpl.rcParams) == style
    pixels = plt.imread(png)
    assert pixels.shape[1] == pytest.approx(100 / 25.4 * 80, abs=1)
    seen = {tuple(colour) for colour in (pixels[..., :3] * 255).round().astype(int).reshape(-1, 3).tolist()}
    assert any(green > 180 and max(red, blue) < 30 for red, green, blue in seen)
    assert (0x56, 0xB4, 0xE9) not in seen


def test_effects_point_right_where_learning_is_lazier(drawings, data):
    """Kendall's tau of every measure rises in these tables: lazier for alignments, richer for weight changes."""
    assert (data("one task").trends["effect"] > 0.5).all()
    drawing = drawings("one task", "effects")
    for axes in drawing.axes:
        (measure,) = [name for name, (label, _) in plotting.LABELS.items() if label == axes.get_title()]
        (dot,) = [c for c in axes.collections if isinstance(c, mpl.collections.PathCollection)]
        assert np.sign(dot.get_offsets()[0, 0]) == plotting.LABELS[measure][1]


def test_titles_of_arms_leave_out_what_a_structure_does_not_take(drawings):
    texts = drawings("arms with and without a rank", "effects").texts
    titles = [text for text in texts if text.startswith(("gaussian", "svd truncation"))]
    assert len(titles) == 3
    assert sum("gaussian" in title for title in titles) == 1
    assert not re.search(r"nan|NA|None", "".join(titles))


def test_labels_name_every_measure_and_how_it_points():
    for label, sign in plotting.LABELS.values():
        assert label
        assert sign in (-1, 0, 1)
    assert {name for name, (_, sign) in plotting.LABELS.items() if sign == -1} == {
        "weight_change_norm_recurrent", "weight_change_norm",
    }  # fmt: skip


def test_a_figure_that_cannot_be_drawn_leaves_no_file(data, tmp_path):
    with pytest.raises(KeyError):
        draw("measures", data("one task"), tmp_path, SETTINGS | {"measures": ["no_such_measure"]})
    plt.close("all")
    assert list(tmp_path.iterdir()) == []


def test_the_curves_of_json_hold_null_for_what_was_not_finite():
    """The tables of these tests are what records and summaries give."""
    assert records._finite({"loss": [1.0, float("nan")]}) == {"loss": [1.0, None]}
