"""Kernels during training: a line for each condition, from the followed seeds, on an axis that shows the start."""

import itertools

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt

from drawings import watch
from richlazy.figures import trajectory_figure
from richlazy.figures.figure_context import FigureContext
from richlazy.measures import during_training, forgetting, registry
from shipped import CONFIG

LABELS = registry.quantity_labels()
SETTINGS = CONFIG["figures"] | {"resolution_dpi": 60}
LINEAR, CLASSES = ("linear_20", 1.0, "feedforward"), ("sMNIST", None, "recurrent")
NUMBERS = ("step_response_half", None, "recurrent")
STRUCTURES = ("gaussian", "dale", "a_structure_with_a_long_name")
# Tasks, parameter that is compared and its levels, seeds that are followed of four, iterations.
NAMES = CONFIG["figures"]["names"]
CASES = {
    "numbers": ([LINEAR], "rank", (1, 5, 10, 20), (0, 1, 2, 3), (0, 30, 100, 300, 1000, 10000)),
    "classes": ([CLASSES], "rank", (5, 30, 300), (0, 2), (0, 10, 30, 100, 300, 1000, 3000, 10000)),
    "both": ([LINEAR, CLASSES], "rank", (1, 20), (1, 2), (0, 30, 100)),
    "names": ([CLASSES], "structure", STRUCTURES, (0, 1, 2), (0, 10, 30)),
    "many arms": ([(f"task_{letter}", None, "recurrent") for letter in "abcde"], "rank", (1, 30), (0, 1), (0, 5)),
    "one iteration": ([CLASSES], "rank", (1, 30), (0,), (0, 100)),
    "change": ([NUMBERS], "gain", (0.0, 0.6), (0, 1, 2), (0, 40, 80, 120)),
}
# What is followed, where it is not the usual, with what theory says.
FOLLOWED = {
    "both": [*LABELS],
    "change": [
        f"{value}_singular_value_change{theory}" for value in ("leading", "second") for theory in ("", "_predicted")
    ],
}
ROWS = {
    "numbers": ["kernel_alignment", "kernel_task_alignment", "kernel_effective_rank"],
    "classes": ["kernel_alignment", "centred_kernel_alignment", "kernel_effective_rank"],
    "both": list(LABELS),
    "change": FOLLOWED["change"][::2],
}


def tables(name, diverged=()):
    """Runs of four seeds and curves of those that are followed."""
    tasks, compare, levels, followed, iterations = CASES[name]
    rng = np.random.default_rng(0)
    runs, curves = [], []
    for (task, kappa, kind), (place, level), seed in itertools.product(tasks, enumerate(levels), range(4)):
        run = f"{task}/{level}/{seed}"
        runs.append(
            {
                "run": run, "task": task, "condition_number": kappa, "architecture": kind, "seed": seed,
                "structure": "svd_truncation", "connectome": None, "diverged": (level, seed) in diverged,
                "converged": None,
            } | {compare: level}
        )  # fmt: skip
        curves += [(run, iteration, "loss", 1.0) for iteration in (100, 200)]
        for quantity in FOLLOWED.get(name, during_training.USUAL) if seed in followed else ():
            values = 1 - 0.1 * place * np.arange(len(iterations)) + 0.02 * rng.random(len(iterations))
            curves += [(run, at, quantity, value) for at, value in zip(iterations, values, strict=True)]
    types = {"converged": "boolean", "connectome": "string", "condition_number": "Float64"}
    return pd.DataFrame(runs).astype(types), pd.DataFrame(curves, columns=["run", "iteration", "quantity", "value"])


def draw(name, runs, curves, folder, options=None):
    files = folder / "figure.pdf", folder / "figure.png"
    title, compare = "Tangent kernel during training", CASES[name][1]
    context = FigureContext(
        title,
        SETTINGS,
        pdf=files[0],
        png=files[1],
        arms=["task"],
        compare=compare,
        labels=LABELS,
        options=options or {},
    )
    trajectory_figure.plot(context, runs, curves)
    return files


@pytest.fixture(scope="module")
def drawings(tmp_path_factory):
    found = {}

    def get(name):
        if name not in found:
            folder = tmp_path_factory.mktemp("figures")
            found[name] = watch(lambda: draw(name, *tables(name), folder))
        return found[name]

    return get


EVERY_CASE = pytest.mark.parametrize("name", CASES)


@EVERY_CASE
def test_it_is_drawn_to_pdf_and_png(drawings, name):
    drawing = drawings(name)
    assert drawing.pdf.read_bytes()[:5] == b"%PDF-"
    pixels = plt.imread(drawing.png)
    assert pixels.shape[1] == pytest.approx(SETTINGS["width_mm"] / 25.4 * 60, abs=1)
    assert pixels[..., :3].std() > 0.01
    assert drawing.open_figures == []


@EVERY_CASE
def test_texts_stand_inside_and_do_not_overlap(drawings, name):
    assert drawings(name).faults() == {}


def test_equal_tables_give_equal_bytes(drawings, tmp_path):
    again = draw("numbers", *tables("numbers"), tmp_path)
    assert [file.read_bytes() for file in again] == [
        file.read_bytes() for file in (drawings("numbers").pdf, drawings("numbers").png)
    ]


@pytest.mark.parametrize("name", ROWS)
def test_a_row_for_each_quantity_that_fits_the_targets(drawings, name):
    tasks = CASES[name][0]
    axes = drawings(name).axes
    labels = [panel.get_ylabel() for panel in axes[:: len(tasks)]]
    assert labels[1:] == [LABELS[key][0] for key in ROWS[name]]
    assert "loss" in labels[0] or "error" in labels[0] or "entropy" in labels[0]
    names = [NAMES.get(task, task).replace("_", " ") for task, *_ in tasks]
    assert [panel.get_title().replace("\N{NO-BREAK SPACE}", " ") for panel in axes[: len(tasks)]] == names
    assert [panel.get_xlabel() for panel in axes] == [""] * (len(axes) - len(tasks)) + ["iteration"] * len(tasks)


def test_labels_are_of_quantities_that_are_followed():
    assert set(LABELS) < set(during_training.QUANTITIES) | set(forgetting.LABELS)


@pytest.mark.parametrize("name", ["numbers", "classes", "names"])
def test_lines_are_medians_over_followed_seeds_and_bands_hold_their_middle_half(drawings, name):
    runs, curves = tables(name)
    _, compare, levels, followed, iterations = CASES[name]
    rows = curves.merge(runs, on="run")
    for axes in drawings(name).axes[1:]:
        (quantity,) = [key for key, (text, _) in LABELS.items() if text == axes.get_ylabel()]
        bands = [c for c in axes.collections if isinstance(c, mpl.collections.PolyCollection)]
        for level, line, band in zip(levels, axes.get_lines(), bands, strict=True):
            mine = rows[(rows["quantity"] == quantity) & (rows[compare] == level)]
            by_seed = np.array([group.sort_values("iteration")["value"] for _, group in mine.groupby("seed")])
            assert len(by_seed) == len(followed)
            np.testing.assert_allclose(line.get_ydata(), np.median(by_seed, axis=0))
            assert line.get_xdata().tolist() == list(iterations)
            edge = band.get_paths()[0].vertices[:, 1]
            quartiles = np.quantile(by_seed, [0.25, 0.75], axis=0)
            assert (edge.min(), edge.max()) == pytest.approx((quartiles.min(), quartiles.max()))


def test_theory_is_a_dotted_line_of_each_condition_with_one_label(drawings):
    runs, curves = tables("change")
    rows = curves.merge(runs, on="run")
    for axes, quantity in zip(drawings("change").axes[1:], FOLLOWED["change"][1::2], strict=True):
        dotted = [line for line in axes.get_lines() if line.get_linestyle() == ":" and len(line.get_xdata())]
        solid = [line for line in axes.get_lines() if line.get_linestyle() == "-"]
        assert [line.get_color() for line in dotted] == [line.get_color() for line in solid]
        for gain, line in zip((0.0, 0.6), dotted, strict=True):
            mine = rows[(rows["quantity"] == quantity) & (rows["gain"] == gain)]
            np.testing.assert_allclose(line.get_ydata(), mine.groupby("iteration")["value"].median())
    assert drawings("change").texts.count("theory, to third order") == 1
    assert "theory" not in drawings("numbers").text()


def test_an_axis_of_evenly_spaced_iterations_is_linear(drawings):
    assert {axes.get_xscale() for axes in drawings("change").axes} == {"linear"}


def test_conditions_have_the_colours_of_all_runs_and_stand_in_the_legend(drawings):
    lines = drawings("numbers").axes[0].get_lines()
    expected = mpl.colormaps["viridis"](np.linspace(0, 0.85, 4))
    np.testing.assert_allclose([mpl.colors.to_rgba(line.get_color()) for line in lines], expected)
    assert {"1", "5", "10", "20"} <= set(drawings("numbers").texts)
    assert "rank of initial $W_1$" in drawings("numbers").text().replace("\n", " ")
    assert "rank of initial $W_h$" in drawings("classes").text().replace("\n", " ")
    assert "initial structure" in drawings("names").texts


@pytest.mark.parametrize(
    ("name", "labels"),
    [
        ("numbers", ["0", "100", "1,000", "10,000"]),
        ("classes", ["0", "10", "100", "1,000", "10,000"]),
        ("names", ["0", "10", "30"]),
        ("one iteration", ["0", "100"]),
    ],
)
def test_the_axis_of_iterations_shows_the_start_and_the_end(drawings, name, labels):
    axes, iterations = drawings(name).axes[-1], CASES[name][-1]
    assert axes.get_xscale() == "symlog"
    assert [text.get_text() for text in axes.get_xticklabels()] == labels
    low, high = axes.get_xlim()
    assert low < 0 < iterations[-1] < high
    assert ([axis for axis in drawings(name).axes if axis.get_xlim() == (low, high)]) == drawings(name).axes


def test_the_note_counts_the_followed_runs_and_those_that_diverged(drawings, tmp_path):
    assert "6 runs; 0 diverged" in drawings("classes").text()
    runs, curves = tables("classes", diverged=[(5, 0), (30, 1)])
    drawing = watch(lambda: draw("classes", runs, curves, tmp_path))
    assert "6 runs; 1 diverged (these count only where a panel says so" in drawing.text()  # the other is not followed
    rows = curves[(curves["quantity"] == "kernel_alignment") & (curves["run"] == "sMNIST/5/2")]
    np.testing.assert_allclose(drawing.axes[1].get_lines()[0].get_ydata(), rows["value"])
    assert drawing.axes[0].texts[0].get_text() == "5 networks; 1 diverged"


def test_a_condition_whose_runs_all_diverged_keeps_its_place_in_the_legend(tmp_path):
    runs, curves = tables("classes", diverged=[(5, seed) for seed in range(4)])
    drawing = watch(lambda: draw("classes", runs, curves, tmp_path))
    assert {"5", "30", "300"} <= set(drawing.texts)
    assert [len(line.get_xdata()) for line in drawing.axes[1].get_lines()] == [0, 8, 8]


# Loss, weight change and kernel over training together


def test_loss_opens_the_figure_with_its_floor_over_the_same_iterations(tmp_path):
    runs, curves = tables("classes")
    drawing = watch(lambda: draw("classes", runs.assign(bayes_loss=0.5), curves, tmp_path))
    loss, *others = drawing.axes
    assert (loss.get_ylabel(), loss.get_yscale()) == ("cross-entropy\n(nats per step)", "log")
    assert {axes.get_xlim() for axes in others} == {loss.get_xlim()}
    (floor,) = [line for line in loss.get_lines() if line.get_label() == "Bayes floor"]
    assert set(floor.get_ydata()) == {0.5} and floor.get_linestyle() == "--"
    assert drawing.texts.count("Bayes floor") == 1
    assert [line.get_xdata().tolist() for line in loss.get_lines()[:3]] == [[100, 200]] * 3
    assert "Bayes floor" not in watch(lambda: draw("classes", runs, curves, tmp_path)).texts


def test_networks_that_learn_in_stages_have_a_line_at_each_switch_and_no_floor(tmp_path):
    runs, curves = tables("classes")
    stages = pd.DataFrame(
        {"run": run, "iteration": at, "quantity": "performance_on_task_1", "value": 0.5}
        for run in curves["run"].unique()
        for at in (0, 3000, 6000, 10000)
    )
    staged = runs.assign(bayes_loss=0.5, first_task_performance=0.9)
    drawing = watch(lambda: draw("classes", staged, pd.concat([curves, stages]), tmp_path))
    assert "Bayes floor" not in drawing.texts
    for axes in drawing.axes:
        upright = [line.get_xdata()[0] for line in axes.get_lines() if str(line.get_color()) == "0.8"]
        assert upright == [3000, 6000]


def test_a_followed_run_that_failed_is_a_thin_line_with_a_cross(tmp_path):
    runs, curves = tables("classes")
    runs["failed"] = (runs["rank"] == 5) & (runs["seed"] == 2)
    drawing = watch(lambda: draw("classes", runs, curves, tmp_path))
    rows = curves[curves["quantity"] == "kernel_alignment"].set_index("run")["value"]
    thick, *_ = (line for line in drawing.axes[1].get_lines() if line.get_linewidth() > 0.6)
    np.testing.assert_allclose(thick.get_ydata(), rows["sMNIST/5/0"])
    (thin,) = [line for line in drawing.axes[1].get_lines() if line.get_linewidth() == 0.5]
    np.testing.assert_allclose(thin.get_ydata(), rows["sMNIST/5/2"])
    assert "failed to learn" in drawing.texts
    assert drawing.axes[0].texts[0].get_text() == "5 networks; 1 failed"


def test_one_followed_seed_is_a_line_without_a_band(tmp_path):
    drawing = watch(lambda: draw("one iteration", *tables("one iteration"), tmp_path))
    bands = [c for c in drawing.axes[1].collections if isinstance(c, mpl.collections.PolyCollection)]
    for line, band in zip(drawing.axes[1].get_lines(), bands, strict=True):
        assert set(band.get_paths()[0].vertices[:, 1].round(12)) == set(np.round(line.get_ydata(), 12))


def test_quantities_over_rescaled_learning_time(tmp_path):
    runs, curves = tables("change")
    runs["learning_rate"] = 0.01
    drawing = watch(lambda: draw("change", runs, curves, tmp_path, {"x": "rescaled_learning_time"}))
    for axes in drawing.axes[1:]:
        solid = [line for line in axes.get_lines() if line.get_linestyle() == "-"]
        for gain, line in zip((0.0, 0.6), solid, strict=True):
            np.testing.assert_allclose(line.get_xdata(), 0.01 * np.array([0, 40, 80, 120]) / (1 - gain**2) ** 2)
    assert drawing.axes[-1].get_xlabel() == "rescaled learning time $\\beta^2\\tau$"
