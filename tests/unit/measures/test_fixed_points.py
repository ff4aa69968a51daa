"""Stable fixed points of networks whose fixed points are known, and the eigenvalues there."""

import itertools
import math

import numpy as np
import pytest
import torch
from scipy.optimize import brentq

import richlazy
from richlazy.measures import fixed_points
from richlazy.models.rate_network import Dynamics, Weights

# Where h = 2 tanh(h), above 0.
BISTABLE = brentq(lambda h: 2 * math.tanh(h) - h, 1, 3)


def gaussian(seed, *shape):
    return torch.from_numpy(np.random.default_rng(seed).standard_normal(shape))


def eigenvalue(leak):
    """Of a step at the stable states of a unit with weight 2."""
    return leak + (1 - leak) * 2 * (1 - math.tanh(BISTABLE) ** 2)


def found(recurrent, seed=0, leak=0.5, starts=fixed_points.STARTS):
    return fixed_points.stable_fixed_points(recurrent, gaussian(seed, starts, len(recurrent)), Dynamics(leak, "tanh"))


@pytest.mark.parametrize("leak", [0.0, 0.5, 0.9])
@pytest.mark.parametrize("bistable", [0, 1, 2, 3, 4])
def test_bistable_units_have_two_to_their_number_of_stable_states(bistable, leak):
    weights = torch.full((8,), 0.4).double()
    weights[:bistable] = 2
    points, leading = found(torch.diag(weights), leak=leak)
    signs = {tuple(point[:bistable].sign().int().tolist()) for point in points}
    assert len(points) == 2**bistable and signs == set(itertools.product((-1, 1), repeat=bistable))
    torch.testing.assert_close(points[:, :bistable].abs(), torch.full_like(points[:, :bistable], BISTABLE))
    assert points[:, bistable:].abs().max() < 1e-8
    slowest = max(eigenvalue(leak), leak + (1 - leak) * 0.4) if bistable else leak + (1 - leak) * 0.4
    assert leading.tolist() == pytest.approx([slowest] * len(points))


def test_states_beside_each_other_are_found_whatever_the_basis_of_the_units():
    """One pattern is stored: W = 2 p p' / N with p of signs has the states b p and -b p."""
    pattern = gaussian(0, 30).sign()
    points, leading = found(2 * pattern.outer(pattern) / 30)
    assert len(points) == 2 and leading.tolist() == pytest.approx([eigenvalue(0.5)] * 2)
    torch.testing.assert_close(points * pattern, points[:, :1] * pattern[0] * torch.ones_like(pattern))
    assert points[0] @ pattern == pytest.approx(-points[1] @ pattern)


def test_saddles_are_no_stable_points_though_states_start_there():
    recurrent = torch.diag(torch.tensor([2.0, 2.0])).double()
    states = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 1.0]]).double()
    points, leading = fixed_points.stable_fixed_points(recurrent, states, Dynamics(0.5, "tanh"))
    torch.testing.assert_close(points, torch.full((1, 2), BISTABLE).double())
    assert leading.tolist() == pytest.approx([eigenvalue(0.5)])


def of_states(recurrent, states, leak=0.5):
    """Stable fixed points of small networks from some states, plain."""
    recurrent, states = (torch.tensor(rows).double() for rows in (recurrent, states))
    points, leading = fixed_points.stable_fixed_points(recurrent, states, Dynamics(leak, "tanh"))
    assert len(points) == len(leading)
    return points.tolist(), leading.tolist()


def test_what_neither_draws_nearer_nor_pushes_away_is_not_stable():
    assert of_states([[1.0]], [[0.0]]) == ([], [])


def test_states_that_are_still_under_way_are_brought_to_their_points():
    """A slow network: 500 steps leave 1.5 % of the way, and a state that is there waits for the other one."""
    leak = 0.99
    points, leading = of_states([[2.0, 0.0], [0.0, 0.4]], [[BISTABLE, 0.0], [-1.5, 0.5]], leak)
    assert np.array(points) == pytest.approx(np.array([[BISTABLE, 0.0], [-BISTABLE, 0.0]]), abs=1e-8)
    assert leading == pytest.approx([leak + (1 - leak) * 0.4] * 2, rel=1e-10)


def test_states_that_move_by_a_hundredth_after_five_hundred_steps_are_left_out():
    """Far beyond where its unit is saturated, a state comes nearer to the point at 10 by the leak in each step."""
    leak = 0.99
    away = 1e-2 / (1 - leak) / leak**500
    assert len(of_states([[10.0]], [[10 + 0.995 * away]], leak)[0]) == 1
    assert len(of_states([[10.0]], [[10 + 1.005 * away]], leak)[0]) == 0


def test_at_a_point_nothing_moves_by_a_billionth_and_points_are_a_thousandth_apart():
    """Of a unit with weight 1 every state near 0 is almost a point: it moves by a third of its cube."""
    ((point,),), _ = of_states([[1.0]], [[(3 * 1.5e-9) ** (1 / 3)]])
    assert 0 < point - math.tanh(point) < 1e-9
    for beside, number in ((4e-4, 1), (7e-4, 2)):
        assert len(of_states([[1.0]], [[beside], [-beside]])[0]) == number


def test_what_turns_and_what_is_chaotic_has_no_stable_point():
    turn = torch.tensor([[0.0, -2.0], [2.0, 0.0]]).double()
    for recurrent in (turn, 3 * gaussian(0, 60, 60) / math.sqrt(60)):
        points, leading = found(recurrent)
        assert len(points) == len(leading) == 0


def test_a_network_of_small_gain_comes_to_rest_and_a_singular_derivative_does_no_harm():
    recurrent = 0.5 * gaussian(0, 40, 40) / math.sqrt(40)
    points, leading = found(recurrent)
    assert len(points) == 1 and points.abs().max() < 1e-8
    expected = np.abs(np.linalg.eigvals(0.5 * np.eye(40) + 0.5 * recurrent.numpy())).max()
    assert leading.tolist() == pytest.approx([expected])
    found(torch.eye(3).double())  # every state near 0 is almost one


def test_points_are_those_of_the_units_in_any_order_and_the_same_again():
    recurrent = torch.block_diag(torch.diag(torch.full((2,), 2.0)).double(), 0.3 * gaussian(1, 6, 6))
    recurrent[2:, :2] = 0.5 * gaussian(2, 6, 2)
    states, order = gaussian(3, 64, 8), torch.from_numpy(np.random.default_rng(4).permutation(8))
    points, leading = fixed_points.stable_fixed_points(recurrent, states, Dynamics(0.5, "tanh"))
    again, _ = fixed_points.stable_fixed_points(recurrent, states, Dynamics(0.5, "tanh"))
    other, of_other = fixed_points.stable_fixed_points(
        recurrent[order][:, order], states[:, order], Dynamics(0.5, "tanh")
    )
    assert len(points) == 4 and torch.equal(points, again)
    torch.testing.assert_close(points[:, order], other)
    torch.testing.assert_close(leading, of_other)


def test_last_states_are_those_at_the_ends_of_trials():
    states = gaussian(0, 5, 100, 3)
    found_states = fixed_points.last_states(states.tanh())
    torch.testing.assert_close(found_states, torch.cat([states[-1], states[-2, :28]]))
    assert torch.isfinite(fixed_points.last_states(torch.ones(2, 2, 2))).all()
    nearly = torch.full((1, 1, 1), 1 - 2**-23)  # in single precision
    assert fixed_points.last_states(nearly).item() == pytest.approx(math.atanh(1 - 2**-23), rel=1e-12)


FLIP_FLOP = {
    "continuous": "flip_flop",
    "timing_ms": {"trial": 5000, "fixation": 100, "pulse": 100, "decision_delay": 500, "interval": [500, 1500]},
    "target": "text",
}


@pytest.mark.parametrize("channels", [1, 2, 3])
def test_a_network_that_solves_the_flip_flop_of_c_channels_has_two_to_the_c_stable_points(channels):
    """A bistable unit for each channel, which a pulse turns, beside units that hold nothing."""
    probe = richlazy.draw_probe(FLIP_FLOP | {"channels": channels}, trials=200, time_step_ms=50.0)
    units = 12
    of_input, readout = torch.zeros(units, channels), torch.zeros(channels, units)
    of_input[:channels] = 20 * torch.eye(channels)
    readout[:, :channels] = 0.5 / math.tanh(BISTABLE) * torch.eye(channels)  # targets are 0.5 and -0.5
    recurrent = torch.full((units,), 0.4)
    recurrent[:channels] = 2
    final = Weights(torch.diag(recurrent), of_input, readout)
    start = Weights(torch.diag(0.9 * recurrent), of_input, readout)
    network = richlazy.TrainedNetwork(
        start,
        final,
        Dynamics(0.5, "tanh"),
        richlazy.TrainingSettings(learning_rate=0.1, loss="masked_squared_error"),
        {},
    )
    measured = richlazy.measure(network, probe, kernel_trials=2)
    assert measured["probe_loss"] < 0.05
    assert measured["stable_fixed_points"] == 2**channels
    assert measured["fixed_point_eigenvalue"] == pytest.approx(max(eigenvalue(0.5), 0.7), rel=1e-6)
