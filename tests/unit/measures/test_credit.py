"""Kernel and directions of rules of learning: what they say is what a small update by the rule does."""

import math
from types import SimpleNamespace

import numpy as np
import pytest
import torch

import oracles
from richlazy.measures import credit, disturbance
from richlazy.measures.change import alignment, weight_change_norms
from richlazy.measures.learning_rule import LearningRule
from richlazy.measures.tangent_kernel import kernel_of_rule, tangent_kernel
from richlazy.models.rate_network import Dynamics, Weights, respond
from richlazy.training import rules

DYNAMICS = [Dynamics(0.3), Dynamics(0.4, "inside"), Dynamics(0.2, "tanh"), Dynamics(0.0, "none")]
STEPS, TRIALS, SIZE, CLASSES = 6, 5, 12, 3


def network(seed=0):
    return Weights(*oracles.random_weights(np.random.default_rng(seed), SIZE, 2, CLASSES))


def trials(seed=1):
    return oracles.random_trials(np.random.default_rng(seed), STEPS, TRIALS, 2, CLASSES)


def outputs(weights, inputs, dynamics):
    return respond(weights, inputs, dynamics)[0] @ weights.readout.T


@pytest.mark.parametrize("dynamics", DYNAMICS, ids=str)
@pytest.mark.parametrize("times", ["all", "last"])
def test_with_the_weights_themselves_the_kernel_of_a_rule_is_the_tangent_kernel(dynamics, times):
    weights, (inputs, _) = network(), trials()
    expected = tangent_kernel(weights, inputs, dynamics, times).recurrent
    torch.testing.assert_close(kernel_of_rule(weights, weights, inputs, dynamics, times), expected)


@pytest.mark.parametrize("dynamics", DYNAMICS, ids=str)
@pytest.mark.parametrize("rule", [rule for rule in rules.RULES if LearningRule(rule).sends_errors_back])
def test_outputs_move_by_the_kernel_of_the_rule_times_their_errors(rule, dynamics):
    """To first order in a small update of the recurrent weights along the directions of the rule."""
    initial, now, (inputs, targets) = network(0), network(2), trials()
    learning = LearningRule(rule, 0.3, 2, "recurrent")
    fixed = learning.fixed_feedback(initial, seed=4)
    directions, gradient = learning.directions(now, fixed, (inputs, targets), dynamics, "all", "cross_entropy")
    rate = 1e-6
    step = directions[: SIZE**2].view(SIZE, SIZE)
    assert not directions[SIZE**2 :].any()
    moved = Weights(now.recurrent - rate * step, now.input, now.readout)
    before = outputs(now, inputs, dynamics)
    change = outputs(moved, inputs, dynamics) - before
    leaf = before.clone().requires_grad_(True)
    loss = torch.nn.functional.cross_entropy(leaf.flatten(0, 1), targets.flatten().long())
    errors = torch.autograd.grad(loss, leaf)[0].transpose(1, 2).flatten()  # (time, class, trial)
    kernel = learning.kernel(now, fixed, inputs, dynamics, "all")
    expected = -rate * kernel @ errors
    assert oracles.relative_error(change.transpose(1, 2).flatten(), expected) < 1e-4
    exact = oracles.loss_gradient(now, inputs, targets, dynamics.leak_factor, dynamics.rectification)
    torch.testing.assert_close(gradient[: SIZE**2], exact[0].flatten())
    assert (alignment(directions, gradient) == pytest.approx(1)) == rules.RULES[rule].is_gradient
    assert (credit.asymmetry(kernel) < 1e-12) == rules.RULES[rule].is_gradient


def test_uncorrelated_feedback_has_nothing_to_do_with_the_readout_and_correlated_feedback_has():
    weights = Weights(*oracles.random_weights(np.random.default_rng(3), 2000, 2, 3))
    for correlation in (0.0, 0.6, 1.0):
        feedback = LearningRule("feedback_alignment", correlation).fixed_feedback(weights, seed=1)["readout"][0]
        assert alignment(weights.readout, feedback) == pytest.approx(correlation, abs=0.05)


def test_nothing_has_no_direction():
    nothing, something = torch.zeros(4, 4), torch.ones(4, 4)
    assert math.isnan(alignment(nothing, something))
    assert math.isnan(credit.asymmetry(torch.tensor([[0.0, 1.0], [-1.0, 0.0]])))


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
def test_asymmetry_is_what_a_kernel_lacks_in_symmetry_at_any_scale(scale):
    symmetric, antisymmetric = torch.eye(2).double(), torch.tensor([[0.0, 1.0], [-1.0, 0.0]]).double()
    for share in (0.0, 0.3, 2.0):
        assert credit.asymmetry(scale * (symmetric + share * antisymmetric)) == pytest.approx(share)


def readout_share(before, after):
    context = SimpleNamespace(
        before=SimpleNamespace(weights=before),
        after=SimpleNamespace(weights=after),
        weight_change_norms=weight_change_norms(before, after),
        values={},
    )
    return credit.readout_change_share(context)


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
def test_the_share_of_the_readout_is_one_of_squares_however_little_changed(scale):
    before = network()
    after = before.map(torch.clone)
    for matrix, change in zip(after, (2, 2, 1), strict=True):
        matrix[0, 0] += scale * change
    assert readout_share(before, after) == pytest.approx(1 / 9, rel=1e-8)
    assert math.isnan(readout_share(before, before))


def test_nobody_hears_a_silent_unit():
    weights, (inputs, _) = network(), trials()
    dynamics = Dynamics(0.3)
    before = respond(weights, inputs, dynamics)[0]
    for lesioned in disturbance.lesioned(weights, seed=5):
        silent = (lesioned.readout == 0).all(0)
        assert silent.sum() == 1
        after = respond(lesioned, inputs, dynamics)[0]
        others = Weights(weights.recurrent[~silent][:, ~silent], weights.input[~silent], weights.readout[:, ~silent])
        torch.testing.assert_close(after[..., ~silent], respond(others, inputs, dynamics)[0])
        assert not torch.equal(after, before)


@pytest.mark.parametrize(("size", "silent"), [(3, 1), (12, 1), (40, 4), (46, 5)])
def test_a_tenth_of_the_units_is_silent_and_one_at_least(size, silent):
    weights = Weights(*oracles.random_weights(np.random.default_rng(0), size, 2, CLASSES))
    lesioned = [one.readout == 0 for one in disturbance.lesioned(weights, seed=5)]
    assert [int(one.all(0).sum()) for one in lesioned] == [silent] * 10
