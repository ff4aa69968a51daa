"""Learning times and predictions against networks that learn by gradient descent, and against their fixed points."""

import copy
import math
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml

from richlazy import experiments, learning_time, linear_expansion
from richlazy.networks import Dynamics, Weights, gaussian_directions
from richlazy.training import train

CONFIG = yaml.safe_load((Path(__file__).parents[2] / "config.yaml").read_text())
SIZE, STEPS, TARGET, GAIN, RATE, FRACTION = 40, 120, 1.2, 0.4, 0.01, 0.05


def problem(seed=0):
    """Weights with which a network starts, and its one trial: an input of 1, and an output asked for at the end."""
    rng = np.random.default_rng(seed)
    recurrent = GAIN * rng.standard_normal((SIZE, SIZE)) / math.sqrt(SIZE)
    columns = gaussian_directions(1, SIZE, math.sqrt(SIZE), rng).T
    readout = gaussian_directions(1, SIZE, 1 / math.sqrt(SIZE), rng)
    weights = Weights(*(torch.from_numpy(matrix)[None] for matrix in (recurrent, columns, readout)))
    targets = np.full((1, STEPS, 1, 1), np.nan)
    targets[:, -2:] = TARGET
    return weights, np.ones((1, STEPS, 1, 1)), targets


def trained(iterations, rate=RATE, report_every=1):
    weights, inputs, targets = problem()
    return train(
        weights, [inputs], [targets], Dynamics(0.5, "none"), rate, loss="masked_squared_error", iterations=iterations,
        report_every=report_every, trained="recurrent", convergence_fraction=FRACTION,
    )  # fmt: skip


def fixed_point_descent(iterations, rate=RATE):
    """Recurrent weights, losses and norms of gradients of the fixed point z = w' (I - W)^-1 m, after Eqs. 5 and 6."""
    weights = problem()[0].of_network(0)
    recurrent, drive, readout = (matrix.numpy().copy() for matrix in weights)
    losses, norms = [], []
    for _ in range(iterations):
        inverse = np.linalg.inv(np.eye(SIZE) - recurrent)
        error = TARGET - (readout @ inverse @ drive).item()
        gradient = error * inverse.T @ readout.T @ drive.T @ inverse.T
        losses.append(error**2 / 2)
        norms.append(np.linalg.norm(gradient))
        recurrent += rate * gradient
    return recurrent, np.array(losses), np.array(norms)


def run_of(history, **changes):
    parameters = {"learning_rate": RATE, "gain": GAIN, "optimiser": "gradient_descent"}
    return parameters | {"convergence_iterations": history["convergence_iterations"]} | changes


def test_networks_of_long_trials_learn_as_their_fixed_points_do():
    final, history = trained(60)
    recurrent, losses, _ = fixed_point_descent(60)
    np.testing.assert_allclose(final.recurrent[0].numpy(), recurrent, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(history.losses[:, 0], losses, rtol=1e-6, atol=1e-9)
    assert losses[-1] < 0.2 * losses[0]  # they have learned
    start = problem()[0]
    for kept, given in ((final.input, start.input), (final.readout, start.readout)):
        assert torch.equal(kept, given)


@pytest.mark.parametrize(("rate", "tolerance"), [(RATE, 0.03), (RATE / 10, 0.003), (RATE / 100, 0.0003)])
def test_the_fall_of_the_loss_gives_the_norm_of_the_gradient(rate, tolerance):
    # The error is that of finite steps alone: it shrinks with the learning rate.
    *_, losses, norms = fixed_point_descent(40, rate)
    history = {"iterations": list(range(1, 41)), "loss": losses}
    found = learning_time.gradient_norms(history, rate)
    np.testing.assert_allclose(found, norms[:-1], rtol=tolerance)


def test_measures_of_a_trained_network():
    _, course = trained(150)
    history = course.of_network(0, 0.2)
    _, losses, norms = fixed_point_descent(150)
    updates = int(np.argmax(losses < FRACTION * losses[0]))
    assert history["convergence_iterations"] == updates > 20
    found = learning_time.measures(run_of(history, loss_ratio_shuffled_initial=0.5), history, TARGET, FRACTION)
    assert found.keys() == learning_time.MEASURES.keys()
    assert all(math.isfinite(value) for value in found.values())
    beta = 1 / (1 - GAIN**2)
    assert found["convergence_time"] == pytest.approx(RATE * updates)
    assert found["rescaled_convergence_time"] == pytest.approx(RATE * updates * beta**2)
    assert found["gradient_norm_recurrent"] == pytest.approx(norms[:updates].mean(), rel=0.01)
    assert found["gradient_growth"] == pytest.approx(norms.max() / norms[0], rel=0.02)
    assert found["prediction_error_shuffled_initial"] == pytest.approx(0.5 - GAIN**4 * (2 - GAIN**2) ** 2)
    times = RATE * np.arange(updates + 1)
    for order, name in ((1, "first"), (3, "third")):
        distance = np.abs(losses[: updates + 1] - linear_expansion.loss(times, TARGET, GAIN, order)).mean()
        assert found[f"loss_deviation_{name}_order"] == pytest.approx(2 * distance / TARGET**2, rel=1e-5)


def test_a_course_that_is_the_expansion_has_no_deviation_from_it():
    history = {"iterations": list(range(1, 101)), "convergence_iterations": 70}
    history["loss"] = linear_expansion.loss(RATE * np.arange(100), TARGET, GAIN).tolist()
    found = learning_time.measures(run_of(history), history, TARGET, FRACTION)
    assert found["loss_deviation_third_order"] == pytest.approx(0, abs=1e-12)
    assert found["loss_deviation_first_order"] > 0.01
    np.testing.assert_allclose(learning_time.predicted_loss(history, run_of(history), TARGET), history["loss"])
    assert math.isnan(found["prediction_error_shuffled_initial"])  # the run was not shuffled


def test_points_of_many_batches_lie_in_the_middle_of_their_learning_time():
    fine, coarse = (trained(40, report_every=every)[1].of_network(0, 0.2) for every in (1, 10))
    np.testing.assert_allclose(learning_time.learning_times(fine, RATE), RATE * np.arange(40))
    assert coarse["iterations"] == [10, 20, 30, 40]
    found = learning_time.learning_times(coarse, RATE)
    np.testing.assert_allclose(found, RATE * np.arange(40).reshape(4, 10).mean(1))


def test_a_network_that_does_not_converge_has_no_time_nor_what_needs_it():
    _, course = trained(10)
    history = course.of_network(0, 0.2)
    found = learning_time.measures(run_of(history), history, TARGET, FRACTION)
    missing = {name for name, value in found.items() if math.isnan(value)}
    assert missing == {
        "convergence_time", "rescaled_convergence_time", "gradient_norm_recurrent", "loss_deviation_first_order",
        "loss_deviation_third_order", "prediction_error_shuffled_initial",
    }  # fmt: skip


def test_a_loss_that_rises_has_no_gradient_there():
    history = {"iterations": [1, 2, 3, 4], "loss": [1.0, 0.5, 0.7, None]}
    found = learning_time.gradient_norms(history, 0.1)
    np.testing.assert_allclose(found, [math.sqrt(5), np.nan, np.nan])


def test_other_networks_have_a_learning_time_alone_and_adam_none():
    history = {"iterations": [100, 200], "loss": [1.0, 0.1]}
    run = {"learning_rate": 0.1, "gain": 1.5, "convergence_iterations": 90, "optimiser": "gradient_descent"}
    found = learning_time.measures(run, history, None, FRACTION)
    assert found.pop("convergence_time") == pytest.approx(9.0)
    assert all(math.isnan(value) for value in found.values())
    adam = learning_time.measures(run | {"optimiser": "adam"}, history, None, FRACTION)
    assert all(math.isnan(value) for value in adam.values())


def step_responses(**changes):
    """Runs of one step response, with some parameters of the grid changed."""
    config = copy.deepcopy(CONFIG)
    grid = {"task": ["step_response_half"], "structure": ["gaussian"], "gain": [0.0, 0.6]}
    entry = {"title": "t", "source": "s", "preset": "random_rate_network", "compare": "gain", "seeds": 2}
    config["experiments"] = {"e": entry | {"grid": grid | changes}}
    return config, experiments.runs(config, "e")


def test_the_expansion_is_about_step_responses_of_linear_networks():
    assert learning_time.predicted_targets(*step_responses()) == [0.5] * 4


@pytest.mark.parametrize(
    "changes",
    [
        {"gain": [1.0, 1.5]}, {"rectification": ["tanh"]}, {"trained": ["all"]}, {"optimiser": ["adam"]},
        {"momentum": [0.9]}, {"readout": ["linear_layer"]}, {"structure": ["uniform"]}, {"task": ["cosine"]},
    ],
    ids=str,
)  # fmt: skip
def test_the_expansion_is_about_no_other_network(changes):
    found = learning_time.predicted_targets(*step_responses(**changes))
    assert len(found) >= 2
    assert set(found) == {None}
