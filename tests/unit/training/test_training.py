"""The explicit backward pass against automatic differentiation, and descent against ``torch.optim.SGD``."""

import itertools
import json
import logging
import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import oracles
from richlazy.models.backpropagation import Backpropagation
from richlazy.models.rate_network import Dynamics, Weights
from richlazy.training import loop, optimisers
from richlazy.training.minibatches import StagedDescent
from richlazy.training.optimisers import GradientDescent, SignHoldingDescent
from richlazy.training.settings import TrainingSettings
from richlazy.training.training_history import History

RECTIFICATIONS = oracles.RECTIFICATIONS
LOSS_STEPS = ("all", "last")
LEAK_FACTORS = (0.0, 0.2, math.exp(-1), 0.8)
NAMES = ("recurrent", "input", "readout")
INPUTS, OUTPUTS = 3, 4

every_setting = pytest.mark.parametrize(
    ("rectification", "leak_factor", "loss_steps"), list(itertools.product(RECTIFICATIONS, LEAK_FACTORS, LOSS_STEPS))
)
both_layouts = pytest.mark.parametrize(
    ("rectification", "loss_steps"), list(itertools.product(RECTIFICATIONS, LOSS_STEPS))
)


def stack(networks):
    """Weights with a network axis from those of single networks."""
    return Weights(*(torch.stack(matrices) for matrices in zip(*networks, strict=True)))


def single(weights, network):
    return Weights(*(matrix[network] for matrix in weights))


def problem(seed=0, networks=2, steps=5, trials=4, size=6, inputs=INPUTS, outputs=OUTPUTS):
    """Weights of several networks, and one batch for each."""
    rng = np.random.default_rng(seed)
    weights = Weights(*oracles.random_weights(rng, size, inputs, outputs, networks))
    return weights, [oracles.random_trials(rng, steps, trials, inputs, outputs) for _ in range(networks)]


def data_set(seed=0, networks=2, iterations=7, steps=5, trials=4, dtype=np.float64):
    """Batches of several networks, as ``train`` takes them: (iterations, T, B, N_in) and (iterations, T, B)."""
    rng = np.random.default_rng(seed)
    inputs = [rng.standard_normal((iterations, steps, trials, INPUTS)).astype(dtype) for _ in range(networks)]
    targets = [rng.integers(0, OUTPUTS, (iterations, steps, trials)).astype(np.uint8) for _ in range(networks)]
    return inputs, targets


def batches_of(inputs, targets):
    return [(torch.from_numpy(x), torch.from_numpy(y)) for x, y in zip(inputs, targets, strict=True)]


def explicit_gradient(weights, batches, dynamics, loss_steps):
    """Losses (K,) and gradients of K networks by the library."""
    steps, trials, _ = batches[0][0].shape
    explicit = Backpropagation(weights, steps, trials, dynamics, loss_steps)
    return loss_and_gradient(explicit, batches)


def loss_and_gradient(explicit, batches):
    explicit.load(*(torch.stack(parts) for parts in zip(*batches, strict=True)))
    log_likelihoods = torch.empty(len(batches), 1, explicit.loss_rows, dtype=explicit.errors.dtype)
    explicit.forward(log_likelihoods)
    explicit.backward()
    gradient = explicit.weights.map(torch.zeros_like)
    explicit.add_gradient(gradient, 1.0)
    return -log_likelihoods.mean((1, 2)), gradient


def check_gradient(weights, batches, leak_factor, rectification, loss_steps, tolerance=1e-12):
    losses, gradient = explicit_gradient(weights, batches, Dynamics(leak_factor, rectification), loss_steps)
    for network, (inputs, targets) in enumerate(batches):
        setting = (inputs, targets, leak_factor, rectification, loss_steps)
        assert float(losses[network]) == pytest.approx(
            float(oracles.network_loss(single(weights, network), *setting)), 1e-12
        )
        expected = oracles.loss_gradient(single(weights, network), *setting)
        for name, actual, reference in zip(NAMES, single(gradient, network), expected, strict=True):
            assert oracles.relative_error(actual, reference) < tolerance, f"{name} weights of network {network}"


# Loss and gradient


@every_setting
@pytest.mark.parametrize("networks", [1, 3])
def test_loss_and_gradient_equal_automatic_differentiation(networks, rectification, leak_factor, loss_steps):
    weights, batches = problem(networks=networks)
    check_gradient(weights, batches, leak_factor, rectification, loss_steps)


@both_layouts
@given(
    leak_factor=st.floats(0, 0.99),
    networks=st.integers(1, 3),
    steps=st.integers(1, 6),
    trials=st.integers(1, 4),
    size=st.integers(2, 8),
    inputs=st.integers(1, 4),
    outputs=st.integers(2, 4),
    seed=st.integers(0, 1000),
)
def test_gradient_of_every_shape_equals_automatic_differentiation(
    rectification, loss_steps, leak_factor, networks, steps, trials, size, inputs, outputs, seed
):
    weights, batches = problem(seed, networks, steps, trials, size, inputs, outputs)
    # Where a network of few units is sure of a class, digits of the error 1 - p cancel.
    check_gradient(weights, batches, leak_factor, rectification, loss_steps, tolerance=1e-10)


@every_setting
def test_gradient_predicts_the_change_of_the_loss(rectification, leak_factor, loss_steps):
    # Central differences of the library's own loss: an oracle that shares nothing with automatic differentiation.
    weights, batches = problem(networks=1)
    dynamics = Dynamics(leak_factor, rectification)
    _, gradient = explicit_gradient(weights, batches, dynamics, loss_steps)
    rng = np.random.default_rng(9)
    for name in NAMES:
        direction = torch.from_numpy(rng.standard_normal(getattr(weights, name).shape))
        losses = []
        for step in (1e-6, -1e-6):
            moved = Weights(
                **{other: getattr(weights, other) + (step * direction if other == name else 0) for other in NAMES}
            )
            losses.append(float(explicit_gradient(moved, batches, dynamics, loss_steps)[0]))
        slope = (losses[0] - losses[1]) / 2e-6
        assert slope == pytest.approx(float((getattr(gradient, name) * direction).sum()), rel=1e-6, abs=1e-9)


@both_layouts
def test_targets_before_the_last_step_count_only_in_a_loss_over_all_steps(rectification, loss_steps):
    weights, batches = problem(networks=1)
    (inputs, targets) = batches[0]
    changed = targets.clone()
    changed[0] = (changed[0] + 1) % OUTPUTS
    losses = [
        float(explicit_gradient(weights, [(inputs, classes)], Dynamics(0.2, rectification), loss_steps)[0])
        for classes in (targets, changed)
    ]
    assert (losses[0] == losses[1]) == (loss_steps == "last")


@both_layouts
@pytest.mark.parametrize("leak_factor", [0.0, 0.3])
def test_a_pass_remembers_nothing_of_the_batch_before(rectification, loss_steps, leak_factor):
    weights, batches = problem()
    dynamics = Dynamics(leak_factor, rectification)
    expected_losses, expected = explicit_gradient(weights, batches, dynamics, loss_steps)
    used = Backpropagation(weights, 5, 4, dynamics, loss_steps)
    for poison in (torch.full_like, torch.randn_like):  # infinite activity, and another batch
        generator = (
            {"generator": torch.Generator().manual_seed(0)} if poison is torch.randn_like else {"fill_value": math.inf}
        )
        loss_and_gradient(used, [(poison(inputs, **generator), targets) for inputs, targets in batches])
        losses, gradient = loss_and_gradient(used, batches)
        assert torch.equal(losses, expected_losses)
        assert all(torch.equal(*pair) for pair in zip(gradient, expected, strict=True))


def test_passes_follow_weights_that_change_in_place():
    weights, batches = problem()
    explicit = Backpropagation(weights, 5, 4, Dynamics(0.3, "inside"))
    loss_and_gradient(explicit, batches)
    for matrix in weights:
        matrix.mul_(0.7)
    losses, gradient = loss_and_gradient(explicit, batches)
    expected_losses, expected = explicit_gradient(weights, batches, Dynamics(0.3, "inside"), "all")
    assert torch.equal(losses, expected_losses)
    assert all(torch.equal(*pair) for pair in zip(gradient, expected, strict=True))


def test_gradient_is_added_with_its_factor_to_what_is_kept():
    weights, batches = problem()
    explicit = Backpropagation(weights, 5, 4, Dynamics(0.3))
    _, gradient = loss_and_gradient(explicit, batches)
    target = weights.map(torch.ones_like)
    explicit.add_gradient(target, -2.0, keep=0.5)
    for actual, part in zip(target, gradient, strict=True):
        torch.testing.assert_close(actual, 0.5 - 2.0 * part, rtol=1e-13, atol=1e-13)


def test_a_network_without_any_activity_has_no_gradient():
    weights, batches = problem(networks=1)
    inputs, targets = batches[0]
    losses, gradient = explicit_gradient(weights, [(torch.zeros_like(inputs), targets)], Dynamics(0.3), "all")
    assert float(losses) == pytest.approx(math.log(OUTPUTS))
    assert all(not matrix.any() for matrix in gradient)


@pytest.mark.parametrize("loss_steps", ["first", "", None])
def test_unknown_loss_steps_are_refused_with_the_choices(loss_steps):
    weights, _ = problem()
    with pytest.raises(ValueError, match=f"unknown loss_steps {loss_steps!r}; choose one of all, last"):
        Backpropagation(weights, 5, 4, Dynamics(0.0), loss_steps)


# Descent


@both_layouts
@pytest.mark.parametrize("leak_factor", [0.0, 0.2])
@pytest.mark.parametrize("momentum", [0.0, 0.9])
@pytest.mark.parametrize("networks", [1, 3])
def test_training_equals_stochastic_gradient_descent_of_pytorch(
    networks, momentum, leak_factor, rectification, loss_steps
):
    iterations, learning_rate = 7, 0.05
    weights, _ = problem(networks=networks)
    inputs, targets = data_set(1, networks, iterations)
    final, history = loop.train(
        weights,
        inputs,
        targets,
        Dynamics(leak_factor, rectification),
        TrainingSettings(learning_rate, momentum, loss_steps=loss_steps, report_every=1),
    )
    for network in range(networks):
        expected, losses = oracles.train_with_autograd(
            single(weights, network), batches_of(inputs[network], targets[network]),
            leak_factor, rectification, learning_rate, momentum, loss_steps,
        )  # fmt: skip
        np.testing.assert_allclose(history.losses[:, network], losses, rtol=1e-12)
        for name, actual, reference in zip(NAMES, single(final, network), expected, strict=True):
            assert oracles.relative_error(actual, reference) < 1e-12, name
            assert oracles.relative_error(actual, getattr(weights, name)[network]) > 1e-3, "training moved nothing"


@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_trials_of_a_single_step_train_like_pytorch(momentum):
    # One step leaves no earlier rates: recurrent weights must stay, and momentum must survive an empty product.
    weights, _ = problem(networks=1)
    inputs, targets = data_set(2, 1, iterations=4, steps=1)
    final, _ = loop.train(weights, inputs, targets, Dynamics(0.2), TrainingSettings(0.05, momentum))
    expected, _ = oracles.train_with_autograd(
        single(weights, 0), batches_of(inputs[0], targets[0]), 0.2, "after_leak", 0.05, momentum
    )
    assert torch.equal(final.recurrent, weights.recurrent)
    for actual, reference in zip(single(final, 0), expected, strict=True):
        assert oracles.relative_error(actual, reference) < 1e-12


@both_layouts
@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_networks_trained_together_are_those_trained_alone(momentum, rectification, loss_steps):
    weights, _ = problem(networks=3)
    inputs, targets = data_set(3, 3, iterations=10)
    settings = TrainingSettings(0.05, momentum, loss_steps=loss_steps, report_every=4)
    dynamics = Dynamics(0.2, rectification)
    together, history = loop.train(weights, inputs, targets, dynamics, settings)
    for network in range(3):
        alone, own = loop.train(
            weights.map(lambda matrix, network=network: matrix[network : network + 1]),
            inputs[network : network + 1], targets[network : network + 1], dynamics, settings,
        )  # fmt: skip
        np.testing.assert_allclose(history.losses[:, network], own.losses[:, 0], rtol=1e-12)
        for actual, reference in zip(single(together, network), single(alone, 0), strict=True):
            assert oracles.relative_error(actual, reference) < 1e-12


@pytest.mark.parametrize("descent", ["plain", "momentum", "signs held"])
@pytest.mark.parametrize("size", [7, 18, 64])
def test_networks_trained_together_have_the_bytes_of_those_trained_alone(size, descent):
    # Five networks, of which the second diverges half way: its weights and curve end there.
    rng = np.random.default_rng(5)
    weights = Weights(*oracles.random_weights(rng, size, INPUTS, OUTPUTS, 5, torch.float32))
    if descent == "signs held":
        weights.recurrent.abs_().mul_(0.1)
    inputs, targets = data_set(5, 5, iterations=12, dtype=np.float32)
    inputs[1][6:] *= 1e30
    momentum = 0.0 if descent == "plain" else 0.9
    settings = TrainingSettings(0.05, momentum, report_every=3, signs_held=descent == "signs held")
    together, history = loop.train(weights, inputs, targets, Dynamics(0.2, "inside"), settings)
    assert history.diverged_at == [None, 9, None, None, None]
    for network in range(5):
        part = slice(network, network + 1)
        alone, own = loop.train(
            weights.map(lambda matrix, part=part: matrix[part]),
            inputs[part],
            targets[part],
            Dynamics(0.2, "inside"),
            settings,
        )
        for actual, expected in zip(together.of_network(network), alone.of_network(0), strict=True):
            assert actual.contiguous().numpy().tobytes() == expected.contiguous().numpy().tobytes()
        np.testing.assert_equal(history.of_network(network, 0.5), own.of_network(0, 0.5))


@pytest.mark.parametrize("signs_held", [False, True])
@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_silent_trials_teach_nothing(momentum, signs_held):
    # What is staged before the first batch is silence; a CUDA graph is warmed up on it.
    weights, _ = problem()
    if signs_held:
        weights.recurrent.abs_()
    before = weights.map(torch.clone)
    inputs, targets = data_set(0)
    pass_ = Backpropagation(weights, 5, 4, Dynamics(0.3))
    descending = (SignHoldingDescent if signs_held else GradientDescent)(pass_, 0.1, momentum)
    staged = StagedDescent(descending, inputs, targets, 3)
    for _ in range(3):
        staged._update()
    assert all(torch.equal(*pair) for pair in zip(weights, before, strict=True))
    staged.stage(0, 3)
    staged.advance(3)
    assert not any(torch.equal(*pair) for pair in zip(weights, before, strict=True))


@pytest.mark.parametrize("momentum", [0.0, 0.9])
@pytest.mark.parametrize("rectification", RECTIFICATIONS)
def test_training_in_single_precision_twice_gives_the_same_bytes(rectification, momentum):
    rng = np.random.default_rng(0)
    weights = Weights(*oracles.random_weights(rng, 64, INPUTS, OUTPUTS, 2, torch.float32))
    inputs, targets = data_set(4, 2, iterations=20, steps=8, trials=32, dtype=np.float32)
    runs = [
        loop.train(weights, inputs, targets, Dynamics(0.2, rectification), TrainingSettings(0.01, momentum))
        for _ in range(2)
    ]
    (first, first_history), (second, second_history) = runs
    assert first_history.losses.tobytes() == second_history.losses.tobytes()
    for name in NAMES:
        assert getattr(first, name).dtype == torch.float32
        assert getattr(first, name).numpy().tobytes() == getattr(second, name).numpy().tobytes()


def test_single_precision_follows_double_precision():
    weights, _ = problem()
    inputs, targets = data_set(5)
    double, _ = loop.train(weights, inputs, targets, Dynamics(0.2), TrainingSettings(0.05))
    single_inputs = [batch.astype(np.float32) for batch in inputs]
    half, _ = loop.train(weights.map(torch.Tensor.float), single_inputs, targets, Dynamics(0.2), TrainingSettings(0.05))
    for actual, reference in zip(half, double, strict=True):
        assert oracles.relative_error(actual, reference) < 1e-5


def test_training_changes_neither_its_initial_weights_nor_its_data():
    weights, _ = problem()
    inputs, targets = data_set(6)
    before = [matrix.clone() for matrix in weights], [batch.copy() for batch in (*inputs, *targets)]
    loop.train(weights, inputs, targets, Dynamics(0.2), TrainingSettings(0.05, 0.9))
    assert all(torch.equal(*pair) for pair in zip(weights, before[0], strict=True))
    assert all(np.array_equal(*pair) for pair in zip((*inputs, *targets), before[1], strict=True))


def test_velocity_is_kept_only_with_momentum():
    weights, _ = problem()
    explicit = Backpropagation(weights, 5, 4, Dynamics(0.0))
    assert GradientDescent(explicit, 0.1).velocity is None
    assert all(not matrix.any() for matrix in GradientDescent(explicit, 0.1, 0.9).velocity)


# Descent that holds signs


def signed_problem(seed=0, networks=2, size=6, dtype=torch.float64):
    """Weights of which each column has one sign, some of them absent, the last column empty."""
    weights, _ = problem(seed, networks, size=size)
    rng = np.random.default_rng(seed)
    present = torch.from_numpy(rng.random((networks, size, size)) < 0.7)
    signs = torch.where(torch.arange(size) < 4, 1.0, -1.0)
    recurrent = weights.recurrent.abs() * signs * present
    recurrent[:, 0] *= 1e-3  # which a step or two brings to 0
    recurrent[:, :, -1] = 0.0
    return Weights(recurrent, weights.input, weights.readout).map(lambda matrix: matrix.to(dtype))


def descend_on_magnitudes(weights, batches, leak_factor, rectification, learning_rate, momentum, loss_steps):
    """``torch.optim.SGD`` on P, W_x and w of one network with W_h = |P| S; also how many entries of P changed sign."""
    signs = torch.sign(weights.recurrent.sum(0))
    leaves = [weights.recurrent.abs(), weights.input, weights.readout]
    magnitudes, input_weights, readout = leaves = [leaf.detach().clone().requires_grad_(True) for leaf in leaves]
    optimiser = torch.optim.SGD(leaves, lr=learning_rate, momentum=momentum)
    losses = []
    for inputs, targets in batches:
        optimiser.zero_grad()
        network = (magnitudes.abs() * signs, input_weights, readout)
        loss = oracles.network_loss(network, inputs, targets, leak_factor, rectification, loss_steps)
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    final = (magnitudes.detach().abs() * signs, input_weights.detach(), readout.detach())
    return final, losses, int((magnitudes < 0).sum())


@pytest.mark.parametrize("loss_steps", LOSS_STEPS)
@pytest.mark.parametrize("rectification", RECTIFICATIONS)
@pytest.mark.parametrize(("momentum", "leak_factor"), [(0.0, 0.0), (0.0, 0.4), (0.9, 0.4)])
@pytest.mark.parametrize("networks", [1, 2])
def test_holding_signs_equals_descent_on_the_magnitudes(networks, momentum, leak_factor, rectification, loss_steps):
    iterations, learning_rate = 15, 0.02 if momentum else 0.1
    weights = signed_problem(networks=networks)
    inputs, targets = data_set(1, networks, iterations)
    final, history = loop.train(
        weights,
        inputs,
        targets,
        Dynamics(leak_factor, rectification),
        TrainingSettings(learning_rate, momentum, loss_steps=loss_steps, report_every=1, signs_held=True),
    )
    crossings = 0
    for network in range(networks):
        expected, losses, crossed = descend_on_magnitudes(
            single(weights, network), batches_of(inputs[network], targets[network]),
            leak_factor, rectification, learning_rate, momentum, loss_steps,
        )  # fmt: skip
        crossings += crossed
        np.testing.assert_allclose(history.losses[:, network], losses, rtol=1e-11)
        for name, actual, reference in zip(NAMES, single(final, network), expected, strict=True):
            assert oracles.relative_error(actual, reference) < 1e-11, name
            assert oracles.relative_error(actual, getattr(weights, name)[network]) > 1e-3, "training moved nothing"
    assert crossings > 0, "no magnitude came to 0, so the sign was never at stake"
    # Signs and absent weights are those of the start, columns without weights stay empty.
    assert torch.equal(final.recurrent.sign(), weights.recurrent.sign())
    assert not final.recurrent[:, :, -1].any()


def test_without_holding_signs_the_same_training_changes_them():
    weights = signed_problem()
    inputs, targets = data_set(1, 2, 15)
    final, _ = loop.train(weights, inputs, targets, Dynamics(0.4), TrainingSettings(0.1))
    assert not torch.equal(final.recurrent.sign(), weights.recurrent.sign())
    assert final.recurrent[:, :, -1].any()


def test_first_step_of_held_signs_is_that_of_plain_descent_where_weights_are_present():
    weights = signed_problem()
    inputs, targets = data_set(2, 2, iterations=1)
    held, plain = (
        loop.train(weights, inputs, targets, Dynamics(0.4), TrainingSettings(1e-4, signs_held=hold))[0]
        for hold in (True, False)
    )
    present = weights.recurrent != 0
    torch.testing.assert_close(held.recurrent[present], plain.recurrent[present], rtol=1e-12, atol=0)
    for name in ("input", "readout"):
        torch.testing.assert_close(getattr(held, name), getattr(plain, name), rtol=1e-12, atol=1e-15)


def test_networks_of_other_signs_are_trained_together_as_alone():
    weights = signed_problem()
    weights.recurrent[1] *= -1.0
    inputs, targets = data_set(3, 2, iterations=10)
    settings = TrainingSettings(0.1, 0.9, signs_held=True)
    together, _ = loop.train(weights, inputs, targets, Dynamics(0.2), settings)
    assert torch.equal(together.recurrent.sign(), weights.recurrent.sign())
    for network in range(2):
        one = slice(network, network + 1)
        alone, _ = loop.train(
            weights.map(lambda matrix, one=one: matrix[one]), inputs[one], targets[one], Dynamics(0.2), settings
        )
        for actual, reference in zip(single(together, network), single(alone, 0), strict=True):
            assert oracles.relative_error(actual, reference) < 1e-12


def test_holding_signs_changes_neither_initial_weights_nor_types():
    weights = signed_problem(dtype=torch.float32)
    before = [matrix.clone() for matrix in weights]
    inputs, targets = data_set(4, dtype=np.float32)
    finals = [
        loop.train(weights, inputs, targets, Dynamics(0.2), TrainingSettings(0.1, signs_held=True))[0] for _ in range(2)
    ]
    assert all(torch.equal(*pair) for pair in zip(weights, before, strict=True))
    for first, second in zip(*finals, strict=True):
        assert first.dtype == torch.float32
        assert first.numpy().tobytes() == second.numpy().tobytes()


def test_signs_of_units_are_those_of_their_outgoing_weights():
    recurrent = torch.tensor([[[0.0, -1.0, 0.0], [2.0, 0.0, 0.0], [0.0, -3.0, 0.0]]])
    signs = optimisers.outgoing_signs(recurrent)
    assert signs.tolist() == [[[1.0, -1.0, 1.0]]]  # the last unit has no outgoing weight
    assert signs.dtype == recurrent.dtype
    both = torch.cat([recurrent, -recurrent]).double()
    assert optimisers.outgoing_signs(both).tolist() == [[[1.0, -1.0, 1.0]], [[-1.0, 1.0, 1.0]]]
    assert optimisers.outgoing_signs(both).dtype == torch.float64


def test_units_of_both_signs_are_refused_in_a_sentence():
    weights = signed_problem()
    weights.recurrent[1, 0, :2], weights.recurrent[1, 1, :2] = -0.5, 0.5  # two units of the second network
    inputs, targets = data_set(5)
    with pytest.raises(ValueError) as caught:
        loop.train(weights, inputs, targets, Dynamics(0.2), TrainingSettings(0.1, signs_held=True))
    assert str(caught.value) == (
        "outgoing weights of both signs at 2 of 6 units, so there is no sign to hold; "
        "set signs_held to false for this structure"
    )


# The loss curve


@pytest.mark.parametrize(("report_every", "points"), [(1, [1, 2, 3, 4, 5, 6, 7]), (3, [3, 6, 7]), (7, [7]), (100, [7])])
def test_curve_holds_mean_losses_since_the_point_before(report_every, points):
    weights, _ = problem()
    inputs, targets = data_set(7, iterations=7)
    _, fine = loop.train(weights, inputs, targets, Dynamics(0.2), TrainingSettings(0.05, report_every=1))
    _, history = loop.train(weights, inputs, targets, Dynamics(0.2), TrainingSettings(0.05, report_every=report_every))
    assert history.iterations == points
    assert history.losses.shape == (len(points), 2)
    assert history.diverged_at == [None, None]
    starts = [0, *points[:-1]]
    expected = [fine.losses[start:stop].mean(0) for start, stop in zip(starts, points, strict=True)]
    np.testing.assert_allclose(history.losses, expected, rtol=1e-13)


def test_final_loss_is_the_mean_over_the_end_of_the_curve():
    losses = np.arange(20.0).reshape(10, 2)
    history = History(list(range(100, 1100, 100)), losses, [None, None])
    for network in range(2):
        for fraction, points in ((0.2, 2), (0.01, 1), (1.0, 10)):  # at least one point
            outcome = history.of_network(network, fraction)
            assert outcome["final_loss"] == pytest.approx(losses[-points:, network].mean())
            assert outcome["loss"] == losses[:, network].tolist()
            assert outcome["iterations"] == history.iterations
            assert outcome["diverged"] is False
            assert outcome["diverged_at"] is None


def test_final_loss_of_a_diverged_network_is_not_a_number():
    # A mean over the end of the curve could look harmless where a network came back.
    history = History([1, 2], np.ones((2, 3)), [None, 1, None])
    outcomes = [history.of_network(network, 0.5) for network in range(3)]
    np.testing.assert_equal([outcome["final_loss"] for outcome in outcomes], [1.0, math.nan, 1.0])
    assert [outcome["diverged"] for outcome in outcomes] == [False, True, False]
    assert [outcome["diverged_at"] for outcome in outcomes] == [None, 1, None]


def test_outcome_of_a_network_is_ready_for_json():
    weights, inputs, targets = diverging_problem()
    _, history = loop.train(weights, inputs, targets, Dynamics(0.2), TrainingSettings(0.05, report_every=2))
    for network in range(3):
        outcome = history.of_network(network, 0.2)
        assert json.loads(json.dumps(outcome)).keys() == outcome.keys()


def test_progress_is_logged(caplog):
    weights, _ = problem()
    inputs, targets = data_set(8, iterations=25)
    with caplog.at_level(logging.INFO):
        _, history = loop.train(weights, inputs, targets, Dynamics(0.2), TrainingSettings(0.05, report_every=2))
    lines = [record.getMessage() for record in caplog.records]
    assert [line.split(",")[0] for line in lines] == ["iteration 20 of 25", "iteration 25 of 25"]
    assert f"{history.losses[-1][0]:.4f} {history.losses[-1][1]:.4f}" in lines[-1]


# Divergence


def diverging_problem():
    """Three networks, of which the second has weights that explode."""
    weights, _ = problem(networks=3)
    weights.recurrent[1] *= 1e100
    return weights, *data_set(9, 3, iterations=10)


@both_layouts
@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_divergence_is_recorded_and_leaves_the_other_networks_alone(rectification, loss_steps, momentum):
    weights, inputs, targets = diverging_problem()
    settings = TrainingSettings(0.05, momentum, loss_steps=loss_steps, report_every=2)
    final, history = loop.train(weights, inputs, targets, Dynamics(0.2, rectification), settings)
    assert history.iterations[-1] == 10  # training goes on for the others
    assert [at is not None for at in history.diverged_at] == [False, True, False]
    outcomes = [history.of_network(network, 0.2) for network in range(3)]
    assert [math.isfinite(outcome["final_loss"]) for outcome in outcomes] == [True, False, True]
    pair = weights.map(lambda matrix: matrix[::2])
    alone, own = loop.train(pair, inputs[::2], targets[::2], Dynamics(0.2, rectification), settings)
    np.testing.assert_allclose(history.losses[:, ::2], own.losses, rtol=1e-12)
    for actual, reference in zip(final, alone, strict=True):
        assert oracles.relative_error(actual[::2], reference) < 1e-12


def test_training_ends_once_every_network_has_diverged(caplog):
    weights, inputs, targets = diverging_problem()
    diverging = weights.map(lambda matrix: matrix[1:2])
    _, history = loop.train(diverging, inputs[1:2], targets[1:2], Dynamics(0.2), TrainingSettings(0.05, report_every=2))
    assert history.diverged_at[0] == history.iterations[-1] < 10
    assert len(history.iterations) == len(history.losses)
    assert "training stopped at iteration" in caplog.text


def test_a_loss_above_the_bound_is_divergence_at_the_first_such_point():
    weights, _ = problem()
    inputs, targets = data_set(10)
    _, history = loop.train(weights, inputs, targets, Dynamics(0.2), TrainingSettings(0.05, report_every=1))
    bound = float(np.median(history.losses[:, 0]))
    first = int(np.argmax(history.losses[:, 0] > bound)) + 1
    _, bounded = loop.train(
        weights, inputs, targets, Dynamics(0.2), TrainingSettings(0.05, report_every=1, divergence_loss=bound)
    )
    assert bounded.diverged_at[0] == first
    # A loss that equals the bound is not above it.
    highest = history.losses.max()
    _, at_bound = loop.train(
        weights, inputs, targets, Dynamics(0.2), TrainingSettings(0.05, report_every=1, divergence_loss=highest)
    )
    assert at_bound.diverged_at == [None, None]


def test_divergence_by_a_huge_learning_rate_is_a_result_not_an_error():
    weights, _ = problem()
    inputs, targets = data_set(11, iterations=40, dtype=np.float32)
    final, history = loop.train(
        weights.map(torch.Tensor.float),
        inputs,
        targets,
        Dynamics(0.0),
        TrainingSettings(1e30, report_every=5, divergence_loss=100.0),
    )
    assert all(at is not None for at in history.diverged_at)
    assert all(math.isnan(history.of_network(network, 0.5)["final_loss"]) for network in range(2))
    assert final.recurrent.shape == weights.recurrent.shape


def test_an_infinite_loss_is_divergence_without_a_bound_too():
    # Outputs +-2.5e38 are finite in single precision and their difference is not: the loss is infinite, not nan.
    weights = Weights(torch.zeros(1, 1, 1), torch.ones(1, 1, 1), torch.tensor([[[2.5e38], [-2.5e38]]]))
    inputs, targets = [np.ones((1, 2, 3, 1), np.float32)], [np.ones((1, 2, 3), np.uint8)]
    _, history = loop.train(weights, inputs, targets, Dynamics(0.0), TrainingSettings(0.0))
    assert np.isinf(history.losses).all()
    assert history.diverged_at == [1]
