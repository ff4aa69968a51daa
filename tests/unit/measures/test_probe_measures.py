"""Measures of change and structure: invariances, closed forms, and brute-force loops as oracles."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import oracles
from richlazy.connectivity.base import structured_weights
from richlazy.measures import (
    change,
    effective_ranks,
    measuring,
    on_probe,
    performance,
    task_alignment,
    task_kernels,
    trained_network,
)
from richlazy.measures.tangent_kernel import tangent_kernel
from richlazy.measures.trained_network import Trained
from richlazy.models import rate_network
from richlazy.models.rate_network import Dynamics, Weights, respond
from richlazy.tasks import linear_teacher
from richlazy.training import loop
from richlazy.training.settings import TrainingSettings

RECTIFICATIONS = oracles.RECTIFICATIONS
seeds = st.integers(0, 10_000)
counts = st.integers(2, 8)


def tensor(values):
    return torch.tensor(values, dtype=torch.float64)


def symmetric(rng, size):
    """A positive matrix, as kernels and similarities are."""
    factor = torch.from_numpy(rng.standard_normal((size, size)))
    return factor @ factor.T


def rotation(rng, size):
    return torch.from_numpy(np.linalg.qr(rng.standard_normal((size, size)))[0])


def cosine(first, second):
    return float((first * second).sum() / first.norm() / second.norm())


def network(seed=0, size=10, inputs=3, outputs=3, dtype=torch.float32):
    return Weights(*oracles.random_weights(np.random.default_rng(seed), size, inputs, outputs, dtype=dtype))


def probe(seed=0, steps=5, trials=8, inputs=3, outputs=3, dtype=torch.float32):
    """Trials of which the last step and, for every other trial, the step before ask for a decision."""
    signal, targets = oracles.random_trials(np.random.default_rng(seed), steps, trials, inputs, outputs, dtype)
    decision = torch.zeros(steps, trials, dtype=torch.bool)
    decision[-1] = True
    decision[-2:-1, ::2] = True
    return signal, targets.to(torch.uint8), decision


# Alignment


@given(size=counts, seed=seeds)
def test_alignment_is_the_trace_of_the_product_over_the_norms(size, seed):
    rng = np.random.default_rng(seed)
    first, second = symmetric(rng, size), symmetric(rng, size)
    a, b = first.numpy(), second.numpy()
    expected = np.trace(a @ b) / np.sqrt((a**2).sum() * (b**2).sum())
    assert change.alignment(first, second) == pytest.approx(expected, rel=1e-12)


@given(size=counts, seed=seeds, scale=st.floats(1e-3, 1e3))
def test_alignment_does_not_see_scale_or_common_rotation(size, seed, scale):
    rng = np.random.default_rng(seed)
    first, second, turn = symmetric(rng, size), symmetric(rng, size), rotation(rng, size)
    expected = change.alignment(first, second)
    assert change.alignment(second, first) == pytest.approx(expected, rel=1e-12)
    assert change.alignment(scale * first, second / scale) == pytest.approx(expected, rel=1e-12)
    assert change.alignment(turn @ first @ turn.T, turn @ second @ turn.T) == pytest.approx(expected, rel=1e-9)
    assert change.alignment(first, scale * first) == pytest.approx(1, rel=1e-12)
    assert 0 < expected < 1 + 1e-12  # two positive matrices, Cauchy-Schwarz


def test_alignment_of_small_matrices():
    identity, swap = tensor([[1, 0], [0, 1]]), tensor([[0, 1], [1, 0]])
    assert change.alignment(identity, swap) == 0
    assert change.alignment(identity, -identity) == pytest.approx(-1)
    assert change.alignment(identity, tensor([[1, 0], [0, 0]])) == pytest.approx(1 / math.sqrt(2))
    # 3 * 4 + 0 over |(3, 4 on the diagonal)| = 5 and 4.
    assert change.alignment(tensor([[3, 0], [0, 4]]), tensor([[4, 0], [0, 0]])) == pytest.approx(12 / 20)


def test_alignment_of_single_precision_sums_in_double_precision():
    # A million equal entries: a sum in single precision would drift.
    ones = torch.full((1000, 1000), 0.1, dtype=torch.float32)
    assert change.alignment(ones, ones) == pytest.approx(1, abs=1e-10)


# Weight change


@given(size=counts, seed=seeds)
def test_weight_change_norms_sum_squares_of_all_entries(size, seed):
    before, after = network(seed, size), network(seed + 1, size)
    squares = [
        sum((float(b) - float(a)) ** 2 for a, b in zip(*(m.flatten() for m in pair), strict=True))
        for pair in zip(before, after, strict=True)
    ]
    recurrent, every = change.weight_change_norms(before, after)
    assert recurrent == pytest.approx(math.sqrt(squares[0]), rel=1e-12)
    assert every == pytest.approx(math.sqrt(sum(squares)), rel=1e-12)


def test_weight_change_norms_of_a_small_network():
    before = Weights(tensor([[1.0]]), tensor([[1.0]]), tensor([[1.0]]))
    after = Weights(tensor([[3.0]]), tensor([[2.0]]), tensor([[-1.0]]))
    assert change.weight_change_norms(before, after) == pytest.approx((2.0, 3.0))
    assert change.weight_change_norms(before, before) == (0.0, 0.0)


# Representation


@given(steps=st.integers(1, 4), trials=counts, size=counts, seed=seeds)
def test_representation_is_the_similarity_of_trials_at_the_last_step(steps, trials, size, seed):
    rates = torch.from_numpy(np.random.default_rng(seed).standard_normal((steps, trials, size)))
    expected = [
        [float(sum(rates[-1, a, i] * rates[-1, b, i] for i in range(size))) for b in range(trials)]
        for a in range(trials)
    ]
    np.testing.assert_allclose(change.representation(rates), expected, rtol=1e-10, atol=1e-12)
    turned = rates @ rotation(np.random.default_rng(seed + 1), size)
    torch.testing.assert_close(change.representation(turned), change.representation(rates), rtol=1e-10, atol=1e-10)


def test_representation_is_not_centred():
    # Activity that is the same on every trial is similarity too (methods.md C).
    assert change.representation(torch.full((3, 2, 4), 0.5)).tolist() == [[1, 1], [1, 1]]


# Sign similarity


@given(steps=st.integers(1, 4), trials=counts, size=counts, seed=seeds)
def test_sign_similarity_counts_units_step_by_step(steps, trials, size, seed):
    rng = np.random.default_rng(seed)
    first, second = (np.maximum(rng.standard_normal((steps, trials, size)), 0) for _ in range(2))
    chosen = rng.random((steps, trials)) < 0.5
    chosen[0, 0] = True
    equal = [
        (first[t, b, i] > 0) == (second[t, b, i] > 0)
        for t in range(steps) for b in range(trials) for i in range(size) if chosen[t, b]
    ]  # fmt: skip
    actual = change.unchanged_signs(*(torch.from_numpy(array) for array in (first, second, chosen)))
    assert actual == pytest.approx(np.mean(equal), rel=1e-12)


def test_sign_similarity_of_small_cases():
    first, second = tensor([[[1, 0, 2, 0]], [[0, 0, 0, 0]]]), tensor([[[5, 0, 0, 3]], [[0, 0, 0, 0]]])
    steps = torch.tensor([[True], [False]])
    assert change.unchanged_signs(first, second, steps) == 0.5
    assert change.unchanged_signs(first, second, ~steps) == 1
    assert change.unchanged_signs(first, 7 * first, steps) == 1


# Ranks of weights


def test_effective_ranks_of_known_matrices():
    size = 5
    turn = rotation(np.random.default_rng(0), size).numpy()
    assert effective_ranks.eigenvalue_effective_rank(2 * turn) == pytest.approx(1)  # all eigenvalues on one circle
    assert effective_ranks.singular_value_effective_rank(2 * turn) == pytest.approx(1)
    assert effective_ranks.stable_rank(2 * turn) == pytest.approx(size)
    one = np.outer(np.arange(1, 6), np.ones(5))
    assert effective_ranks.eigenvalue_effective_rank(one) == pytest.approx(1 / size)
    assert effective_ranks.singular_value_effective_rank(one) == pytest.approx(1 / size)
    assert effective_ranks.stable_rank(one) == pytest.approx(1)
    diagonal = np.diag([4.0, -2.0, 1.0, 1.0])
    assert effective_ranks.eigenvalue_effective_rank(diagonal) == pytest.approx(8 / 16)
    assert effective_ranks.singular_value_effective_rank(diagonal) == pytest.approx(8 / 16)
    assert effective_ranks.stable_rank(diagonal) == pytest.approx(22 / 16)


def test_effective_rank_by_eigenvalues_differs_from_that_by_singular_values():
    # An upper triangle is invisible to eigenvalues (1, 1) and dominates the singular values.
    triangle = np.array([[1.0, 100.0], [0.0, 1.0]])
    assert effective_ranks.eigenvalue_effective_rank(triangle) == pytest.approx(1)
    assert effective_ranks.singular_value_effective_rank(triangle) == pytest.approx(0.5, abs=1e-3)
    # Complex eigenvalues count by their modulus: +-2i and 1.
    assert effective_ranks.eigenvalue_effective_rank(np.array([[0, -2, 0], [2, 0, 0], [0, 0, 1.0]])) == pytest.approx(
        5 / 6
    )


@given(size=counts, seed=seeds, scale=st.floats(1e-3, 1e3))
def test_ranks_of_weights_do_not_see_scale_or_rotation(size, seed, scale):
    rng = np.random.default_rng(seed)
    weights, turn, other = rng.standard_normal((size, size)), *(rotation(rng, size).numpy() for _ in range(2))
    for measure, left, right in (
        (effective_ranks.eigenvalue_effective_rank, turn, turn.T),  # eigenvalues survive a change of basis
        (effective_ranks.singular_value_effective_rank, turn, other),
        (effective_ranks.stable_rank, turn, other),
    ):
        expected = measure(weights)
        assert measure(-scale * left @ weights @ right) == pytest.approx(expected, rel=1e-7)
    assert 1 / size <= effective_ranks.eigenvalue_effective_rank(weights) <= 1 + 1e-12
    assert 1 / size <= effective_ranks.singular_value_effective_rank(weights) <= 1 + 1e-12
    assert 1 - 1e-12 <= effective_ranks.stable_rank(weights) <= size + 1e-9
    assert effective_ranks.stable_rank(weights) == pytest.approx(
        (weights**2).sum() / np.linalg.norm(weights, 2) ** 2, rel=1e-10
    )


# Measures of a kernel


def test_kernel_effective_rank_of_known_kernels():
    count = 6
    assert task_kernels.kernel_effective_rank(torch.eye(count)) == pytest.approx(count)
    assert task_kernels.kernel_effective_rank(torch.ones(count, count)) == pytest.approx(1)
    assert task_kernels.kernel_effective_rank(torch.diag(tensor([4, 2, 1, 1]))) == pytest.approx(2)


@given(size=counts, seed=seeds, scale=st.floats(1e-3, 1e3))
def test_kernel_effective_rank_is_trace_over_largest_eigenvalue(size, seed, scale):
    rng = np.random.default_rng(seed)
    kernel, turn = symmetric(rng, size), rotation(rng, size)
    expected = np.trace(kernel.numpy()) / np.linalg.norm(kernel.numpy(), 2)
    assert task_kernels.kernel_effective_rank(kernel) == pytest.approx(expected, rel=1e-10)
    assert task_kernels.kernel_effective_rank(scale * turn @ kernel @ turn.T) == pytest.approx(expected, rel=1e-8)


def test_one_hot_targets_are_ordered_time_class_trial():
    targets = torch.tensor([[0, 2, 1], [1, 1, 0]], dtype=torch.uint8)
    vectors = task_alignment.one_hot(targets, 3)
    assert vectors.shape == (2, 3, 3)
    for time, kind, trial in np.ndindex(2, 3, 3):
        assert vectors[time, kind, trial] == (targets[time, trial] == kind)


@given(times=st.integers(1, 3), classes=st.integers(2, 3), trials=counts, seed=seeds)
def test_kernel_task_alignment_by_loops(times, classes, trials, seed):
    rng = np.random.default_rng(seed)
    targets = task_alignment.one_hot(torch.from_numpy(rng.integers(0, classes, (times, trials))), classes)
    count = times * classes * trials
    kernel = symmetric(rng, count)
    y = [int(targets[t, k, b]) for t in range(times) for k in range(classes) for b in range(trials)]
    product = sum(y[i] * float(kernel[i, j]) * y[j] for i in range(count) for j in range(count) if y[i] and y[j])
    expected = product / (sum(y) * sum(float(kernel[i, i]) for i in range(count)))
    assert task_alignment.kernel_task_alignment(kernel, targets) == pytest.approx(expected, rel=1e-10)
    assert task_alignment.kernel_task_alignment(5 * kernel, targets) == pytest.approx(expected, rel=1e-10)


def test_kernel_task_alignment_of_known_kernels():
    targets = task_alignment.one_hot(torch.tensor([[0, 1, 2, 2], [0, 0, 1, 2]]), 3)
    y = targets.flatten().double()
    assert task_alignment.kernel_task_alignment(torch.outer(y, y), targets) == pytest.approx(
        1
    )  # all of the kernel is the task
    assert task_alignment.kernel_task_alignment(torch.eye(24), targets) == pytest.approx(
        1 / 24
    )  # no direction preferred
    assert task_alignment.kernel_task_alignment(torch.diag(1 - y), targets) == 0


@given(times=st.integers(1, 3), classes=st.integers(2, 3), trials=st.integers(2, 6), seed=seeds)
def test_centred_kernel_alignment_by_loops(times, classes, trials, seed):
    rng = np.random.default_rng(seed)
    labels = torch.from_numpy(rng.integers(0, classes, (times, trials)))
    labels[0, :2] = torch.tensor([0, 1])  # not all trials alike
    targets, kernel = task_alignment.one_hot(labels, classes), symmetric(rng, times * classes * trials)
    actual = task_alignment.centred_kernel_alignment(kernel, targets)
    assert actual == pytest.approx(oracles.centred_alignment(kernel.numpy(), targets.double().numpy()), rel=1e-9)
    # What is the same on all trials does not count, nor does scale.
    offset = torch.from_numpy(rng.standard_normal((times * classes, times * classes * trials))).repeat_interleave(
        trials, 0
    )
    assert task_alignment.centred_kernel_alignment(3 * kernel + offset + offset.T, targets) == pytest.approx(
        actual, rel=1e-8
    )
    assert -1e-12 <= actual <= 1 + 1e-12


def test_centred_kernel_alignment_of_known_kernels():
    targets = task_alignment.one_hot(torch.tensor([[0, 1, 2, 2], [0, 0, 1, 2]]), 3)
    y = (targets.double() - targets.double().mean(-1, keepdim=True)).flatten()
    assert task_alignment.centred_kernel_alignment(torch.outer(y, y), targets) == pytest.approx(1)
    # Of the identity the centring leaves a projection of rank 6 (m - 1) and norm sqrt(18).
    assert task_alignment.centred_kernel_alignment(torch.eye(24), targets) == pytest.approx(1 / math.sqrt(18))


def test_centred_kernel_alignment_needs_trials_that_differ():
    targets = task_alignment.one_hot(torch.tensor([[1, 1, 1], [0, 0, 0]]), 2)
    assert math.isnan(task_alignment.centred_kernel_alignment(torch.eye(12), targets))


# Loss and accuracy


@given(steps=st.integers(1, 4), trials=counts, size=counts, outputs=st.integers(2, 4), seed=seeds)
def test_loss_and_accuracy_by_loops(steps, trials, size, outputs, seed):
    rng = np.random.default_rng(seed)
    weights = network(seed, size, 3, outputs, torch.float64)
    rates = rng.random((steps, trials, size))
    targets = rng.integers(0, outputs, (steps, trials)).astype(np.uint8)
    decision = rng.random((steps, trials)) < 0.5
    decision[-1, 0] = True
    losses, correct = [], []
    for t, b in np.ndindex(steps, trials):
        logits = weights.readout.numpy() @ rates[t, b]
        losses.append(np.log(np.exp(logits).sum()) - logits[targets[t, b]])
        if decision[t, b]:
            correct.append(max(range(outputs), key=lambda k, logits=logits: logits[k]) == targets[t, b])
    loss, accuracy = performance.loss_and_accuracy(
        weights, *(torch.from_numpy(array) for array in (rates, targets, decision))
    )
    assert loss == pytest.approx(np.mean(losses), rel=1e-10)
    assert accuracy == pytest.approx(np.mean(correct), rel=1e-12)


def test_loss_of_a_silent_network_is_that_of_a_guess():
    weights, (_, targets, decision) = network(), probe()
    loss, _ = performance.loss_and_accuracy(weights, torch.zeros(5, 8, 10), targets, decision)
    assert loss == pytest.approx(math.log(3))


# All measures of a run


def test_the_order_of_shuffled_weights_is_that_of_the_seed():
    before, after, (inputs, targets, decision) = network(0), network(1), probe()
    trained = Trained.stacked(Trained(before, after, inputs, targets, decision) for _ in range(3))
    together = measuring.measure_together(trained, Dynamics(0.2), measuring.ProbeSettings(4), [3, 4, 3])
    ratios = [values["loss_ratio_shuffled_initial"] for values in together]
    assert ratios[0] == ratios[2] != ratios[1]
    alone = measuring.measure(
        Trained(before, after, inputs, targets, decision), Dynamics(0.2), measuring.ProbeSettings(4), 4
    )
    assert alone["loss_ratio_shuffled_initial"] == pytest.approx(ratios[1], rel=1e-6)


def test_losses_with_other_recurrent_weights_do_not_depend_on_how_many_are_held_together(monkeypatch):
    single = Trained(network(0), network(1), *probe())
    others = torch.stack([network(seed).recurrent for seed in range(7)])
    together = trained_network.probe_losses(single, others, Dynamics(0.2))
    monkeypatch.setattr(trained_network, "_RATES_TOGETHER", 2 * 5 * 8 * 10)
    np.testing.assert_allclose(trained_network.probe_losses(single, others, Dynamics(0.2)), together, rtol=1e-6)
    rest = (single.final.input, single.final.readout)
    expected = [float(oracles.network_loss((one, *rest), *probe()[:2], 0.2, "after_leak")) for one in others]
    np.testing.assert_allclose(together, expected, rtol=1e-5)


def test_measures_of_an_untrained_network():
    weights, (inputs, targets, decision) = network(), probe()
    values = measuring.measure(
        Trained(weights, weights, inputs, targets, decision), Dynamics(0.2), measuring.ProbeSettings(8)
    )
    for name in ("weight_change_norm", "weight_change_norm_recurrent"):
        assert values[name] == 0
    for name in ("representation_alignment", "kernel_alignment", "kernel_alignment_recurrent", "sign_similarity"):
        assert values[name] == pytest.approx(1, abs=1e-12)
    for name in values:
        if name.endswith("_initial") and name.removesuffix("_initial") in values:
            assert values[name] == values[name.removesuffix("_initial")]


def test_alignments_do_not_see_the_order_of_units():
    # A network with its units renamed does the same: only the change of weights notices.
    weights, (inputs, targets, decision) = network(dtype=torch.float64), probe(dtype=torch.float64)
    order = torch.from_numpy(np.random.default_rng(0).permutation(10))
    renamed = Weights(weights.recurrent[order][:, order], weights.input[order], weights.readout[:, order])
    values = measuring.measure(
        Trained(weights, renamed, inputs, targets, decision), Dynamics(0.2), measuring.ProbeSettings(8)
    )
    for name in ("representation_alignment", "kernel_alignment", "kernel_alignment_recurrent"):
        assert values[name] == pytest.approx(1, abs=1e-12)
    for name in ("effective_rank_eigenvalues", "stable_rank", "kernel_task_alignment", "centred_kernel_alignment"):
        assert values[name] == pytest.approx(values[f"{name}_initial"], rel=1e-8)
    assert values["weight_change_norm"] > 1


def test_kernel_is_measured_on_the_first_trials_of_the_probe():
    before, after, (inputs, targets, decision) = network(0), network(1), probe()
    changed = inputs.clone()
    changed[:, 4:] *= 2
    first, second = (
        measuring.measure(Trained(before, after, signal, targets, decision), Dynamics(0.2), measuring.ProbeSettings(4))
        for signal in (inputs, changed)
    )
    same = {name for name in first if first[name] == second[name] or math.isnan(first[name])}
    assert {name for name in first if "kernel" in name} <= same
    assert {"probe_loss", "representation_alignment"}.isdisjoint(same)


def test_measures_in_single_precision_are_close_to_those_in_double():
    inputs, targets, decision = probe(steps=8)
    values = []
    for convert in (torch.Tensor.float, torch.Tensor.double):
        before, after = network(0, 40).map(convert), network(1, 40).map(convert)
        values.append(
            measuring.measure(
                Trained(before, after, convert(inputs), targets, decision),
                Dynamics(0.2),
                measuring.ProbeSettings(8),
            )
        )
    for name in on_probe.MEASURES:
        assert values[0][name] == pytest.approx(values[1][name], rel=1e-4, nan_ok=True), name


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("matrix", ["recurrent", "input", "readout"])
def test_weights_that_are_not_finite_have_no_measures(matrix, bad):
    before, after, (inputs, targets, decision) = network(0), network(1), probe()
    getattr(after, matrix)[0, 0] = bad
    values = measuring.measure(
        Trained(before, after, inputs, targets, decision), Dynamics(0.2), measuring.ProbeSettings(8)
    )
    assert list(values) == list(on_probe.MEASURES)
    never = {name for name, value in values.items() if value == math.inf}
    assert never == {name for name, one in on_probe.MEASURES.items() if one.censored} == {"functional_rank"}
    assert all(math.isnan(value) for name, value in values.items() if name not in never)


def test_measures_of_finite_weights_whose_activity_overflows_do_not_fail():
    # A run that is stopped at its divergence bound ends with weights that are large and finite (design.md 6).
    before, after, (inputs, targets, decision) = network(0), network(1).map(lambda matrix: 1e12 * matrix), probe()
    assert all(bool(torch.isfinite(matrix).all()) for matrix in after)
    values = measuring.measure(
        Trained(before, after, inputs, targets, decision), Dynamics(0.2), measuring.ProbeSettings(8)
    )
    assert list(values) == list(on_probe.MEASURES)
    assert math.isnan(values["kernel_effective_rank"])


@pytest.mark.parametrize("kernel_times", ["all", "last"])
def test_measures_of_many_networks_are_those_of_each(kernel_times):
    # The last of them has weights that are not finite, and leaves the others alone.
    trained = [Trained(network(seed), network(seed + 10), *probe(seed)) for seed in range(3)]
    trained[2].final.recurrent[0, 0] = math.nan
    together = measuring.measure_together(
        Trained.stacked(trained), Dynamics(0.2, "inside"), measuring.ProbeSettings(5, kernel_times)
    )
    for one, values in zip(trained, together, strict=True):
        alone = measuring.measure(
            Trained(one.initial, one.final, one.inputs, one.targets, one.decision),
            Dynamics(0.2, "inside"),
            measuring.ProbeSettings(5, kernel_times),
        )
        np.testing.assert_allclose(list(values.values()), list(alone.values()), rtol=1e-5)


# Feedforward and linear networks


def feedforward(seed=0, size=10, inputs=3, outputs=3, dtype=torch.float64):
    _, first_layer, readout = network(seed, size, inputs, outputs, dtype)
    return Weights(torch.zeros(0, 0, dtype=dtype), first_layer, readout)


def jacobian_kernel(weights, inputs, activation):
    """J J' over (class, trial) of activation(x W1') W2', by forward-mode differentiation of all weights at once."""
    shapes = [weights.input.shape, weights.readout.shape]
    flat = torch.cat([weights.input.flatten(), weights.readout.flatten()])

    def outputs(parameters):
        first_layer, readout = parameters.split([shape.numel() for shape in shapes])
        return (activation(inputs[0] @ first_layer.view(shapes[0]).T) @ readout.view(shapes[1]).T).T.flatten()

    jacobian = torch.autograd.functional.jacobian(outputs, flat)
    return jacobian @ jacobian.T


def test_measures_of_many_feedforward_networks_are_those_of_each():
    inputs, _, decision = probe(steps=1, dtype=torch.float64)
    trained = []
    for seed in range(3):
        beta = torch.from_numpy(np.random.default_rng(seed).standard_normal(3))
        weights = (feedforward(seed, outputs=1), feedforward(seed + 10, outputs=1))
        trained.append(Trained(*weights, inputs, (inputs @ beta)[..., None], decision))
    dynamics = Dynamics(0.0, "none")
    together = measuring.measure_together(
        Trained.stacked(trained), dynamics, measuring.ProbeSettings(5, "last", "last")
    )
    for one, values in zip(trained, together, strict=True):
        alone = measuring.measure(
            Trained(one.initial, one.final, one.inputs, one.targets, one.decision),
            dynamics,
            measuring.ProbeSettings(5, "last", "last"),
        )
        np.testing.assert_allclose(list(values.values()), list(alone.values()), rtol=1e-9)
        assert math.isfinite(values["kernel_alignment_predicted"])


def converged(rank, scale=1e-4, inputs=4, size=30, whitened=False, readout="equal_norm", seed=2):
    """A linear network of small weights trained until it has learned its teacher, with trials and targets."""
    settings = {"inputs": inputs, "samples": 50, "whitened": whitened}
    trials, targets = linear_teacher.trials(settings, 3.0, seed)
    layer = structured_weights(
        "svd_truncation", size, scale, "frobenius", np.random.default_rng(seed), columns=inputs, rank=rank
    )
    initial = rate_network.initial_feedforward_weights(layer, 1, readout, seed)
    stacked = Weights.stacked([initial]).map(torch.Tensor.double)
    batches, answers = trials[None].astype(float), targets[None].astype(float)
    final, course = loop.train(
        stacked,
        [batches],
        [answers],
        Dynamics(0.0, "none"),
        TrainingSettings(0.01, loss_steps="last", loss="squared_error", iterations=4000),
    )
    assert course.of_network(0, 0.01)["final_loss"] < 1e-12
    return initial.map(torch.Tensor.double), final.of_network(0), torch.from_numpy(trials), torch.from_numpy(targets)


@pytest.mark.parametrize("readout", ["equal_norm", "normal"])
@pytest.mark.parametrize(("rank", "whitened"), [(1, False), (2, False), (4, False), (1, True), (4, True)])
def test_the_predicted_kernel_alignment_is_that_of_a_trained_linear_network(rank, whitened, readout):
    initial, final, inputs, targets = converged(rank, whitened=whitened, readout=readout)
    inputs, targets = inputs.double(), targets.double()
    decision = torch.ones(inputs.shape[:2], dtype=torch.bool)
    values = measuring.measure(
        Trained(initial, final, inputs, targets, decision),
        Dynamics(0.0, "none"),
        measuring.ProbeSettings(4, "last", "last"),
    )
    assert values["probe_loss"] < 1e-10
    assert values["kernel_alignment"] == pytest.approx(values["kernel_alignment_predicted"], abs=1e-3)
    kernels = [jacobian_kernel(weights, inputs, lambda state: state) for weights in (initial, final)]
    assert cosine(*kernels) == pytest.approx(values["kernel_alignment_predicted"], abs=1e-3)
    assert values["kernel_effective_rank"] == pytest.approx(values["task_effective_rank"], rel=1e-3)


def test_the_predicted_alignment_grows_with_the_rank_of_the_first_layer():
    found = []
    for rank in (1, 2, 4):
        initial, *_, inputs, targets = converged(rank)
        found.append(change.predicted_kernel_alignment(initial, inputs, targets))
    assert found == sorted(found)


@pytest.mark.parametrize("bad", ["final", "rectified", "two outputs", "recurrent"])
def test_nothing_is_predicted_for_other_networks(bad):
    inputs, _, decision = probe(steps=1, dtype=torch.float64)
    draw = network if bad == "recurrent" else feedforward
    outputs = 2 if bad == "two outputs" else 1
    before, after = (draw(seed, outputs=outputs, dtype=torch.float64) for seed in (0, 1))
    targets = (inputs.sum(-1, keepdim=True)).expand(1, 8, outputs)
    if bad == "final":
        after.input[0, 0] = math.nan
    dynamics = Dynamics(0.0, "after_leak" if bad == "rectified" else "none")
    values = measuring.measure(
        Trained(before, after, inputs, targets, decision),
        dynamics,
        measuring.ProbeSettings(5, "last", "last"),
    )
    assert math.isnan(values["kernel_alignment_predicted"])


@given(trials=counts, size=counts, outputs=st.integers(1, 3), seed=seeds)
def test_loss_of_numbers_by_loops(trials, size, outputs, seed):
    rng = np.random.default_rng(seed)
    weights = network(seed, size, 3, outputs, torch.float64)
    rates, targets = rng.random((2, trials, size)), rng.standard_normal((2, trials, outputs))
    losses = [
        sum((weights.readout.numpy() @ rates[t, b] - targets[t, b]) ** 2) / 2 for t in range(2) for b in range(trials)
    ]
    arrays = [torch.from_numpy(array) for array in (rates, targets)]
    decision = torch.ones(2, trials, dtype=torch.bool)
    for loss_steps, expected in (("all", losses), ("last", losses[trials:])):
        loss, accuracy = performance.loss_and_accuracy(weights, *arrays, decision, loss_steps)
        assert loss == pytest.approx(np.mean(expected), rel=1e-10)
        assert math.isnan(accuracy)


def test_targets_of_a_kernel_stand_in_the_order_of_its_outputs():
    numbers = torch.from_numpy(np.random.default_rng(0).standard_normal((2, 3, 4)))
    found = task_alignment.targets_of_kernel(numbers, 4, "all")
    assert all(found[t, k, b] == numbers[t, b, k] for t in range(2) for k in range(4) for b in range(3))
    assert torch.equal(task_alignment.targets_of_kernel(numbers, 4, "last"), found[1:])
    classes = torch.tensor([[0, 1, 2], [2, 2, 0]], dtype=torch.uint8)
    assert torch.equal(task_alignment.targets_of_kernel(classes, 3, "all"), task_alignment.one_hot(classes, 3))


def test_similarity_after_training_matches_the_kernel_of_the_same_network():
    # The readout part of the kernel of the last step is the representation, once per class.
    weights, (inputs, _, _) = network(dtype=torch.float64), probe(dtype=torch.float64)
    rates, _ = respond(weights, inputs, Dynamics(0.2))
    silent = Weights(
        weights.recurrent, weights.input, torch.zeros_like(weights.readout)
    )  # leaves the readout part alone
    kernel = tangent_kernel(silent, inputs, Dynamics(0.2), "last").all
    torch.testing.assert_close(kernel, torch.block_diag(*[change.representation(rates)] * 3), rtol=1e-12, atol=1e-12)


def test_measures_of_a_network_that_starts_without_recurrent_weights():
    before, after = network(), network(seed=1)
    before.recurrent.zero_()
    inputs, targets, decision = probe()
    values = measuring.measure(
        Trained(before, after, inputs, targets, decision), Dynamics(0.2), measuring.ProbeSettings(8)
    )
    undefined = {"effective_rank_eigenvalues", "effective_rank_singular_values", "stable_rank"}
    for name in undefined:
        assert math.isnan(values[f"{name}_initial"])
        assert math.isfinite(values[name])
    assert values["weight_change_norm_recurrent"] == pytest.approx(float(after.recurrent.norm()))


def test_loss_of_numbers_that_are_not_always_asked_for():
    rng = np.random.default_rng(3)
    weights, (inputs, _, decision) = network(), probe()
    outputs = measuring.respond(weights, inputs, Dynamics(0.2))[0] @ weights.readout.T
    targets = torch.from_numpy(rng.standard_normal(outputs.shape))
    targets[torch.from_numpy(rng.random(outputs.shape)) < 0.5] = math.nan
    values = measuring.measure(
        Trained(weights, weights, inputs, targets, decision),
        Dynamics(0.2),
        measuring.ProbeSettings(8, loss="masked_squared_error"),
    )
    squares = [
        (float(outputs[place]) - float(targets[place])) ** 2
        for place in np.ndindex(*outputs.shape)
        if not math.isnan(targets[place])
    ]
    assert values["probe_loss"] == pytest.approx(np.mean(squares) / 2, rel=1e-6)
    assert math.isfinite(values["kernel_task_alignment"])


def test_time_points_are_compared_where_there_is_one_trial():
    rates = torch.from_numpy(np.random.default_rng(0).standard_normal((5, 1, 7)))
    torch.testing.assert_close(change.representation(rates), rates[:, 0] @ rates[:, 0].T)
    two = torch.cat([rates, 2 * rates], 1)
    torch.testing.assert_close(change.representation(two), two[-1] @ two[-1].T)
