"""How networks move during training: values at each snapshot, and the time until kernels are aligned."""

import math

import numpy as np
import pytest
import torch

import oracles
from richlazy.measures import during_training, following, measuring, trained_network
from richlazy.models.rate_network import Dynamics, Weights


def recurrent_weights(seed):
    return Weights(*oracles.random_weights(np.random.default_rng(seed), 8, 3, 2))


def feedforward_weights(seed):
    _, first_layer, readout = recurrent_weights(seed)
    return Weights(torch.zeros(0, 0, dtype=torch.float64), first_layer, readout)


def classification(steps):
    inputs, targets = oracles.random_trials(np.random.default_rng(9), steps, 6, 3, 2)
    targets[:, :2] = torch.tensor([0, 1])  # not all trials alike
    return inputs, targets


def regression():
    inputs, _ = oracles.random_trials(np.random.default_rng(9), 1, 6, 3, 2)
    return inputs, torch.from_numpy(np.random.default_rng(8).standard_normal((1, 6, 2)))


SITUATIONS = {
    "recurrent": (recurrent_weights, classification(4), Dynamics(0.2, "inside"), 5, "all"),
    "recurrent, last step": (recurrent_weights, classification(4), Dynamics(0.0), 6, "last"),
    "feedforward": (feedforward_weights, classification(1), Dynamics(0.0), 5, "last"),
    "linear, numbers": (feedforward_weights, regression(), Dynamics(0.0, "none"), 5, "last"),
}


@pytest.mark.parametrize("situation", SITUATIONS)
def test_quantities_of_each_snapshot_are_the_measures_of_the_change_since_the_start(situation):
    draw, (inputs, targets), dynamics, trials, times = SITUATIONS[situation]
    snapshots = [(0, draw(0)), (10, draw(1)), (40, draw(2))]
    found = following.follow(snapshots, following.KernelProbe(inputs[:, :trials], targets[:, :trials], dynamics, times))
    assert set(found) == {"iterations", *during_training.USUAL}
    assert found["iterations"] == [0, 10, 40]
    decision = torch.ones(inputs.shape[:2], dtype=torch.bool)
    for place, (_, weights) in enumerate(snapshots):
        measures = measuring.measure(
            trained_network.Trained(snapshots[0][1], weights, inputs, targets, decision),
            dynamics,
            measuring.ProbeSettings(trials, times),
        )
        for name in during_training.USUAL:
            assert found[name][place] == pytest.approx(measures[name], rel=1e-12, abs=1e-14), name


@pytest.mark.parametrize("situation", SITUATIONS)
def test_quantities_by_the_jacobian(situation):
    draw, (inputs, targets), dynamics, trials, times = SITUATIONS[situation]
    snapshots = [(0, draw(0)), (7, draw(1))]
    found = following.follow(snapshots, following.KernelProbe(inputs[:, :trials], targets[:, :trials], dynamics, times))
    kernels = [
        oracles.tangent_kernel(weights, inputs[:, :trials], dynamics.leak_factor, dynamics.rectification, times)[1]
        for _, weights in snapshots
    ]
    chosen = targets[:, :trials] if times == "all" else targets[-1:, :trials]
    if targets.is_floating_point():
        y = torch.tensor([chosen[0, b, k] for k in range(2) for b in range(trials)], dtype=torch.float64)
    else:
        y = torch.tensor(
            [float(chosen[t, b] == k) for t in range(len(chosen)) for k in range(2) for b in range(trials)],
            dtype=torch.float64,
        )
    for place, kernel in enumerate(kernels):
        cosine = float((kernels[0] * kernel).sum() / kernels[0].norm() / kernel.norm())
        assert found["kernel_alignment"][place] == pytest.approx(cosine, rel=1e-9)
        assert found["kernel_task_alignment"][place] == pytest.approx(
            float(y @ kernel @ y / (y @ y) / kernel.trace()), rel=1e-9
        )
        rank = float(kernel.trace()) / np.linalg.norm(kernel.numpy(), 2)
        assert found["kernel_effective_rank"][place] == pytest.approx(rank, rel=1e-9)
    assert found["kernel_alignment"][0] == pytest.approx(1, abs=1e-12)
    assert found["weight_change_norm"][0] == 0


def test_a_network_that_was_lost_is_followed_with_nan():
    weights = recurrent_weights(1).map(lambda matrix: matrix * math.inf)
    inputs, targets = classification(4)
    found = following.follow(
        [(0, recurrent_weights(0)), (5, weights)], following.KernelProbe(inputs[:, :4], targets[:, :4], Dynamics(0.2))
    )
    for name in during_training.USUAL:
        assert math.isfinite(found[name][0])
        assert not math.isfinite(found[name][1])
    found = following.follow(
        [(0, recurrent_weights(0)), (5, weights)],
        following.KernelProbe(inputs[:, :4], targets[:, :4], Dynamics(0.2)),
        CHANGE,
    )
    assert found["leading_singular_value_change"][0] == 0
    assert math.isnan(found["leading_singular_value_change"][1])


# The change of the weights

CHANGE = ["second_singular_value_change", "leading_singular_value_change"]
OF_RECURRENT_WEIGHTS = ["kernel_alignment_recurrent", "weight_change_norm_recurrent"]


def test_singular_values_are_those_of_the_change_since_the_start():
    inputs, targets = classification(4)
    rng = np.random.default_rng(3)
    left, right = (np.linalg.qr(rng.standard_normal((8, 2)))[0] for _ in range(2))
    start = recurrent_weights(0)
    snapshots = [(0, start)]
    for iteration, values in ((10, (0.5, 0.0)), (20, (0.7, 0.2))):
        change = torch.from_numpy(left * values @ right.T)
        snapshots.append((iteration, Weights(start.recurrent + change, start.input * 2, start.readout)))
    found = following.follow(snapshots, following.KernelProbe(inputs[:, :4], targets[:, :4], Dynamics(0.2)), CHANGE)
    assert list(found) == ["iterations", *reversed(CHANGE)]
    np.testing.assert_allclose(found["leading_singular_value_change"], [0, 0.5, 0.7], atol=1e-12)
    np.testing.assert_allclose(found["second_singular_value_change"], [0, 0, 0.2], atol=1e-12)


def test_kernels_are_measured_only_where_one_is_asked_for(monkeypatch):
    inputs, targets = classification(4)
    snapshots = [(0, recurrent_weights(0)), (10, recurrent_weights(1))]
    whole = following.follow(
        snapshots, following.KernelProbe(inputs[:, :4], targets[:, :4], Dynamics(0.2)), during_training.QUANTITIES
    )
    one = following.follow(
        snapshots, following.KernelProbe(inputs[:, :4], targets[:, :4], Dynamics(0.2)), ["kernel_alignment"]
    )
    assert one == {name: whole[name] for name in ("iterations", "kernel_alignment")}

    def refuse(*_):
        raise AssertionError("a kernel was measured")

    monkeypatch.setattr(following, "tangent_kernel", refuse)
    quantities = [*CHANGE, "weight_change_norm", "weight_change_norm_recurrent"]
    found = following.follow(snapshots, following.KernelProbe(inputs[:, :4], targets[:, :4], Dynamics(0.2)), quantities)
    assert found == {name: whole[name] for name in ("iterations", *quantities)}


def test_a_network_without_recurrent_weights_has_no_singular_values_of_their_change():
    inputs, targets = classification(1)
    snapshots = [(0, feedforward_weights(0)), (10, feedforward_weights(1))]
    found = following.follow(
        snapshots, following.KernelProbe(inputs[:, :4], targets[:, :4], Dynamics(0.0), "last"), CHANGE
    )
    assert np.isnan([found[name] for name in CHANGE]).all()
    found = following.follow(
        snapshots, following.KernelProbe(inputs[:, :4], targets[:, :4], Dynamics(0.0), "last"), OF_RECURRENT_WEIGHTS
    )
    assert np.isnan([found[name] for name in OF_RECURRENT_WEIGHTS]).all()


def test_what_a_network_without_recurrent_weights_lacks_is_known_beforehand():
    draw, (inputs, targets), dynamics, trials, times = SITUATIONS["feedforward"]
    probe = following.KernelProbe(inputs[:, :trials], targets[:, :trials], dynamics, times)
    found = following.follow([(0, draw(0)), (10, draw(1))], probe, during_training.QUANTITIES)
    lacking = [name for name, values in found.items() if np.isnan(values).any()]
    assert lacking == during_training.OF_RECURRENT_WEIGHTS


def test_of_what_was_followed_some_is_chosen():
    followed = {"iterations": [0, 5], "kernel_alignment": [1, 0.5], "weight_change_norm": [0, 2]}
    assert during_training.chosen(followed, ["weight_change_norm"]) == {
        "iterations": [0, 5], "weight_change_norm": [0, 2],
    }  # fmt: skip


def test_the_time_until_alignment_is_unknown_where_it_was_not_followed():
    assert math.isnan(
        during_training.iterations_to_task_alignment({"iterations": [0, 5], "weight_change_norm": [0, 2]})
    )


# Iterations until the kernel is aligned with the task


def arrival(iterations, alignment):
    return during_training.iterations_to_task_alignment({"iterations": iterations, "kernel_task_alignment": alignment})


@pytest.mark.parametrize(
    ("iterations", "alignment", "expected"),
    [
        ([0, 100], [0.0, 1.0], 90.0),
        ([0, 100], [0.5, 0.6], 90.0),
        ([0, 10, 100], [0.0, 0.9, 1.0], 10.0),
        ([0, 10, 20, 100], [0.0, 0.5, 1.0, 1.0], 18.0),
        ([0, 10, 20, 100], [0.2, 0.1, 1.2, 0.3], 10 + 10 * 1.0 / 1.1),  # falls first, and again later
        ([0, 10, 20, 30], [0.0, 0.95, 0.2, 1.0], 10 * 0.9 / 0.95),  # the first time counts
        ([0, 10, 20, 30], [0.0, 0.9, 0.5, 1.0], 10.0),  # and so it does just there
        ([0, 1000], [-0.5, 0.5], 900.0),
    ],
)
def test_iterations_until_nine_tenths_of_the_way(iterations, alignment, expected):
    assert arrival(iterations, alignment) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("alignment", [[0.5, 0.5, 0.5], [0.5, 0.4, 0.3], [0.5], [0.5, math.nan, 0.4]], ids=str)
def test_a_kernel_that_never_grew_towards_the_task_never_arrived(alignment):
    assert arrival([0, 10, 20][: len(alignment)], alignment) == math.inf


def test_what_a_file_gives_for_a_value_that_was_not_finite_is_left_out():
    assert arrival([0, 10, 20], [0.0, 1.0, None]) == pytest.approx(9.0)
    assert math.isnan(arrival([0, 10], [None, 1.0]))
