"""A network as teacher: its answers by a loop of their own, starts that are aligned with it, and refused settings."""

import copy
from pathlib import Path

import numpy as np
import pytest
import torch

from richlazy.configuration import checks
from richlazy.configuration.checks import ConfigurationError
from richlazy.connectivity.base import structured_weights
from richlazy.experiments import grids, paths
from richlazy.models import rate_network
from richlazy.models.rate_network import Dynamics, Weights
from richlazy.storage import array_io, seeds
from richlazy.tasks import image_sets, network_teacher
from richlazy.tasks.image_sets import ImageSet
from richlazy.tasks.network_teacher import Teacher
from shipped import CONFIG, REMOVED, changed
from train_teacher import train_teacher

ROOT = Path(__file__).parents[3]
SIZE, INPUTS, CLASSES, STEPS, TRIALS = 12, 8, 5, 6, 40
SETTINGS = {
    "condition_number": 10.0, "rank": 3, "matching": "frobenius", "size": SIZE, "gain": 1.5, "leak": "exponential",
    "rectification": "inside", "time_step_ms": 100.0, "time_constant_ms": 100.0, "seed": 1,
}  # fmt: skip
DYNAMICS = rate_network.dynamics_of(SETTINGS)


def random_teacher(seed=0, dynamics=DYNAMICS, condition_number=10.0):
    rng = np.random.default_rng(seed)
    shapes = ((SIZE, SIZE), (SIZE, INPUTS), (CLASSES, SIZE))
    weights = Weights(*(torch.from_numpy(rng.standard_normal(shape).astype(np.float32) / 3) for shape in shapes))
    return Teacher(weights, network_teacher.feature_modulation(INPUTS, condition_number, seed), dynamics)


def trials(seed=0):
    return np.random.default_rng(seed).random((STEPS, TRIALS, INPUTS)).astype(np.float32)


def outputs_at_the_end(recurrent, input_weights, readout, inputs, leak):
    """Eqs. 1 and 2, trial by trial, in double precision."""
    found = []
    for trial in inputs.swapaxes(0, 1).astype(float):
        state = np.zeros(len(recurrent))
        for row in trial:
            state = leak * state + (1 - leak) * (recurrent @ np.maximum(state, 0) + input_weights @ row)
        found.append(readout @ np.maximum(state, 0))
    return np.array(found)


# Features


@pytest.mark.parametrize("condition_number", [1.0, 10.0, 100.0])
@pytest.mark.parametrize("inputs", [8, 28])
def test_half_of_the_features_are_stronger_and_all_together_as_strong_as_the_inputs(inputs, condition_number):
    values = np.linalg.svd(network_teacher.feature_modulation(inputs, condition_number, 3), compute_uv=False)
    assert np.mean(values**2) == pytest.approx(1.0)
    half = inputs // 2
    np.testing.assert_allclose(values[:half] / values[-1], condition_number)
    np.testing.assert_allclose(values[half:] / values[-1], 1.0)


def test_condition_numbers_of_a_seed_share_their_directions():
    weak, strong = (network_teacher.feature_modulation(INPUTS, number, 3) for number in (10.0, 100.0))
    # Equal singular values leave a rotation open, but not the space that they span.
    spans = [np.linalg.svd(matrix)[0][:, : INPUTS // 2] for matrix in (weak, strong)]
    np.testing.assert_allclose(spans[0] @ spans[0].T, spans[1] @ spans[1].T, atol=1e-10)


def test_features_are_those_of_each_row():
    modulation, inputs = network_teacher.feature_modulation(INPUTS, 10.0, 0), trials()
    found = network_teacher.features(inputs, modulation)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found[2, 5], modulation @ inputs[2, 5], rtol=1e-5, atol=1e-6)


# Before training


def test_a_teacher_starts_with_low_rank_and_with_no_weights_of_a_student():
    weights = network_teacher.initial_weights(SETTINGS, INPUTS, CLASSES)
    assert [tuple(matrix.shape) for matrix in weights] == [(SIZE, SIZE), (SIZE, INPUTS), (CLASSES, SIZE)]
    assert np.linalg.matrix_rank(weights.recurrent.numpy(), tol=1e-4) == SETTINGS["rank"]
    own = seeds.generator(SETTINGS["seed"], "connectivity")
    student = rate_network.initial_weights(
        structured_weights("svd_truncation", SIZE, 1.5, "frobenius", own, "gaussian", rank=3), INPUTS, CLASSES, 1
    )
    for matrix, other in zip(weights, student, strict=True):
        assert not torch.isclose(matrix, other).any()
    for other in ({"condition_number": 100.0}, {"leak": "euler"}):
        again = network_teacher.initial_weights(SETTINGS | other, INPUTS, CLASSES)
        assert all(torch.equal(matrix, same) for matrix, same in zip(weights, again, strict=True))


# Answers


@pytest.mark.parametrize("leak", [0.0, 0.4])
@pytest.mark.parametrize("seed", range(3))
def test_answers_are_those_of_a_loop_over_trials(seed, leak):
    teacher, inputs = random_teacher(seed, Dynamics(leak, "inside")), trials(seed)
    recurrent, input_weights, readout = (matrix.numpy().astype(float) for matrix in teacher.weights)
    seen = np.einsum("ij,tmj->tmi", teacher.modulation, inputs)
    expected = outputs_at_the_end(recurrent, input_weights, readout, seen, leak).argmax(1)
    answers = teacher.answers(inputs)
    assert answers.dtype == np.uint8
    assert len(set(answers)) > 1
    np.testing.assert_array_equal(answers, expected)


def test_a_teacher_that_is_loaded_answers_as_before(tmp_path):
    teacher = random_teacher(SETTINGS["seed"])
    rate_network.save_network(tmp_path / "network.npz", random_teacher(7).weights, teacher.weights)
    found = network_teacher.load(tmp_path / "network.npz", SETTINGS)
    np.testing.assert_array_equal(found.answers(trials()), teacher.answers(trials()))


# Starts that are aligned


def test_a_fully_aligned_start_with_the_readout_of_the_teacher_gives_its_answers():
    teacher, inputs = random_teacher(), trials()
    base = np.random.default_rng(5).standard_normal((SIZE, SIZE))
    base *= np.linalg.norm(teacher.weights.recurrent) / np.linalg.norm(base)
    recurrent = teacher.weights.recurrent.numpy().astype(float)

    class Draw:  # the unstructured draw of a student, as large as the weights of the teacher
        def standard_normal(self, shape):
            return base * np.sqrt(SIZE)

    start = structured_weights("teacher_aligned", SIZE, 1.0, "frobenius", Draw(), teacher=recurrent, rank=SIZE)
    np.testing.assert_allclose(start, recurrent, rtol=1e-6)
    leak, readout = DYNAMICS.leak_factor, teacher.weights.readout.numpy().astype(float)
    outputs = outputs_at_the_end(start, teacher.input_weights("all"), readout, inputs, leak)
    np.testing.assert_array_equal(outputs.argmax(1), teacher.answers(inputs))
    partly = outputs_at_the_end(start, teacher.input_weights("dominant"), readout, inputs, leak)
    assert not np.allclose(partly, outputs)


@pytest.mark.parametrize("condition_number", [2.0, 100.0])
def test_a_partially_aligned_start_sees_the_dominant_half_alone(condition_number):
    teacher = random_teacher(condition_number=condition_number)
    whole, partial = (teacher.input_weights(which) for which in ("all", "dominant"))
    assert np.linalg.matrix_rank(whole, tol=1e-5) == INPUTS
    assert np.linalg.matrix_rank(partial, tol=1e-5) == INPUTS // 2
    directions = np.linalg.svd(teacher.modulation)[2]
    np.testing.assert_allclose(partial @ directions[: INPUTS // 2].T, whole @ directions[: INPUTS // 2].T, atol=1e-6)
    np.testing.assert_allclose(partial @ directions[INPUTS // 2 :].T, 0.0, atol=1e-6)


def test_recurrent_weights_are_those_of_the_teacher_truncated_and_as_large_as_the_draw():
    recurrent = random_teacher().weights.recurrent.numpy().astype(float)
    draw = [np.random.default_rng(4) for _ in range(2)]
    found = structured_weights("teacher_aligned", SIZE, 1.5, "frobenius", draw[0], teacher=recurrent, rank=3)
    left, values, right = np.linalg.svd(recurrent)
    truncated = (left[:, :3] * values[:3]) @ right[:3]
    size = np.linalg.norm(structured_weights("gaussian", SIZE, 1.5, "frobenius", draw[1]))
    np.testing.assert_allclose(found, truncated * (size / np.linalg.norm(truncated)), atol=1e-12)
    with pytest.raises(ValueError, match="the teacher has 12 units, but the network 13; give them one size"):
        structured_weights("teacher_aligned", 13, 1.5, "frobenius", draw[0], teacher=recurrent, rank=3)


def test_given_input_weights_take_the_place_of_those_of_the_seed_and_nothing_else_changes():
    recurrent, given = np.eye(SIZE), np.full((SIZE, INPUTS), 2.0)
    usual = rate_network.initial_weights(recurrent, INPUTS, CLASSES, 0)
    found = rate_network.initial_weights(recurrent, INPUTS, CLASSES, 0, given)
    assert torch.equal(found.recurrent, usual.recurrent) and torch.equal(found.readout, usual.readout)
    np.testing.assert_array_equal(found.input, given)


# Runs


def students(**changes):
    config = copy.deepcopy(CONFIG)
    config["experiments"]["figure_3_c"]["grid"] |= changes
    return config, grids.runs(config, "figure_3_c")


def test_students_of_a_condition_number_and_seed_have_one_teacher_whatever_a_grid_varies():
    config, runs = students(learning_rate=[0.001, 0.003], iterations=[10])
    teachers = {}
    for run in runs:
        teachers.setdefault(paths.teacher_path(run), []).append(grids.teacher(config, run))
    assert len(teachers) == 3 * len({run["seed"] for run in runs}) > 3
    assert all(one == same[0] for same in teachers.values() for one in same)
    teacher = teachers["task~sMNIST_taught+condition_number~10/seed~2"][0]
    assert teacher == {
        "condition_number": 10.0, "rank": 14, "matching": "frobenius", "size": 300, "gain": 1.5, "leak": "euler",
        "rectification": "after_leak", "time_step_ms": 100.0, "time_constant_ms": 100.0, "learning_rate": 0.003,
        "momentum": 0.0, "batch_size": 200, "iterations": 10000, "seed": 2,
    }  # fmt: skip


def test_what_depends_on_the_teacher_has_its_condition_number_in_the_path():
    config, runs = students()
    run = next(run for run in runs if run["structure"] == "teacher_aligned" and run["condition_number"] == 10)
    assert grids.is_teacher_aligned(config, run["structure"])
    for path in (paths.connectivity_path, paths.batches_path, paths.probe_path, paths.run_path):
        assert path(run).startswith("task~sMNIST_taught+condition_number~10/")
    assert run["rank"] is None
    labelled = grids.runs(config, "figure_1_smnist")[0]
    assert labelled["condition_number"] is None
    assert paths.connectivity_path(labelled).startswith("structure~svd_truncation+rank~5")


# The configuration

GRID = "experiments.figure_3_c.grid"
TASK = "tasks.sMNIST_taught"
MISTAKES = [
    ({f"{GRID}.task": ["sMNIST"], f"{GRID}.condition_number": REMOVED},
     f"{GRID}.structure names 'teacher_partially_aligned', aligned with a teacher network, but task 'sMNIST' has none",
     "use a task with teacher_network"),
    ({f"{GRID}.task": ["linear_20"]}, "'teacher_partially_aligned' of kind 'teacher_aligned', but task 'linear_20' is",
     "choose one of gaussian, uniform, soft_rank, svd_truncation, task_aligned"),
    ({f"{GRID}.structure": ["svd_truncation", "aligned"]}, "'aligned' of kind 'task_aligned', but task 'sMNIST_taught'",
     "choose one of gaussian"),
    ({f"{GRID}.size": [100, 300]}, f"{GRID}.size has 100, but structure 'teacher_partially_aligned' has the 300 units",
     "set size in the defaults of the task instead"),
    ({"experiments.figure_1_smnist.grid.condition_number": [2.0]},
     "condition_number has no effect on task 'sMNIST', which has no teacher", "remove it"),
    ({f"{TASK}.presentation": "whole"}, f"{TASK}.teacher_network is a recurrent network", "use presentation: rows"),
    ({f"{TASK}.teacher_network.rank": 301}, f"{TASK}.teacher_network.rank is 301, more than its 300 units", "lower"),
    ({f"{TASK}.defaults.size": 10}, f"{TASK}.teacher_network.rank is 14, more than its 10 units", "lower the rank"),
    ({f"{TASK}.teacher_network.rank": 0}, f"{TASK}.teacher_network.rank is 0", "at least 1"),
    ({f"{TASK}.teacher_network.preset": "reproductions"}, "preset names preset 'reproductions'",
     "did you mean 'reproduction'?"),
    ({f"{TASK}.teacher_network.iterations": REMOVED}, f"{TASK}.teacher_network lacks iterations", "add it"),
    ({f"{TASK}.teacher_network.ranks": 3}, f"{TASK}.teacher_network has an unknown key", "did you mean 'rank'?"),
    ({"dynamics.time_constant_ms": 50.0, "experiments_to_build": ["figure_3_c"], f"{GRID}.leak": ["exponential"]},
     f"{TASK}.teacher_network.preset has leak: euler, which is unstable",
     "use a preset with leak: exponential"),
    ({"tasks.2AF.teacher_network": CONFIG["tasks"]["sMNIST_taught"]["teacher_network"]},
     "tasks.2AF.teacher_network has no effect on a task with environment", "remove it"),
    ({"structures.teacher_aligned.features": REMOVED}, "structures.teacher_aligned lacks features", "add it"),
    ({"scale": "teachers"}, "scale is 'teachers', a folder of the paper-scale results", "choose another name"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "where", "mend"), MISTAKES, ids=[mistake[1][-40:] for mistake in MISTAKES])
def test_a_wrong_setting_is_refused_in_one_sentence(changes, where, mend):
    config = changed(changes)
    with pytest.raises(ConfigurationError) as caught:
        checks.check(config)
    assert any(where in sentence and mend in sentence for sentence in caught.value.sentences)


def test_digits_can_be_taught_too():
    config = copy.deepcopy(CONFIG)
    config["tasks"]["sMNIST_taught"] |= {"images": "digits", "held_out": 200, "defaults": {"size": 16}}
    checks.check(config)


def test_records_of_a_teacher_that_diverges_are_not_written(tmp_path):
    rng = np.random.default_rng(0)
    pixels, labels = rng.integers(0, 256, (60, 8, 8), np.uint8), np.arange(60, dtype=np.uint8) % CLASSES
    image_sets.save(tmp_path / "images.npz", ImageSet(pixels, 255, labels, 50))
    wild = SETTINGS | {"learning_rate": 1e6, "momentum": 0.0, "batch_size": 10, "iterations": 20}
    limits = {"divergence_loss": 100.0, "final_loss_fraction": 0.2, "device": "cpu"}
    with pytest.raises(ValueError, match="the teacher diverged at iteration 20 and can teach nothing; lower the learn"):
        train_teacher(tmp_path / "n.npz", tmp_path / "h.json", tmp_path / "images.npz", wild, 20, limits)
    assert [path.name for path in tmp_path.iterdir()] == ["images.npz"]
    calm = wild | {"learning_rate": 0.003}
    train_teacher(tmp_path / "n.npz", tmp_path / "h.json", tmp_path / "images.npz", calm, 20, limits)
    assert array_io.load_json(tmp_path / "h.json")["iterations"] == [20]
    assert network_teacher.load(tmp_path / "n.npz", calm).answers(trials()).shape == (TRIALS,)
