"""Linear units, the squared error and networks of one step: the explicit pass against automatic differentiation.

``test_training`` has the rectified networks with cross-entropy that both papers' recurrent tasks use.
"""

import dataclasses
import itertools
import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn.functional import cross_entropy

import oracles
from engines import ENGINES, needs_compiled
from richlazy.models.backpropagation import Backpropagation
from richlazy.models.rate_network import RECTIFICATIONS, Dynamics, Weights
from richlazy.training import loop
from richlazy.training.settings import TrainingSettings

LOSSES = ("cross_entropy", "squared_error", "masked_squared_error")
NONLINEARITIES = {"none": lambda state: state, "tanh": torch.tanh, "inside": torch.relu, "after_leak": torch.relu}
LOSS_STEPS = ("all", "last")
NAMES = ("recurrent", "input", "readout")
every_kind = pytest.mark.parametrize(
    ("rectification", "loss", "loss_steps"), list(itertools.product(RECTIFICATIONS, LOSSES, LOSS_STEPS))
)


every_engine = pytest.mark.parametrize("engine", ["torch", pytest.param("compiled", marks=needs_compiled)])


def outputs_of(weights, inputs, rho, rectification):
    """Outputs (T, m, N_out) of one network, straight from the equations; without recurrent weights for one step."""
    recurrent, feed, readout = weights
    activate = NONLINEARITIES[rectification]
    state = rate = inputs.new_zeros(inputs.shape[1], len(feed))
    outputs = []
    for now in inputs:
        drive = now @ feed.T + (rate @ recurrent.T if outputs else 0)
        state = rho * state + (1 - rho) * drive
        rate = activate(state)
        if rectification == "after_leak":
            state = rate
        outputs.append(rate @ readout.T)
    return torch.stack(outputs)


def loss_of(weights, inputs, targets, rho, rectification, loss, loss_steps):
    """Mean loss over the rows that count."""
    outputs = outputs_of(weights, inputs, rho, rectification)
    if loss_steps == "last":
        outputs, targets = outputs[-1:], targets[-1:]
    if loss == "squared_error":
        return 0.5 * (outputs - targets).square().sum(-1).mean()
    if loss == "masked_squared_error":
        asked = ~targets.isnan()
        return 0.5 * (outputs[asked] - targets[asked]).square().sum() / max(1, int(asked.sum()))
    return cross_entropy(outputs.flatten(0, 1), targets.flatten().long())


def leaves_of(weights, network):
    """Weights of one of several networks, with gradients."""
    return [matrix.clone().requires_grad_(True) for matrix in weights.of_network(network)]


def descend(leaves, optimiser, inputs, targets, rho, rectification, loss, loss_steps):
    """Losses of an optimiser of PyTorch on stored batches, each before its update."""
    losses = []
    for signals, wanted in zip(inputs, targets, strict=True):
        optimiser.zero_grad()
        before = loss_of(leaves, signals, wanted, rho, rectification, loss, loss_steps)
        before.backward()
        optimiser.step()
        losses.append(before.item())
    return losses


def problem(loss, seed=0, networks=2, steps=5, trials=4, size=6, inputs=3, outputs=4, stored=1):
    """Weights of several networks, and stored batches for each: (stored, T, B, N_in) and targets."""
    rng = np.random.default_rng(seed)
    weights = Weights(*oracles.random_weights(rng, size, inputs, outputs, networks))
    signals = [rng.standard_normal((stored, steps, trials, inputs)) for _ in range(networks)]
    if loss != "cross_entropy":
        targets = [rng.standard_normal((stored, steps, trials, outputs)) for _ in range(networks)]
        for one in targets if loss == "masked_squared_error" else []:
            one[rng.random(one.shape) < 0.4] = np.nan
    else:
        targets = [rng.integers(0, outputs, (stored, steps, trials)).astype(np.uint8) for _ in range(networks)]
    return weights, signals, targets


def without_recurrent(weights):
    return Weights(weights.recurrent[:, :0, :0].clone(), weights.input, weights.readout)


def check_gradient(engine, weights, signals, targets, rho, rectification, loss, loss_steps, tolerance=1e-12):
    _, steps, trials, _ = signals[0].shape
    pass_ = ENGINES[engine](weights, steps, trials, Dynamics(rho, rectification), loss_steps, loss)
    batches = [torch.from_numpy(np.stack([one[0] for one in source])) for source in (signals, targets)]
    for _ in range(2):  # the second pass must remember nothing of the first
        pass_.load(*batches)
        log_likelihoods = torch.full((len(signals), 1, pass_.loss_rows), math.nan, dtype=torch.float64)
        pass_.forward(log_likelihoods)
        pass_.backward()
    gradient = weights.map(torch.ones_like)
    pass_.add_gradient(gradient, 1.0, keep=0.5)
    for network, (inputs, wanted) in enumerate(zip(*batches, strict=True)):
        leaves = leaves_of(weights, network)
        expected_loss = loss_of(leaves, inputs, wanted, rho, rectification, loss, loss_steps)
        assert float(-log_likelihoods[network].mean()) == pytest.approx(expected_loss.item(), rel=1e-12)
        slopes = torch.autograd.grad(expected_loss, leaves, allow_unused=True)
        for name, actual, leaf, slope in zip(NAMES, gradient.of_network(network), leaves, slopes, strict=True):
            slope = torch.zeros_like(leaf) if slope is None else slope
            assert oracles.relative_error(actual, 0.5 + slope) < tolerance, name


@every_engine
@every_kind
@pytest.mark.parametrize("rho", [0.0, 0.2, 0.8])
@pytest.mark.parametrize("networks", [1, 3])
def test_loss_and_gradient_equal_automatic_differentiation(engine, networks, rho, rectification, loss, loss_steps):
    check_gradient(engine, *problem(loss, networks=networks), rho, rectification, loss, loss_steps)


@every_engine
@every_kind
@given(
    rho=st.floats(0, 0.99),
    networks=st.integers(1, 3),
    steps=st.integers(1, 6),
    trials=st.integers(1, 4),
    size=st.integers(1, 8),
    inputs=st.integers(1, 4),
    outputs=st.integers(1, 4),
    seed=st.integers(0, 1000),
)
def test_gradient_of_every_shape_equals_automatic_differentiation(
    engine, rectification, loss, loss_steps, rho, networks, steps, trials, size, inputs, outputs, seed
):
    arguments = problem(loss, seed, networks, steps, trials, size, inputs, outputs)
    # Where a network of few units is sure of a class, digits of the error 1 - p cancel.
    check_gradient(engine, *arguments, rho, rectification, loss, loss_steps, tolerance=1e-10)


@every_engine
@every_kind
@pytest.mark.parametrize("rho", [0.0, 0.3])
def test_a_network_of_one_step_needs_no_recurrent_weights(engine, rho, rectification, loss, loss_steps):
    weights, signals, targets = problem(loss, steps=1)
    check_gradient(engine, without_recurrent(weights), signals, targets, rho, rectification, loss, loss_steps)


def test_steps_that_follow_others_need_recurrent_weights():
    weights, _, _ = problem("cross_entropy")
    with pytest.raises(ValueError, match="trials of 5 steps need recurrent weights"):
        Backpropagation(without_recurrent(weights), 5, 4, Dynamics(0.0))


@pytest.mark.parametrize("rho", [0.0, 0.3])
def test_long_trials_of_many_units_are_driven_in_runs_of_steps(rho):
    # As for sequential MNIST: the inputs of all steps in one product would leave the cache before they are used.
    shape = {"networks": 2, "steps": 7, "trials": 128, "size": 512}
    weights, signals, targets = problem("cross_entropy", **shape)
    weights = weights.map(lambda matrix: 0.3 * matrix)
    pass_ = Backpropagation(weights, 7, 128, Dynamics(rho), "last")
    assert [run for run, _, _ in pass_.drives] == [range(0, 2), range(2, 4), range(4, 6), range(6, 7)]
    check_gradient("torch", weights, signals, targets, rho, "after_leak", "cross_entropy", "last")


@every_engine
@every_kind
@pytest.mark.parametrize("momentum", [0.0, 0.9])
@pytest.mark.parametrize("steps", [1, 5])
def test_training_equals_stochastic_gradient_descent_of_pytorch(
    engine, steps, momentum, rectification, loss, loss_steps
):
    weights, signals, targets = problem(loss, steps=steps, stored=6)
    weights = weights.map(lambda matrix: 0.5 * matrix)  # linear units would explode
    weights = weights if steps > 1 else without_recurrent(weights)
    dynamics = Dynamics(0.2, rectification)
    final, history = loop.train(
        weights,
        signals,
        targets,
        dynamics,
        TrainingSettings(0.02, momentum, loss_steps=loss_steps, report_every=1, loss=loss, engine=engine),
    )
    for network in range(2):
        leaves = leaves_of(weights, network)
        optimiser = torch.optim.SGD(leaves, 0.02, momentum)
        batches = [torch.from_numpy(source[network]) for source in (signals, targets)]
        losses = descend(leaves, optimiser, *batches, 0.2, rectification, loss, loss_steps)
        assert history.losses[:, network] == pytest.approx(losses, rel=1e-12)
        for name, actual, leaf in zip(NAMES, final.of_network(network), leaves, strict=True):
            assert oracles.relative_error(actual, leaf.detach()) < 1e-12, name
    assert not torch.equal(final.input, weights.input)
    # The descent that holds signs has none to hold without recurrent weights.
    if steps == 1:
        held, _ = loop.train(
            weights,
            signals,
            targets,
            dynamics,
            TrainingSettings(0.02, momentum, loss_steps=loss_steps, signs_held=True, loss=loss, engine=engine),
        )
        for actual, expected in zip(held, final, strict=True):
            torch.testing.assert_close(actual, expected, rtol=1e-12, atol=1e-14)


@every_engine
@every_kind
@pytest.mark.parametrize("trained", ["all", "recurrent"])
def test_training_equals_adam_of_pytorch(engine, trained, rectification, loss, loss_steps):
    weights, signals, targets = problem(loss, stored=6)
    weights = weights.map(lambda matrix: 0.5 * matrix)
    final, history = loop.train(
        weights,
        signals,
        targets,
        Dynamics(0.5, rectification),
        TrainingSettings(
            0.02,
            0.0,
            loss_steps=loss_steps,
            report_every=1,
            loss=loss,
            optimiser="adam",
            trained=trained,
            engine=engine,
        ),
    )
    for network in range(2):
        leaves = leaves_of(weights, network)
        optimiser = torch.optim.Adam(leaves[:1] if trained == "recurrent" else leaves, 0.02)
        batches = [torch.from_numpy(source[network]) for source in (signals, targets)]
        losses = descend(leaves, optimiser, *batches, 0.5, rectification, loss, loss_steps)
        assert history.losses[:, network] == pytest.approx(losses, rel=1e-9)
        for name, actual, leaf in zip(NAMES, final.of_network(network), leaves, strict=True):
            assert oracles.relative_error(actual, leaf.detach()) < 1e-9, name


@every_engine
@pytest.mark.parametrize("momentum", [0.0, 0.9])
@pytest.mark.parametrize("signs_held", [False, True])
def test_untrained_weights_stay_and_the_others_go_on_as_alone(engine, momentum, signs_held):
    weights, signals, targets = problem("cross_entropy", stored=5)
    weights = weights.map(torch.abs) if signs_held else weights
    settings = TrainingSettings(0.05, momentum, signs_held=signs_held, trained="recurrent", engine=engine)
    final, _ = loop.train(weights, signals, targets, Dynamics(0.2), settings)
    assert torch.equal(final.input, weights.input)
    assert torch.equal(final.readout, weights.readout)
    first = [one[:1] for one in signals], [one[:1] for one in targets]
    one_update = [
        loop.train(weights, *first, Dynamics(0.2), dataclasses.replace(settings, trained=trained))[0].recurrent
        for trained in ("all", "recurrent")
    ]
    assert torch.equal(*one_update)
    assert not torch.equal(final.recurrent, weights.recurrent)


def test_adam_takes_neither_momentum_nor_held_signs():
    problem_of = problem("cross_entropy")
    for options, message in (({"momentum": 0.9}, "takes no momentum"), ({"signs_held": True}, "not with adam")):
        with pytest.raises(ValueError, match=message):
            loop.train(*problem_of, Dynamics(0.2), TrainingSettings(0.1, optimiser="adam", **options))


def test_an_output_that_is_never_asked_for_teaches_nothing():
    weights, signals, targets = problem("masked_squared_error", stored=3)
    for one in targets:
        one[..., 1] = np.nan
    final, _ = loop.train(
        weights, signals, targets, Dynamics(0.5, "tanh"), TrainingSettings(0.1, loss="masked_squared_error")
    )
    assert torch.equal(final.readout[:, 1], weights.readout[:, 1])
    assert not torch.equal(final.readout[:, 0], weights.readout[:, 0])


@every_engine
@pytest.mark.parametrize("rectification", RECTIFICATIONS)
def test_a_network_that_overflows_diverges_though_not_every_output_is_asked_for(engine, rectification):
    weights, signals, targets = problem("masked_squared_error", stored=20)
    _, history = loop.train(
        weights.map(lambda matrix: 9e30 * matrix),
        signals,
        targets,
        Dynamics(0.0, rectification),
        TrainingSettings(1.0, divergence_loss=100.0, report_every=1, loss="masked_squared_error", engine=engine),
    )
    assert None not in history.diverged_at


@pytest.mark.parametrize("loss", ["squared_error", "masked_squared_error"])
def test_the_bound_of_a_loss_is_in_losses_of_silence_at_the_targets_of_the_network(loss):
    weights, signals, (targets, other) = problem(loss, stored=3)
    louder = weights.map(torch.clone)
    louder.readout[1] *= 1e3
    settings = TrainingSettings(0.0, divergence_loss=100.0, report_every=1, loss=loss)
    for scale in (1.0, 1e6):  # of the targets of the network that trains beside it
        _, history = loop.train(louder, signals, [scale * targets, other], Dynamics(0.2, "tanh"), settings)
        assert history.diverged_at == [None, 1]
    _, history = loop.train(weights, signals, [0 * targets, 0 * other], Dynamics(0.2), TrainingSettings(0.0, loss=loss))
    assert history.diverged_at == [None, None]


@every_engine
@pytest.mark.parametrize("loss", LOSSES)
def test_silence_teaches_linear_networks_nothing(engine, loss):
    weights, signals, targets = problem(loss, networks=1)
    quiet = [np.zeros_like(signals[0])], [np.zeros_like(targets[0])]
    final, _ = loop.train(weights, *quiet, Dynamics(0.2, "none"), TrainingSettings(0.1, loss=loss, engine=engine))
    assert all(torch.equal(*pair) for pair in zip(final, weights, strict=True))


def test_unknown_choices_are_refused_with_those_there_are():
    weights, _, _ = problem("cross_entropy")
    with pytest.raises(ValueError, match="unknown loss 'hinge'; choose one of cross_entropy, squared_error"):
        Backpropagation(weights, 5, 4, Dynamics(0.0), loss="hinge")
    with pytest.raises(ValueError, match="unknown rectification 'sigmoid'; choose one of after_leak, inside, none"):
        Backpropagation(weights, 5, 4, Dynamics(0.0, "sigmoid"))
