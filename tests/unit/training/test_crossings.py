"""Weights at levels of the loss, and what guessing costs: the first point at a level is kept, and nothing changes."""

import json
import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import oracles
from richlazy.models import kept_weights, rate_network
from richlazy.models.rate_network import Dynamics, Weights
from richlazy.storage import array_io
from richlazy.training import guessing, loop, network_job, training_history
from richlazy.training.settings import TrainingSettings

SIZE, INPUTS, OUTPUTS, STEPS, TRIALS = 48, 4, 4, 3, 16
DYNAMICS = Dynamics(0.2)
LEVELS = {"shared": 0.5, "converged": 0.25, "never": -0.5}
UPDATES = 60


def problem(networks=3, stored=UPDATES, loss="cross_entropy", seed=0):
    """The class is the input that is on at the last step; networks start with readouts of their own scale."""
    rng = np.random.default_rng(seed)
    weights = Weights(*oracles.random_weights(rng, SIZE, INPUTS, OUTPUTS, networks, torch.float32, gain=0.7))
    for network in range(networks):
        weights.readout[network] *= 1 + network
    classes = [rng.integers(0, OUTPUTS, (stored, STEPS, TRIALS)).astype(np.uint8) for _ in range(networks)]
    shown = [np.eye(INPUTS)[one] for one in classes]
    inputs = [(2 * one + 0.3 * rng.standard_normal(one.shape)).astype(np.float32) for one in shown]
    return weights, inputs, classes if loss == "cross_entropy" else [one.astype(np.float32) for one in shown]


def train(arguments, **options):
    usual = {"loss_steps": "last", "report_every": 5, "iterations": UPDATES}
    return loop.train(*arguments, DYNAMICS, TrainingSettings(0.06, **usual | options))


def of(arguments, network):
    weights, inputs, targets = arguments
    part = slice(network, network + 1)
    return weights.map(lambda matrix: matrix[part]), inputs[part], targets[part]


def contents(weights):
    return [matrix.contiguous().numpy().tobytes() for matrix in weights]


def first_point(course, guess, floor, level):
    """Iteration of the first point at which the excess is at most a level, from the curve alone."""
    for iteration, loss in zip(course["iterations"], course["loss"], strict=True):
        if (loss - floor) / (guess - floor) <= level:
            return iteration
    return None


# Crossings


@pytest.mark.parametrize("momentum", [0.0, 0.9])
@pytest.mark.parametrize("loss_steps", ["all", "last"])
@pytest.mark.parametrize("loss", ["cross_entropy", "squared_error", "masked_squared_error"])
@pytest.mark.parametrize("floor", [0.0, 0.02])
def test_a_crossing_is_the_network_at_the_first_point_at_the_level(loss, loss_steps, momentum, floor):
    arguments, options = problem(loss=loss), {"loss": loss, "loss_steps": loss_steps, "momentum": momentum}
    final, history = train(arguments, excess_levels=LEVELS, floor=floor, **options)
    plain, without = train(arguments, **options)
    assert contents(final) == contents(plain) and without.crossings == [{}, {}, {}]
    crossed = 0
    for network in range(3):
        course, found = history.of_network(network, 0.5), history.crossings[network]
        assert course == without.of_network(network, 0.5)
        assert "never" not in found
        for name, level in LEVELS.items():
            at = first_point(course, course["guess_loss"], floor, level)
            assert at == (found[name][0] if name in found else None)
            if at is None:
                continue
            crossed += 1
            _, again = train(arguments, snapshot_at=(at,), **options)
            ((_, expected),) = again.snapshots[network]
            assert contents(found[name][1]) == contents(expected)
            assert (contents(expected) == contents(final.of_network(network))) == (at == UPDATES)
    assert crossed >= 3


def test_networks_cross_together_where_they_cross_alone():
    arguments = problem()
    _, history = train(arguments, excess_levels=LEVELS)
    assert len({crossings["shared"][0] for crossings in history.crossings}) > 1
    for network in range(3):
        _, alone = train(of(arguments, network), excess_levels=LEVELS)
        found, expected = history.crossings[network], alone.crossings[0]
        assert {name: at for name, (at, _) in found.items()} == {name: at for name, (at, _) in expected.items()}
        assert all(contents(found[name][1]) == contents(expected[name][1]) for name in expected)


def test_networks_that_have_ended_cross_no_more():
    weights, inputs, targets = problem()
    inputs[0][5:10] *= 1e30
    _, history = train((weights, inputs, targets), excess_levels={"soon": 0.9, "late": 0.5, "any": math.inf})
    assert history.diverged_at[0] is not None
    assert set(history.crossings[0]) <= {"soon", "any"}
    assert all(at < history.diverged_at[0] for at, _ in history.crossings[0].values())
    assert set(history.crossings[1]) == {"soon", "late", "any"}
    _, history = train(problem(), excess_levels={"never": 0.0001}, target_accuracy=0.5, stop_at_target=True)
    assert history.crossings == [{}, {}, {}] and None not in history.reached_at


def test_a_network_that_ends_at_a_crossing_has_crossed():
    weights = loop.laid_out(problem(networks=2)[0])
    settings = TrainingSettings(0.1, target_accuracy=0.9, stop_at_target=True, excess_levels=LEVELS, floor=0.2)
    recorder = training_history.Recorder(weights, settings, [10.0, 10.0], [1.0, 1.0])
    recorder.add_point(5, np.array([0.6, 0.601]), np.array([0.9, 0.8]))
    ended = contents(weights.of_network(0))
    for matrix in weights:
        matrix += 1
    recorder.add_point(10, np.array([0.1, 0.4]), np.array([1.0, 0.8]))
    history = recorder.history()
    assert {name: at for name, (at, _) in history.crossings[0].items()} == {"shared": 5}
    assert {name: at for name, (at, _) in history.crossings[1].items()} == {"shared": 10, "converged": 10}
    assert contents(history.crossings[0]["shared"][1]) == ended == contents(weights.of_network(0))


def test_what_costs_no_more_than_the_floor_to_guess_has_no_levels():
    weights, inputs, targets = problem()
    certain = [np.zeros_like(one) for one in targets]  # always the same class
    _, history = train((weights, inputs, certain), excess_levels={"any": 0.9})
    assert history.guess_losses == [0.0, 0.0, 0.0] and history.crossings == [{}, {}, {}]


# Guessing


@given(
    shape=st.tuples(st.integers(1, 4), st.integers(1, 4), st.integers(1, 6)),
    classes=st.integers(1, 4),
    seed=st.integers(0, 1000),
)
@pytest.mark.parametrize("loss_steps", ["all", "last"])
def test_guessing_classes_costs_what_the_best_constant_answer_of_each_step_costs(loss_steps, shape, classes, seed):
    rng = np.random.default_rng(seed)
    targets = rng.integers(0, classes, shape)
    counted = targets if loss_steps == "all" else targets[:, -1:]
    found = guessing.guess_loss(targets, "cross_entropy", loss_steps)

    def cost(shares):
        picked = np.stack([shares[step][counted[:, step]] for step in range(counted.shape[1])], 1)
        with np.errstate(divide="ignore"):
            return float(-np.log(picked).mean())

    frequencies = np.stack([(counted == one).mean((0, 2)) for one in range(classes)], -1)
    assert found == pytest.approx(cost(frequencies), abs=1e-12)
    others = frequencies + rng.uniform(0, 1, frequencies.shape)
    assert found <= cost(others / others.sum(-1, keepdims=True)) + 1e-12


@pytest.mark.parametrize("loss", ["squared_error", "masked_squared_error"])
@pytest.mark.parametrize("loss_steps", ["all", "last"])
def test_guessing_numbers_costs_what_silence_costs(loss, loss_steps):
    weights, inputs, targets = problem(networks=1, loss=loss)
    if loss == "masked_squared_error":
        targets[0][:, :, 3:, 1:] = np.nan
    silent = weights.map(lambda matrix: torch.zeros_like(matrix, dtype=torch.float64))
    settings = TrainingSettings(0.0, loss=loss, loss_steps=loss_steps, report_every=UPDATES)
    _, history = loop.train(silent, inputs, targets, DYNAMICS, settings)
    assert history.guess_losses[0] == pytest.approx(float(history.losses[0, 0]), rel=1e-12)
    assert history.of_network(0, 0.5)["guess_loss"] == history.guess_losses[0]


# Files


def files(folder, arguments, floor):
    weights, inputs, targets = arguments
    folder.mkdir()
    array_io.save_array(folder / "recurrent.npy", weights.recurrent[0].numpy())
    array_io.save_array(folder / "inputs.npy", inputs[0])
    array_io.save_array(folder / "targets.npy", targets[0])
    array_io.save_json(folder / "task.json", {"outputs": OUTPUTS, "bayes_loss": floor})


def train_files(*folders, asked=({},)):
    """Train the network of each folder, all in one job, which keeps what it is asked for; history of the first."""
    run = {
        "architecture": "recurrent", "seed": 0, "leak": "euler", "time_step_ms": 80.0, "time_constant_ms": 100.0,
        "rectification": "after_leak", "readout": "linear_layer", "learning_rate": 0.01, "momentum": 0.9,
        "optimiser": "gradient_descent", "trained": "all", "iterations": UPDATES,
    }  # fmt: skip
    training = {
        "curve_points": 12, "signs_held": False, "loss": "cross_entropy", "loss_steps": "last", "divergence_loss": 100,
        "target_accuracy": None, "stop_at_target": False, "convergence_fraction": 0.05,
        "device": "cpu", "final_loss_fraction": 0.2,
    }  # fmt: skip
    names = ("recurrent.npy", "inputs.npy", "targets.npy", "network.npz", "history.json")
    each = [network_job.NetworkFiles(*(str(folder / name) for name in names)) for folder in folders]
    network_job.train_files(each, [run | kept for kept in asked], folders[0] / "task.json", training)
    return (folders[0] / "history.json").read_text()


def trained(path):
    """Arrays of a network that are not kept of its way."""
    with np.load(path) as arrays:
        return {name: arrays[name].tobytes() for name in arrays if not name.startswith(("snapshot", "crossing"))}


def test_networks_are_the_same_with_and_without_levels_and_the_floor_of_the_task_counts(tmp_path):
    found = {}
    for floor in (None, 0.4):
        folder = tmp_path / str(floor)
        files(folder, problem(networks=1), floor)
        history = train_files(folder)
        plain = trained(folder / "network.npz")
        assert kept_weights.load_crossings(folder / "network.npz") is None
        assert train_files(folder, asked=[{"excess_levels": LEVELS}]) == history
        assert trained(folder / "network.npz") == plain
        course = json.loads(history)
        crossings = kept_weights.load_crossings(folder / "network.npz")
        found[floor] = {name: at for name, (at, _) in crossings.items()}
        for name in ("shared", "converged"):
            assert found[floor].get(name) == first_point(course, course["guess_loss"], floor or 0.0, LEVELS[name])
    assert found[None]["shared"] > found[0.4]["shared"]


def test_each_network_of_a_job_keeps_what_it_is_asked_for(tmp_path, monkeypatch):
    """Also where they are trained together, as on a GPU."""
    asked = [{}, {"snapshot_at": [0, 4]}, {"snapshot_at": [0, 7, UPDATES], "excess_levels": LEVELS}]
    folders = [tmp_path / str(place) for place in range(3)]
    for folder in folders:
        files(folder, problem(networks=1), None)
    found = []
    for together in (False, True):
        if together:
            monkeypatch.setattr(network_job.devices, "parts", lambda count, device: [slice(0, count)])
        train_files(*folders, asked=asked)
        found.append([array_io.load_arrays(folder / "network.npz") for folder in folders])
        assert not any(name.startswith("snapshot") for name in found[-1][0])
        snapshots = [kept_weights.load_snapshots(folder / "network.npz") for folder in folders[1:]]
        assert [[at for at, _ in each] for each in snapshots] == [[0, 4], [0, 7, UPDATES]]
        crossings = [kept_weights.load_crossings(folder / "network.npz") for folder in folders]
        assert crossings[:2] == [None, None] and set(crossings[2]) == {"shared", "converged"}
    for alone, among_others in zip(*found, strict=True):
        assert alone.keys() == among_others.keys()
        for name in alone.keys() - {"crossing_levels"}:
            np.testing.assert_allclose(among_others[name], alone[name], atol=1e-5)


def test_crossings_are_read_as_they_were_written_and_none_are_told_from_those_of_no_level(tmp_path):
    weights, *_ = problem(networks=2)
    first, second = weights.of_network(0), weights.of_network(1)
    for crossings in ({"shared": (100, first), "converged": (300, second)}, {"converged": (200, second)}, {}):
        rate_network.save_network(
            tmp_path / "network.npz", first, second, kept_weights.arrays_of_crossings(crossings, first)
        )
        found = kept_weights.load_crossings(tmp_path / "network.npz")
        assert {name: at for name, (at, _) in found.items()} == {name: at for name, (at, _) in crossings.items()}
        assert all(contents(found[name][1]) == contents(kept) for name, (_, kept) in crossings.items())
    rate_network.save_network(tmp_path / "network.npz", first, second)
    assert kept_weights.load_crossings(tmp_path / "network.npz") is None


def test_snapshots_are_read_as_they_were_written(tmp_path):
    weights, *_ = problem(networks=2)
    snapshots = [(iteration, weights.of_network(place)) for place, iteration in enumerate((0, 250))]
    kept = kept_weights.arrays_of_snapshots(snapshots, weights.of_network(0))
    rate_network.save_network(tmp_path / "network.npz", weights.of_network(0), weights.of_network(1), kept)
    found = kept_weights.load_snapshots(tmp_path / "network.npz")
    assert [iteration for iteration, _ in found] == [0, 250]
    for (_, read), (_, written) in zip(found, snapshots, strict=True):
        assert contents(read) == contents(written)
