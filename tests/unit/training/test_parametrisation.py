"""Training of m and w (Schuessler et al. 2020, Eqs. 2 and 3) against automatic differentiation through sqrt(N)."""

import math
from collections import defaultdict

import numpy as np
import pytest
import torch

import oracles
from richlazy.models.backpropagation import Backpropagation
from richlazy.models.rate_network import Dynamics, Weights
from richlazy.training import loop, optimisers
from richlazy.training.settings import TrainingSettings

SIZE, INPUTS, OUTPUTS = 6, 3, 4
DYNAMICS = Dynamics(0.5, "tanh")


def problem(networks=1, iterations=5, dtype=torch.float64, size=SIZE):
    rng = np.random.default_rng(0)
    weights = Weights(*oracles.random_weights(rng, size, INPUTS, OUTPUTS, networks, dtype))
    inputs = [rng.standard_normal((iterations, 5, 4, INPUTS)) for _ in range(networks)]
    targets = [rng.integers(0, OUTPUTS, (iterations, 5, 4)).astype(np.uint8) for _ in range(networks)]
    kind = np.float64 if dtype == torch.float64 else np.float32
    return weights, [one.astype(kind) for one in inputs], targets


def train(weights, inputs, targets, **settings):
    how = TrainingSettings(**{"learning_rate": 0.05, "parametrisation": "scaled", "report_every": 1} | settings)
    return loop.train(weights, inputs, targets, DYNAMICS, how)[0]


def train_printed(weights, inputs, targets, optimiser):
    """Final weights of a network that torch trains in W, m and w, and how far m and w went from their start."""
    root = math.sqrt(SIZE)
    start = (weights.recurrent[0], weights.input[0] / root, weights.readout[0] * root)
    recurrent, m, w = leaves = [leaf.detach().clone().requires_grad_(True) for leaf in start]
    descent = optimiser(leaves)
    for batch, classes in zip(torch.from_numpy(inputs[0]), torch.from_numpy(targets[0]), strict=True):
        descent.zero_grad()
        oracles.network_loss((recurrent, root * m, w / root), batch, classes, 0.5, "tanh").backward()
        descent.step()
    return [recurrent.detach(), root * m.detach(), w.detach() / root]


TORCH = {
    "gradient_descent": lambda leaves: torch.optim.SGD(leaves, lr=0.05),
    "momentum": lambda leaves: torch.optim.SGD(leaves, lr=0.05, momentum=0.9),
    "adam": lambda leaves: torch.optim.Adam(leaves, lr=0.05),
}


@pytest.mark.parametrize("iterations", [1, 5])
@pytest.mark.parametrize("descent", TORCH)
def test_scaled_training_equals_torch_on_m_and_w(descent, iterations):
    weights, inputs, targets = problem(iterations=iterations)
    optimiser = "adam" if descent == "adam" else "gradient_descent"
    how = {"optimiser": optimiser, "momentum": 0.9 if descent == "momentum" else 0.0}
    final, plain = (train(weights, inputs, targets, **how, **one) for one in ({}, {"parametrisation": "plain"}))
    expected = train_printed(weights, inputs, targets, TORCH[descent])
    for actual, reference in zip(final.of_network(0), expected, strict=True):
        assert oracles.relative_error(actual, reference) < 1e-12
    # Recurrent weights take the same first step; later ones see other inputs and readouts.
    differ = [oracles.relative_error(other, reference) > 1e-4 for other, reference in zip(plain, final, strict=True)]
    assert differ == [iterations > 1, True, True]


def test_one_step_of_adam_goes_by_the_rate_times_the_factor_of_each_matrix():
    weights, inputs, targets = problem(iterations=1)
    final = train(weights, inputs, targets, optimiser="adam", learning_rate=0.01)
    moved = [float((after - before).abs().median()) for after, before in zip(final, weights, strict=True)]
    assert moved == pytest.approx([0.01, 0.01 * math.sqrt(SIZE), 0.01 / math.sqrt(SIZE)], rel=1e-4)


@pytest.mark.parametrize("parametrisation", ["plain", "scaled"])
@pytest.mark.parametrize("optimiser", ["gradient_descent", "adam"])
def test_a_descent_that_restarts_has_forgotten_updates_on_silent_trials(optimiser, parametrisation):
    weights, inputs, targets = problem()
    batch = torch.from_numpy(inputs[0][:1]), torch.from_numpy(targets[0][:1])
    settings = TrainingSettings(0.05, optimiser=optimiser, parametrisation=parametrisation)
    found = []
    for restarts in (None, False, True):
        own = weights.map(torch.clone)
        passes = Backpropagation(own, 5, 4, DYNAMICS)
        descent = optimisers.optimiser(passes, settings)
        log_likelihoods = passes.errors.new_zeros(1, 1, passes.loss_rows)
        for _ in range(0 if restarts is None else 3):
            passes.load(torch.zeros_like(batch[0]), batch[1])
            descent.step(log_likelihoods)
        if restarts:
            descent.restart()
        passes.load(*batch)
        descent.step(log_likelihoods)
        found.append(own)
    fresh, without, restarted = found
    for first, other in zip(fresh, restarted, strict=True):
        torch.testing.assert_close(first, other, rtol=1e-12, atol=1e-14)
    # Adam takes its first averages for smaller ones the fewer updates it has made.
    is_equal = torch.allclose(fresh.recurrent, without.recurrent, rtol=1e-6)
    assert is_equal == (optimiser == "gradient_descent")


@pytest.mark.parametrize("size", [16, 18])
def test_networks_trained_together_have_the_bytes_of_those_trained_alone(size):
    weights, inputs, targets = problem(networks=3, dtype=torch.float32, size=size)
    together = train(weights, inputs, targets, optimiser="adam")
    for network in range(3):
        part = slice(network, network + 1)
        alone = train(
            weights.map(lambda matrix, part=part: matrix[part]), inputs[part], targets[part], optimiser="adam"
        )
        for actual, expected in zip(together.of_network(network), alone.of_network(0), strict=True):
            assert actual.contiguous().numpy().tobytes() == expected.contiguous().numpy().tobytes()


def test_training_leaves_its_initial_weights_as_they_are():
    weights, inputs, targets = problem()
    before = weights.map(torch.clone)
    train(weights, inputs, targets)
    assert all(torch.equal(one, other) for one, other in zip(weights, before, strict=True))


def test_settings_of_runs_of_before_the_parameter_are_plain():
    run = {"learning_rate": 0.1, "momentum": None, "optimiser": "adam", "trained": "all", "iterations": 3}
    training = defaultdict(lambda: None, signs_held=False, divergence_loss=1.0, stop_at_target=False)
    found = [TrainingSettings.of_run(run | more, training).parametrisation for more in ({}, {"parametrisation": None})]
    assert found == ["plain", "plain"]
    assert TrainingSettings.of_run(run | {"parametrisation": "scaled"}, training).parametrisation == "scaled"
