"""Linear theory against gradient descent, averages over random tasks, and the numbers worked out by hand."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from richlazy.theory import two_layer

seeds = st.integers(0, 10_000)
dimensions = st.integers(2, 8)
norms = st.floats(1e-4, 10.0)


def orthogonal(rng, size):
    return np.linalg.qr(rng.standard_normal((size, size)))[0]


def first_layer_with(singular_values, units, inputs, rng):
    """A first layer (units, inputs) with the given singular values and random singular vectors."""
    count = len(singular_values)
    return (orthogonal(rng, units)[:, :count] * singular_values) @ orthogonal(rng, inputs)[:count]


def readout_of_norm(norm, units, rng):
    readout = rng.standard_normal((1, units))
    return readout * (norm / np.linalg.norm(readout))


def random_second_moment(rng, inputs):
    """Of correlated inputs of different variance, with condition number 6 and mean variance 1."""
    turn, variances = orthogonal(rng, inputs), np.linspace(1.0, 6.0, inputs)
    return (turn * (variances / variances.mean())) @ turn.T


def alignment_of_kernels(first, second, inputs):
    """Eq. 6 on kernels between trials, X'MX with X (d, m)."""
    first, second = inputs.T @ first @ inputs, inputs.T @ second @ inputs
    return np.trace(first @ second) / np.linalg.norm(first) / np.linalg.norm(second)


def equal_singular_values(rank, norm):
    return np.full(rank, norm / np.sqrt(rank))


# Kernels


@given(units=dimensions, inputs=dimensions, seed=seeds)
def test_the_core_gives_the_kernel_of_gradients(units, inputs, seed):
    # The gradient of f(x) = W2 W1 x is W2_i x_j with respect to W1_ij, and (W1 x)_i with respect to W2_i.
    rng = np.random.default_rng(seed)
    first_layer, readout = rng.standard_normal((units, inputs)), rng.standard_normal((1, units))
    trials = rng.standard_normal((inputs, 5))
    gradients = np.array([[*np.outer(readout[0], x).flatten(), *(first_layer @ x)] for x in trials.T])
    kernel = trials.T @ two_layer.kernel_core(first_layer, readout) @ trials
    np.testing.assert_allclose(kernel, gradients @ gradients.T, rtol=1e-10, atol=1e-10)


@given(inputs=dimensions, seed=seeds)
def test_the_final_core_is_that_of_balanced_layers_that_solve_the_task(inputs, seed):
    rng = np.random.default_rng(seed)
    beta, root = rng.standard_normal(inputs), readout_of_norm(1.0, 7, rng)
    strength = np.sqrt(np.linalg.norm(beta))
    first_layer, readout = root.T @ (beta[None] / strength), strength * root
    np.testing.assert_allclose(readout @ first_layer, beta[None], rtol=1e-12)
    np.testing.assert_allclose(first_layer @ first_layer.T, readout.T @ readout, rtol=1e-10, atol=1e-12)
    expected = two_layer.kernel_core(first_layer, readout)
    np.testing.assert_allclose(two_layer.final_kernel_core(beta), expected, rtol=1e-10, atol=1e-12)


@given(units=dimensions, inputs=dimensions, seed=seeds)
def test_kernel_alignment_is_that_of_kernels_between_trials(units, inputs, seed):
    rng = np.random.default_rng(seed)
    first_layer, readout = rng.standard_normal((units, inputs)), rng.standard_normal((1, units))
    beta, trials = rng.standard_normal(inputs), rng.standard_normal((inputs, 2 * inputs))
    cores = two_layer.kernel_core(first_layer, readout), two_layer.final_kernel_core(beta)
    found = two_layer.kernel_alignment(first_layer, readout, beta, trials @ trials.T)
    assert found == pytest.approx(alignment_of_kernels(*cores, trials), rel=1e-10)
    assert 0 < found <= 1 + 1e-12
    scaled = two_layer.kernel_alignment(1e-3 * first_layer, 1e-3 * readout, 5 * beta, 7 * trials @ trials.T)
    assert scaled == pytest.approx(found, rel=1e-10)


@given(units=dimensions, inputs=dimensions, seed=seeds)
def test_kernel_alignment_for_white_inputs_is_equation_14(units, inputs, seed):
    rng = np.random.default_rng(seed)
    first_layer, readout = rng.standard_normal((units, inputs)), rng.standard_normal((1, units))
    beta = rng.standard_normal(inputs)
    core, task = two_layer.kernel_core(first_layer, readout), beta / np.linalg.norm(beta)
    expected = (task @ core @ task + np.trace(core)) / np.sqrt((inputs + 3) * np.trace(core @ core))
    assert two_layer.kernel_alignment(first_layer, readout, beta) == pytest.approx(expected, rel=1e-12)
    white = two_layer.kernel_alignment(first_layer, readout, beta, 4 / 3 * np.eye(inputs))
    assert white == pytest.approx(expected, rel=1e-12)


# Gradient descent


def learn(first_layer, readout, beta, second_moment, step):
    """Gradient descent of (b - W2 W1) S (b - W2 W1)' / 2 to a relative error of 1e-6 of the outputs.

    Args:
        first_layer: (K, N, d) of K networks; readout: (K, 1, N).
        beta: (K, 1, d); second_moment: (K, d, d).
        step: learning rate.
    """

    def squared(task):
        return (task @ second_moment @ task.mT)[:, 0, 0]

    missed = beta
    while np.any(squared(missed) > 1e-12 * squared(beta)):
        for _ in range(50):
            missed = beta - readout @ first_layer
            slope = step * missed @ second_moment
            first_layer, readout = first_layer + readout.mT @ slope, readout + slope @ first_layer.mT
    return first_layer, readout


def reached_and_predicted(first_layers, readouts, beta, moments, step):
    """Alignments of each network after gradient descent, and those of the theory."""
    initial, final = (first_layers, readouts), learn(first_layers, readouts, beta, moments, step)
    reached, predicted = [], []
    for network, moment in enumerate(moments):
        cores = [two_layer.kernel_core(layers[0][network], layers[1][network]) for layers in (initial, final)]
        reached.append(alignment_of_kernels(*cores, np.linalg.cholesky(moment)))
        predicted.append(two_layer.kernel_alignment(first_layers[network], readouts[network], beta[network, 0], moment))
    return np.array(reached), np.array(predicted)


# Steps of gradient descent unbalance the layers by the order of their size, unless the inputs are white.
@pytest.mark.parametrize(("white", "step"), [(True, 0.05), (False, 0.01)], ids=["white", "correlated"])
@pytest.mark.parametrize(
    ("units", "inputs", "rank", "scale"),
    [(60, 2, 1, 1e-3), (200, 2, 2, 1e-3), (100, 5, 1, 1e-3), (100, 5, 3, 1e-4), (60, 20, 4, 1e-4), (60, 20, 20, 1e-4)],
)
def test_gradient_descent_ends_with_the_predicted_alignment(units, inputs, rank, scale, white, step):
    count, rng = 12, np.random.default_rng(units + inputs + rank)
    first_layers, readouts, moments = [], [], []
    for _ in range(count):
        left, values, right = np.linalg.svd(rng.standard_normal((units, inputs)), full_matrices=False)
        values *= (np.arange(inputs) < rank) * np.linalg.norm(values) / np.linalg.norm(values[:rank])
        first_layers.append(scale * (left * values) @ right)
        readouts.append(scale * rng.standard_normal((1, units)))
        moments.append(np.eye(inputs) if white else random_second_moment(rng, inputs))
    beta = rng.standard_normal((count, 1, inputs))
    beta /= np.linalg.norm(beta, axis=-1, keepdims=True)
    networks = np.array(first_layers), np.array(readouts), beta, np.array(moments)
    reached, predicted = reached_and_predicted(*networks, step)
    np.testing.assert_allclose(reached, predicted, rtol=0, atol=1e-3)
    # The prediction is not the same for every network: the comparison could fail.
    assert rank == inputs or np.ptp(predicted) > 0.01


def test_the_prediction_errs_by_the_square_of_the_initial_weights():
    rng = np.random.default_rng(0)
    first_layer, readout = rng.standard_normal((8, 50, 3)), rng.standard_normal((8, 1, 50))
    beta, moments = rng.standard_normal((8, 1, 3)), np.array([np.eye(3)] * 8)
    errors = []
    for scale in (1e-2, 1e-3):
        reached, predicted = reached_and_predicted(scale * first_layer, scale * readout, beta, moments, 0.05)
        errors.append(np.abs(reached - predicted).max())
    assert errors[0] / errors[1] == pytest.approx(100, rel=0.3)


# Averages over tasks


@pytest.mark.parametrize(("inputs", "rank"), [(2, 1), (2, 2), (5, 2), (20, 1), (20, 10)])
@pytest.mark.parametrize("squared_norm_ratio", [0.3, 1.0, 20.0])
def test_the_expected_alignment_is_the_average_over_tasks(inputs, rank, squared_norm_ratio):
    rng = np.random.default_rng(inputs + rank)
    singular_values = rng.uniform(0.5, 1.5, rank)
    readout = readout_of_norm(np.linalg.norm(singular_values) / np.sqrt(squared_norm_ratio), 30, rng)
    first_layer = first_layer_with(singular_values, 30, inputs, rng)
    draws = [
        two_layer.kernel_alignment(first_layer, readout, rng.standard_normal(inputs) / np.sqrt(inputs))
        for _ in range(2000)
    ]
    expected = two_layer.expected_kernel_alignment(singular_values, np.linalg.norm(readout), inputs)
    assert abs(np.mean(draws) - expected) < 4 * np.std(draws) / np.sqrt(len(draws)) + 1e-12


@given(inputs=dimensions, seed=seeds, norm=norms)
def test_layers_of_equal_norm_are_equation_21(inputs, seed, norm):
    singular_values = np.random.default_rng(seed).uniform(0, 1, inputs)
    singular_values *= norm / np.linalg.norm(singular_values)
    fourth = np.sum((singular_values / norm) ** 4)
    expected = (1 + 1 / inputs) * (inputs + 1) / np.sqrt((inputs + 3) * (inputs + 2 + fourth))
    found = two_layer.expected_kernel_alignment(singular_values, norm, inputs)
    assert found == pytest.approx(expected, rel=1e-12)


@given(inputs=dimensions, seed=seeds, readout_norm=norms)
def test_equal_singular_values_have_the_highest_expected_alignment(inputs, seed, readout_norm):
    singular_values = np.random.default_rng(seed).uniform(0, 1, inputs)
    assume(np.ptp(singular_values) > 0.1)
    equal = equal_singular_values(inputs, np.linalg.norm(singular_values))
    best = two_layer.expected_kernel_alignment(equal, readout_norm, inputs)
    assert best == pytest.approx((inputs + 1) / np.sqrt(inputs * (inputs + 3)), rel=1e-12)
    assert two_layer.expected_kernel_alignment(singular_values, readout_norm, inputs) < best


@given(inputs=dimensions, readout_norm=norms, norm=norms)
def test_the_expected_alignment_grows_with_rank(inputs, readout_norm, norm):
    by_rank = [
        two_layer.expected_kernel_alignment(equal_singular_values(rank, norm), readout_norm, inputs)
        for rank in range(1, inputs + 1)
    ]
    assert np.all(np.diff(by_rank) > 0) or norm < 1e-2 * readout_norm  # then rank is below rounding


# Inputs d, rank of equal singular values, value for |W1| = |W2| and for |W1|² = d |W2|² (methods.md F).
WORKED_OUT = [
    (2, 1, 0.9000, 0.8485),
    (2, 2, 0.9487, 0.9487),
    (20, 1, 0.9587, 0.4083),
    (20, 5, 0.9758, 0.7402),
    (20, 10, 0.9780, 0.8758),
    (20, 20, 0.9791, 0.9791),
    (100, 1, 0.9904, 0.1961),
    (100, 25, 0.9950, 0.7523),
    (100, 50, 0.9951, 0.8901),
    (100, 100, 0.9952, 0.9952),
]


@pytest.mark.parametrize(("inputs", "rank", "equal_norms", "equal_entries"), WORKED_OUT)
def test_expected_alignments_worked_out_by_hand(inputs, rank, equal_norms, equal_entries):
    values = [
        two_layer.expected_kernel_alignment(equal_singular_values(rank, norm), 1e-3, inputs)
        for norm in (1e-3, 1e-3 * np.sqrt(inputs))
    ]
    assert values == pytest.approx([equal_norms, equal_entries], abs=5e-5)


# Alignment with the task


@given(units=dimensions, inputs=dimensions, norm=norms, seed=seeds)
def test_an_aligned_first_layer_of_the_norm_of_the_readout_is_fully_aligned(units, inputs, norm, seed):
    rng = np.random.default_rng(seed)
    beta, readout = rng.standard_normal(inputs), readout_of_norm(norm, units, rng)
    first_layer = two_layer.aligned_first_layer(beta, units, norm)
    assert first_layer.shape == (units, inputs)
    assert np.linalg.matrix_rank(first_layer) == 1
    assert np.linalg.norm(first_layer) == pytest.approx(norm, rel=1e-12)
    # White inputs or not: the two cores are the same but for a factor.
    for second_moment in (None, random_second_moment(rng, inputs)):
        found = two_layer.kernel_alignment(first_layer, readout, beta, second_moment)
        assert found == pytest.approx(1, abs=1e-12)
    assert two_layer.aligned_kernel_alignment(inputs, 1.0) == pytest.approx(1, abs=1e-12)


@given(units=dimensions, inputs=dimensions, squared_norm_ratio=st.floats(0.01, 100), seed=seeds)
def test_closed_forms_of_aligned_layers_are_those_of_their_weights(units, inputs, squared_norm_ratio, seed):
    rng = np.random.default_rng(seed)
    beta, other = rng.standard_normal((2, inputs))
    readout = readout_of_norm(1e-3, units, rng)
    for row in (beta, -beta, other):
        first_layer = two_layer.aligned_first_layer(row, units, 1e-3 * np.sqrt(squared_norm_ratio))
        cosine = two_layer.direction(row) @ two_layer.direction(beta)
        expected = two_layer.kernel_alignment(first_layer, readout, beta)
        found = two_layer.aligned_kernel_alignment(inputs, squared_norm_ratio, cosine)
        assert found == pytest.approx(expected, abs=1e-12)
    full = two_layer.aligned_kernel_alignment(inputs, squared_norm_ratio)
    ratio = squared_norm_ratio
    by_hand = (2 * ratio + 1 + inputs) / np.sqrt((inputs + 3) * (ratio**2 + 2 * ratio + inputs))
    assert found <= full == pytest.approx(by_hand, rel=1e-12)
    assert full <= 1 + 1e-12


def test_full_alignment_needs_layers_of_equal_norm():
    assert two_layer.aligned_kernel_alignment(2, 2.0) == pytest.approx(0.98995, abs=5e-6)
    assert two_layer.aligned_kernel_alignment(100, 100.0) == pytest.approx(0.29223, abs=5e-6)


@given(inputs=st.integers(2, 9), condition_number=st.floats(1.5, 100), seed=seeds)
def test_features_have_two_strengths_of_which_the_dominant_ones_stay(inputs, condition_number, seed):
    modulation = two_layer.feature_modulation(inputs, condition_number, np.random.default_rng(seed))
    half = inputs // 2
    expected = np.array([condition_number] * half + [1.0] * (inputs - half))
    np.testing.assert_allclose(np.linalg.svd(modulation, compute_uv=False), expected, rtol=1e-10)
    dominant = two_layer.dominant_features(modulation)
    values = np.linalg.svd(dominant, compute_uv=False)
    np.testing.assert_allclose(values, expected * (expected > 1), rtol=1e-10, atol=1e-10)
    # What was left out is orthogonal to what stayed.
    np.testing.assert_allclose(dominant.T @ (modulation - dominant), 0, atol=1e-9 * condition_number)


def test_directions_of_features_are_uniform():
    rng = np.random.default_rng(0)
    rows = np.array([two_layer.feature_modulation(3, 1.0, rng)[0] for _ in range(2000)])
    # A uniform direction in three dimensions has uniform components, of mean 0, variance 1/3, fourth moment 1/5.
    np.testing.assert_allclose(rows.mean(axis=0), 0, atol=0.05)
    np.testing.assert_allclose((rows**2).mean(axis=0), 1 / 3, atol=0.03)
    np.testing.assert_allclose((rows**4).mean(axis=0), 1 / 5, atol=0.03)


def partial_alignment(inputs, condition_number, seed, units=10):
    """Alignment of a first layer along the dominant features, for a teacher of ones, with its closed form."""
    modulation = two_layer.feature_modulation(inputs, condition_number, np.random.default_rng(seed))
    teacher = np.ones(inputs)
    beta, known = modulation.T @ teacher, two_layer.dominant_features(modulation).T @ teacher
    readout = readout_of_norm(1e-3, units, np.random.default_rng(seed))
    first_layer = two_layer.aligned_first_layer(known, units, 1e-3)
    cosine = two_layer.direction(known) @ two_layer.direction(beta)
    closed = two_layer.aligned_kernel_alignment(inputs, 1.0, cosine)
    assert two_layer.kernel_alignment(first_layer, readout, beta) == pytest.approx(closed, abs=1e-12)
    return closed


@pytest.mark.parametrize("inputs", [2, 5, 20])
def test_partial_alignment_grows_with_the_strength_of_the_dominant_features(inputs):
    condition_numbers = [1.5, 3.0, 10.0, 100.0]
    found = np.array([[partial_alignment(inputs, k, seed) for k in condition_numbers] for seed in range(40)])
    assert np.all(np.diff(found, axis=1) > 0)  # for every draw, and so on average
    unaligned = two_layer.expected_kernel_alignment(np.ones(1), 1.0, inputs)
    assert unaligned < found.mean(axis=0)[0]
    assert found.mean(axis=0)[-1] == pytest.approx(1, abs=0.02)


@given(condition_number=st.floats(1.5, 100), seed=seeds)
def test_partial_alignment_with_two_features_is_that_of_the_angle_to_the_dominant_one(condition_number, seed):
    modulation = two_layer.feature_modulation(2, condition_number, np.random.default_rng(seed))
    strong = np.linalg.svd(modulation)[0][:, 0]
    share = (strong @ np.ones(2)) ** 2 / 2
    squared_cosine = condition_number**2 * share / (condition_number**2 * share + 1 - share)
    expected = (squared_cosine + 4) / 5
    assert partial_alignment(2, condition_number, seed) == pytest.approx(expected, abs=1e-9)


# Proposition 2


def random_weights_of_rank(rng, units, rank):
    return rng.standard_normal((units, rank)) @ rng.standard_normal((rank, units)) / units


@given(steps=st.integers(1, 6), units=dimensions, trials=dimensions, seed=seeds)
def test_the_last_state_is_the_sum_of_equation_25(steps, units, trials, seed):
    rng = np.random.default_rng(seed)
    weights, inputs = rng.standard_normal((units, units)) / units, rng.standard_normal((steps, units, trials))
    last = steps + 1  # T
    expected = weights @ sum(
        np.linalg.matrix_power(weights, last - time - 1) @ inputs[time - 1] for time in range(1, last)
    )
    np.testing.assert_allclose(two_layer.last_state(weights, inputs), expected, rtol=1e-10, atol=1e-12)


@given(steps=st.integers(1, 6), rank=dimensions, trials=dimensions, outputs=st.integers(1, 5), seed=seeds)
def test_the_readout_error_is_that_of_least_squares(steps, rank, trials, outputs, seed):
    rng = np.random.default_rng(seed)
    weights, inputs = random_weights_of_rank(rng, 8, rank), rng.standard_normal((steps, 8, trials))
    targets = rng.standard_normal((outputs, trials))
    states = two_layer.last_state(weights, inputs)
    readout = np.linalg.lstsq(states.T, targets.T, rcond=1e-10)[0].T
    expected = np.sum((targets - readout @ states) ** 2) / np.sum(targets**2)
    assert two_layer.readout_error(weights, inputs, targets) == pytest.approx(expected, rel=1e-8, abs=1e-15)
    # A network without recurrent weights has no state at the last step, and no readout changes that.
    assert two_layer.readout_error(0 * weights, inputs, targets) == 1


@given(steps=st.integers(1, 6), outputs=st.integers(2, 6), extra=st.integers(1, 8), data=st.data(), seed=seeds)
def test_less_rank_than_outputs_never_suffices(steps, outputs, extra, data, seed):
    # For every draw of weights, inputs and targets of rank N_out < N, d: Proposition 2.
    rank = data.draw(st.integers(1, outputs - 1))
    rng = np.random.default_rng(seed)
    trials, units = outputs + extra, outputs + data.draw(st.integers(1, 8))
    weights, inputs = random_weights_of_rank(rng, units, rank), rng.standard_normal((steps, units, trials))
    targets = rng.standard_normal((outputs, trials))
    left_over = np.linalg.svd(targets, compute_uv=False)[rank:]
    # What the best matrix of the rank would leave: no readout of states of that rank does better.
    least = np.sum(left_over**2) / np.sum(targets**2)
    assert two_layer.readout_error(weights, inputs, targets) >= least * (1 - 1e-9) > 1e-6


@given(steps=st.integers(1, 6), outputs=st.integers(1, 5), extra=st.integers(1, 8), seed=seeds)
def test_as_much_rank_as_outputs_suffices_for_targets_made_for_the_weights(steps, outputs, extra, seed):
    rng = np.random.default_rng(seed)
    units = trials = outputs + extra
    weights, inputs = random_weights_of_rank(rng, units, outputs), rng.standard_normal((steps, units, trials))
    patterns = np.linalg.svd(two_layer.last_state(weights, inputs))[2][:outputs]
    targets = rng.standard_normal((outputs, outputs)) @ patterns
    assert np.linalg.matrix_rank(targets) == outputs
    assert two_layer.readout_error(weights, inputs, targets) < 1e-20
    # Other targets of as many outputs are beyond the same weights.
    assert two_layer.readout_error(weights, inputs, rng.standard_normal((outputs, trials))) > 1e-6


@given(steps=st.integers(1, 6), outputs=st.integers(1, 4), extra=st.integers(1, 5), seed=seeds)
def test_targets_in_general_position_need_a_rank_for_each_data_point(steps, outputs, extra, seed):
    rng = np.random.default_rng(seed)
    trials = outputs + extra
    inputs, targets = rng.standard_normal((steps, trials + 2, trials)), rng.standard_normal((outputs, trials))
    assert two_layer.smallest_sufficient_rank(inputs, targets, rng) == trials
    assert two_layer.smallest_sufficient_rank(inputs[:, :, :1], targets[:, :1], rng) == 1
    # The same trials twice are the same task.
    twice = np.concatenate([inputs, inputs], axis=2), np.concatenate([targets, targets], axis=1)
    assert two_layer.smallest_sufficient_rank(*twice, rng) == trials
    # As many units as data points suffice, fewer do not.
    assert two_layer.smallest_sufficient_rank(inputs[:, :trials], targets, rng) == trials
    assert two_layer.smallest_sufficient_rank(inputs[:, : trials - 1], targets, rng) is None


# Errors


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: two_layer.kernel_core(np.ones((3, 2)), np.ones((1, 2))), r"needs a readout of shape \(1, 3\)"),
        (lambda: two_layer.kernel_core(np.ones((3, 2)), np.ones(3)), r"needs a readout of shape \(1, 3\)"),
        (lambda: two_layer.final_kernel_core(np.zeros(2)), "no direction"),
        (lambda: two_layer.aligned_first_layer(np.zeros(2), 3, 1.0), "no direction"),
        (
            lambda: two_layer.kernel_alignment(np.ones((3, 1)), np.ones((1, 3)), np.ones(2)),
            "a first layer of 1 inputs cannot learn a task of 2",
        ),
        (lambda: two_layer.kernel_alignment(np.zeros((3, 2)), np.zeros((1, 3)), np.ones(2)), "without weights"),
        (
            lambda: two_layer.kernel_alignment(np.ones((3, 2)), np.ones((1, 3)), np.ones(2), np.eye(3)),
            "mismatch",
        ),
        (lambda: two_layer.expected_kernel_alignment(np.ones(3), 1.0, 2), "no more than 2 singular values, not 3"),
        (lambda: two_layer.expected_kernel_alignment(np.zeros(2), 0.0, 2), "without weights"),
        (lambda: two_layer.feature_modulation(1, 2.0, np.random.default_rng(0)), "at least two inputs, not 1"),
        (lambda: two_layer.feature_modulation(2, 0.5, np.random.default_rng(0)), "at least 1, not 0.5"),
        (lambda: two_layer.dominant_features(np.ones((1, 1))), "rank must lie between"),
        (lambda: two_layer.last_state(np.ones((3, 3)), np.ones((4, 2, 5))), "mismatch"),
        (lambda: two_layer.readout_error(np.eye(2), np.ones((1, 2, 3)), np.ones((1, 2))), "mismatch"),
        (lambda: two_layer.readout_error(np.eye(2), np.ones((1, 2, 3)), np.zeros((1, 3))), "targets of zero"),
    ],
)
def test_arguments_that_make_no_sense_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
