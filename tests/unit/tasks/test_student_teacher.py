"""Linear students of linear teachers: d trials stand exactly for all samples, by automatic differentiation."""

import json

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import oracles
from richlazy.storage import seeds
from richlazy.tasks import linear_teacher

run_seeds = st.integers(0, 10_000)
SETTINGS = {"inputs": 6, "samples": 40, "whitened": False}


def all_samples(settings, condition_number, seed):
    """Inputs (1, m, d) and targets (1, m, 1) of every sample, as C.2 draws them."""
    drawn = seeds.generator(seed, "trials").uniform(-2.0, 2.0, (settings["inputs"], settings["samples"]))
    beta = linear_teacher.teacher(settings["inputs"], condition_number, seed).task_vector
    return torch.from_numpy(drawn.T)[None], torch.from_numpy(drawn.T @ beta)[None, :, None]


def in_double(settings, condition_number, seed):
    """The same trials as ``trials`` gives, in double precision: the root of the second moment by Newton's method."""
    moment = linear_teacher.second_moment(settings["inputs"], settings["samples"], settings["whitened"], seed)
    root, inverse = moment, np.eye(len(moment))  # Denman and Beavers
    for _ in range(60):
        root, inverse = (root + np.linalg.inv(inverse)) / 2, (inverse + np.linalg.inv(root)) / 2
    rows = np.sqrt(settings["inputs"]) * root
    beta = linear_teacher.teacher(settings["inputs"], condition_number, seed).task_vector
    return torch.from_numpy(rows)[None], torch.from_numpy(rows @ beta)[None, :, None]


def student(seed, inputs=6, size=9):
    """A linear two-layer network."""
    rng = np.random.default_rng(seed)
    _, first_layer, readout = oracles.random_weights(rng, size, inputs, 1)
    return torch.zeros(0, 0, dtype=torch.float64), first_layer, readout


def loss_gradient(weights, inputs, targets):
    leaves = [weight.clone().requires_grad_(True) for weight in weights[1:]]
    outputs = inputs @ leaves[0].T @ leaves[1].T
    return torch.autograd.grad((outputs - targets).square().mean() / 2, leaves)


def kernel(weights, inputs):
    return oracles.tangent_kernel(weights, inputs, 0.0, "none")[1]


def cosine(first, second):
    return float((first * second).sum() / first.norm() / second.norm())


# A few trials in place of all samples


@given(seed=run_seeds, inputs=st.integers(2, 8), samples=st.integers(8, 60), condition_number=st.floats(1, 50))
def test_trials_are_the_root_of_the_second_moment_of_all_samples(seed, inputs, samples, condition_number):
    settings = {"inputs": inputs, "samples": samples, "whitened": False}
    rows, targets = linear_teacher.trials(settings, condition_number, seed)
    assert (rows.shape, targets.shape) == ((1, inputs, inputs), (1, inputs, 1))
    assert rows.dtype == targets.dtype == np.float32
    every, _ = all_samples(settings, condition_number, seed)
    expected = every[0].T @ every[0] / samples
    rows = rows[0].astype(float)
    np.testing.assert_allclose(rows.T @ rows / inputs, expected, rtol=1e-5, atol=1e-5)
    beta = linear_teacher.teacher(inputs, condition_number, seed).task_vector
    np.testing.assert_allclose(targets[0, :, 0], rows @ beta, rtol=1e-4, atol=1e-4 * np.abs(beta).max())


@given(seed=run_seeds, condition_number=st.floats(1, 20))
def test_a_student_learns_from_the_trials_what_it_would_from_all_samples(seed, condition_number):
    weights = student(seed)
    few, many = (draw(SETTINGS, condition_number, seed) for draw in (in_double, all_samples))
    assert few[0].shape == (1, 6, 6) and many[0].shape == (1, 40, 6)
    for found, expected in zip(loss_gradient(weights, *few), loss_gradient(weights, *many), strict=True):
        torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-9)
    # ... and those that the workflow stores are these, in single precision.
    for stored, exact in zip(linear_teacher.trials(SETTINGS, condition_number, seed), few, strict=True):
        np.testing.assert_allclose(stored, exact, rtol=1e-5, atol=1e-5 * float(exact.abs().max()))


@given(seed=run_seeds)
def test_alignments_on_the_trials_are_those_on_all_samples(seed):
    before, after = student(seed), student(seed + 1)
    few, many = (draw(SETTINGS, 3.0, seed)[0] for draw in (in_double, all_samples))
    expected = cosine(kernel(before, many), kernel(after, many))
    assert cosine(kernel(before, few), kernel(after, few)) == pytest.approx(expected, rel=1e-9)
    similarity = [
        [layer @ layer.T for layer in (trials[0] @ weights[1].T for weights in (before, after))]
        for trials in (few, many)
    ]
    assert cosine(*similarity[0]) == pytest.approx(cosine(*similarity[1]), rel=1e-9)


def test_the_alignment_of_kernel_and_targets_on_the_trials_is_that_on_all_samples_but_for_their_number():
    # y'K y / (|y|^2 Tr K): y'K y grows as m^2, the other two as m.
    weights = student(1)
    values = []
    for inputs, targets in (in_double(SETTINGS, 2.0, 0), all_samples(SETTINGS, 2.0, 0)):
        gram, y = kernel(weights, inputs), targets.flatten()
        values.append(float(y @ gram @ y / (y @ y * gram.trace())))
    assert values[0] == pytest.approx(values[1], rel=1e-9)


def test_whitened_inputs_have_the_identity_as_second_moment():
    settings = SETTINGS | {"whitened": True}
    assert np.array_equal(linear_teacher.second_moment(6, 40, True, 3), np.eye(6))
    rows, targets = linear_teacher.trials(settings, 2.0, 3)
    np.testing.assert_allclose(rows[0], np.sqrt(6) * np.eye(6), rtol=1e-6)
    beta = linear_teacher.teacher(6, 2.0, 3).task_vector
    np.testing.assert_allclose(targets[0, :, 0], np.sqrt(6) * beta, rtol=1e-5)


def test_samples_have_the_variance_of_a_uniform_distribution_from_minus_2_to_2():
    moment = linear_teacher.second_moment(4, 100_000, False, 0)
    np.testing.assert_allclose(moment, 4 / 3 * np.eye(4), atol=0.03)


@pytest.mark.parametrize("samples", [2, 5, 19])
def test_fewer_samples_than_inputs_leave_a_second_moment_of_their_rank(samples):
    settings = {"inputs": 20, "samples": samples, "whitened": False}
    for seed in range(5):
        rows, targets = linear_teacher.trials(settings, 1.0, seed)
        assert np.isfinite(rows).all() and np.isfinite(targets).all()
        assert np.linalg.matrix_rank(rows[0], tol=1e-4) == samples
        every = all_samples(settings, 1.0, seed)[0][0].numpy()
        np.testing.assert_allclose(rows[0].T @ rows[0] / 20, every.T @ every / samples, atol=1e-4)


# The teacher


@given(seed=run_seeds, inputs=st.integers(2, 9), condition_number=st.floats(1.01, 100))
def test_the_task_is_the_sum_of_the_features(seed, inputs, condition_number):
    teacher = linear_teacher.teacher(inputs, condition_number, seed)
    assert teacher.task_vector.shape == teacher.dominant_task_vector.shape == (inputs,)
    # F'1 has a length between the smallest and the largest singular value times |1|.
    assert 1 - 1e-9 <= np.linalg.norm(teacher.task_vector) / np.sqrt(inputs) <= condition_number * (1 + 1e-9)
    # The dominant features are an orthogonal part of F: what they add to beta is orthogonal to what the others do.
    rest = teacher.task_vector - teacher.dominant_task_vector
    assert abs(rest @ teacher.dominant_task_vector) < 1e-6 * np.linalg.norm(teacher.task_vector) ** 2


def test_condition_numbers_of_a_seed_share_the_directions_of_their_features():
    # With F = U S V', beta = kappa * a + b, where a is what the strong features give and b what the others do.
    one, two, five = (linear_teacher.teacher(8, kappa, 4) for kappa in (1.0, 2.0, 5.0))
    strong = two.task_vector - one.task_vector
    np.testing.assert_allclose(five.task_vector - one.task_vector, 4 * strong, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(two.dominant_task_vector, 2 * strong, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(five.dominant_task_vector, 5 * strong, rtol=1e-9, atol=1e-12)
    other = linear_teacher.teacher(8, 2.0, 5)
    assert np.linalg.norm(other.task_vector - two.task_vector) > 0.1


def test_samples_do_not_depend_on_the_teacher():
    first, second = (linear_teacher.trials(SETTINGS, kappa, 0) for kappa in (1.0, 10.0))
    assert np.array_equal(first[0], second[0])
    assert not np.array_equal(first[1], second[1])
    assert not np.array_equal(first[0], linear_teacher.trials(SETTINGS, 1.0, 1)[0])


# The description


def test_the_description_says_what_networks_and_structures_need():
    described = linear_teacher.describe(SETTINGS, 3.0, 2)
    assert described == json.loads(json.dumps(described))
    teacher = linear_teacher.teacher(6, 3.0, 2)
    assert described == {
        "environment": "linear teacher", "input_units": 6, "outputs": 1, "bayes_loss": 0.0, "bayes_accuracy": None,
        "task_vector": teacher.task_vector.tolist(), "dominant_task_vector": teacher.dominant_task_vector.tolist(),
    }  # fmt: skip


def test_the_task_of_the_description_solves_the_trials():
    rows, targets = linear_teacher.trials(SETTINGS, 3.0, 2)
    beta = np.array(linear_teacher.describe(SETTINGS, 3.0, 2)["task_vector"])
    np.testing.assert_allclose(rows[0] @ beta, targets[0, :, 0], rtol=1e-4, atol=1e-5)
