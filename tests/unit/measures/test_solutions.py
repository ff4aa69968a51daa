"""Distances of solutions: spectra that are known, copies, rotations, and files."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from richlazy.measures import network_pair, registry, solutions
from richlazy.measures.trained_network import Trained
from richlazy.models.rate_network import Dynamics, Weights, save_network
from richlazy.storage import array_io


def gaussian(seed, *shape):
    return torch.from_numpy(np.random.default_rng(seed).standard_normal(shape))


def rotation(seed, size):
    return torch.linalg.qr(gaussian(seed, size, size))[0]


def driven(matrix, seed=0, steps=8, trials=60):
    """Activity of x[t+1] = A x[t] + B u[t+1] from 0, (T, m, N), and its inputs."""
    inputs, weights = gaussian(seed, steps, trials, 3), gaussian(seed + 1, len(matrix), 3)
    states = [inputs[0] @ weights.T]
    for now in inputs[1:]:
        states.append(states[-1] @ matrix.T + now @ weights.T)
    return torch.stack(states), inputs


def with_eigenvalues(moduli, angles, seed=0):
    """A real matrix with pairs of eigenvalues of these moduli and angles, in no special basis."""
    blocks = [
        modulus * torch.tensor([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]]).double()
        for modulus, angle in zip(moduli, angles, strict=True)
    ]
    basis = torch.eye(2 * len(moduli)).double() + 0.3 * gaussian(seed, 2 * len(moduli), 2 * len(moduli))
    return basis @ torch.block_diag(*blocks) @ torch.linalg.inv(basis)


FIRST = with_eigenvalues([0.9, 0.5], [0.4, 1.2])
SECOND = with_eigenvalues([0.7, 0.5], [0.4, 1.2], seed=3)


@pytest.mark.parametrize("matrix", [FIRST, SECOND], ids=["first", "second"])
def test_the_operator_of_a_linear_system_has_its_eigenvalues_whatever_its_inputs(matrix):
    found, expected = solutions.spectrum(*driven(matrix)), np.linalg.eigvals(matrix.numpy())
    assert solutions.spectral_distance(found, expected) == pytest.approx(0, abs=1e-5)
    slow = gaussian(0, 8, 60, 3).cumsum(0)  # inputs that last are no dynamics of the network
    response = [slow[0] @ gaussian(1, len(matrix), 3).T]
    for now in slow[1:]:
        response.append(response[-1] @ matrix.T + now @ gaussian(1, len(matrix), 3).T)
    found = solutions.spectrum(torch.stack(response), slow)
    assert solutions.spectral_distance(found, expected) == pytest.approx(0, abs=1e-4)


def test_two_linear_systems_are_as_far_apart_as_their_eigenvalues():
    pair = [solutions.spectrum(*driven(matrix, seed)) for seed, matrix in enumerate((FIRST, SECOND))]
    assert solutions.spectral_distance(*pair) == pytest.approx(0.1, abs=1e-4)  # half of them are 0.2 apart


def test_components_that_are_left_out_are_the_smallest():
    rates, inputs = driven(with_eigenvalues([0.9], [0.4]))
    noisy = torch.cat([rates, 1e-4 * gaussian(5, *rates.shape[:2], 30)], -1) @ rotation(6, 32)
    assert len(solutions.spectrum(noisy, inputs)) == 10
    found = solutions.spectrum(noisy, inputs, components=2)
    assert solutions.spectral_distance(found, solutions.spectrum(rates, inputs)) == pytest.approx(0, abs=1e-3)


def test_the_ridge_is_one_part_in_a_hundred_million_of_the_variance_of_the_activity():
    """All three units do the same; in one step it grows ten-thousandfold, so that it begins with hardly more than that.

    Units of variance are those of all steps together, and the ridge takes a third of the growth.
    """
    start = gaussian(0, 50)
    start = (start - start.mean()) / start.std(correction=0)
    course = 7 * torch.stack([1e-4 * start, start])
    rates = course[..., None] * torch.tensor([1.0, 2.0, -2.0]).double()
    (found,) = solutions.spectrum(rates, torch.zeros(2, 50, 1).double(), components=1)
    at_first = 2 * 1e-8 / (1 + 1e-8)
    assert found == pytest.approx(1e4 * at_first / (at_first + 1e-8), rel=1e-10)


@given(seed=st.integers(0, 2**16), scale=st.floats(0.1, 10))
def test_the_spectrum_does_not_see_rotation_scale_or_mean(seed, scale):
    rates, inputs = driven(0.5 * gaussian(seed, 6, 6) / math.sqrt(6), seed)
    turned = scale * rates @ rotation(seed + 1, 6) + 3
    pair = [solutions.spectrum(one, inputs, components=3) for one in (rates, turned)]
    assert solutions.spectral_distance(*pair) == pytest.approx(0, abs=1e-5)


def test_the_distance_of_spectra_is_one_of_sets():
    first, second = np.array([1, 2, 3j]), np.array([3j, 1, 2])
    assert solutions.spectral_distance(first, second) == 0
    assert solutions.spectral_distance(first, second + 0.3) == pytest.approx(0.3)
    assert solutions.spectral_distance(first, second) == solutions.spectral_distance(second, first)


def test_silent_activity_has_no_spectrum_and_no_distance():
    silent = solutions.spectrum(torch.zeros(4, 5, 6).double(), gaussian(0, 4, 5, 3))
    assert silent.shape == (6,) and np.isnan(silent).all()
    assert math.isnan(solutions.spectral_distance(silent, silent))
    assert math.isnan(solutions.spectral_distance(np.array([1.0, math.nan]), np.array([1.0, 2.0])))


def test_units_are_found_again_by_what_they_receive():
    received, order = gaussian(0, 5, 20, 9), np.random.default_rng(1).permutation(9)
    # Neither how much a unit receives nor how much it varies says which one it is.
    received = received * torch.logspace(-1, 1, 9) + torch.linspace(9, -9, 9)
    other = received[..., order] * torch.logspace(2, -2, 9) + torch.linspace(-50, 50, 9)
    assert solutions.matched_units(received, other)[order].tolist() == list(range(9))
    # The opposite of a unit does not stand for it: one that is a little like it does.
    like = received[..., 0] + 2 * received[..., 2]
    assert solutions.matched_units(received[..., :2], torch.stack([-received[..., 0], like], -1)).tolist() == [1, 0]


def test_a_copy_has_no_distance_unrelated_weights_one_and_opposite_ones_the_largest():
    weights, order = gaussian(0, 200, 200), np.random.default_rng(1).permutation(200)
    assert solutions.matched_distance(weights, weights[order][:, order], np.argsort(order)) == 0
    as_they_are = np.arange(200)
    assert solutions.matched_distance(weights, gaussian(2, 200, 200), as_they_are) == pytest.approx(1, abs=0.02)
    assert solutions.matched_distance(weights, -weights, as_they_are) == pytest.approx(math.sqrt(2))
    assert solutions.matched_distance(1e-6 * weights, 0 * weights, as_they_are) == pytest.approx(1)
    assert math.isnan(solutions.matched_distance(0 * weights, 0 * weights, as_they_are))


def test_answers_of_classes_differ_by_their_probabilities_and_numbers_by_their_values():
    sure = torch.tensor([[50.0, 0.0], [0.0, 50.0]]).double()
    torn = torch.zeros(2, 2).double()
    assert solutions.answer_distance_of(sure, sure + 3, True) == pytest.approx(0)
    assert solutions.answer_distance_of(sure, sure.flip(1), True) == pytest.approx(1)
    assert solutions.answer_distance_of(sure, torn, True) == pytest.approx(0.5)
    shares = (torch.tensor([[0.7, 0.2, 0.1], last]).double() for last in ([0.5, 0.25, 0.25], [0.25, 0.5, 0.25]))
    one, other = (each.log() for each in shares)
    other[0] = other[0].flip(0)  # 0.1, 0.2, 0.7
    assert solutions.answer_distance_of(one, other, True) == pytest.approx((0.6 + 0.25) / 2)
    assert solutions.answer_distance_of(sure, sure, False) == 0
    assert solutions.answer_distance_of(sure, sure.flip(1), False) == pytest.approx(1)
    assert solutions.answer_distance_of(1e-6 * sure, torn, False) == pytest.approx(1)
    assert math.isnan(solutions.answer_distance_of(torn, torn, False))


def test_answers_are_compared_where_a_decision_is_due(tmp_path):
    """From files, the second network on the probe of the first; both differ at other steps alone."""
    single = torch.ones(1, 1)
    for name, recurrent in (("first", 0.0), ("second", -1.0)):
        weights = Weights(torch.full((1, 1), recurrent), single, single)
        save_network(tmp_path / f"{name}.npz", weights, weights)
    inputs = np.ones((3, 1, 1), np.float32)  # rates 1, 1, 1 and 1, 0, 1
    array_io.save_arrays(tmp_path / "probe.npz", inputs=inputs, targets=inputs)
    for step, distance in ((0, 0.0), (1, 1.0), (2, 0.0)):
        array_io.save_array(tmp_path / "decision.npy", np.arange(3)[:, None] == step)
        files = (tmp_path / name for name in ("first.npz", "second.npz", "probe.npz", "decision.npy"))
        pair = network_pair.NetworkPair.load(*files, Dynamics(0.0))
        assert solutions.MEASURES["answer_distance"](pair) == distance


def test_networks_whose_activity_overflows_have_no_distance():
    """Weights that are finite still, as those of a network that has just diverged."""
    single = torch.ones(1, 1)
    inputs, decision = torch.ones(12, 1, 1), torch.ones(12, 1, dtype=torch.bool)
    first, second = (
        Trained(weights, weights, inputs, inputs, decision)
        for weights in (Weights(torch.full((1, 1), size), single, single) for size in (0.5, 3e38))
    )
    found = solutions.measured(network_pair.NetworkPair.of(first, second, Dynamics(0.0)))
    assert found.keys() == solutions.MEASURES.keys() and all(map(math.isnan, found.values()))


def test_networks_that_learned_nothing_are_no_solutions():
    assert not set(registry.roles()["of_failed"]) & set(solutions.MEASURES)
