"""Tasks that are learned one after another: one space for what they show and ask, trials of their own, mistakes."""

import copy
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from richlazy.configuration import checks
from richlazy.configuration.checks import ConfigurationError
from richlazy.experiments import trials
from richlazy.tasks import curriculum_trials, registry
from richlazy.tasks.curriculum_trials import Space
from richlazy.tasks.stages import stage_ends
from shipped import CONFIG, REMOVED, changed

RUN = {"time_step_ms": 100.0, "batch_size": 4, "iterations": 12, "seed": 3}
PROBE = {"time_step_ms": 100.0, "seed": 3}
angles = st.floats(0, 180)


def task(names=("2AF", "DMS"), **options):
    usual = {"again": False, "cue": False, "input_angle": 0, "answer_angle": 0}
    return registry.task({"curriculum": list(names), **usual, **options}, CONFIG["tasks"])


def alone(name, **run):
    return registry.named(CONFIG["tasks"], name).training_trials({**RUN, **run}, {})


# One space


@given(angles, st.integers(2, 5), st.booleans(), st.integers(0, 2**32 - 1))
def test_observations_of_the_first_task_and_another_have_the_angle(angle, tasks, cue, seed):
    space = Space(tasks, channels=3, answers=2, input_angle=angle, answer_angle=angle, cue=cue)
    one, other = np.random.default_rng(seed).standard_normal((2, 3)).astype(np.float32)
    first, second = space.inputs(0, one), space.inputs(tasks - 1, other)
    assert first.shape == second.shape == (space.input_units,)
    cosine = math.cos(math.radians(angle))
    assert first @ second == pytest.approx(cosine * float(one @ other), abs=1e-5)
    assert second @ second == pytest.approx(float(other @ other) + cue, rel=1e-5)
    asked = space.targets(0, one[:2], 2), space.targets(tasks - 1, other[:2], 2)
    assert asked[0].shape == asked[1].shape == (space.outputs(has_classes=False),)
    assert asked[0] @ asked[1] == pytest.approx(cosine * float(one[:2] @ other[:2]), abs=1e-5)
    assert asked[1] @ asked[1] == pytest.approx(float(other[:2] @ other[:2]), rel=1e-5)


@given(st.floats(1, 179).filter(lambda angle: angle != 90), st.integers(3, 5))
def test_all_tasks_but_the_first_have_one_angle_to_each_other(angle, tasks):
    space = Space(tasks, channels=2, answers=1, input_angle=angle, answer_angle=0, cue=False)
    shown = np.array([0.6, 0.8], np.float32)
    cosine = math.cos(math.radians(angle))
    found = space.inputs(1, shown) @ space.inputs(tasks - 1, shown)
    assert found == pytest.approx(cosine**2, abs=1e-5)


def test_no_angle_needs_no_inputs_or_outputs_of_its_own():
    space = Space(3, channels=4, answers=3, input_angle=0, answer_angle=0, cue=False)
    assert (space.input_units, space.outputs(True), space.outputs(False)) == (4, 3, 3)
    assert Space(3, 4, 3, 180, 180, False).input_units == 4  # the same inputs with the other sign
    turned = Space(3, 4, 3, 90, 90, True)
    assert (turned.input_units, turned.outputs(True), turned.outputs(False)) == (3 * 4 + 3, 3 + 2 * 2, 3 * 3)


def test_classes_are_the_same_in_reverse_or_those_of_the_task_and_fixation_stays():
    asked = np.array([[0, 1, 2, 3]], np.uint8)
    for angle, expected in ((0, [0, 1, 2, 3]), (180, [0, 3, 2, 1]), (90, [0, 4, 5, 6])):
        space = Space(2, channels=1, answers=4, input_angle=0, answer_angle=angle, cue=False)
        np.testing.assert_array_equal(space.targets(0, asked, 4), asked)
        found = space.targets(1, asked, 4)
        np.testing.assert_array_equal(found, [expected])
        assert found.dtype == np.uint8
    # A task of fewer classes reverses its own.
    np.testing.assert_array_equal(Space(2, 1, 4, 0, 180, False).targets(1, asked[:, :3], 3), [[0, 2, 1]])


def test_where_nothing_is_asked_for_no_output_is():
    space = Space(2, channels=1, answers=2, input_angle=0, answer_angle=90, cue=False)
    asked = np.array([[1, 2], [np.nan, np.nan]], np.float32)
    np.testing.assert_array_equal(space.targets(0, asked, 2), [[1, 2, 0, 0], [np.nan] * 4])
    np.testing.assert_array_equal(space.targets(1, asked, 2), [[0, 0, 1, 2], [np.nan] * 4])


# Trials


def test_the_first_task_has_the_trials_that_it_would_have_alone():
    found, expected = task().training_trials(RUN, {}), alone("2AF", iterations=6)
    np.testing.assert_array_equal(found.inputs[:6], expected.inputs)
    np.testing.assert_array_equal(found.targets[:6], expected.targets)


def test_each_stage_has_trials_of_its_own_task_in_an_equal_part():
    found = task(again=True, cue=True).training_trials(RUN, {})
    cue = found.inputs[..., -2:]
    expected = np.repeat([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]], 4, axis=0)
    assert (cue == expected[:, None, None]).all()
    both = alone("2AF", iterations=8)
    np.testing.assert_array_equal(found.inputs[:4, ..., :3], both.inputs[:4])
    np.testing.assert_array_equal(found.inputs[8:, ..., :3], both.inputs[4:])  # drawn anew where it is learned again
    np.testing.assert_array_equal(found.targets[8:], both.targets[4:])


def test_the_same_task_twice_has_different_trials():
    found = task(["2AF", "2AF"]).training_trials(RUN, {})
    assert not (found.inputs[:6] == found.inputs[6:]).all((1, 2, 3)).any()
    other = task(["2AF", "2AF"]).training_trials({**RUN, "seed": 4}, {})
    assert not (found.inputs == other.inputs).all((1, 2, 3)).any()


def test_reversed_answers_are_those_of_the_other_side():
    """On average the stronger of two inputs decides, and the other one where answers are reversed."""
    found = task(["2AF", "2AF"], answer_angle=180).training_trials({**RUN, "batch_size": 2000, "iterations": 2}, {})
    stronger = (found.inputs[:, :7, :, 2] - found.inputs[:, :7, :, 1]).mean(1) > 0
    agreement = ((found.targets[:, -1] == 2) == stronger).mean(1)
    assert agreement[0] > 0.8 and agreement[1] < 0.2


def test_narrower_tasks_leave_inputs_of_wider_ones_silent():
    found = task(["2AF", "CXT"]).training_trials(RUN, {})
    assert found.inputs.shape[-1] == 7
    assert not found.inputs[:6, ..., 3:].any() and found.inputs[6:, ..., 3:].any()


def test_a_probe_has_trials_of_every_task_and_is_itself_that_of_the_last():
    own = task(["2AF", "DMS", "CXT"], again=False, cue=True, answer_angle=90)
    probe = own.probe_trials(PROBE, {}, 10)
    assert probe.description["stages"] == [0, 1, 2] and len(probe.tasks) == 3
    np.testing.assert_array_equal(probe.inputs, probe.tasks[2].inputs)
    np.testing.assert_array_equal(probe.targets, probe.tasks[2].targets)
    assert probe.arrays["task_inputs"].shape == (3, 8, 10, 7 + 3)
    assert probe.description["outputs"] == own.outputs == 3 + 2 * 2
    assert [sorted(set(one.targets[-1].tolist())) for one in probe.tasks] == [[1, 2], [3, 4], [5, 6]]
    again = task(again=True).probe_trials(PROBE, {}, 10)
    assert again.description["stages"] == [0, 1, 0]
    np.testing.assert_array_equal(again.inputs, again.tasks[0].inputs)
    single = registry.named(CONFIG["tasks"], "2AF").probe_trials(PROBE, {}, 10)
    np.testing.assert_array_equal(again.inputs, single.inputs)
    assert single.tasks == () and set(single.arrays) == {"inputs", "targets"}


def test_what_a_figure_calls_inputs_and_classes():
    own = task(cue=True, input_angle=90, answer_angle=90, again=True)
    assert curriculum_trials.names(own.trial_entry, PROBE) == {
        "inputs": [
            "fixation", "stimulus 1", "stimulus 2", "fixation, task 2", "stimulus 1, task 2", "stimulus 2, task 2",
            "cue 1", "cue 2",
        ],
        "classes": ["fixation", "choice 1", "choice 2", "choice 1, task 2", "choice 2, task 2"],
    }  # fmt: skip
    assert own.told_by == "2AF then DMS then 2AF"


def test_trials_of_shorter_tasks_begin_later_and_end_with_the_others():
    tasks = copy.deepcopy(CONFIG["tasks"])
    tasks["DMS"]["timing_ms"]["delay"] = 700
    own = registry.task({**tasks["2AF_DMS"], "again": False}, tasks)
    assert own.steps(100.0) == 10
    found, short = own.training_trials(RUN, {}), alone("2AF", iterations=6)
    assert found.inputs.shape[1] == found.targets.shape[1] == 10
    assert not found.inputs[:6, :2, ..., :3].any() and not found.targets[:6, :2].any()
    assert (found.inputs[..., -2:].sum(-1) == 1).all()  # the cue is there from the start
    np.testing.assert_array_equal(found.inputs[:6, 2:, ..., :3], short.inputs)
    np.testing.assert_array_equal(found.targets[:6, 2:], short.targets)
    probe = own.probe_trials(PROBE, {}, 5)
    assert [one.decision.sum(0).tolist() for one in probe.tasks] == [[1] * 5, [1] * 5]
    assert all(one.decision[-1].all() for one in probe.tasks)
    floor = registry.named(tasks, "2AF").probe_trials(PROBE, {}, 5).description["bayes_loss"]
    assert probe.tasks[0].description["bayes_loss"] == pytest.approx(floor * 8 / 10)


def test_numbers_over_time_can_be_learned_one_after_another():
    timing = {"fixation": 10, "stimulus": 20, "delay": 20, "decision": 30}
    one = {"continuous": "mante", "timing_ms": timing, "noise": 0.1}
    tasks = {"one": one, "other": {**one, "noise": 0.5}}
    entry = {"curriculum": ["one", "other"], "again": False, "cue": False, "input_angle": 60, "answer_angle": 45}
    own = registry.task(entry, tasks)
    assert own.loss == "masked_squared_error" and own.is_regression and own.loss_steps(CONFIG["training"]) == "all"
    found = own.training_trials({**RUN, "time_step_ms": 10.0}, {})
    assert found.inputs.shape[-1] == 8 and found.targets.shape[-1] == own.outputs == 2
    asked = ~np.isnan(found.targets)
    assert (asked[..., 0] == asked[..., 1]).all()
    np.testing.assert_allclose(np.nanmax(np.abs(found.targets[6:]), (0, 1, 2)), [0.5 * math.sqrt(0.5)] * 2, rtol=1e-6)


# Stages


@given(st.integers(1, 8), st.integers(1, 10_000))
def test_stages_are_equal_parts(stages, length):
    ends = stage_ends(stages * length, stages)
    assert np.diff([0, *ends]).tolist() == [length] * stages


@pytest.mark.parametrize(("iterations", "choices"), [(10, "9 or 12"), (2, "3"), (10_000, "9999 or 10002")])
def test_what_stages_cannot_share_is_refused_with_what_they_could(iterations, choices):
    with pytest.raises(ValueError, match=f"{iterations} iterations .* 3 stages .* choose {choices}$"):
        stage_ends(iterations, 3)


def test_trials_depend_on_the_entries_of_the_tasks_that_are_learned():
    config = copy.deepcopy(CONFIG)
    run = {**RUN, "task": "2AF_DMS", "distinct_batches": None}
    before = copy.deepcopy(trials.of_training(config, run))
    config["tasks"]["CXT"]["timing_ms"]["stimulus"] = 300
    assert trials.of_training(config, run) == before
    config["tasks"]["DMS"]["timing_ms"]["delay"] = 600
    assert trials.of_training(config, run) != before


# Mistakes

MISTAKES = [
    ({"tasks.2AF_DMS.curriculum": ["2AF", "DMSS"]}, ".curriculum names task 'DMSS'", "did you mean 'DMS'?"),
    ({"tasks.2AF_DMS.curriculum": ["2AF"]}, "tasks.2AF_DMS.curriculum", "at least 2"),
    ({"tasks.2AF_DMS.curriculum": ["2AF", "sMNIST"]}, "2AF_DMS.curriculum names sMNIST", "name tasks of NeuroGym"),
    ({"tasks.2AF_DMS.curriculum": ["2AF", "2AF_CXT"]}, "tasks.2AF_DMS.curriculum names 2AF_CXT", "name tasks of"),
    ({"tasks.2AF_DMS.curriculum": ["cosine", "cosine"]}, "names cosine, which is not drawn anew", "name tasks of"),
    ({"tasks.2AF_DMS.curriculum": ["2AF", "romo"]}, "joins classes and numbers, 2AF (cross_entropy)", "name tasks of"),
    ({"tasks.2AF_DMS.answer_angle": 45}, "tasks.2AF_DMS.answer_angle is 45", "0, 90, 180 degrees"),
    ({"tasks.2AF_DMS.input_angle": 200}, "tasks.2AF_DMS.input_angle is 200", "at most 180"),
    ({"tasks.2AF_DMS.cue": REMOVED}, "tasks.2AF_DMS lacks cue", "add it"),
    ({"tasks.2AF.cue": True}, "tasks.2AF.cue has no effect on a task with environment", "remove it"),
    ({"tasks.2AF_DMS.timing_ms": {"delay": 1}}, "timing_ms has no effect on a task with curriculum", "remove it"),
    ({"tasks.DMS.timing_ms.dealy": 600}, "2AF_DMS.curriculum names DMS, of which tasks.DMS.timing_ms", "mean 'delay'?"),
    ({"tasks.2AF_DMS.defaults.iterations": 10_000}, "has task '2AF_DMS': 10000 iterations", "choose 9999 or 10002"),
    ({"experiments.forgetting.matched_loss": True}, "experiments.forgetting.matched_loss is true", "remove it"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "where", "mend"), MISTAKES, ids=[mistake[1][-40:] for mistake in MISTAKES])
def test_a_wrong_curriculum_is_refused_in_one_sentence(changes, where, mend):
    config = changed({"experiments_to_build": ["forgetting"]} | changes)
    with pytest.raises(ConfigurationError) as caught:
        checks.check(config)
    assert any(where in sentence and mend in sentence for sentence in caught.value.sentences), caught.value.sentences
