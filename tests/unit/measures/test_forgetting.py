"""What networks forget, carry over and learn again: by hand, by identities, and by regression with lazy kernels."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import oracles
from richlazy.measures import curricula, forgetting, registry
from richlazy.measures.tangent_kernel import tangent_kernel
from richlazy.measures.trained_run import TrainedRun
from richlazy.models import kept_weights, rate_network
from richlazy.models.rate_network import Dynamics, Weights, respond
from richlazy.storage import array_io
from richlazy.tasks.curriculum_trials import Space
from richlazy.tasks.kinds.curriculum import CurriculumEntry
from richlazy.training import loop
from richlazy.training.settings import TrainingSettings

RUN = {
    "leak": "euler", "time_step_ms": 80.0, "time_constant_ms": 100.0, "rectification": "after_leak",
    "architecture": "recurrent", "iterations": 30,
}  # fmt: skip
MEASURES = ("forgetting", "backward_transfer", "forward_transfer", "first_task_performance", "relearning_time_ratio")


def trained(performance, stages, history=None, guess=1.0, iterations=300):
    curriculum = {"performance": performance, "stages": stages}
    run = {"curriculum": curriculum, "guess_loss": guess, "iterations": iterations}
    return TrainedRun(run, history or {"iterations": [], "loss": []}, None, 0.0)


def values(run):
    return {name: getattr(forgetting, name)(run) for name in MEASURES}


# The matrix


def test_three_tasks_by_hand():
    rows = [[0.1, 0.2, 0.3], [0.9, 0.25, 0.2], [0.7, 0.8, 0.45], [0.5, 0.85, 0.9]]
    found = values(trained(rows, [0, 1, 2]))
    assert found["backward_transfer"] == pytest.approx(((0.5 - 0.9) + (0.85 - 0.8)) / 2)
    assert found["forgetting"] == pytest.approx(((0.9 - 0.5) + (0.8 - 0.85)) / 2)
    assert found["forward_transfer"] == pytest.approx(((0.25 - 0.2) + (0.45 - 0.3)) / 2)
    assert found["first_task_performance"] == 0.9
    assert math.isnan(found["relearning_time_ratio"])  # nothing is learned again


numbers = st.floats(-1, 1)


@given(st.lists(st.lists(numbers, min_size=2, max_size=2), min_size=4, max_size=4))
def test_of_two_tasks_forgetting_is_what_backward_transfer_lacks_and_learning_again_changes_neither(rows):
    without, again = values(trained(rows[:3], [0, 1])), values(trained(rows, [0, 1, 0], guess=math.nan))
    assert without["forgetting"] == pytest.approx(-without["backward_transfer"])
    for name in MEASURES[:-1]:
        assert without[name] == again[name]


def test_networks_of_one_task_have_none():
    found = values(TrainedRun({"iterations": 300}, {"iterations": [100], "loss": [1.0]}, None, 0.0))
    assert all(math.isnan(value) for value in found.values())


def test_a_network_that_diverged_has_none_and_was_never_learned_again():
    rows = [[0.0, 0.0], [0.9, 0.0], [math.nan] * 2, [math.nan] * 2]
    history = {"iterations": [10, 20], "loss": [0.5, math.nan]}
    found = values(trained(rows, [0, 1, 0], history))
    assert math.isnan(found["forgetting"]) and found["first_task_performance"] == 0.9
    assert found["relearning_time_ratio"] == math.inf


# Learning again


def course(first, again, points=100):
    """A loss curve of three stages of so many points, of 1 update each: exponential, with times of first and again."""
    places = np.arange(1, points + 1)
    stages = [np.exp(-places / first), np.full(points, 0.7), np.exp(-places / again)]
    return {"iterations": list(range(1, 3 * points + 1)), "loss": np.concatenate(stages).tolist()}


@pytest.mark.parametrize(("first", "again"), [(10.0, 5.0), (10.0, 10.0), (8.0, 16.0)])
def test_the_ratio_of_times_is_that_of_the_time_constants(first, again):
    run = trained([[0, 0]] * 4, [0, 1, 0], course(first, again))
    assert forgetting.relearning_time_ratio(run) == pytest.approx(again / first, rel=0.1)
    # Three quarters of the way from guessing to nothing take log(4) time constants.
    level = 0.25
    expected = math.ceil(-again * math.log(level)) / math.ceil(-first * math.log(level))
    assert forgetting.relearning_time_ratio(run) == pytest.approx(expected, rel=0.02)


@pytest.mark.parametrize(
    ("first", "again", "ratio"),
    [
        # The end is 1/8, and the level 1/8 + 7/8 / 4.
        ([1.0, 0.9, 0.8, 0.7, 0.6, 0.4, 0.34375, 0.3, 0.25, 0.0], [0.9, 0.34375, 0.2], 2 / 7),
        # Of a few points the last one is the end, 0.
        ([1.0, 0.3, 0.0], [0.2], 1 / 3),
    ],
    ids=["ten points", "three points"],
)
def test_the_level_is_a_quarter_of_the_way_from_the_last_fifth_of_the_first_stage_to_guessing(first, again, ratio):
    points = len(first)
    losses = [*first, *[0.0] * points, *again, *[0.9] * (points - len(again))]
    history = {"iterations": list(range(10, 30 * points + 1, 10)), "loss": losses}
    run = trained([[0, 0]] * 4, [0, 1, 0], history, iterations=30 * points)
    assert forgetting.relearning_time_ratio(run) == pytest.approx(ratio)


def test_what_is_not_learned_again_takes_for_ever_and_what_was_never_learned_has_no_ratio():
    stuck = course(10.0, 10.0)
    stuck["loss"][200:] = [0.7] * 100
    assert forgetting.relearning_time_ratio(trained([[0, 0]] * 4, [0, 1, 0], stuck)) == math.inf
    unlearned = course(1e9, 10.0)
    assert math.isnan(forgetting.relearning_time_ratio(trained([[0, 0]] * 4, [0, 1, 0], unlearned, guess=0.9)))
    guessing = course(10.0, 10.0) | {"loss": [0.5] * 300}
    assert math.isnan(forgetting.relearning_time_ratio(trained([[0, 0]] * 4, [0, 1, 0], guessing, guess=0.5)))


# Performance on every task after every stage


def files(tmp_path, targets, kept):
    """A network with weights at the ends of some stages and at another moment, and a probe of two tasks."""
    rng = np.random.default_rng(0)
    initial, final, *between = (
        Weights(*oracles.random_weights(rng, 12, 3, 3)).map(lambda matrix: matrix.float()) for _ in range(5)
    )
    snapshots = kept_weights.arrays_of_snapshots(zip(kept, between, strict=False), initial)
    rate_network.save_network(tmp_path / "network.npz", initial, final, snapshots)
    inputs = rng.standard_normal((2, 4, 20, 3)).astype(np.float32)
    decision = np.zeros((2, 4, 20), bool)
    decision[:, -1] = True
    of_tasks = {"task_inputs": inputs, "task_targets": targets, "task_decision": decision}
    array_io.save_arrays(tmp_path / "probe.npz", inputs=inputs[0], targets=targets[0], **of_tasks)
    return {0: initial, **dict(zip(kept, between, strict=False)), 30: final}, torch.from_numpy(inputs)


def test_rows_are_accuracies_of_the_weights_at_the_ends_of_the_stages(tmp_path):
    classes = np.random.default_rng(1).integers(0, 3, (2, 4, 20)).astype(np.uint8)
    weights, inputs = files(tmp_path, classes, [5, 10, 20])
    found = curricula.measure(tmp_path / "network.npz", tmp_path / "probe.npz", RUN, [0, 1, 0])
    assert found["stages"] == [0, 1, 0]
    for row, moment in enumerate([0, 10, 20, 30]):
        for place in range(2):
            outputs = oracles.network_outputs(weights[moment], inputs[place], 1 - 80 / 100, "after_leak")
            right = (outputs.argmax(-1)[-1].numpy() == classes[place, -1]).mean()
            assert found["performance"][row][place] == pytest.approx(right)


def test_rows_of_numbers_are_losses_with_the_other_sign(tmp_path):
    numbers = np.random.default_rng(1).standard_normal((2, 4, 20, 3)).astype(np.float32)
    numbers[:, 0] = np.nan
    weights, inputs = files(tmp_path, numbers, [10, 20])
    found = curricula.measure(tmp_path / "network.npz", tmp_path / "probe.npz", RUN, [0, 1, 0])
    outputs = oracles.network_outputs(weights[20], inputs[1], 1 - 80 / 100, "after_leak").numpy()
    assert found["performance"][2][1] == pytest.approx(-np.nanmean((outputs - numbers[1]) ** 2) / 2, rel=1e-5)


def test_a_stage_that_training_did_not_come_to_has_no_row(tmp_path):
    classes = np.zeros((2, 4, 20), np.uint8)
    for kept in ([10], []):
        files(tmp_path, classes, kept)
        rows = curricula.measure(tmp_path / "network.npz", tmp_path / "probe.npz", RUN, [0, 1, 0])["performance"]
        assert np.isnan(rows).all(1).tolist() == [False, not kept, True, False]


# Lazy networks: what they forget is what regression with their kernel says

SIZE, TRIALS, UPDATES, SMALL = 60, 3, 3000, 1e-4


def learn_two_tasks(input_angle, answer_angle, seed=0):
    """A network learns small changes of its outputs, of one batch and then of another, in float64.

    Returns:
        Outputs on the first batch, (trials, outputs), after the first stage, after the second, and as kernel regression
        says, with the kernel at the start.
    """
    rng = np.random.default_rng(seed)
    space = Space(2, channels=3, answers=1, input_angle=input_angle, answer_angle=answer_angle, cue=False)
    outputs = space.outputs(has_classes=False)
    start = Weights(*oracles.random_weights(rng, SIZE, space.input_units, outputs, networks=1))
    shown = rng.standard_normal((4, TRIALS, 3))
    asked = SMALL * rng.standard_normal((TRIALS, 1))
    batches = [torch.from_numpy(space.inputs(task, shown)).double() for task in range(2)]
    dynamics = Dynamics(0.2)
    at_start = [respond(start, one[None], dynamics)[0][0] @ start.readout[0].T for one in batches]
    # Small changes of what it answers already: training hardly moves it.
    goals = [one[-1] + torch.from_numpy(space.targets(task, asked, 1)).double() for task, one in enumerate(at_start)]
    stored = np.stack([one.numpy() for one in batches])
    targets = np.stack([goal.numpy()[None].repeat(4, 0) for goal in goals])
    order = np.repeat([0, 1], UPDATES)
    kernel = tangent_kernel(start.of_network(0), torch.cat(batches, 1), dynamics, "last").all
    rate = TRIALS / float(torch.linalg.eigvalsh(kernel)[-1])  # half of what is stable
    settings = TrainingSettings(
        rate,
        loss="squared_error",
        loss_steps="last",
        iterations=2 * UPDATES,
        snapshot_at=[UPDATES],
        report_every=UPDATES,
    )
    copy = start.map(torch.clone)
    final, history = loop.train(copy, [stored[order]], [targets[order]], dynamics, settings)
    after_one = history.snapshots[0][0][1]
    on_first = [respond(one, batches[0], dynamics)[0][-1] @ one.readout.T for one in (after_one, final.of_network(0))]
    on_second = respond(after_one, batches[1], dynamics)[0][-1] @ after_one.readout.T
    # Outputs of the kernel are in the order output, trial.
    rows = np.arange(outputs * 2 * TRIALS).reshape(outputs, 2, TRIALS)
    first, second = (torch.from_numpy(rows[:, task].ravel().copy()) for task in range(2))
    left = (on_second - goals[1]).T.flatten()
    change = kernel[first][:, second] @ torch.linalg.solve(kernel[second][:, second], left)
    return on_first[0], on_first[1], on_first[0] - change.reshape(outputs, TRIALS).T, goals[0]


@pytest.mark.parametrize(("input_angle", "answer_angle"), [(0, 180), (0, 90), (45, 180), (60, 60), (90, 180)])
def test_what_a_lazy_network_forgets_is_what_regression_with_its_kernel_says(input_angle, answer_angle):
    learned, found, expected, goal = learn_two_tasks(input_angle, answer_angle)
    assert float((learned - goal).norm()) < 0.02 * SMALL  # it had learned the first task
    moved = float((found - learned).norm())
    assert float((found - expected).norm()) < 0.03 * moved


def test_a_lazy_network_forgets_reversed_answers_the_less_the_more_inputs_differ():
    lost = []
    for angle in (0, 30, 60, 90):
        learned, found, _, _ = learn_two_tasks(angle, 180)
        lost.append(float((found - learned).norm()) / SMALL)
    assert lost == sorted(lost, reverse=True) and lost[0] > 1.5 * lost[-1]


# Curves


def test_performance_is_followed_from_stage_to_stage():
    rows = [[0.1, 0.2], [0.9, 0.25], [0.7, 0.8], [0.8, 0.7]]
    record = {"iterations": 30, "curriculum": {"stages": [0, 1, 0], "performance": rows}}
    found = forgetting.course(record)
    assert found["iterations"] == [0, 10, 20, 30]
    assert found["performance_on_task_1"] == [0.1, 0.9, 0.7, 0.8]
    assert found["performance_on_task_2"] == [0.2, 0.25, 0.8, 0.7]
    assert found.keys() - {"iterations"} <= registry.quantity_labels().keys()
    assert forgetting.course({"iterations": 30}) == {}


def test_each_task_of_the_longest_curriculum_has_a_label_and_none_grows_with_laziness():
    (longest,) = (
        one.max_length for one in CurriculumEntry.model_fields["curriculum"].metadata if hasattr(one, "max_length")
    )
    curriculum = {"stages": list(range(longest)), "performance": np.zeros((longest + 1, longest)).tolist()}
    found = forgetting.course({"iterations": longest, "curriculum": curriculum})
    assert found.keys() - {"iterations"} == forgetting.LABELS.keys()
    assert {lazier for _, lazier in forgetting.LABELS.values()} == {0}
