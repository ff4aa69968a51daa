"""Figures of trials: a row for each input and output, a column for each trial, gaps where nothing is asked for."""

import numpy as np
import pytest
from matplotlib import pyplot as plt
from matplotlib.patches import StepPatch

from drawings import watch
from richlazy.figures import trial_figure
from richlazy.figures.figure_context import FigureContext
from richlazy.tasks import time_series_trials
from shipped import CONFIG

SETTINGS = CONFIG["figures"] | {"resolution_dpi": 60}
TASKS = {name: task for name, task in CONFIG["tasks"].items() if "continuous" in task}
# Rows and columns: a row for each input, one for all of many, and one for each output.
SHAPES = dict.fromkeys(TASKS, (2, 1)) | {
    "flip_flop": (4, 3),
    "flip_flop_memory": (4, 3),
    "mante": (5, 3),
    "romo": (3, 3),
}


def trials_of(name):
    return time_series_trials.draw(TASKS[name], TASKS[name]["defaults"]["time_step_ms"], 5, 0, "probe")


def plot(files, trials, step, title):
    context = FigureContext(title, SETTINGS, pdf=files[0], png=files[1])
    trial_figure.plot(context, trials.inputs, trials.targets, step)


@pytest.fixture(scope="module")
def drawings(tmp_path_factory):
    """The figure of every task of config.yaml."""

    def draw(name):
        files = [tmp_path_factory.mktemp(name) / f"trials.{suffix}" for suffix in ("pdf", "png")]
        step = TASKS[name]["defaults"]["time_step_ms"]
        return watch(lambda: (plot(files, trials_of(name), step, f"Task {name}"), files)[1])

    return {name: draw(name) for name in TASKS}


@pytest.mark.parametrize("name", TASKS)
def test_it_is_drawn_to_pdf_and_png(drawings, name):
    drawing = drawings[name]
    assert drawing.pdf.read_bytes().startswith(b"%PDF") and drawing.png.read_bytes().startswith(b"\x89PNG")
    assert drawing.open_figures == [] and plt.get_fignums() == []


@pytest.mark.parametrize("name", TASKS)
def test_texts_stand_inside_and_apart(drawings, name):
    assert drawings[name].outside() == []
    assert drawings[name].crossing(ticks=True) == []
    assert f"Task {name}" in drawings[name].text()


@pytest.mark.parametrize("name", TASKS)
def test_there_is_a_panel_for_each_channel_of_each_trial(drawings, name):
    rows, columns = SHAPES[name]
    assert len(drawings[name].axes) == rows * columns


@pytest.mark.parametrize("name", TASKS)
def test_what_is_drawn_is_what_is_shown_and_asked_for(drawings, name):
    inputs, targets = trials_of(name)
    rows, columns = SHAPES[name]
    panels = np.array(drawings[name].axes).reshape(rows, columns)
    shown = [] if name == "pattern_generation" else list(np.moveaxis(inputs, 2, 0))
    shown += list(np.moveaxis(targets, 2, 0))
    for line, values in zip(panels[-len(shown) :], shown, strict=True):
        for trial, axes in enumerate(line):
            (steps,) = [patch for patch in axes.patches if isinstance(patch, StepPatch)]
            drawn, edges, _ = steps.get_data()
            np.testing.assert_array_equal(drawn, values[:, trial])
            np.testing.assert_allclose(np.diff(edges), TASKS[name]["defaults"]["time_step_ms"])
            low, high = axes.get_ylim()
            assert low < np.nanmin(values) and np.nanmax(values) < high
            assert axes.get_xlim() == (0, edges[-1])


def test_many_inputs_are_an_image_with_time_to_the_right(drawings):
    (image,) = drawings["pattern_generation"].axes[0].images
    np.testing.assert_array_equal(image.get_array(), trials_of("pattern_generation").inputs[:, 0].T)
    assert image.get_extent() == [0, 1000, 0.5, 100.5]


def test_equal_trials_are_equal_files(tmp_path):
    files = [[tmp_path / f"{place}.{suffix}" for suffix in ("pdf", "png")] for place in (1, 2)]
    for pair in files:
        plot(pair, trials_of("romo"), 50.0, "Task")
    for first, second in zip(*files, strict=True):
        assert first.read_bytes() == second.read_bytes()
