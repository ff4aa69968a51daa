"""The expansion of learning in a linear network against its gradient flow, integrated numerically."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

from richlazy.theory import recurrent_expansion

gains = st.floats(0, 0.95)
targets = st.floats(0.1, 2)


def changes_of_gradient_flow(initial, readout, drive, target, times, tolerance=1e-8):
    """Change of recurrent weights that follow Eq. 6, (times, N, N)."""
    size = len(initial)

    def slope(_, change):
        inverse = np.linalg.inv(np.eye(size) - initial - change.reshape(size, size))
        error = target - readout @ inverse @ drive
        return (error * np.outer(inverse.T @ readout, drive @ inverse.T)).ravel()

    solved = solve_ivp(slope, (0, times[-1]), np.zeros(size**2), t_eval=times, rtol=tolerance, atol=tolerance / 1000)
    return solved.y.T.reshape(-1, size, size)


def gradient_flow(initial, readout, drive, target, times, tolerance=1e-8):
    """Outputs, and singular values of the change, of a network whose recurrent weights follow Eq. 6."""
    changes = changes_of_gradient_flow(initial, readout, drive, target, times, tolerance)
    size = len(initial)
    outputs = [readout @ np.linalg.solve(np.eye(size) - initial - change, drive) for change in changes]
    return np.array(outputs), np.linalg.svd(changes, compute_uv=False)


@pytest.mark.parametrize("target", [0.5, 1.0, 2.0])
def test_each_order_leaves_an_error_of_the_next_without_initial_weights(target):
    # The change stays in the plane of readout and input (Eq. 9): these 2 x 2 weights are a network of any size.
    times = np.array([0.01, 0.02])
    outputs, values = gradient_flow(np.zeros((2, 2)), *np.eye(2), target, times)
    for order in recurrent_expansion.ORDERS:
        output_errors = np.abs(outputs - recurrent_expansion.output(times, target, 0.0, order))
        value_errors = np.abs(values[:, 0] - recurrent_expansion.singular_values(times, target, 0.0, order)[0])
        for errors in (output_errors, value_errors):
            assert np.log2(errors[1] / errors[0]) == pytest.approx(order + 1, abs=0.3)
    second = recurrent_expansion.singular_values(times, target, 0.0)[1]
    np.testing.assert_allclose(values[:, 1], second, rtol=0.1)


@pytest.mark.parametrize("target", [0.5, 1.0, 2.0])
def test_the_change_in_the_plane_is_that_of_gradient_flow_up_to_the_fourth_order(target):
    times = np.array([0.01, 0.02])
    changes = changes_of_gradient_flow(np.zeros((2, 2)), *np.eye(2), target, times)  # readout first, then input
    expected = recurrent_expansion.change_in_plane(times, target)
    entries = {
        "input_to_output": (0, 1),
        "output_to_input": (1, 0),
        "output_to_output": (0, 0),
        "input_to_input": (1, 1),
    }
    assert [f"change_{name}" for name in entries] == list(expected)
    for name, (row, column) in entries.items():
        errors = np.abs(changes[:, row, column] - expected[f"change_{name}"])
        assert np.log2(errors[1] / errors[0]) == pytest.approx(4, abs=0.3)


@pytest.mark.parametrize("target", [0.5, 1.0, 2.0])
def test_the_whole_course_without_initial_weights_is_that_of_a_network_of_many_units(target):
    rng = np.random.default_rng(0)
    readout, drive = np.linalg.qr(rng.standard_normal((8, 2)))[0].T
    found = recurrent_expansion.without_initial_weights(target, 0.05)
    times = np.linspace(0, found.convergence_time, 201)
    outputs, values = gradient_flow(np.zeros((8, 8)), readout, drive, target, np.append(times, 30.0))
    assert (1 - outputs[-2] / target) ** 2 == pytest.approx(0.05, rel=1e-4)
    assert np.linalg.norm(values[-1]) == pytest.approx(found.weight_change_norm, rel=1e-5)
    # The loss falls by the square of the gradient, whose mean is that of the square root of the fall.
    falls = -np.gradient((target - outputs[:-1]) ** 2 / 2, times)
    assert np.trapezoid(np.sqrt(falls), times) / times[-1] == pytest.approx(found.gradient_norm, rel=1e-3)


def test_the_change_has_rank_two_without_initial_weights():
    rng = np.random.default_rng(0)
    readout, drive = np.linalg.qr(rng.standard_normal((12, 2)))[0].T
    _, values = gradient_flow(np.zeros((12, 12)), readout, drive, 1.5, np.array([0.5, 1.0]))
    assert (values[:, 2:] < 1e-7).all()
    assert (values[:, 1] > 1e-3).all()
    # No component leaves the plane of readout and input, whatever the size: the same values as in two dimensions.
    in_plane = gradient_flow(np.zeros((2, 2)), *np.eye(2), 1.5, np.array([0.5, 1.0]))[1]
    np.testing.assert_allclose(values[:, :2], in_plane, rtol=1e-5)


@pytest.mark.parametrize("gain", [0.3, 0.6])
def test_expansion_of_large_networks_with_initial_weights(gain):
    target, size, rescaled = 0.5, 300, np.array([0.2, 0.4])
    times = rescaled / recurrent_expansion.amplification(gain) ** 2
    outputs, values = [], []
    for seed in range(6):
        rng = np.random.default_rng(seed)
        initial = gain * rng.standard_normal((size, size)) / np.sqrt(size)
        readout, drive = rng.standard_normal((2, size)) / np.sqrt(size)
        # The initial output, 0 in large networks, is taken out of the input.
        inverse = np.linalg.inv(np.eye(size) - initial)
        drive -= (readout @ inverse @ drive) / (readout @ inverse @ readout) * readout
        readout, drive = readout / np.linalg.norm(readout), drive / np.linalg.norm(drive)
        one = gradient_flow(initial, readout, drive, target, times, 1e-3)
        outputs.append(one[0])
        values.append(one[1][:, 0])
    third = recurrent_expansion.output(times, target, gain), recurrent_expansion.singular_values(times, target, gain)[0]
    first = (
        recurrent_expansion.output(times, target, gain, 1),
        recurrent_expansion.singular_values(times, target, gain, 1)[0],
    )
    for simulated, near, far in zip((outputs, values), third, first, strict=True):
        mean = np.mean(simulated, axis=0)
        np.testing.assert_allclose(mean, near, rtol=0.08)
        assert (np.abs(mean - near)[1] < np.abs(mean - far)[1]).all()


@pytest.mark.parametrize("gain", [0.3, 0.6])
def test_the_averages_behind_the_coefficients_are_powers_of_beta(gain):
    # With B = (I - W)^-1, orders 1 and 2 need m'B'Bm = beta (Eq. 12) and orders 3 m'(B'B)²m = beta^4: the third
    # derivative of z is z* beta^6 + 8 z*³ beta^3 m'(B'B)²m, which is z* beta^6 (1 + 8 z*² beta).
    size, beta = 400, recurrent_expansion.amplification(gain)
    found = []
    for seed in range(8):
        rng = np.random.default_rng(seed)
        inverse = np.linalg.inv(np.eye(size) - gain * rng.standard_normal((size, size)) / np.sqrt(size))
        gram = inverse.T @ inverse
        found.append([np.trace(gram) / size, np.sum(gram**2) / size])
    np.testing.assert_allclose(np.mean(found, axis=0), [beta, beta**4], rtol=0.03)


@given(gain=gains, target=targets, order=st.sampled_from(recurrent_expansion.ORDERS))
def test_learning_starts_at_zero_and_ends_at_the_target(gain, target, order):
    times = np.linspace(0, 3, 500) * recurrent_expansion.convergence_time(gain)
    outputs = recurrent_expansion.output(times, target, gain, order)
    assert outputs[0] == 0
    assert (outputs <= target * (1 + 1e-9)).all()
    if order != 2:  # to second order the output never comes further than half of the way
        assert (np.diff(outputs) >= -1e-9).all()
        np.testing.assert_allclose(outputs[-1], target)
    loss = recurrent_expansion.loss(times, target, gain, order)
    np.testing.assert_allclose(loss, (target - outputs) ** 2 / 2)
    assert loss[0] == pytest.approx(target**2 / 2)


@given(gain=gains, target=targets)
def test_first_order_predictions_follow_from_the_first_order_course(gain, target):
    time = recurrent_expansion.convergence_time(gain)
    assert recurrent_expansion.output(np.array([time]), target, gain, 1)[0] == pytest.approx(target)
    leading = recurrent_expansion.singular_values(np.array([time]), target, gain, 1)[0][0]
    assert recurrent_expansion.weight_change_norm(target, gain) == pytest.approx(leading)
    assert recurrent_expansion.gradient_norm(target, gain) == pytest.approx(leading / time)
    # Shuffled weights answer without their amplification: z = target / beta².
    left = (target - target * time) ** 2 / target**2
    assert recurrent_expansion.loss_ratio_shuffled(gain) == pytest.approx(left)


@given(gain=gains, target=targets, fraction=st.floats(0, 0.5))
def test_the_loss_is_at_a_fraction_at_the_time_of_convergence(gain, target, fraction):
    time = np.array([recurrent_expansion.convergence_time(gain, fraction)])
    assert recurrent_expansion.loss(time, target, gain, 1)[0] == pytest.approx(fraction * target**2 / 2, abs=1e-12)


@pytest.mark.parametrize("gain", [1.0, 1.5, -0.1])
def test_a_gain_that_is_not_stable_is_refused(gain):
    with pytest.raises(ValueError, match="not stable; take a gain below 1"):
        recurrent_expansion.amplification(gain)
