"""Node perturbation: one draw by its formula, the gradient on average, and noise that belongs to one network alone."""

import numpy as np
import pytest
import torch

import oracles
from richlazy.models.backpropagation import Backpropagation
from richlazy.models.perturbation import NodePerturbation
from richlazy.models.rate_network import Dynamics, Weights
from richlazy.storage.seeds import generator

STEPS, TRIALS, SIZE, CLASSES = 5, 4, 6, 3
DYNAMICS = [Dynamics(0.3), Dynamics(0.4, "inside"), Dynamics(0.2, "tanh"), Dynamics(0.3, "none")]


def problem(networks=1, dtype=torch.float64):
    rng = np.random.default_rng(2)
    weights = Weights(*oracles.random_weights(rng, SIZE, 2, CLASSES, networks, dtype=dtype))
    trials = [oracles.random_trials(rng, STEPS, TRIALS, 2, CLASSES, dtype) for _ in range(networks)]
    return weights, *(torch.stack(part) for part in zip(*trials, strict=True))


def passes_of(kind, weights, inputs, targets, dynamics, loss_steps="all"):
    passes = kind(weights, STEPS, TRIALS, dynamics, loss_steps)
    passes.load(inputs, targets)
    return passes


def directions(passes):
    found = passes.weights.map(torch.zeros_like)
    passes.gradients(passes.inputs.new_zeros(len(passes.inputs), 1, passes.loss_rows), found, 1.0)
    return found


def rates_with_noise(weights, inputs, dynamics, noise):
    """One network, step after step, noise added to each state."""
    recurrent, feed, _ = weights
    rho = dynamics.leak_factor
    state = rate = torch.zeros(TRIALS, SIZE, dtype=torch.float64)
    found = []
    for now, pushed in zip(inputs, noise, strict=True):
        state = rho * state + (1 - rho) * (rate @ recurrent.T + now @ feed.T) + pushed
        rate = {"tanh": torch.tanh, "none": lambda x: x}.get(dynamics.rectification, torch.relu)(state)
        state = rate if dynamics.rectification == "after_leak" else state
        found.append(rate)
    return torch.stack(found)


@pytest.mark.parametrize("dynamics", DYNAMICS, ids=str)
@pytest.mark.parametrize("loss_steps", ["all", "last"])
def test_a_draw_is_its_formula(dynamics, loss_steps):
    weights, inputs, targets = problem()
    found = directions(passes_of(NodePerturbation, weights, inputs, targets, dynamics, loss_steps).perturb(0.1, [7]))
    noise = 0.1 * torch.from_numpy(generator(7, "perturbation").standard_normal((STEPS, TRIALS, SIZE)))
    one, first = weights.of_network(0), 0 if loss_steps == "all" else STEPS - 1
    rates = [rates_with_noise(one, inputs[0], dynamics, push) for push in (noise, torch.zeros_like(noise))]
    losses = []
    for each in rates:
        outputs = each[first:] @ one.readout.T
        entropy = torch.nn.functional.cross_entropy(
            outputs.flatten(0, 1), targets[0, first:].flatten().long(), reduction="none"
        )
        losses.append(entropy.view(-1, TRIALS).sum(0) / entropy.numel())  # of each trial, its part of the mean
    rises, rho = losses[0] - losses[1], dynamics.leak_factor
    expected = torch.zeros(SIZE, SIZE, dtype=torch.float64), torch.zeros(SIZE, 2, dtype=torch.float64)
    for step in range(STEPS):
        for trial in range(TRIALS):
            push = (1 - rho) * rises[trial] / 0.01 * noise[step, trial]
            expected[1].add_(torch.outer(push, inputs[0, step, trial]))
            if step:
                expected[0].add_(torch.outer(push, rates[1][step - 1, trial]))
    torch.testing.assert_close(found.recurrent[0], expected[0])
    torch.testing.assert_close(found.input[0], expected[1])
    exact = directions(passes_of(Backpropagation, weights, inputs, targets, dynamics, loss_steps))
    torch.testing.assert_close(found.readout, exact.readout)


@pytest.mark.parametrize("dynamics", DYNAMICS, ids=str)
def test_it_is_the_gradient_on_average(dynamics):
    """The cosine of a mean of n draws with the gradient is about sqrt(n / (n + degrees of freedom))."""
    weights, inputs, targets = problem()
    exact = directions(passes_of(Backpropagation, weights, inputs, targets, dynamics)).recurrent.flatten()
    passes = passes_of(NodePerturbation, weights, inputs, targets, dynamics).perturb(1e-4, [3])
    found, cosines = torch.zeros_like(exact), {}
    for draw in range(1, 2001):
        found += directions(passes).recurrent.flatten()
        cosines[draw] = float(found @ exact / found.norm() / exact.norm())
    assert cosines[2000] > 0.96 > 0.8 > abs(cosines[1])
    assert float(found.norm()) / 2000 == pytest.approx(float(exact.norm()), rel=0.15)


def test_networks_that_are_trained_together_have_the_noise_of_those_trained_alone():
    weights, inputs, targets = problem(3, torch.float32)
    dynamics = Dynamics(0.3)
    together = directions(passes_of(NodePerturbation, weights, inputs, targets, dynamics).perturb(0.1, [4, 5, 4]))
    for place, seed in enumerate((4, 5, 4)):
        own = weights.map(lambda matrix, place=place: matrix[place : place + 1])
        trials = inputs[place : place + 1], targets[place : place + 1]
        alone = directions(passes_of(NodePerturbation, own, *trials, dynamics).perturb(0.1, [seed]))
        torch.testing.assert_close(together.recurrent[place], alone.recurrent[0])
