"""Rules of learning against automatic differentiation with other matrices back, and against forward traces."""

import itertools
from typing import get_args

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy

import oracles
from richlazy.field_types import RuleOfLearning
from richlazy.models import feedback
from richlazy.models.backpropagation import Backpropagation
from richlazy.models.rate_network import RECTIFICATIONS, Dynamics, Weights
from richlazy.training import loop, rules
from richlazy.training.settings import TrainingSettings

STEPS, TRIALS, SIZE, INPUTS, OUTPUTS, NETWORKS = 7, 4, 12, 3, 3, 2
NAMES = ("recurrent", "input", "readout")
ACTIVATE = {"none": lambda state: state, "tanh": torch.tanh, "inside": torch.relu, "after_leak": torch.relu}
LOCAL = ("eligibility", "rflo")
OTHERS = [name for name in rules.RULES if name not in ("backpropagation", "node_perturbation")]
every_kind = pytest.mark.parametrize(
    ("rectification", "rho", "loss_steps"),
    list(itertools.product(RECTIFICATIONS, (0.0, 0.6), ("all", "last"))),
)


class Routed(torch.autograd.Function):
    """A product with weights whose errors go back by another matrix, or by none."""

    @staticmethod
    def forward(context, rates, weights, back):
        context.save_for_backward(rates, back)
        return rates @ weights.T

    @staticmethod
    def backward(context, error):
        rates, back = context.saved_tensors
        return error @ back, error.T @ rates, None


def problem(seed=1):
    """Weights of two networks, inputs (K, T, B, N_in) and classes (K, T, B)."""
    rng = np.random.default_rng(seed)
    weights = Weights(*oracles.random_weights(rng, SIZE, INPUTS, OUTPUTS, NETWORKS))
    trials = [oracles.random_trials(rng, STEPS, TRIALS, INPUTS, OUTPUTS) for _ in range(NETWORKS)]
    return weights, *(torch.stack(part) for part in zip(*trials, strict=True))


def settings_of(rule, **changes):
    usual = {"learning_rate": 0.1, "rule": rule, "feedback_correlation": 0.3, "truncation_steps": 2, "seeds": (5, 9)}
    return TrainingSettings(**usual | changes)


def directions_of(rule, weights, inputs, targets, dynamics, **changes):
    """The directions of a rule on one batch, and its passes."""
    settings = settings_of(rule, **changes)
    passes = rules.directions(weights, STEPS, TRIALS, dynamics, settings)
    for own, given in zip((passes.inputs, passes.targets), passes.arranged(inputs, targets), strict=True):
        own.copy_(given)
    found = weights.map(torch.zeros_like)
    passes.gradients(inputs.new_zeros(NETWORKS, 1, passes.loss_rows), found, 1.0)
    return found, passes


def by_autograd(rule, weights, back, inputs, targets, rho, rectification, loss_steps, cut):
    """The same for one network: ``back`` are the matrices in place of W_h and w."""
    leaves = [matrix.clone().requires_grad_(True) for matrix in weights]
    recurrent, feed, readout = leaves
    back_recurrent, back_readout = back
    state = rate = inputs.new_zeros(TRIALS, SIZE)
    outputs = []
    for step, now in enumerate(inputs):
        if step and cut and step % cut == 0:
            state, rate = state.detach(), rate.detach()
        drive = now @ feed.T + (Routed.apply(rate, recurrent, back_recurrent) if step else 0)
        state = rho * state + (1 - rho) * drive
        rate = ACTIVATE[rectification](state)
        if rectification == "after_leak":
            state = rate
        outputs.append(Routed.apply(rate, readout, back_readout))
    first = 0 if loss_steps == "all" else STEPS - 1
    rows = torch.stack(outputs[first:]).flatten(0, 1)
    cross_entropy(rows, targets[first:].flatten().long()).backward()
    return leaves


@every_kind
@pytest.mark.parametrize("rule", ["backpropagation", *OTHERS])
def test_directions_are_those_of_automatic_differentiation_with_other_matrices_back(
    rule, rectification, rho, loss_steps
):
    weights, inputs, targets = problem()
    found, passes = directions_of(rule, weights, inputs, targets, Dynamics(rho, rectification), loss_steps=loss_steps)
    for network in range(NETWORKS):
        own = weights.of_network(network)
        recurrent, readout = own.recurrent, own.readout
        if rule in LOCAL:
            recurrent = torch.zeros_like(recurrent)
        if rule == "recurrent_feedback":
            recurrent = passes.recurrent_back[network]
        if rule in ("rflo", "feedback_alignment"):
            readout = passes.readout_back[network]
        cut = 2 if rule == "truncated" else None
        expected = by_autograd(
            rule, own, (recurrent, readout), inputs[network], targets[network], rho, rectification, loss_steps, cut
        )
        for name, leaf in zip(NAMES, expected, strict=True):
            torch.testing.assert_close(getattr(found, name)[network], leaf.grad, rtol=1e-11, atol=1e-13)


@every_kind
@pytest.mark.parametrize("rule", LOCAL)
def test_local_rules_are_products_of_errors_and_traces_that_run_forward(rule, rectification, rho, loss_steps):
    weights, inputs, targets = problem(2)
    found, passes = directions_of(rule, weights, inputs, targets, Dynamics(rho, rectification), loss_steps=loss_steps)
    for network in range(NETWORKS):
        recurrent, feed, readout = (matrix.numpy() for matrix in weights.of_network(network))
        back = passes.readout_back[network].numpy()
        state = rate = np.zeros((TRIALS, SIZE))
        trace = np.zeros((TRIALS, SIZE, SIZE))
        direction, first = np.zeros((SIZE, SIZE)), 0 if loss_steps == "all" else STEPS - 1
        for step, now in enumerate(inputs[network].numpy()):
            before = rate
            state = rho * state + (1 - rho) * (now @ feed.T + rate @ recurrent.T)
            slope = np.ones_like(state)
            if rectification == "tanh":
                rate, slope = np.tanh(state), 1 - np.tanh(state) ** 2
            elif rectification == "none":
                rate = state
            else:
                rate, slope = np.maximum(state, 0), (state > 0).astype(float)
            if rectification == "after_leak":
                state = rate
                trace = slope[:, :, None] * (rho * trace + (1 - rho) * before[:, None, :])
                seen = trace
            else:
                trace = rho * trace + (1 - rho) * before[:, None, :]
                seen = slope[:, :, None] * trace
            if step >= first:
                outputs = rate @ readout.T
                chances = np.exp(outputs) / np.exp(outputs).sum(1, keepdims=True)
                errors = chances - np.eye(OUTPUTS)[targets[network, step].numpy()]
                direction += np.einsum("bk,ki,bij->ij", errors, back, seen)
        direction /= (STEPS - first) * TRIALS
        np.testing.assert_allclose(found.recurrent[network].numpy(), direction, rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("rule", ["feedback_alignment", "recurrent_feedback"])
def test_feedback_of_correlation_one_starts_as_backpropagation(rule):
    weights, inputs, targets = problem(3)
    dynamics = Dynamics(0.4, "inside")
    found, _ = directions_of(rule, weights, inputs, targets, dynamics, feedback_correlation=1.0)
    expected, _ = directions_of("backpropagation", weights, inputs, targets, dynamics)
    for ours, theirs in zip(found, expected, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=1e-14)


def test_errors_that_are_cut_after_the_trial_are_those_of_backpropagation():
    weights, inputs, targets = problem(4)
    dynamics = Dynamics(0.4, "after_leak")
    found, _ = directions_of("truncated", weights, inputs, targets, dynamics, truncation_steps=STEPS)
    expected, _ = directions_of("backpropagation", weights, inputs, targets, dynamics)
    for ours, theirs in zip(found, expected, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("loss_steps", ["all", "last"])
@pytest.mark.parametrize("rule", OTHERS)
def test_passes_of_a_rule_remember_nothing_of_the_batch_before(rule, loss_steps):
    weights, inputs, targets = problem(8)
    dynamics = Dynamics(0.6, "inside")
    expected, passes = directions_of(rule, weights, inputs, targets, dynamics, loss_steps=loss_steps)
    for given in (inputs + 1, inputs):
        passes.load(given, targets)
        found = weights.map(torch.zeros_like)
        passes.gradients(inputs.new_zeros(NETWORKS, 1, passes.loss_rows), found, 1.0)
        assert all(torch.equal(*pair) for pair in zip(found, expected, strict=True)) == (given is inputs)


@pytest.mark.parametrize("correlation", [-0.5, 0.0, 0.4, 1.0])
def test_fixed_feedback_has_its_correlation_and_the_scale_of_what_it_replaces(correlation):
    rng = np.random.default_rng(6)
    weights = torch.from_numpy(rng.standard_normal((2, 150, 150)) * 1.5 / np.sqrt(150))
    found = feedback.fixed_feedback(weights, correlation, [3, 4], "recurrent_feedback")
    for drawn, own in zip(found, weights, strict=True):
        cosine = float((drawn * own).sum() / (drawn.norm() * own.norm()))
        assert cosine == pytest.approx(correlation, abs=4 / 150)
        assert float(drawn.norm() / own.norm()) == pytest.approx(1, abs=4 / 150)
    again = feedback.fixed_feedback(weights[1:], correlation, [4], "recurrent_feedback")
    assert torch.equal(again[0], found[1])  # of a network, whoever is trained beside it
    if correlation == 0:
        other = feedback.fixed_feedback(weights, correlation, [3, 4], "readout_feedback")
        assert abs(float((other[0] * found[0]).sum() / (other[0].norm() * found[0].norm()))) < 4 / 150


def learn(rule, updates=400):
    """Losses before and after training a network on one batch of trials whose classes follow from their inputs."""
    rng = np.random.default_rng(7)
    weights = Weights(*oracles.random_weights(rng, 40, INPUTS, OUTPUTS, 1, torch.float32))
    inputs = rng.standard_normal((1, STEPS, 20, INPUTS)).astype(np.float32)
    targets = np.repeat(inputs[:, :1].argmax(-1), STEPS, axis=1)
    settings = TrainingSettings(0.1, rule=rule, iterations=updates, report_every=updates // 2, seeds=(0,))
    final, course = loop.train(weights, [inputs], [targets], Dynamics(0.6, "inside"), settings)
    return weights, final, course.losses[0]


@pytest.mark.parametrize("rule", OTHERS)
def test_networks_learn_by_every_rule(rule):
    initial, final, losses = learn(rule)
    assert losses[-1] < 0.75 * np.log(OUTPUTS)
    for before, after in zip(initial, final, strict=True):
        assert not torch.equal(before, after)


def test_readouts_come_to_agree_with_fixed_feedback():
    """Lillicrap et al. 2016: alignment is what makes random feedback work."""
    initial, final, _ = learn("feedback_alignment")
    back = feedback.fixed_feedback(initial.readout, 0.0, [0], "readout_feedback")

    def cosine(readout):
        return float((readout * back).sum() / (readout.norm() * back.norm()))

    assert cosine(final.readout) > cosine(initial.readout) + 0.1


def test_passes_of_another_rule_are_not_compiled():
    weights, *_ = problem()
    with pytest.raises(ValueError, match="compiled passes know no rule 'rflo'; use engine: torch"):
        rules.directions(weights, STEPS, TRIALS, Dynamics(0.0), settings_of("rflo", engine="compiled"))
    with pytest.raises(ValueError, match="unknown rule of learning 'hebb'; choose one of backpropagation"):
        rules.directions(weights, STEPS, TRIALS, Dynamics(0.0), settings_of("hebb"))


def test_configurations_name_every_rule():
    assert get_args(RuleOfLearning) == tuple(rules.RULES)


def test_backpropagation_stays_as_it_was():
    weights, *_ = problem()
    passes = rules.directions(weights, STEPS, TRIALS, Dynamics(0.0), settings_of("backpropagation"))
    assert type(passes) is Backpropagation
