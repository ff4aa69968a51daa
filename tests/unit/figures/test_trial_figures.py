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


# What trained networks answer


ANSWERED = {
    "three tasks": [("flip_flop", 0.0), ("flip_flop", 0.9), ("mante", 0.0), ("mante", 0.9), ("romo", 0.9)],
    "one trial": [("step_response_half", 0.6), ("step_response_two", 0.6)],
    "one network": [("romo", 0.9)],
}


def answered(name):
    """Trials of tasks with what networks answer: the target, smaller, and 0.1 where none is asked for."""
    found = []
    for task, gain in ANSWERED[name]:
        inputs, targets = trials_of(task)
        answers = np.where(np.isnan(targets), 0.1, (0.5 + 0.4 * gain) * targets)[:, :3]
        found.append(trial_figure.Answered(task, gain, 50.0, 0, inputs, targets, answers))
    return found


def draw_answers(name, folder):
    files = folder / "outputs.pdf", folder / "outputs.png"
    context = FigureContext("Networks", SETTINGS, pdf=files[0], png=files[1], compare="gain")
    trial_figure.plot_answers(context, answered(name))
    return files


@pytest.mark.parametrize("name", ANSWERED)
def test_answers_are_drawn_over_what_is_asked_for(name, tmp_path):
    drawing = watch(lambda: draw_answers(name, tmp_path))
    assert drawing.pdf.read_bytes().startswith(b"%PDF") and drawing.png.read_bytes().startswith(b"\x89PNG")
    panels = iter(drawing.axes)
    for task in dict.fromkeys(task for task, _ in ANSWERED[name]):
        mine = [one for one in answered(name) if one.task == task]
        columns = mine[0].answers.shape[1]
        for _ in range(mine[0].inputs.shape[2] * columns):
            assert len(next(panels).patches) == 1
        for output in range(mine[0].targets.shape[2]):
            for trial in range(columns):
                *lines, target = [patch for patch in next(panels).patches if isinstance(patch, StepPatch)]
                assert target.get_linestyle() == "--" and len(lines) == len(mine)
                np.testing.assert_array_equal(target.get_data().values, mine[0].targets[:, trial, output])
                for line, one in zip(lines, mine, strict=True):
                    np.testing.assert_array_equal(line.get_data().values, one.answers[:, trial, output])
    assert next(panels, None) is None


@pytest.mark.parametrize("name", ANSWERED)
def test_texts_about_answers_stand_inside_and_apart_and_name_every_line(name, tmp_path):
    drawing = watch(lambda: draw_answers(name, tmp_path))
    assert drawing.outside() == [] and drawing.crossing(ticks=True) == []
    assert {"target", *(f"{gain:g}" for _, gain in ANSWERED[name])} <= set(drawing.texts)
    assert {task.replace("_", " ") for task, _ in ANSWERED[name]} <= set(drawing.texts)
    assert "output by\ngain $g$" in drawing.texts
