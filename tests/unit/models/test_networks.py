"""Dynamics of the network against its equations, and the files that hold weights."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

import oracles
from richlazy.models import rate_network
from richlazy.models.rate_network import Dynamics, Weights

RECTIFICATIONS = ("after_leak", "inside")
leak_factors = st.sampled_from([0.0, 0.2, math.exp(-1), 0.8, 1.0]) | st.floats(0, 1)


def column(*values):
    """Inputs of one trial with one channel, (T, 1, 1)."""
    return torch.tensor(values, dtype=torch.float64)[:, None, None]


def one_unit(recurrent, input_weight=1.0, readout=1.0):
    return Weights(*(torch.tensor([[value]], dtype=torch.float64) for value in (recurrent, input_weight, readout)))


# The leak


def test_euler_leak_forgets_everything_where_the_step_is_the_time_constant():
    assert rate_network.leak_factor("euler", 100, 100) == 0
    assert rate_network.leak_factor("euler", 20, 100) == pytest.approx(0.8)


def test_exponential_leak_is_that_of_equation_1():
    assert rate_network.leak_factor("exponential", 100, 100) == pytest.approx(1 / math.e)
    # Two steps of half the length leave as much as one step.
    assert rate_network.leak_factor("exponential", 50, 100) ** 2 == pytest.approx(
        rate_network.leak_factor("exponential", 100, 100)
    )


@given(st.floats(1e-3, 0.1))
def test_leaks_agree_to_first_order_in_the_time_step(ratio):
    difference = rate_network.leak_factor("exponential", ratio, 1) - rate_network.leak_factor("euler", ratio, 1)
    assert 0 < difference < ratio**2 / 2


def test_unknown_leak_is_refused_with_the_choices():
    with pytest.raises(ValueError, match="unknown leak 'none'; choose one of euler, exponential"):
        rate_network.leak_factor("none", 100, 100)


def test_place_of_the_rectifier_is_after_the_leak_by_default():
    assert not Dynamics(0.5).inside
    assert not Dynamics(0.5, "after_leak").inside
    assert Dynamics(0.5, "inside").inside
    assert Dynamics(0.5, "tanh").inside
    assert [name for name in rate_network.RECTIFICATIONS if Dynamics(0.5, name).linear] == ["none"]


# The response


@pytest.mark.parametrize("rectification", rate_network.RECTIFICATIONS)
@given(
    leak_factor=leak_factors,
    steps=st.integers(1, 7),
    trials=st.integers(1, 4),
    size=st.integers(1, 8),
    inputs=st.integers(1, 4),
    seed=st.integers(0, 1000),
)
def test_response_follows_the_equations(rectification, leak_factor, steps, trials, size, inputs, seed):
    rng = np.random.default_rng(seed)
    weights = Weights(*oracles.random_weights(rng, size, inputs, 2))
    signal, _ = oracles.random_trials(rng, steps, trials, inputs, 2)
    rates, slopes = rate_network.respond(weights, signal, Dynamics(leak_factor, rectification))
    expected = torch.stack(oracles.network_rates(weights, signal, leak_factor, rectification))
    assert rates.shape == slopes.shape == (steps, trials, size)
    torch.testing.assert_close(rates, expected, rtol=1e-12, atol=1e-13)
    if rectification == "none":
        assert torch.equal(slopes, torch.ones_like(rates))
    elif rectification == "tanh":
        torch.testing.assert_close(slopes, expected.atanh().cosh() ** -2, rtol=1e-6, atol=1e-9)
    else:
        assert torch.equal(slopes, (expected > 0).double())  # 0 where a unit is exactly silent


def test_linear_units_respond_in_proportion_to_their_input():
    rng = np.random.default_rng(4)
    weights = Weights(*oracles.random_weights(rng, 6, 3, 2))
    signal, _ = oracles.random_trials(rng, 5, 4, 3, 2)
    once, tripled = (rate_network.respond(weights, factor * signal, Dynamics(0.3, "none"))[0] for factor in (1, -3))
    assert (once < 0).any()
    torch.testing.assert_close(tripled, -3 * once, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("rectification", rate_network.RECTIFICATIONS)
def test_a_network_of_one_step_needs_no_recurrent_weights(rectification):
    rng = np.random.default_rng(5)
    full = Weights(*oracles.random_weights(rng, 6, 3, 2, networks=2))
    empty = Weights(torch.empty(2, 0, 0, dtype=torch.float64), full.input, full.readout)
    signal = torch.from_numpy(rng.standard_normal((2, 1, 4, 3)))
    dynamics = Dynamics(0.3, rectification)
    expected = 0.7 * signal[:, 0] @ full.input.mT
    if rectification != "none":
        expected = expected.tanh() if rectification == "tanh" else expected.relu()
    torch.testing.assert_close(rate_network.respond(empty, signal, dynamics)[0][:, 0], expected, rtol=1e-13, atol=1e-14)
    for found, reference in zip(
        rate_network.respond(empty, signal, dynamics), rate_network.respond(full, signal, dynamics), strict=True
    ):
        assert torch.equal(found, reference)
    alone = rate_network.respond(empty.of_network(1), signal[1], dynamics)[0]
    assert torch.equal(alone, rate_network.respond(empty, signal, dynamics)[0][1])


def test_places_of_the_rectifier_agree_without_leak_only():
    rng = np.random.default_rng(0)
    weights = Weights(*oracles.random_weights(rng, 10, 3, 2))
    signal, _ = oracles.random_trials(rng, 6, 4, 3, 2)
    after, inside = (rate_network.respond(weights, signal, Dynamics(0.0, place))[0] for place in RECTIFICATIONS)
    assert torch.equal(after, inside)
    after, inside = (rate_network.respond(weights, signal, Dynamics(0.5, place))[0] for place in RECTIFICATIONS)
    assert not torch.allclose(after, inside, rtol=0.1)


@pytest.mark.parametrize("rectification", RECTIFICATIONS)
@given(leak_factor=st.floats(0, 0.95), recurrent=st.floats(0, 2), steps=st.integers(1, 10))
def test_constant_input_to_a_positive_unit_gives_a_geometric_series(rectification, leak_factor, recurrent, steps):
    rates, _ = rate_network.respond(
        one_unit(recurrent, 3.0), column(*[0.5] * steps), Dynamics(leak_factor, rectification)
    )
    factor = leak_factor + (1 - leak_factor) * recurrent
    expected = [(1 - leak_factor) * 3.0 * 0.5 * sum(factor**k for k in range(step + 1)) for step in range(steps)]
    np.testing.assert_allclose(rates[:, 0, 0], expected, rtol=1e-12)


def test_a_state_below_threshold_is_remembered_only_inside():
    # Inside, h = -1/2 leaks to -1/4 and cancels half of the next input; after the leak the state was cut to 0.
    signal, rho = column(-1.0, 1.0), 0.5
    inside, _ = rate_network.respond(one_unit(0.0), signal, Dynamics(rho, "inside"))
    after, _ = rate_network.respond(one_unit(0.0), signal, Dynamics(rho, "after_leak"))
    assert inside.flatten().tolist() == [0.0, 0.25]
    assert after.flatten().tolist() == [0.0, 0.5]


@pytest.mark.parametrize("rectification", RECTIFICATIONS)
def test_weights_lead_from_the_second_index_to_the_first(rectification):
    # Channel 1 drives unit 0, which drives unit 2 one step later; nothing else is connected.
    recurrent, input_weights = torch.zeros(3, 3), torch.zeros(3, 2)
    recurrent[2, 0], input_weights[0, 1] = 5.0, 2.0
    weights = Weights(recurrent, input_weights, torch.zeros(1, 3))
    signal = torch.tensor([[[7.0, 1.0]], [[7.0, 0.0]], [[7.0, 0.0]]])
    rates, _ = rate_network.respond(weights, signal, Dynamics(0.0, rectification))
    assert rates[:, 0].tolist() == [[2, 0, 0], [0, 0, 10], [0, 0, 0]]


@pytest.mark.parametrize("rectification", RECTIFICATIONS)
def test_trials_do_not_see_each_other(rectification):
    rng = np.random.default_rng(1)
    weights = Weights(*oracles.random_weights(rng, 6, 3, 2))
    signal, _ = oracles.random_trials(rng, 5, 4, 3, 2)
    together, _ = rate_network.respond(weights, signal, Dynamics(0.3, rectification))
    for trial in range(4):
        alone, _ = rate_network.respond(weights, signal[:, trial : trial + 1], Dynamics(0.3, rectification))
        torch.testing.assert_close(together[:, trial : trial + 1], alone, rtol=1e-13, atol=1e-14)


def test_response_leaves_weights_and_inputs_as_they_are():
    rng = np.random.default_rng(2)
    weights = Weights(*oracles.random_weights(rng, 6, 3, 2))
    signal, _ = oracles.random_trials(rng, 5, 4, 3, 2)
    before = [tensor.clone() for tensor in (*weights, signal)]
    rate_network.respond(weights, signal, Dynamics(0.3, "inside"))
    assert all(torch.equal(*pair) for pair in zip(before, (*weights, signal), strict=True))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_response_has_the_precision_of_its_inputs(dtype):
    rng = np.random.default_rng(3)
    weights = Weights(*oracles.random_weights(rng, 6, 3, 2, dtype=dtype))
    signal, _ = oracles.random_trials(rng, 5, 4, 3, 2, dtype=dtype)
    rates, active = rate_network.respond(weights, signal, Dynamics(0.3))
    assert rates.dtype == active.dtype == dtype


# Weights


@pytest.mark.parametrize(("outputs", "inputs"), [(300, 3), (3, 300), (200, 28)])
def test_linear_layer_weights_are_distributed_as_pytorch_draws_them(outputs, inputs):
    drawn = rate_network.linear_layer_weights(outputs, inputs, np.random.default_rng(0))
    assert drawn.shape == (outputs, inputs)
    assert np.abs(drawn).max() <= 1 / np.sqrt(inputs)
    theirs = torch.empty(outputs, inputs)
    torch.nn.init.kaiming_uniform_(
        theirs, a=math.sqrt(5), generator=torch.Generator().manual_seed(0)
    )  # as nn.Linear does
    assert stats.ks_2samp(drawn.ravel(), theirs.numpy().ravel()).pvalue > 0.01
    assert drawn.var() == pytest.approx(1 / (3 * inputs), rel=0.1)


def test_initial_weights_share_input_and_readout_among_the_conditions_of_a_seed():
    first, second = (np.random.default_rng(k).standard_normal((20, 20)) for k in range(2))
    one, other = (rate_network.initial_weights(recurrent, 3, 4, seed=7) for recurrent in (first, second))
    assert [matrix.shape for matrix in one] == [(20, 20), (20, 3), (4, 20)]
    assert all(matrix.dtype == torch.float32 for matrix in one)
    assert np.array_equal(one.recurrent.numpy(), first.astype(np.float32))
    assert np.array_equal(other.recurrent.numpy(), second.astype(np.float32))
    assert torch.equal(one.input, other.input)
    assert torch.equal(one.readout, other.readout)
    # Fan-in of the input weights is the number of channels, that of the readout the number of units.
    assert 0.9 / np.sqrt(3) < one.input.abs().max() <= 1 / np.sqrt(3)
    assert 0.9 / np.sqrt(20) < one.readout.abs().max() <= 1 / np.sqrt(20)


def test_initial_weights_of_seeds_and_matrices_are_independent():
    recurrent = np.eye(12)
    one, other = (rate_network.initial_weights(recurrent, 12, 12, seed=seed) for seed in (0, 1))
    drawn = [one.input, one.readout, other.input, other.readout]  # all of one shape, so that equal draws would show
    for first in range(4):
        for second in range(first):
            assert not torch.equal(drawn[first], drawn[second])


@pytest.mark.parametrize("seed", [0, 1])
def test_gaussian_directions_have_the_norms_of_schuessler_et_al(seed):
    size, inputs, outputs = 400, 3, 2
    weights = rate_network.initial_weights(np.zeros((size, size)), inputs, outputs, seed, readout="gaussian_directions")
    torch.testing.assert_close(weights.input.norm(dim=0), torch.full((inputs,), np.sqrt(size), dtype=torch.float32))
    torch.testing.assert_close(weights.readout.norm(dim=1), torch.full((outputs,), 1 / np.sqrt(size)).float())
    directions = torch.cat([weights.input.T / np.sqrt(size), weights.readout * np.sqrt(size)]).double()
    overlaps = directions @ directions.T - torch.eye(inputs + outputs)
    assert overlaps.abs().max() < 5 / np.sqrt(size)  # independent: cosines of the order of 1 / sqrt(N)
    # The same whatever the recurrent weights: networks of a seed are paired.
    other = rate_network.initial_weights(np.ones((size, size)), inputs, outputs, seed, readout="gaussian_directions")
    assert torch.equal(other.input, weights.input)
    assert torch.equal(other.readout, weights.readout)


def test_aligned_directions_read_along_the_inputs_of_gaussian_ones(seed=3):
    size = 100
    start = np.zeros((size, size))
    gaussian, aligned = (
        rate_network.initial_weights(start, 2, 2, seed, readout=f"{kind}_directions")
        for kind in ("gaussian", "aligned")
    )
    assert torch.equal(aligned.input, gaussian.input)
    torch.testing.assert_close(aligned.readout, aligned.input.T / size)
    torch.testing.assert_close(aligned.readout.norm(dim=1), torch.full((2,), 1 / np.sqrt(size)).float())
    with pytest.raises(ValueError, match="as many outputs as inputs, not 1 and 2"):
        rate_network.initial_weights(start, 2, 1, seed, readout="aligned_directions")
    with pytest.raises(ValueError, match="recurrent networks have no readout 'normal'"):
        rate_network.initial_weights(start, 2, 2, seed, readout="normal")


FIRST_LAYER = np.random.default_rng(0).standard_normal((40, 6)) * 0.3


@pytest.mark.parametrize("readout", ["linear_layer", "normal", "equal_norm"])
def test_a_feedforward_network_starts_with_its_first_layer_and_no_recurrent_weights(readout):
    weights = rate_network.initial_feedforward_weights(FIRST_LAYER, 3, readout, seed=5)
    assert [matrix.shape for matrix in weights] == [(0, 0), (40, 6), (3, 40)]
    assert all(matrix.dtype == torch.float32 for matrix in weights)
    assert np.array_equal(weights.input.numpy(), FIRST_LAYER.astype(np.float32))
    again, other = (rate_network.initial_feedforward_weights(FIRST_LAYER, 3, readout, seed=seed) for seed in (5, 6))
    assert torch.equal(again.readout, weights.readout)
    assert not torch.equal(other.readout, weights.readout)


def test_the_readout_of_a_feedforward_network_can_be_that_of_a_recurrent_one():
    weights = rate_network.initial_feedforward_weights(FIRST_LAYER, 3, "linear_layer", seed=5)
    recurrent = rate_network.initial_weights(np.eye(40), 6, 3, seed=5)
    assert torch.equal(weights.readout, recurrent.readout)
    assert weights.readout.abs().max() <= 1 / np.sqrt(40)


def test_a_normal_readout_has_entries_of_the_scale_of_the_first_layer():
    first_layer = np.random.default_rng(0).standard_normal((2000, 30)) * 0.001
    drawn = rate_network.initial_feedforward_weights(first_layer, 10, "normal", seed=0).readout.double().numpy()
    scale = np.sqrt((first_layer**2).mean())
    assert drawn.std() == pytest.approx(scale, rel=0.02)  # 20 000 entries are known to 0.5 per cent
    assert stats.kstest(drawn.ravel(), stats.norm(0, scale).cdf).pvalue > 0.01
    # C.2: with d inputs and one output, |W1|^2 is about d |W2|^2.
    one = rate_network.initial_feedforward_weights(first_layer, 1, "normal", seed=0).readout.double()
    assert (first_layer**2).sum() / float(one.square().sum()) == pytest.approx(30, rel=0.2)


@pytest.mark.parametrize("outputs", [1, 4])
def test_a_readout_of_equal_norm_has_the_norm_of_the_first_layer(outputs):
    for seed in range(3):
        readout = rate_network.initial_feedforward_weights(FIRST_LAYER, outputs, "equal_norm", seed).readout.double()
        assert float(readout.norm()) == pytest.approx(np.linalg.norm(FIRST_LAYER), rel=1e-6)
        # The same direction as with the scale of the first layer: readouts of a seed are paired.
        normal = rate_network.initial_feedforward_weights(FIRST_LAYER, outputs, "normal", seed).readout.double()
        assert float((readout * normal).sum() / readout.norm() / normal.norm()) == pytest.approx(1, abs=1e-6)
    large = rate_network.initial_feedforward_weights(np.ones((3000, 2)), 1, "equal_norm", 0).readout.double().numpy()
    assert stats.kstest(large.ravel(), stats.norm(0, np.sqrt(2)).cdf).pvalue > 0.01


def test_readouts_share_their_draw_among_the_structures_of_a_seed():
    other_layer = np.random.default_rng(1).standard_normal((40, 6))
    one, other = (
        rate_network.initial_feedforward_weights(layer, 2, "equal_norm", seed=3).readout.double()
        for layer in (FIRST_LAYER, other_layer)
    )
    assert float((one * other).sum() / one.norm() / other.norm()) == pytest.approx(1, abs=1e-6)


def test_another_readout_is_refused_with_the_choices():
    with pytest.raises(ValueError, match="unknown readout 'zero'; choose one of linear_layer, normal, equal_norm"):
        rate_network.initial_feedforward_weights(FIRST_LAYER, 2, "zero", seed=3)


def test_dynamics_of_a_run_without_a_leak_keep_nothing():
    run = {"leak": None, "rectification": "none", "time_step_ms": None, "time_constant_ms": None}
    assert rate_network.dynamics_of(run) == Dynamics(0.0, "none")
    run = {"leak": "euler", "rectification": "inside", "time_step_ms": 20.0, "time_constant_ms": 100.0}
    assert rate_network.dynamics_of(run) == Dynamics(0.8, "inside")


def test_weights_come_in_the_order_recurrent_input_readout():
    weights = Weights(torch.tensor(1), torch.tensor(2), torch.tensor(3))
    assert [int(weight) for weight in weights] == [1, 2, 3]
    doubled = weights.map(lambda weight: 2 * weight)
    assert (doubled.recurrent, doubled.input, doubled.readout) == (2, 4, 6)


def test_saved_network_has_the_promised_arrays_and_comes_back(tmp_path):
    rng = np.random.default_rng(0)
    size, inputs, outputs = 5, 3, 2
    initial, final = (Weights(*oracles.random_weights(rng, size, inputs, outputs)) for _ in range(2))
    # Training keeps units contiguous, so that its input weights are a transposed view.
    final = Weights(final.recurrent, final.input.T.contiguous().T, final.readout)
    path = tmp_path / "run" / "network.npz"
    rate_network.save_network(path, initial, final)
    shapes = {"recurrent": (size, size), "input": (size, inputs), "readout": (outputs, size)}
    with np.load(path) as arrays:
        assert set(arrays) == {name + suffix for name in shapes for suffix in ("", "_initial")}
        for name, shape in shapes.items():
            for suffix, weights in (("_initial", initial), ("", final)):
                stored = arrays[name + suffix]
                assert stored.shape == shape
                assert stored.dtype == np.float32
                assert np.array_equal(stored, getattr(weights, name).numpy().astype(np.float32))
    for loaded, saved in zip(rate_network.load_network(path), (initial, final), strict=True):
        assert all(torch.equal(*pair) for pair in zip(loaded, saved.map(torch.Tensor.float), strict=True))
    assert [file.name for file in path.parent.iterdir()] == ["network.npz"]
