"""Figures of trials: a row for each input and output, a column for each trial, gaps where nothing is asked for."""

from types import SimpleNamespace

import numpy as np
import pytest
from gymnasium import spaces
from matplotlib import pyplot as plt
from matplotlib.colors import to_hex
from matplotlib.patches import Rectangle, StepPatch

from drawings import watch
from richlazy.figures import trial_figure
from richlazy.figures.figure_context import FigureContext
from richlazy.figures.shown_trials import Trials
from richlazy.tasks import image_trials, neurogym_names, neurogym_trials, time_series_trials
from richlazy.tasks.image_sets import ImageSet
from richlazy.tasks.samples import ProbeTrials
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
    trial_figure.plot(context, Trials.of_probe(*trials, trials.decision, step, "all", {}))


@pytest.fixture(scope="module")
def drawings(tmp_path_factory):
    """The figure of every task of config.yaml."""

    def draw(name):
        files = [tmp_path_factory.mktemp(name) / f"trials.{suffix}" for suffix in ("pdf", "png")]
        step = TASKS[name]["defaults"]["time_step_ms"]
        return watch(lambda: (plot(files, trials_of(name), step, f"Task {name}".replace("_", " ")), files)[1])

    return {name: draw(name) for name in TASKS}


@pytest.mark.parametrize("name", TASKS)
def test_it_is_drawn_to_pdf_and_png(drawings, name):
    drawing = drawings[name]
    assert drawing.pdf.read_bytes().startswith(b"%PDF") and drawing.png.read_bytes().startswith(b"\x89PNG")
    assert drawing.open_figures == [] and plt.get_fignums() == []


@pytest.mark.parametrize("name", TASKS)
def test_texts_stand_inside_and_apart(drawings, name):
    assert drawings[name].faults() == {}
    assert drawings[name].crossing(ticks=True) == []
    assert f"Task {name}".replace("_", " ") in drawings[name].text()


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


# Trials with classes

ENVIRONMENTS = {
    "2AF": (["fixation", "stimulus 1", "stimulus 2"], ["fixation", "choice 1", "choice 2"]),
    "DMS": (["fixation", "stimulus 1", "stimulus 2"], ["fixation", "match", "non-match"]),
    "CXT": (
        ["fixation", "stim1_mod1", "stim2_mod1", "stim1_mod2", "stim2_mod2", "context1", "context2"],
        ["fixation", "choice 1", "choice 2"],
    ),
    "MSI": (
        ["fixation", "stimulus_mod1 1", "stimulus_mod1 2", "stimulus_mod2 1", "stimulus_mod2 2"],
        ["fixation", "choice 1", "choice 2"],
    ),
}
RUN = {"time_step_ms": 100, "seed": 0}
SIDE = 9


def images_of(presentation):
    """Random images of two classes out of ten, of which the last is not used."""
    rng = np.random.default_rng(0)
    labels = np.repeat([3, 9], 20).astype(np.uint8)
    images = rng.integers(0, 256, (40, SIDE, SIDE), dtype=np.uint8)
    inputs, classes = image_trials.probe(ImageSet(images, 255, labels, 39), presentation, 20, 20, 0)
    return ProbeTrials(inputs, classes, image_trials.at_the_end(classes.shape), {})


def classified(name, loss_steps="last"):
    """Probe of a task with classes, and its trials that are drawn."""
    if name in ("rows", "whole"):
        probe, step, names = images_of(name), None, {}
    else:
        entry = CONFIG["tasks"][name]
        probe, step = neurogym_trials.probe_trials(entry, RUN, {}, 20), 100.0
        names = neurogym_names.names(entry, RUN)
    return probe, Trials.of_probe(probe.inputs, probe.targets, probe.decision, step, loss_steps, names)


@pytest.fixture(scope="module")
def of_classes(tmp_path_factory):
    """The figure of every task with classes, drawn once, with its trials."""
    found = {}

    def get(name, loss_steps="last"):
        if (name, loss_steps) not in found:
            files = [tmp_path_factory.mktemp(name) / f"trials.{suffix}" for suffix in ("pdf", "png")]
            _, trials = classified(name, loss_steps)
            context = FigureContext(f"Task {name}", SETTINGS, pdf=files[0], png=files[1])
            found[name, loss_steps] = watch(lambda: (trial_figure.plot(context, trials), files)[1]), trials
        return found[name, loss_steps]

    return get


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_inputs_and_classes_have_the_names_of_their_environment(name):
    assert neurogym_names.names(CONFIG["tasks"][name], RUN) == dict(
        zip(("inputs", "classes"), ENVIRONMENTS[name], strict=True)
    )


@pytest.mark.parametrize(
    ("space", "expected"),
    [
        (SimpleNamespace(name={"a": 1, "b": [0, 2]}), ["b 1", "a", "b 2"]),
        (SimpleNamespace(name={"a": range(1), "b": np.int64(1), "c": 2}), ["a", "b", "c"]),
        (SimpleNamespace(name={"a": 0, "b": 1}), []),  # nothing names the third
        (SimpleNamespace(name=None), []),
        (spaces.Discrete(3), []),
    ],
)
def test_names_are_all_known_or_none(space, expected):
    assert neurogym_names.listed(space, 3) == expected


@pytest.mark.parametrize("name", [*ENVIRONMENTS, "rows", "whole"])
def test_trials_of_different_classes_are_chosen_and_whole(name):
    probe, trials = classified(name)
    decided = probe.targets[-1]
    shown = trials.targets[-1, :, 0]
    assert set(shown) == set(decided) and len(shown) == trial_figure.SHOWN
    places = [
        next(place for place in range(20) if np.array_equal(probe.inputs[:, place], trials.inputs[:, trial]))
        for trial in range(len(shown))
    ]
    assert places == sorted(set(places)) and list(decided[places]) == list(shown)
    assert all(np.flatnonzero(decided == one)[0] in places for one in set(decided))


def test_more_classes_than_trials_are_as_many_classes_as_trials():
    classes = np.array([[4, 4, 2, 0, 2, 1]])
    trials = Trials.of_probe(np.zeros((1, 6, 4)), classes, np.ones((1, 6), bool), None, "last", {})
    assert len(set(trials.targets[0, :, 0])) == trial_figure.SHOWN


@pytest.mark.parametrize("loss_steps", ["all", "last"])
@pytest.mark.parametrize("name", [*ENVIRONMENTS, "rows"])
def test_classes_are_steps_where_the_loss_counts_and_decisions_are_shaded(of_classes, name, loss_steps):
    drawing, trials = of_classes(name, loss_steps)
    panels = np.array(drawing.axes).reshape(-1, trial_figure.SHOWN)
    for trial, axes in enumerate(panels[-1]):
        (line,) = [patch for patch in axes.patches if isinstance(patch, StepPatch)]
        asked, edges, _ = line.get_data()
        np.testing.assert_array_equal(asked, trials.targets[:, trial, 0])
        assert np.isnan(asked[:-1]).all() == (loss_steps == "last") and not np.isnan(asked[-1])
        (shade,) = [patch for patch in axes.patches if isinstance(patch, Rectangle)]
        assert (shade.get_x(), shade.get_x() + shade.get_width()) == (edges[-2], edges[-1])  # the last step alone
        assert edges[-1] == (SIDE if name == "rows" else len(asked) * 100)
        low, high = axes.get_ylim()
        assert low < 0 and len(trials.classes) - 1 < high


def test_every_decision_of_a_window_is_shaded(tmp_path):
    decision = np.array([1, 0, 0, 1, 1, 0], bool)[:, None]
    trials = Trials.of_probe(np.zeros((6, 1, 2)), decision.astype(np.uint8), decision, 20.0, "all", {})
    context = FigureContext("Task", SETTINGS, png=tmp_path / "trials.png")
    drawing = watch(lambda: (trial_figure.plot(context, trials), [None, tmp_path / "trials.png"])[1])
    shades = [patch for patch in drawing.axes[-1].patches if isinstance(patch, Rectangle)]
    assert [(shade.get_x(), shade.get_width()) for shade in shades] == [(0, 20), (60, 40)]


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_inputs_are_lines_by_their_names(of_classes, name):
    drawing, trials = of_classes(name)
    *rows, last = np.array(drawing.axes).reshape(-1, trial_figure.SHOWN)
    inputs, classes = ENVIRONMENTS[name]
    assert [row[0].get_ylabel().replace("\n", " ") for row in rows] == [label.replace("_", " ") for label in inputs]
    assert [label.get_text() for label in last[0].get_yticklabels()] == classes
    for channel, row in enumerate(rows):
        for trial, axes in enumerate(row):
            (line,) = [patch for patch in axes.patches if isinstance(patch, StepPatch)]
            np.testing.assert_array_equal(line.get_data().values, trials.inputs[:, trial, channel])
            assert to_hex(line.get_edgecolor()) == SETTINGS["dot_colour"].lower()


def test_rows_of_an_image_are_an_image_and_steps_are_counted(of_classes):
    drawing, trials = of_classes("rows")
    for trial, axes in enumerate(drawing.axes[: trial_figure.SHOWN]):
        (image,) = axes.images
        np.testing.assert_array_equal(image.get_array(), trials.inputs[:, trial].T)
        assert not axes.patches  # a shade would change what it shows
    assert "trial 1, step" in drawing.texts and "ms" not in drawing.text()


def test_a_whole_image_stands_upright_above_its_class(of_classes):
    drawing, trials = of_classes("whole")
    assert len(drawing.axes) == trial_figure.SHOWN
    for trial, axes in enumerate(drawing.axes):
        (image,) = axes.images
        np.testing.assert_array_equal(image.get_array(), trials.inputs[0, trial].reshape(SIDE, SIDE))
        left, right, bottom, top = image.get_extent()
        assert left < right and top < bottom and axes.get_aspect() == 1
        assert axes.get_xlabel() == f"trial {trial + 1}, target: {trials.targets[0, trial, 0]:g}"


@pytest.mark.parametrize("name", [*ENVIRONMENTS, "rows", "whole"])
def test_texts_of_classes_stand_inside_and_apart_and_marks_are_named(of_classes, name):
    drawing, _ = of_classes(name)
    assert drawing.faults() == {} and drawing.crossing(ticks=True) == []
    named = {"whole": set(), "rows": {"target", "decision due"}}.get(name, {"input", "target", "decision due"})
    assert named <= set(drawing.texts)
    assert name not in ("rows", "whole") or "pixels (darker: larger)" in drawing.texts


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
    assert drawing.faults() == {} and drawing.crossing(ticks=True) == []
    assert {"target", *(f"{gain:g}" for _, gain in ANSWERED[name])} <= set(drawing.texts)
    assert {SETTINGS["names"][task] for task, _ in ANSWERED[name]} <= set(drawing.texts)
    assert "output by\ngain $g$" in drawing.texts
