"""Epochs over stored batches, accuracy and its target, and snapshots: what is followed changes nothing."""

import json
import math

import numpy as np
import pytest
import torch

import oracles
from richlazy.models.rate_network import Dynamics, Weights
from richlazy.training import loop, training_history
from richlazy.training.settings import TrainingSettings

SIZE, INPUTS, OUTPUTS, STEPS, TRIALS = 64, 4, 4, 5, 16
DYNAMICS = Dynamics(0.2)


def problem(networks=3, stored=12, seed=0, dtype=torch.float32):
    """The class is the input that is on at the last step, which is learned within tens of updates."""
    rng = np.random.default_rng(seed)
    weights = Weights(*oracles.random_weights(rng, SIZE, INPUTS, OUTPUTS, networks, dtype, gain=0.7))
    targets = [rng.integers(0, OUTPUTS, (stored, STEPS, TRIALS)).astype(np.uint8) for _ in range(networks)]
    noise = [rng.standard_normal((stored, STEPS, TRIALS, INPUTS)) for _ in range(networks)]
    inputs = [
        (0.5 * other + 2 * np.eye(INPUTS)[classes]).astype(np.float32)
        for other, classes in zip(noise, targets, strict=True)
    ]
    return weights, inputs, targets


def train(arguments, learning_rate=0.01, loss_steps="last", **options):
    return loop.train(
        *arguments, DYNAMICS, TrainingSettings(learning_rate, loss_steps=loss_steps, **{"report_every": 5} | options)
    )


def of(arguments, network):
    """The problem of one network alone."""
    weights, inputs, targets = arguments
    part = slice(network, network + 1)
    return weights.map(lambda matrix: matrix[part]), inputs[part], targets[part]


def contents(weights):
    return [matrix.contiguous().numpy().tobytes() for matrix in weights]


# Epochs


@pytest.mark.parametrize(("stored", "report_every"), [(12, 5), (3, 7), (1, 4), (12, 12)])
@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_more_iterations_than_batches_take_them_again_in_order(stored, report_every, momentum):
    weights, inputs, targets = problem(stored=stored)
    options = {"report_every": report_every, "momentum": momentum}
    final, history = train((weights, inputs, targets), iterations=26, **options)
    repeated = [[np.concatenate([one] * 26)[:26] for one in source] for source in (inputs, targets)]
    expected, expected_history = train((weights, *repeated), **options)
    assert contents(final) == contents(expected)
    assert history.losses.tobytes() == expected_history.losses.tobytes()
    assert history.accuracies.tobytes() == expected_history.accuracies.tobytes()
    assert history.iterations[-1] == 26


def test_fewer_iterations_than_batches_take_the_first():
    weights, inputs, targets = problem()
    final, _ = train((weights, inputs, targets), iterations=7)
    expected, _ = train((weights, [one[:7] for one in inputs], [one[:7] for one in targets]))
    assert contents(final) == contents(expected)


@pytest.mark.parametrize("kind", [np.uint8, np.int16, np.uint16, np.float16, np.float64, bool])
def test_stored_numbers_are_of_any_type(kind, tmp_path):
    weights, inputs, targets = problem(networks=1)
    stored = (inputs[0] > 1).astype(kind)
    np.save(tmp_path / "inputs.npy", stored)
    mapped = np.load(tmp_path / "inputs.npy", mmap_mode="r")
    final, _ = train((weights, [mapped], targets))
    expected, _ = train((weights, [stored.astype(np.float32)], [targets[0].astype(np.int64)]))
    assert contents(final) == contents(expected)


# Accuracy


def test_accuracy_is_the_share_of_correct_classes_before_each_update():
    weights, inputs, targets = problem(dtype=torch.float64)
    _, history = train((weights, inputs, targets), snapshot_at=range(13))
    found = np.zeros((12, 3))
    for network, snapshots in enumerate(history.snapshots):
        for iteration, own in snapshots[:-1]:
            signal = torch.from_numpy(inputs[network][iteration]).double()
            outputs = oracles.network_outputs(own, signal, DYNAMICS.leak_factor, "after_leak")[-1]
            correct = outputs.argmax(1).numpy() == targets[network][iteration, -1]
            found[iteration, network] = correct.mean()
    expected = [found[start:stop].mean(0) for start, stop in ((0, 5), (5, 10), (10, 12))]
    np.testing.assert_allclose(history.accuracies, expected, rtol=1e-14)
    assert 0 < history.accuracies.min() < history.accuracies.max()


def test_a_silent_network_is_right_by_chance():
    # All its classes are equally likely: whoever took that for right would call it perfect.
    weights, inputs, targets = problem(networks=1)
    _, history = train((weights.map(torch.zeros_like), inputs, targets), learning_rate=0.0, report_every=100)
    assert history.accuracies[0, 0] == pytest.approx((targets[0][:, -1] == 0).mean())


@pytest.mark.parametrize(("loss", "loss_steps"), [("cross_entropy", "all"), ("squared_error", "last")])
def test_no_accuracy_is_followed_where_no_class_is_the_decision(loss, loss_steps):
    weights, inputs, targets = problem()
    if loss == "squared_error":
        targets = [np.eye(OUTPUTS, dtype=np.float32)[one] for one in targets]
    arguments = (weights, inputs, targets)
    _, history = train(arguments, loss=loss, loss_steps=loss_steps)
    assert history.accuracies is None
    of_every_network = {"final_loss", "diverged", "diverged_at", "convergence_iterations", "guess_loss", "iterations"}
    assert history.of_network(0, 0.5).keys() == of_every_network | {"loss"}
    with pytest.raises(ValueError, match="target_accuracy needs loss_steps last and cross_entropy"):
        train(arguments, loss=loss, loss_steps=loss_steps, target_accuracy=0.9)


# The target


def staggered(iterations=60):
    """Networks of which the first learns fast, the second diverges, the third learns slowly, the last hardly."""
    arguments = weights, inputs, _ = problem(networks=4)
    inputs[1][6:] *= 1e30
    weights.readout[2] *= 3.0
    inputs[3][:] *= 0.01
    return arguments, {"iterations": iterations, "target_accuracy": 0.9}


def test_the_target_is_reached_where_the_accuracy_first_is_at_it():
    arguments, options = staggered()
    final, history = train(arguments, **options)
    assert history.diverged_at[1] == 10
    for network in (0, 2, 3):
        reached = history.accuracies[:, network] >= 0.9
        expected = history.iterations[int(reached.argmax())] if reached.any() else None
        assert history.reached_at[network] == expected
    first, _, third, last = history.reached_at
    assert first is not None and third is not None and last is None
    # To reach it does not end a network, nor change it.
    assert history.of_network(0, 0.5)["iterations"][-1] == 60
    without, _ = train(arguments, iterations=60)
    for network in (0, 2, 3):
        assert contents(final.of_network(network)) == contents(without.of_network(network))


def test_an_accuracy_at_the_target_reaches_it_and_one_below_does_not():
    arguments = problem(networks=1)
    _, history = train(arguments)
    best = float(history.accuracies.max())
    at = history.iterations[int(history.accuracies[:, 0].argmax())]
    assert train(arguments, target_accuracy=best)[1].reached_at == [at]
    assert train(arguments, target_accuracy=math.nextafter(best, 2))[1].reached_at == [None]


@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_networks_that_stop_have_the_bytes_of_those_trained_alone(momentum):
    arguments, options = staggered()
    options |= {"stop_at_target": True, "momentum": momentum, "snapshot_at": range(0, 61, 4)}
    together, history = train(arguments, **options)
    assert history.diverged_at[1] == 10 and history.reached_at[0] is not None and history.reached_at[3] is None
    for network in range(4):
        alone, own = train(of(arguments, network), **options)
        assert contents(together.of_network(network)) == contents(alone.of_network(0))
        np.testing.assert_equal(history.of_network(network, 0.5), own.of_network(0, 0.5))
        assert [iteration for iteration, _ in history.snapshots[network]] == [at for at, _ in own.snapshots[0]]
        for (_, kept), (_, kept_alone) in zip(history.snapshots[network], own.snapshots[0], strict=True):
            assert contents(kept) == contents(kept_alone)


def test_a_network_that_stops_has_the_weights_and_curves_of_its_last_point():
    arguments, options = staggered()
    final, history = train(arguments, **options, stop_at_target=True)
    end = history.reached_at[0]
    assert 0 < end < 60
    until, own = train(of(arguments, 0), iterations=end)
    assert contents(final.of_network(0)) == contents(until.of_network(0))
    outcome, expected = history.of_network(0, 0.5), own.of_network(0, 0.5)
    assert outcome.pop("reached_at") == end and expected.pop("reached_at") is None
    assert outcome == expected
    assert outcome["accuracy"][-1] >= 0.9 and not outcome["diverged"]
    assert json.loads(json.dumps(outcome)) == outcome


def test_training_ends_once_every_network_has_stopped_or_diverged():
    arguments, options = staggered()
    weights, inputs, targets = arguments
    some = weights.map(lambda matrix: matrix[:3]), inputs[:3], targets[:3]
    _, history = train(some, **options, stop_at_target=True)
    assert history.iterations[-1] == max(at for at in (*history.reached_at, *history.diverged_at) if at) < 60


def test_a_stop_without_a_target_is_refused():
    with pytest.raises(ValueError, match="stop_at_target needs a target_accuracy"):
        train(problem(), stop_at_target=True)


# Snapshots


@pytest.mark.parametrize("loss_steps", ["all", "last"])
@pytest.mark.parametrize("options", [{}, {"momentum": 0.9}, {"momentum": 0.9, "signs_held": True}])
def test_snapshots_are_the_weights_of_shorter_trainings_and_change_nothing(options, loss_steps):
    weights, inputs, targets = problem()
    if "signs_held" in options:
        weights.recurrent.abs_().mul_(0.1)
    arguments = (weights, inputs, targets)
    options |= {"loss_steps": loss_steps}
    final, history = train(arguments, snapshot_at=(7, 0, 5, 12, 6), **options)
    plain, plain_history = train(arguments, **options)
    assert contents(final) == contents(plain)
    assert history.losses.tobytes() == plain_history.losses.tobytes()
    assert history.iterations == plain_history.iterations
    assert plain_history.snapshots == [[], [], []]
    for network, snapshots in enumerate(history.snapshots):
        assert [iteration for iteration, _ in snapshots] == [0, 5, 6, 7, 12]
        assert contents(snapshots[0][1]) == contents(weights.of_network(network))
        for iteration, kept in snapshots[1:]:
            shorter, _ = train(arguments, iterations=iteration, **options)
            assert contents(kept) == contents(shorter.of_network(network))


def test_a_network_has_no_snapshots_after_its_end():
    arguments, options = staggered()
    _, history = train(arguments, **options, stop_at_target=True, snapshot_at=range(61))
    ends = [history.reached_at[0], 10, history.reached_at[2], 60]
    for snapshots, end in zip(history.snapshots, ends, strict=True):
        assert [iteration for iteration, _ in snapshots] == list(range(end + 1))


def test_a_snapshot_outside_of_training_is_refused():
    with pytest.raises(ValueError, match=r"snapshots at \[-1, 13\] are outside of the 12 iterations"):
        train(problem(), snapshot_at=(-1, 0, 12, 13))


@pytest.mark.parametrize("report_every", [1, 3, 7, 100])
def test_a_network_converges_at_the_first_batch_whose_loss_is_below_a_share_of_the_first(report_every):
    weights, inputs, targets = problem()
    learning_rate, fraction = 0.5, 0.9
    _, fine = train((weights, inputs, targets), learning_rate, report_every=1)
    _, history = train(
        (weights, inputs, targets), learning_rate, report_every=report_every, convergence_fraction=fraction
    )
    for network in range(fine.losses.shape[1]):
        course = fine.losses[:, network]
        below = np.flatnonzero(course < fraction * course[0])
        found = history.of_network(network, 0.5)["convergence_iterations"]
        assert found == (int(below[0]) if len(below) else None)
    assert any(found is not None for found in history.converged_at)


def test_a_network_that_ended_does_not_converge_afterwards():
    weights = loop.laid_out(problem()[0])
    recorder = training_history.Recorder(weights, TrainingSettings(0.1, convergence_fraction=0.5), [2.0] * 3)
    recorder.add_batches(0, np.array([[1.0, 1.0, 1.0], [3.0, 0.6, 0.4]]))
    recorder.add_point(2, np.array([3.0, 0.6, 0.4]), None)
    recorder.add_batches(2, np.array([[0.1, 0.4, 0.1]]))
    assert recorder.history().converged_at[:3] == [None, 2, 1]
