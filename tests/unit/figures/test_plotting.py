"""Figures: drawn from small tables of every kind, the same bytes each time, and readable."""

import copy
import hashlib
import itertools
import json
import re
from dataclasses import dataclass, field
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt

from drawings import watch
from richlazy.connectivity.base import STRUCTURES, settings_of, structured_weights
from richlazy.experiments import expansions, grids, paths
from richlazy.figures import effect_figure, figure_style, log_ticks, loss_figure, measure_figure, spectrum_panel
from richlazy.figures.figure_context import FigureContext
from richlazy.measures import on_probe, predictions, registry
from richlazy.statistics import hypothesis_tests
from richlazy.storage import array_io, parquet
from richlazy.tables import experiment_tables
from shipped import CONFIG

LABELS = registry.labels(registry.TESTED)
ROOT = Path(__file__).parents[3]
SETTINGS = CONFIG["figures"] | {"resolution_dpi": 60}
STATISTICS = CONFIG["statistics"] | registry.roles()
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
    title: str = "Rank of the initial recurrent weights, by SVD truncation"
    groups: tuple = ({},)
    spectrum: str | None = None
    measures: tuple = tuple(SETTINGS["measures"])
    options: dict = field(default_factory=dict)  # of its figures
    failed: object = None
    never: object = None  # which runs do not converge within their updates

    @property
    def experiment(self):
        return {
            "preset": "reproduction", "grid": self.grid, "groups": list(self.groups), "compare": self.compare,
            "seeds": self.seeds, "measures": list(self.measures),
        }  # fmt: skip

    @property
    def levels(self):
        """Values of the compared parameter."""
        return grids.values(self.experiment, self.compare)


CASES = {
    "one task": Case({"task": ["2AF"], **SVD}),
    "three tasks": Case({"task": ["2AF", "DMS", "CXT"], **SVD}),
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
    "linear": Case(
        {"structure": ["svd_truncation"], "readout": ["equal_norm", "normal"]},
        groups=({"task": ["linear_2"], "rank": [1, 2]}, {"task": ["linear_20"], "rank": [1, 5, 20]}),
        floor=None, measures=("kernel_alignment", "final_loss", "weight_change_norm"), title="Rank of the first layer",
    ),
    "condition numbers": Case(
        {"task": ["linear_2"], "condition_number": [1.0, 2.0, 5.0, 10.0, 20.0, 50.0], "rank": [1],
         "structure": ["svd_truncation", "partially_aligned", "aligned"]},
        compare="structure", floor=None, measures=("kernel_alignment", "weight_change_norm"),
        diverged=lambda run: run["condition_number"] == 50 or (run["condition_number"], run["seed"]) == (20, 1),
        title="Low rank aligned with the task, in a linear network",
    ),
    "numbers and classes": Case(
        {"task": ["linear_20", "MNIST"], "structure": ["svd_truncation"], "rank": [1, 5, 20]},
        floor=None, measures=("kernel_alignment", "probe_loss", "kernel_task_alignment_iterations"), title="Rank",
    ),
    "step responses": Case(
        {"task": ["step_response_half", "step_response_two"], "structure": ["gaussian"], "gain": [0.0, 0.3, 0.6]},
        compare="gain", floor=None, title="Gain of a linear network",
        measures=("convergence_time", "weight_change_norm_recurrent", "rescaled_convergence_time"),
        options={"normalise": ["convergence_time", "weight_change_norm_recurrent"]},
    ),
    "means": Case(
        {"task": ["step_response_half", "step_response_two"], "structure": ["gaussian"], "gain": [0.0, 0.3, 0.6]},
        compare="gain", floor=None, title="Gain of a linear network",
        measures=("convergence_time", "weight_change_norm_recurrent", "rescaled_convergence_time"),
        options={
            "show": "mean_and_spread", "overlay": "task", "normalise": ["convergence_time"], "loss_axes": "linear",
            "x": "rescaled_learning_time",
        },
    ),
    "means with marks": Case(
        {"task": ["step_response_half", "step_response_two"], "structure": ["gaussian"], "gain": [0.0, 0.3, 0.6]},
        compare="gain", floor=None, title="Gain of a linear network",
        measures=("convergence_iterations", "weight_change_norm_recurrent"),
        options={"show": "mean_and_spread", "overlay": "task"},
        failed=lambda run: (run["gain"], run["seed"]) == (0.3, 0),
        never=lambda run: run["gain"] == 0.6 and run["seed"] < 2,
    ),
    "means of one": Case(
        {"task": ["2AF"], "structure": ["gaussian"], "gain": [0.5, 1.0, 1.5]}, compare="gain", title="Gain",
        options={"show": "mean_and_spread"}, seeds=1,
    ),
    "marks": Case(
        {"task": ["2AF", "CXT"], **SVD}, measures=("convergence_iterations", "weight_change_norm_recurrent"),
        failed=lambda run: run["rank"] == 1 and run["seed"] < 2,
        never=lambda run: run["rank"] == 30 or (run["rank"], run["seed"]) in ((1, 0), (100, 1)),
        unconverged=lambda run: run["rank"] == 30, diverged=lambda run: (run["rank"], run["seed"]) == (300, 3),
        title="What became of runs",
    ),
    "none converges": Case(
        {"task": ["2AF", "CXT"], **SVD}, measures=("convergence_iterations", "weight_change_norm_recurrent"),
        never=lambda run: True, unconverged=lambda run: True, options={"own_axes": True}, title="What became of runs",
    ),
    "no floor": Case({"task": ["MSI"], **SVD}, floor=None),
}  # fmt: skip
FIGURES = {
    "measures": [
        "one task", "three tasks", "eight arms", "named comparison", "two values", "diverged and unconverged",
        "all diverged", "structures", "shuffles", "linear", "condition numbers", "numbers and classes",
        "step responses", "means", "means with marks", "means of one", "marks", "none converges",
    ],
    "losses": [
        "one task", "three tasks", "eight arms", "named comparison", "diverged and unconverged", "all diverged",
        "no floor", "structures", "linear", "numbers and classes", "step responses", "means", "marks", "means of one",
    ],
    "effects": [
        "one task", "eight arms", "named comparison", "arms with and without a rank", "all diverged", "structures",
        "two values", "linear", "condition numbers",
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
    starts = {paths.connectivity_path(run): run for run in runs}.values()
    mapped = np.abs(np.random.default_rng(0).standard_normal((12, 12))) * ([1] * 9 + [-1] * 3)
    matrices = []
    for run in starts:
        structure = config["structures"][run["structure"]]
        kind = STRUCTURES[structure["kind"]]
        options = settings_of(kind, structure) | ({"connectome": mapped} if "connectome" in kind.needs else {})
        rng = np.random.default_rng(run["seed"])
        matrices.append(
            structured_weights(
                structure["kind"], run["size"], run["gain"], run["matching"] or "frobenius", rng, **options
            )
        )
    return experiment_tables.connectivity_tables(list(starts), matrices, notes)[1]


def data_of(case, folder):
    config = copy.deepcopy(CONFIG)
    config["experiments"] = {"mine": case.experiment}
    rng = np.random.default_rng(0)
    rows, histories = [], []
    for run in grids.runs(config, "mine"):
        lost = bool(case.diverged and case.diverged(run))
        loss = 0.9 if case.unconverged and case.unconverged(run) else 0.3
        place = case.levels.index(run[case.compare])
        values = {name: 0.5 + 0.1 * place + 0.05 * rng.random() for name in on_probe.MEASURES}
        # Who fails is said by the case; numbers are neither right nor wrong.
        values["accuracy"] = 0.9 if run["condition_number"] is None else None
        values["guess_accuracy"] = 0.5
        if "teacher" not in config["tasks"][run["task"]]:
            values["kernel_alignment_predicted"] = None
        rows.append(
            run
            | {
                "network": "network.npz",
                "probe": "probe.npz",
                "diverged": lost,
                "diverged_at": 20 if lost else None,
                "reached_at": None,
                "convergence_iterations": None if lost else 40 + place,
            }
            | {"final_loss": None if lost else loss, "bayes_loss": case.floor, "bayes_accuracy": None}
            | {"guess_loss": 2.0}
            | (dict.fromkeys(values) if lost else values)
        )
        curve = loss + 1.5 * np.exp(-np.arange(1, 11) / 3) + 0.01 * rng.random(10)
        histories.append(
            {"iterations": list(range(10, 110, 10)), "loss": [*curve[:3], *([None] * 7)] if lost else curve}
        )
    targets = expansions.predicted_targets(config, rows)
    theory = {"targets": targets, "convergence_fraction": 0.05}
    rows, histories = predictions.with_theory(rows, histories, [{}] * len(rows), theory)
    rows = json.loads(json.dumps(array_io._finite(rows)))
    notes = grids.connectome_notes(config, config["structures"])
    runs = experiment_tables.runs_table(rows, CONFIG["training"] | STATISTICS, notes)
    if case.failed:
        runs["failed"] = [case.failed(run) for run in runs.to_dict("records")]
    if case.never:
        never = np.array([case.never(run) for run in runs.to_dict("records")])
        runs.loc[never | runs["diverged"], "convergence_iterations"] = np.inf
    arms = grids.arms(config, "mine")
    tested = STATISTICS if case.measures == tuple(SETTINGS["measures"]) else STATISTICS | {"measures": case.measures}
    found = {
        "runs": runs,
        "curves": experiment_tables.curves_table(histories, runs["run"]),
        "trends": hypothesis_tests.trends(runs, arms, case.compare, tested),
        "contrasts": hypothesis_tests.contrasts(runs, arms, case.compare, tested),
    }
    if case.spectrum:
        found["spectra"] = spectra_of(config, grids.runs(config, "mine"), notes)
    for name, table in found.items():  # as the figures get them: from files
        parquet.save_table(folder / f"{name}.parquet", table, dict.fromkeys(table.columns, "meaning"))
    return Data(case, arms, **{name: parquet.load_table(folder / f"{name}.parquet") for name in found})


def draw(figure, data, folder, settings=SETTINGS):
    """Draw one figure of an experiment as its script does."""
    case, files = data.case, (folder / "figure.pdf", folder / "figure.png")
    context = FigureContext(
        title=case.title,
        settings=settings,
        pdf=files[0],
        png=files[1],
        arms=data.arms,
        compare=case.compare,
        labels=LABELS,
        roles=registry.roles(),
        options=case.options,
    )
    if figure == "measures":
        measure_figure.plot(
            context,
            data.runs,
            settings.get("only", case.measures),
            spectra=data.spectra,
            spectrum=case.spectrum,
        )
    elif figure == "losses":
        loss_figure.plot(context, data.runs, data.curves)
    else:
        effect_figure.plot(context, data.trends, data.contrasts, CONFIG["statistics"])
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


@pytest.fixture(scope="module")
def drawings(data, tmp_path_factory):
    """Every figure of every case, drawn once when it is first asked for."""
    found = {}

    def get(name, figure):
        if (name, figure) not in found:
            folder = tmp_path_factory.mktemp("figures")
            found[name, figure] = watch(lambda: draw(figure, data(name), folder))
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
    assert drawings(name, figure).outside() == []


@EVERY_DRAWING
def test_titles_labels_and_notes_do_not_overlap(drawings, name, figure):
    """Titles, labels, legend and footnote against each other and against the numbers at the ticks."""
    drawing = drawings(name, figure)
    assert len(drawing.boxes) > 5
    assert drawing.crossing() == []


@EVERY_DRAWING
def test_a_figure_says_what_it_draws_in_words_of_readers(drawings, name, figure):
    assert drawings(name, figure).code_names() == set()
    assert drawings(name, figure).unexplained == set()
    assert drawings(name, figure).touching() == []


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


def shown(name):
    """A task or structure as figures call it."""
    return SETTINGS["names"].get(name, name.replace("_", " "))


def number_of_arms(name):
    arms = {"eight arms": 8, "structures": 2, "linear": 4, "condition numbers": 6}
    if CASES[name].options.get("overlay"):
        return 1
    return arms.get(name) or len(CASES[name].grid["task"])


@pytest.mark.parametrize("name", FIGURES["measures"])
def test_measures_have_a_panel_for_each_arm_and_measure(drawings, name):
    drawing = drawings(name, "measures")
    case = CASES[name]
    panels = [axes for axes in drawing.axes if axes.axison]
    assert len(panels) == number_of_arms(name) * (len(case.measures) + (case.spectrum is not None))
    assert panels == drawing.axes
    for task in case.grid.get("task", ()) if name != "structures" else ():
        assert shown(task) in drawing.text().replace("\N{NO-BREAK SPACE}", " ")
    for measure in case.measures:
        assert LABELS[measure][0] in drawing.text()


@pytest.mark.parametrize("name", FIGURES["losses"])
def test_losses_have_a_panel_for_each_arm_and_a_line_for_each_level(drawings, name):
    drawing = drawings(name, "losses")
    case = CASES[name]
    assert len(drawing.axes) == (2 if case.options.get("overlay") else number_of_arms(name))
    legend = [f"{level:g}" if isinstance(level, (int, float)) else shown(level) for level in case.levels]
    assert set(legend) <= set(drawing.texts)
    assert ("Bayes floor" in drawing.texts) == (case.floor is not None)


@pytest.mark.parametrize("name", FIGURES["effects"])
def test_effects_have_a_panel_for_each_tested_measure(drawings, name):
    drawing = drawings(name, "effects")
    tested = STATISTICS["measures"] if CASES[name].measures == tuple(SETTINGS["measures"]) else CASES[name].measures
    assert len(drawing.axes) == len(tested) * (2 if name == "linear" else 1)
    assert {"p < 0.05 after Holm's correction", "not significant"} <= set(drawing.texts)
    assert any(re.match(r"95% interval( \(of τ: Student's t\))?, not corrected", text) for text in drawing.texts)
    empty = sum(text == "too few\nseeds" for text in drawing.texts)
    assert empty == (len(tested) if name == "all diverged" else 0)


@pytest.mark.parametrize(("seeds", "shown"), [(2, "50%"), (3, "75%"), (5, "94%"), (6, None), (20, None)])
def test_intervals_of_few_seeds_say_what_they_can_give_at_most(seeds, shown):
    said = effect_figure._meaning_of_intervals(0.95, seeds, of_trends=False)
    assert ("at most" in said) == (shown is not None) and (shown or "") in said
    assert "Student" not in said and "Student" in effect_figure._meaning_of_intervals(0.95, seeds, of_trends=True)


def test_a_panel_of_fewer_seeds_says_how_many_and_a_measure_without_an_effect_has_none(data, tmp_path):
    given = data("one task")
    trends = given.trends.copy()
    first, second = trends["measure"].unique()[:2]
    trends.loc[trends["measure"] == first, "n"] -= 1
    trends.loc[trends["measure"] == second, ["effect", "interval_low", "interval_high"]] = np.nan
    drawing = watch(lambda: draw("effects", Data(**{**vars(given), "trends": trends}), tmp_path))
    assert len(drawing.axes) == trends["measure"].nunique() - 1
    shown = [text.get_text() for axes in drawing.axes for text in axes.texts]
    assert shown == [f"n {trends['n'].min()}"]
    (label,) = (text.get_text() for text in drawing.axes[0].get_yticklabels())
    assert f"({trends['n'].max()} seeds" in label


@pytest.mark.parametrize(
    ("figure", "name", "notes"),
    [
        ("measures", "one task", ["16 runs; 0 diverged", "0 not converged"]),
        ("losses", "one task", ["16 runs; 0 diverged", "0 not converged"]),
        (
            "measures",
            "diverged and unconverged",
            ["32 runs; 2 diverged (these count only where a panel says so)", "4 not converged", "\nnot converged"],
        ),
        (
            "losses",
            "diverged and unconverged",
            ["32 runs; 2 diverged (these count only where a panel says so)", "4 not converged"],
        ),
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
    assert heights_of_bars(panel) == pytest.approx(expected.tolist())


def heights_of_bars(axes):
    """Medians as they are drawn, those that are finite."""
    lines = [c for c in axes.collections if isinstance(c, mpl.collections.LineCollection)]
    return [line.get_segments()[0][0, 1] for line in lines]


def notes_above(axes):
    """What a panel says of its runs."""
    return "; ".join(text.get_text().replace("\n", "; ") for text in axes.texts)


def test_levels_stand_in_their_order_with_their_names(drawings):
    panel = drawings("one task", "measures").axes[-1]
    assert [label.get_text() for label in panel.get_xticklabels()] == ["1", "30", "100", "300"]
    panel = drawings("named comparison", "measures").axes[-1]
    assert [label.get_text() for label in panel.get_xticklabels()] == ["Gaussian", "uniform", "soft rank"]


# What did not happen, and who did not learn


def marks_at_edge(axes, marker):
    """Horizontal places of marks at the upper edge of a panel."""
    lines = [line for line in axes.get_lines() if line.get_marker() == marker]
    found = [x for line in lines for x, y in zip(line.get_xdata(), line.get_ydata(), strict=True) if y == 1]
    assert all(line.get_transform() == axes.get_xaxis_transform() for line in lines if 1 in line.get_ydata())
    return sorted(found)


def test_what_did_not_happen_is_an_open_triangle_at_the_edge_and_counted(drawings):
    drawing = drawings("marks", "measures")
    for axes in drawing.axes[:2]:
        # All four seeds of rank 30, one of rank 100 and the one that diverged; one of rank 1 has failed.
        assert np.round(marks_at_edge(axes, "^")).tolist() == [1, 1, 1, 1, 2, 3]
        assert np.round(marks_at_edge(axes, "x")).tolist() == [0]
        assert notes_above(axes) == "16 networks (2 failed, 1 diverged); 7 did not converge"
    for axes in drawing.axes[2:4]:
        assert marks_at_edge(axes, "^") == []
        assert notes_above(axes) == "13 networks; 2 failed; 1 diverged"
    assert {"not converged", "failed to learn", "not reached in training"} <= set(drawing.texts)
    assert "not reached in training" not in drawings("diverged and unconverged", "measures").texts


def test_medians_count_what_did_not_happen_as_largest_and_leave_out_who_failed_of_richness_alone(drawings, data):
    axes = drawings("marks", "measures").axes
    runs = data("marks").runs
    mine = runs[runs["task"] == "2AF"]
    medians = mine.groupby("rank")["convergence_iterations"].median()
    mine = mine[~mine["failed"] & ~mine["diverged"]]
    assert np.isinf(medians[30]) and np.isfinite(medians.drop(30)).all()
    assert heights_of_bars(axes[0]) == pytest.approx(medians.drop(30).tolist())
    edge = [line for line in axes[0].get_lines() if len(line.get_xdata()) == 2 and set(line.get_ydata()) == {1}]
    assert [np.mean(line.get_xdata()) for line in edge if line.get_marker() == "None"] == [1]
    low, high = axes[0].get_ylim()
    assert 39 < low < 40 and 43 < high < 45  # no infinite value reaches the axis
    assert heights_of_bars(axes[2]) == pytest.approx(mine.groupby("rank")["weight_change_norm_recurrent"].median())


def test_a_run_that_failed_is_a_cross_at_its_value(drawings, data):
    axes = drawings("marks", "measures").axes[2]
    runs = data("marks").runs
    failed = runs[(runs["task"] == "2AF") & runs["failed"]]
    cross = mpl.markers.MarkerStyle("x")
    path = cross.get_path().transformed(cross.get_transform())
    found = [c for c in axes.collections if isinstance(c, mpl.collections.PathCollection) and len(c.get_paths())]
    (crosses,) = [c for c in found if np.array_equal(c.get_paths()[0].vertices, path.vertices)]
    np.testing.assert_allclose(np.sort(crosses.get_offsets()[:, 1]), np.sort(failed["weight_change_norm_recurrent"]))


def test_a_panel_in_which_nothing_happened_says_so_without_numbers(drawings):
    for axes in drawings("none converges", "measures").axes[:2]:
        assert len(marks_at_edge(axes, "^")) == 16
        assert notes_above(axes) == "16 networks; 16 did not converge"
        assert len(axes.get_yticks()) == 0 and heights_of_bars(axes) == []


def test_losses_of_runs_that_failed_are_thin_lines_with_a_cross_and_belong_to_no_median(drawings, data):
    drawing, given = drawings("marks", "losses"), data("marks")
    curves = given.curves.merge(given.runs, on="run")
    for axes, task in zip(drawing.axes, ("2AF", "CXT"), strict=True):
        mine = curves[(curves["task"] == task) & (curves["quantity"] == "loss") & (curves["rank"] == 1)]
        thick = [line for line in axes.get_lines() if line.get_linewidth() >= 0.9]
        learned = mine[~mine["failed"]].groupby("iteration")["value"].median()
        np.testing.assert_allclose(thick[0].get_ydata(), learned)
        crosses = [line for line in axes.get_lines() if line.get_marker() == "x" and len(line.get_xdata())]
        last = mine[mine["failed"] & (mine["iteration"] == mine["iteration"].max())]
        assert sorted(line.get_ydata()[0] for line in crosses) == pytest.approx(sorted(last["value"]))
        assert notes_above(axes) == "13 networks; 2 failed; 1 diverged"
    assert drawing.texts.count("failed to learn") == 1
    assert "failed to learn" not in drawings("one task", "losses").texts


def test_bands_of_losses_hold_the_middle_half_of_the_seeds(drawings, data):
    axes, given = drawings("one task", "losses").axes[0], data("one task")
    curves = given.curves[given.curves["quantity"] == "loss"].merge(given.runs, on="run")
    bands = [c for c in axes.collections if isinstance(c, mpl.collections.PolyCollection)]
    for rank, band in zip((1, 30, 100, 300), bands, strict=True):
        by_seed = curves[curves["rank"] == rank].pivot(index="iteration", columns="seed", values="value")
        quartiles = np.concatenate([by_seed.quantile(share, axis=1) for share in (0.25, 0.75)])
        assert set(band.get_paths()[0].vertices[:, 1].round(12)) == set(quartiles.round(12))


# Mean and spread


def lines_of_means(axes):
    return [line for line in axes.get_lines() if line.get_marker() == "o" and line.get_linestyle() == "-"]


def open_dots(axes):
    return [line for line in axes.get_lines() if line.get_marker() == "o" and line.get_linestyle() == "None"]


@pytest.mark.parametrize("seeds", [4, 5])
def test_a_mean_of_few_seeds_is_an_open_dot_and_numbers_that_span_a_decade_stand_on_a_logarithmic_axis(
    data, tmp_path, seeds
):
    given = data("means of one")
    gains = dict(zip(sorted(given.runs["gain"].unique()), (1.0, 30.0, 300.0), strict=True))
    one = given.runs.assign(gain=given.runs["gain"].map(gains))
    runs = pd.concat([one.assign(seed=seed, run=one["run"] + f"+{seed}") for seed in range(seeds)], ignore_index=True)
    drawing = watch(lambda: draw("measures", Data(**{**vars(given), "runs": runs}), tmp_path))
    for axes in drawing.axes:
        assert axes.get_xscale() == "log"
        assert [text.get_text() for text in axes.get_xticklabels()] == ["1", "30", "300"]
        assert [list(line.get_xdata()) for line in open_dots(axes)] == ([[1, 30, 300]] if seeds < 5 else [])
    assert any("fewer than" in text for text in drawing.texts) == (seeds < 5)


def test_means_and_their_spread_are_those_of_the_runs_that_learned(drawings, data):
    drawing, runs = drawings("means", "measures"), data("means").runs
    for axes, measure in zip(drawing.axes, CASES["means"].measures, strict=True):
        solid = lines_of_means(axes)
        bands = [c for c in axes.collections if isinstance(c, mpl.collections.PolyCollection)]
        for line, band, (_, group) in zip(solid, bands, runs.groupby("task", sort=False), strict=True):
            whole = group.loc[group["gain"] == 0, measure].mean() if measure == "convergence_time" else 1
            mean, spread = group.groupby("gain")[measure].agg(["mean", "std"]).to_numpy().T / whole
            np.testing.assert_allclose(line.get_xdata(), [0, 0.3, 0.6])
            np.testing.assert_allclose(line.get_ydata(), mean)
            edges = band.get_paths()[0].vertices[:, 1]
            assert (edges.min(), edges.max()) == pytest.approx(((mean - spread).min(), (mean + spread).max()))
    assert {"target 0.5", "target 2", "task"} <= set(drawing.texts)


def test_normalised_measures_of_all_targets_have_one_prediction(drawings):
    axes = drawings("means", "measures").axes
    (theory,) = [line for line in axes[0].get_lines() if line.get_color() == "black"]
    np.testing.assert_allclose(theory.get_ydata(), [(1 - gain**2) ** 2 for gain in (0, 0.3, 0.6)])
    # The weight change is not normalised here, so each target has a line of its own.
    dashed = [line for line in axes[1].get_lines() if line.get_marker() != "o" and len(line.get_xdata())]
    assert len(dashed) == 2 and "black" not in {line.get_color() for line in dashed}


def test_a_condition_in_which_something_did_not_happen_has_no_mean(drawings, data):
    axes, runs = drawings("means with marks", "measures").axes[0], data("means with marks").runs
    solid = lines_of_means(axes)
    for line, (_, group) in zip(solid, runs.groupby("task", sort=False), strict=True):
        means = group.groupby("gain")["convergence_iterations"].mean()
        np.testing.assert_allclose(line.get_ydata()[:2], means[:2])
        assert np.isnan(line.get_ydata()[2])
    assert marks_at_edge(axes, "^") == [0.6] * 4
    dots_alone = [line for line in axes.get_lines() if line.get_marker() == "."]
    assert [len(line.get_xdata()) for line in dots_alone] == [2, 2]
    crosses = [line for line in axes.get_lines() if line.get_marker() == "x"]
    assert [list(line.get_xdata()) for line in crosses] == [[0.3], [0.3]]
    assert notes_above(axes) == "24 networks (2 failed); 4 did not converge"
    assert {"failed to learn", "not reached in training"} <= set(drawings("means with marks", "measures").texts)


def test_one_seed_has_a_mean_without_spread(drawings, data):
    runs = data("means of one").runs
    for axes, measure in zip(drawings("means of one", "measures").axes, SETTINGS["measures"], strict=True):
        (line,) = lines_of_means(axes)
        np.testing.assert_allclose(line.get_ydata(), runs.sort_values("gain")[measure])
        assert notes_above(axes) == "3 networks"


def test_linear_losses_over_rescaled_time(drawings, data):
    drawing, given = drawings("means", "losses"), data("means")
    curves = given.curves[given.curves["quantity"] == "loss"].merge(given.runs, on="run")
    for axes, (_, group) in zip(drawing.axes, curves.groupby("task", sort=False), strict=True):
        assert (axes.get_xscale(), axes.get_yscale()) == ("linear", "linear")
        assert axes.get_xlabel() == "rescaled learning time $\\beta^2\\tau$"
        solid = [line for line in axes.get_lines() if line.get_linestyle() == "-"]
        for line, (gain, course) in zip(solid, group.groupby("gain"), strict=True):
            rate = course["learning_rate"].iloc[0]
            expected = sorted(set(course["iteration"] * rate / (1 - gain**2) ** 2))
            np.testing.assert_allclose(line.get_xdata(), expected)
        slowest = (group["convergence_iterations"] * group["learning_rate"] / (1 - group["gain"] ** 2) ** 2).max()
        assert axes.get_xlim() == pytest.approx((0, 1.25 * slowest))


def test_panels_of_a_row_share_their_axis_unless_it_is_declared(drawings):
    for name, shared in (("diverged and unconverged", True), ("none converges", False)):
        axes = drawings(name, "measures").axes
        assert axes[2].get_shared_y_axes().joined(axes[2], axes[3]) is shared
        assert not axes[0].get_shared_y_axes().joined(axes[0], axes[2])


# Structures, with the spectrum of their initial weights


def panel_rows(drawing, name):
    """Panels of a figure of measures: a row of those of all arms for each measure.

    Where tasks and the values of another parameter make the arms, the measures stand below each other for one value
    after the other.
    """
    panels, arms = [axes for axes in drawing.axes if axes.axison], number_of_arms(name)
    columns = 2 if name == "linear" else arms
    rows = [panels[start : start + columns] for start in range(0, len(panels), columns)]
    measures = len(panels) // arms
    return [[axes for row in rows[measure::measures] for axes in row] for measure in range(measures)]


LEVELS = {
    "structures": [["gaussian", "cell_types", "dale"], ["gaussian", "connectome"]],
    "shuffles": [
        ["connectome", "connectome_shuffled", "connectome_shuffled_signs_kept", "connectome_shuffled_targets",
         "connectome_shuffled_edges", "gaussian"],
    ],
}  # fmt: skip


@pytest.mark.parametrize("name", LEVELS)
def test_a_figure_of_structures_opens_with_their_spectra(drawings, data, name):
    spectra, spectrum = data(name).spectra, CASES[name].spectrum
    column, label = spectrum_panel.SPECTRA[spectrum]
    panels = panel_rows(drawings(name, "measures"), name)[0]
    assert panels[0].get_ylabel() == label
    for axes, levels in zip(panels, LEVELS[name], strict=True):
        assert [text.get_text() for text in axes.get_legend().get_texts()] == list(map(shown, levels))
        size = int(re.search(r"\d+", axes.get_title())[0]) if name == "structures" else 12
        for line, level in zip(axes.get_lines(), levels, strict=True):
            rows = spectra[(spectra["structure"] == level) & (spectra["size"] == size)]
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
            assert ticks == (list(map(shown, levels)) if axes is rows[-1][place] else [])
            found = [c for c in axes.collections if isinstance(c, mpl.collections.PathCollection)]
            for level, collection in zip(levels, found, strict=True):
                colour = mpl.colors.to_hex(collection.get_edgecolors()[0])
                assert colour == mpl.colors.to_hex(lines[level].get_color())
                assert seen.setdefault(level, colour) == colour
    assert len(set(seen.values())) == len(seen)
    assert seen[LEVELS[name][0][0]] == figure_style.REFERENCE_COLOUR.lower()


def test_the_rows_of_a_figure_of_structures_are_labelled(drawings):
    rows = panel_rows(drawings("structures", "measures"), "structures")
    for (first, second), measure in zip(rows[1:], SETTINGS["measures"], strict=True):
        label, sign = LABELS[measure]
        assert first.get_ylabel() == label + {1: " (lazier ↑)", -1: " (lazier ↓)"}[sign]
        assert second.get_ylabel() == ""
    assert [axes.get_title().replace("\N{NO-BREAK SPACE}", " ") for axes in rows[0]] == ["N = 20", "N = 12"]


@pytest.mark.parametrize("figure", ["measures", "losses", "effects"])
def test_a_figure_made_of_a_connectome_says_so(drawings, figure):
    text = drawings("structures", figure).text().replace("\n", " ")
    assert grids.connectome_note(CONFIG, "v1_column").replace("v1_column", "V1 column") in text
    assert "connectome V1 column" not in drawings("one task", figure).text()


def test_the_note_of_structures_counts_runs_that_did_not_converge(drawings):
    assert "20 runs; 0 diverged; 3 not converged\n" in drawings("structures", "measures").text()
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
    """Numbers are those of the table; the axis of what falls as learning gets lazier runs to the left."""
    trends = data("one task").trends.set_index("measure")["effect"]
    drawing = drawings("one task", "effects")
    for axes in drawing.axes:
        (measure,) = [name for name, (label, _) in LABELS.items() if label == axes.get_title()]
        (dot,) = [c for c in axes.collections if isinstance(c, mpl.collections.PathCollection)]
        assert dot.get_offsets()[0, 0] == pytest.approx(trends[measure])
        assert axes.xaxis.get_inverted() == (LABELS[measure][1] < 0)


def test_titles_of_arms_leave_out_what_a_structure_does_not_take(drawings):
    texts = drawings("arms with and without a rank", "effects").texts
    titles = {text for text in texts if text.startswith(("Gaussian", "truncated SVD"))}  # at each line of panels
    assert len(titles) == 3
    assert sum("Gaussian" in title for title in titles) == 1
    assert not re.search(r"nan|NA|None", "".join(titles))


def test_labels_name_every_measure_and_how_it_points():
    for label, sign in LABELS.values():
        assert label
        assert sign in (-1, 0, 1)
    assert {name for name, (_, sign) in LABELS.items() if sign == -1} == {
        "weight_change_norm_recurrent", "weight_change_norm", "weight_change_norm_recurrent_predicted",
        "relative_weight_change_recurrent", "weight_change_norm_at_convergence", "weight_change_norm_at_shared_loss",
        "weight_change_norm_recurrent_at_convergence", "weight_change_norm_recurrent_at_shared_loss",
    }  # fmt: skip


def test_a_figure_that_cannot_be_drawn_leaves_no_file(data, tmp_path):
    with pytest.raises(KeyError):
        draw("measures", data("one task"), tmp_path, SETTINGS | {"only": ["no_such_measure"]})
    plt.close("all")
    assert list(tmp_path.iterdir()) == []


def test_the_curves_of_json_hold_null_for_what_was_not_finite():
    """The tables of these tests are what records and summaries give."""
    assert array_io._finite({"loss": [1.0, float("nan")]}) == {"loss": [1.0, None]}


# Networks that learn numbers, and what theory says of them


def diamonds(axes):
    """Places and values of the predictions of a panel."""
    found = [c for c in axes.collections if isinstance(c, mpl.collections.PathCollection) and len(c.get_paths())]
    diamond = mpl.markers.MarkerStyle("D")
    path = diamond.get_path().transformed(diamond.get_transform())
    offsets = [c.get_offsets() for c in found if np.array_equal(c.get_paths()[0].vertices, path.vertices)]
    return np.ma.filled(np.concatenate(offsets), np.nan) if offsets else np.empty((0, 2))


def test_theory_stands_beside_the_dots_of_what_it_predicts(drawings, data):
    drawing = drawings("linear", "measures")
    panels = panel_rows(drawing, "linear")
    runs = data("linear").runs
    for axes, (task, readout) in zip(
        panels[0], [(task, way) for way in ("equal_norm", "normal") for task in ("linear_2", "linear_20")], strict=True
    ):
        group = runs[(runs["task"] == task) & (runs["readout"] == readout)]
        expected = group.groupby("rank")["kernel_alignment_predicted"].median()
        np.testing.assert_allclose(diamonds(axes)[:, 1], expected.astype(float))
        places = np.round(diamonds(axes)[:, 0]).astype(int)
        assert [axes.get_xticks()[place] for place in places] == list(range(len(expected)))
    for axes in (*panels[1], *panels[2]):
        assert len(diamonds(axes)) == 0
    assert drawing.texts.count("theory (Eqs. 7, 8), median") == 1


def test_normalised_measures_and_what_theory_says_of_them_start_at_one(drawings, data):
    drawing, runs = drawings("step responses", "measures"), data("step responses").runs
    panels = panel_rows(drawing, "step responses")
    scaling = {  # Figure 4a, b
        "convergence_time": lambda gain: (1 - gain**2) ** 2,
        "weight_change_norm_recurrent": lambda gain: 1 - gain**2,
    }
    for row, (measure, of_gain) in zip(panels, scaling.items(), strict=False):
        for axes, (_, group) in zip(row, runs.groupby("task"), strict=True):
            np.testing.assert_allclose(diamonds(axes)[:, 1], [of_gain(gain) for gain in (0.0, 0.3, 0.6)])
            medians = group.groupby("gain")[measure].median() / group.loc[group["gain"] == 0, measure].mean()
            np.testing.assert_allclose(heights_of_bars(axes), medians)
        assert "over that at g = 0" in row[0].get_ylabel()
    assert sum(len(diamonds(axes)) for axes in panels[2]) == 0
    assert "over that" not in panels[2][0].get_ylabel()
    assert drawing.texts.count("theory, to first order, median") == 1


def test_the_expansion_stands_beside_the_losses_that_it_predicts(drawings, data):
    drawing = drawings("step responses", "losses")
    runs, curves = data("step responses").runs, data("step responses").curves
    predicted = curves[curves["quantity"] == "loss_predicted"].merge(runs, on="run")
    for axes, (_, group) in zip(drawing.axes, predicted.groupby("task"), strict=True):
        dotted = [line for line in axes.lines if line.get_linestyle() == ":" and len(line.get_xdata())]
        for line, (_, course) in zip(dotted, group.groupby("gain"), strict=True):
            np.testing.assert_allclose(line.get_ydata(), course.groupby("iteration")["value"].median())
    assert drawing.texts.count("theory, to third order") == 1
    assert "theory" not in drawings("linear", "losses").text()


def test_the_theory_of_diverged_runs_is_not_drawn(drawings, data):
    drawing = drawings("condition numbers", "measures")
    panels = drawing.axes[:3] + drawing.axes[6:9]  # two rows of panels for three arms, then two for the others
    runs = data("condition numbers").runs
    for axes, kappa in zip(panels, [1, 2, 5, 10, 20, 50], strict=True):
        shown = runs[(runs["condition_number"] == kappa) & ~runs["diverged"]]
        expected = shown.groupby("structure", sort=False)["kernel_alignment_predicted"].median()
        np.testing.assert_allclose(diamonds(axes)[:, 1], expected.astype(float))
        assert axes.get_title().replace("\N{NO-BREAK SPACE}", " ") == f"κ = {kappa}"
        assert ("0 networks; 12 diverged" in notes_above(axes)) == (kappa == 50)


def test_names_of_conditions_do_not_overlap_where_arms_are_many(drawings):
    assert drawings("condition numbers", "measures").crossing(ticks=True) == []


@pytest.mark.parametrize(
    ("arms", "expected"), [(1, (1, 1)), (4, (1, 4)), (5, (2, 3)), (6, (2, 3)), (7, (2, 4)), (8, (2, 4)), (9, (3, 3))]
)
def test_rows_of_panels_are_about_equally_full(arms, expected):
    assert figure_style.rows_and_columns(arms) == expected


def arms_table(**values):
    """Runs of every combination of some parameters."""
    return pd.DataFrame([dict(zip(values, chosen, strict=True)) for chosen in itertools.product(*values.values())])


@pytest.mark.parametrize(
    ("table", "titles", "shape"),
    [
        (arms_table(task=["2AF"], gain=[0.5, 1.0, 1.5]), ["g = 0.5", "g = 1", "g = 1.5"], (1, 3)),
        (arms_table(task=["2AF", "DMS", "CXT"], gain=[1.0]), ["2AF", "DMS", "CXT"], (1, 3)),
        (
            arms_table(task=["2AF", "DMS"], gain=[2.0, 1.0, 0.5]),
            ["2AF, g = 2", "DMS, g = 2", "2AF, g = 1", "DMS, g = 1", "2AF, g = 0.5", "DMS, g = 0.5"],
            (3, 2),
        ),
        (
            arms_table(size=[100, 600], task=["Z", "A", "B"]),
            ["N = 100, Z", "N = 100, A", "N = 100, B", "N = 600, Z", "N = 600, A", "N = 600, B"],
            (2, 3),
        ),
        # A combination is missing: nothing stands below its own kind.
        (
            arms_table(task=["2AF", "DMS"], gain=[1.0, 2.0])[:3],
            ["2AF, g = 1", "2AF, g = 2", "DMS, g = 1"],
            (1, 3),
        ),
        (
            arms_table(leak=["euler", "exponential"], gain=[1.0, 2.0]),
            ["euler, g = 1", "euler, g = 2", "exponential, g = 1", "exponential, g = 2"],
            (2, 2),
        ),
        (
            arms_table(size=[100, 300], gain=[0.5, 1.0, 1.5]),
            [f"N = {size}, g = {gain}" for size in (100, 300) for gain in ("0.5", "1", "1.5")],
            (2, 3),
        ),
    ],
)
def test_two_parameters_make_a_grid_in_which_tasks_are_columns(table, titles, shape):
    groups, found = figure_style.panels_of_arms(table, list(table))
    assert found == shape and [title for title, _ in groups] == titles
    for title, group in groups:
        assert figure_style.arm_titles(pd.concat([group, table]))[0] == title


def test_runs_without_arms_are_one_panel():
    groups, shape = figure_style.panels_of_arms(arms_table(rank=[1, 2]), [])
    assert shape == (1, 1) and groups[0][0] == "" and len(groups[0][1]) == 2


@pytest.mark.parametrize("name", ["one task", "structures"])
def test_there_is_no_theory_where_none_is_known(drawings, name):
    drawing = drawings(name, "measures")
    assert "theory" not in drawing.text()
    assert sum(len(diamonds(axes)) for axes in drawing.axes) == 0


def test_published_tables_without_the_new_columns_are_drawn(data, tmp_path):
    given = data("one task")
    new = ["condition_number", "architecture", "readout", "kernel_alignment_predicted"]
    older = Data(**{**vars(given), "runs": given.runs.drop(columns=new)})
    for figure in ("measures", "losses"):
        (tmp_path / figure).mkdir()
        drawing = watch(lambda figure=figure: draw(figure, older, tmp_path / figure))
        assert "initial $W_h$" in drawing.text().replace("\n", " ")


@pytest.mark.parametrize(
    ("name", "curve", "measure"),
    [
        ("linear", "half squared error", "(half squared error)"),
        (
            "numbers and classes",
            "loss (nats per step, or half squared error)",
            "(nats per step, or half squared error)",
        ),
        ("one task", "cross-entropy (nats per step)", None),
    ],
)
def test_losses_have_the_unit_of_their_task(drawings, name, curve, measure):
    assert drawings(name, "losses").axes[0].get_ylabel().replace("\n", " ") == curve
    if measure:
        assert measure in drawings(name, "measures").text().replace("\n", " ")


@pytest.mark.parametrize(("name", "weights"), [("one task", "$W_h$"), ("linear", "$W_1$"), ("structures", None)])
def test_the_rank_is_that_of_the_weights_which_have_the_structure(drawings, name, weights):
    label = "initial structure" if weights is None else f"rank of initial {weights}"
    assert label in drawings(name, "measures").texts
    assert label in drawings(name, "losses").text().replace("\n", " ")


def test_the_rank_of_different_networks_is_that_of_their_weights():
    runs = pd.DataFrame({"architecture": ["recurrent", "feedforward"]})
    assert figure_style.parameter_label("rank", runs) == "rank of initial weights"


def test_losses_of_many_sizes_stand_on_a_logarithmic_axis(data, tmp_path):
    given = data("linear")
    spread = given.runs.assign(final_loss=10.0 ** -np.arange(len(given.runs)))
    drawing = watch(lambda: draw("measures", Data(**{**vars(given), "runs": spread}), tmp_path))
    scales = [[axes.get_yscale() for axes in row] for row in panel_rows(drawing, "linear")]
    assert scales == [["linear"] * 4, ["log"] * 4, ["linear"] * 4]
    for values in ([1.0, 10.5, np.nan], [20, 700]):
        assert log_ticks.is_logarithmic("convergence_iterations", values)
    assert log_ticks.is_logarithmic("final_loss", [0.01, 0.9])
    for values in ([1.0, 9.9], [0.0, 100.0], [0.01, 0.9], [np.nan], []):  # the last but two: shares
        assert not log_ticks.is_logarithmic("kernel_alignment", values)


def test_where_a_measure_is_not_known_there_are_no_axes_and_conditions_stand_below_the_panel_above(data, tmp_path):
    given = data("three tasks")
    lost = given.runs["kernel_alignment_recurrent"].where(given.runs["task"] != "DMS")
    partly = given.runs.assign(kernel_alignment_recurrent=lost)
    drawing = watch(lambda: draw("measures", Data(**{**vars(given), "runs": partly}), tmp_path))
    *_, before, lowest = panel_rows(drawing, "three tasks")
    for above, axes in zip(before, lowest, strict=True):
        is_known = not notes_above(axes).startswith("0 networks")
        assert (above.get_frame_on(), axes.get_frame_on()) == (True, is_known)
        named = [any(label.get_visible() for label in one.get_xticklabels()) for one in (above, axes)]
        assert named == [not is_known, is_known]
    assert [axes.get_frame_on() for axes in lowest].count(False) == 1


@pytest.mark.parametrize("step", [1e-12, 1e-4])
def test_small_differences_are_not_magnified(data, tmp_path, step):
    given = data("linear")
    same = given.runs.assign(kernel_alignment=1 - step * np.arange(len(given.runs)))
    same["kernel_alignment_predicted"] = 1.0
    drawing = watch(lambda: draw("measures", Data(**{**vars(given), "runs": same}), tmp_path))
    for axes in panel_rows(drawing, "linear")[0]:
        low, high = axes.get_ylim()
        assert low < 0.96 and high > 1.04 and high - low == pytest.approx(0.11)


def test_a_curve_of_one_point_is_seen(data, tmp_path):
    given = data("one task")
    short = Data(**{**vars(given), "curves": given.curves[given.curves["iteration"] == 10]})
    drawing = watch(lambda: draw("losses", short, tmp_path))
    assert {line.get_marker() for line in drawing.axes[0].get_lines() if len(line.get_xdata()) == 1} == {"o"}


def test_loss_curves_are_drawn_of_losses_alone(drawings, data, tmp_path):
    given = data("one task")
    others = [given.curves.assign(quantity=name, value=-1.0) for name in ("accuracy", "kernel_alignment")]
    mixed = Data(**{**vars(given), "curves": pd.concat([given.curves, *others], ignore_index=True)})
    files = draw("losses", mixed, tmp_path)
    assert [file.read_bytes() for file in files] == [
        file.read_bytes() for file in (drawings("one task", "losses").pdf, drawings("one task", "losses").png)
    ]


# Effects where arms differ in whether there is a trend


def test_arms_of_two_values_are_drawn_as_differences_below_the_trends(drawings, data):
    drawing, given = drawings("linear", "effects"), data("linear")
    assert set(given.trends["task"]) == {"linear_20"}
    trends, differences = drawing.axes[:3], drawing.axes[3:]
    rows = [[text.get_text() for text in axes[0].get_yticklabels()] for axes in (trends, differences)]
    assert rows == [
        [f"{way} readout, linear, {inputs} inputs (4 seeds)" for way in ("normal", "equal-norm")] for inputs in (20, 2)
    ]
    assert [sorted(axes.get_xlim()) for axes in trends] == [[-1.1, 1.1]] * 3
    assert "effect of rank of initial weights (Kendall's τ; right: lazier as it grows; larger, where" in drawing.text()
    assert "difference by rank of initial weights: 2 minus 1 (Hodges-Lehmann; right: lazier" in drawing.text()
    for axes, measure in zip(differences, CASES["linear"].measures, strict=True):
        expected = given.contrasts[(given.contrasts["task"] == "linear_2") & (given.contrasts["measure"] == measure)]
        drawn = [c.get_offsets()[0] for c in axes.collections if isinstance(c, mpl.collections.PathCollection)]
        assert set(expected["level"].astype(float)) == {1.0}  # the table has the smaller minus the larger
        assert sorted(x for x, _ in drawn) == pytest.approx(sorted(-expected["effect"]))
        ends = sorted(x for c in axes.collections for part in segments_of(c) for x in part[:, 0])
        assert ends == pytest.approx(sorted([*-expected["interval_low"], *-expected["interval_high"]]))
        # Numbers stay those of the table; the axis of what falls as learning gets lazier runs to the left.
        assert axes.xaxis.get_inverted() == (LABELS[measure][1] < 0)


def segments_of(collection):
    """Lines of a collection, each an array (2, 2)."""
    return collection.get_segments() if isinstance(collection, mpl.collections.LineCollection) else []


def test_two_values_alone_are_a_difference(drawings):
    text = drawings("two values", "effects").text()
    assert "difference by gain $g$: 1.5 minus 1 (Hodges-Lehmann" in text.replace("1.0", "1")
    assert "Kendall" not in text


def test_every_row_of_effects_has_its_place(drawings):
    """Also rows whose runs all diverged, at the ends too."""
    axes = drawings("condition numbers", "effects").axes[0]
    assert len(axes.get_yticks()) == 12
    assert axes.get_ylim() == (-0.5, 11.5)
