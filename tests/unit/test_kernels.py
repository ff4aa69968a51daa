"""The factored tangent kernel against J J' from one backward pass per output."""

import itertools
import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import oracles
from richlazy.kernels import tangent_kernel
from richlazy.networks import Dynamics, Weights, respond

RECTIFICATIONS = oracles.RECTIFICATIONS
TIMES = ("all", "last")
LEAK_FACTORS = (0.0, 0.2, math.exp(-1), 0.8)

every_setting = pytest.mark.parametrize(
    ("rectification", "leak_factor", "times"), list(itertools.product(RECTIFICATIONS, LEAK_FACTORS, TIMES))
)


def problem(seed=0, steps=5, trials=3, size=7, inputs=3, outputs=3, dtype=torch.float64):
    rng = np.random.default_rng(seed)
    weights = Weights(*oracles.random_weights(rng, size, inputs, outputs, dtype=dtype))
    return weights, oracles.random_trials(rng, steps, trials, inputs, outputs, dtype)[0]


def check_kernel(weights, inputs, leak_factor, rectification, times):
    kernel = tangent_kernel(weights, inputs, Dynamics(leak_factor, rectification), times)
    recurrent, every = oracles.tangent_kernel(weights, inputs, leak_factor, rectification, times)
    assert oracles.relative_error(kernel.recurrent, recurrent) < 1e-12
    assert oracles.relative_error(kernel.all, every) < 1e-12


@every_setting
def test_kernel_equals_automatic_differentiation_per_output(rectification, leak_factor, times):
    check_kernel(*problem(), leak_factor, rectification, times)


@pytest.mark.parametrize("rectification", RECTIFICATIONS)
@pytest.mark.parametrize("times", TIMES)
@given(
    leak_factor=st.floats(0, 0.99),
    steps=st.integers(1, 4),
    trials=st.integers(1, 3),
    size=st.integers(1, 6),
    inputs=st.integers(1, 3),
    outputs=st.integers(1, 3),
    seed=st.integers(0, 1000),
)
def test_kernel_of_every_shape_equals_automatic_differentiation(
    rectification, times, leak_factor, steps, trials, size, inputs, outputs, seed
):
    check_kernel(*problem(seed, steps, trials, size, inputs, outputs), leak_factor, rectification, times)


@every_setting
def test_kernel_is_symmetric_and_positive(rectification, leak_factor, times):
    weights, inputs = problem()
    kernel = tangent_kernel(weights, inputs, Dynamics(leak_factor, rectification), times)
    for part in (kernel.recurrent, kernel.all, kernel.all - kernel.recurrent):
        torch.testing.assert_close(part, part.T, rtol=1e-14, atol=1e-14)
        values = torch.linalg.eigvalsh(part)
        assert values[0] > -1e-12 * values[-1]


@pytest.mark.parametrize("rectification", RECTIFICATIONS)
def test_last_outputs_are_the_last_block_of_all_outputs(rectification):
    weights, inputs = problem()
    every, last = (tangent_kernel(weights, inputs, Dynamics(0.3, rectification), times) for times in TIMES)
    count = 3 * 3
    assert last.all.shape == (count, count)
    assert every.all.shape == (5 * count, 5 * count)
    torch.testing.assert_close(every.all[-count:, -count:], last.all, rtol=1e-13, atol=1e-13)
    torch.testing.assert_close(every.recurrent[-count:, -count:], last.recurrent, rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("rectification", RECTIFICATIONS)
def test_entries_belong_to_pairs_of_outputs_and_trials(rectification):
    # The order (time, class, trial) shows when trials are chosen: their entries must be those of the full kernel.
    weights, inputs = problem(trials=5)
    dynamics, chosen = Dynamics(0.3, rectification), [3, 0]
    full = tangent_kernel(weights, inputs, dynamics).all.view(5, 3, 5, 5, 3, 5)
    part = tangent_kernel(weights, inputs[:, chosen].contiguous(), dynamics).all.view(5, 3, 2, 5, 3, 2)
    torch.testing.assert_close(part, full[:, :, chosen][..., chosen], rtol=1e-12, atol=1e-12)


def test_earlier_outputs_do_not_depend_on_later_inputs():
    weights, inputs = problem()
    later = inputs.clone()
    later[3:] += 1
    before, after = (tangent_kernel(weights, signal, Dynamics(0.3)).all for signal in (inputs, later))
    count = 3 * 3 * 3
    torch.testing.assert_close(before[:count, :count], after[:count, :count], rtol=1e-13, atol=1e-13)
    assert not torch.allclose(before[count:, count:], after[count:, count:])


def test_a_single_step_leaves_nothing_to_recurrent_weights():
    weights, inputs = problem(steps=1)
    assert not tangent_kernel(weights, inputs, Dynamics(0.3)).recurrent.any()


def test_kernel_of_one_unit_by_hand():
    # r1 = a u x1, r2 = rho r1 + a (w r1 + u x2) with a = 1 - rho, y = v r, all positive: derivatives on paper.
    recurrent, feed, readout, rho, (x1, x2) = 0.7, 1.3, 0.4, 0.25, (2.0, 3.0)
    a = 1 - rho
    r1 = a * feed * x1
    r2 = rho * r1 + a * (recurrent * r1 + feed * x2)
    jacobian = np.array([
        [0.0, readout * a * x1, r1],
        [readout * a * r1, readout * ((rho + a * recurrent) * a * x1 + a * x2), r2],
    ])  # fmt: skip
    weights = Weights(*(torch.tensor([[value]], dtype=torch.float64) for value in (recurrent, feed, readout)))
    inputs = torch.tensor([x1, x2], dtype=torch.float64)[:, None, None]
    for rectification in RECTIFICATIONS:
        kernel = tangent_kernel(weights, inputs, Dynamics(rho, rectification))
        np.testing.assert_allclose(kernel.all, jacobian @ jacobian.T, rtol=1e-13)
        np.testing.assert_allclose(kernel.recurrent, np.outer(jacobian[:, 0], jacobian[:, 0]), rtol=1e-13)


@pytest.mark.parametrize("rectification", RECTIFICATIONS)
def test_kernel_predicts_how_descent_moves_the_outputs(rectification):
    # To first order, a small step W -> W - eta J'e moves the outputs by -eta K e.
    weights, inputs = problem()
    dynamics = Dynamics(0.3, rectification)
    jacobian = oracles.output_jacobian(weights, inputs, 0.3, rectification)
    errors = torch.from_numpy(np.random.default_rng(1).standard_normal(len(jacobian[0])))
    rate = 1e-7
    steps = (-rate * (part.T @ errors) for part in jacobian)
    moved = Weights(*(weight + step.view_as(weight) for weight, step in zip(weights, steps, strict=True)))
    outputs = [
        (respond(network, inputs, dynamics)[0] @ network.readout.T).transpose(1, 2).flatten()
        for network in (weights, moved)
    ]
    expected = -rate * tangent_kernel(weights, inputs, dynamics).all @ errors
    assert oracles.relative_error(outputs[1] - outputs[0], expected) < 1e-4


def test_kernel_of_a_silent_network_vanishes():
    weights, inputs = problem()
    kernel = tangent_kernel(weights, torch.zeros_like(inputs), Dynamics(0.3))
    assert not kernel.all.any()
    assert not kernel.recurrent.any()


@pytest.mark.parametrize("rectification", RECTIFICATIONS)
def test_kernel_in_single_precision(rectification):
    weights, inputs = problem(steps=8, size=50)
    double = tangent_kernel(weights, inputs, Dynamics(0.2, rectification))
    single = tangent_kernel(weights.map(torch.Tensor.float), inputs.float(), Dynamics(0.2, rectification))
    assert single.all.dtype == torch.float32
    assert oracles.relative_error(single.all, double.all) < 1e-5
    assert oracles.relative_error(single.recurrent, double.recurrent) < 1e-5


def test_kernel_leaves_weights_and_inputs_as_they_are():
    weights, inputs = problem()
    before = [tensor.clone() for tensor in (*weights, inputs)]
    tangent_kernel(weights, inputs, Dynamics(0.3, "inside"))
    assert all(torch.equal(*pair) for pair in zip(before, (*weights, inputs), strict=True))


@pytest.mark.parametrize("times", ["first", "", None])
def test_other_times_are_refused(times):
    weights, inputs = problem()
    with pytest.raises(ValueError, match=f"times must be 'all' or 'last', not {times!r}"):
        tangent_kernel(weights, inputs, Dynamics(0.0), times)


@pytest.mark.parametrize("times", TIMES)
@pytest.mark.parametrize("rectification", RECTIFICATIONS)
def test_kernels_of_many_networks_are_those_of_each(rectification, times):
    problems = [problem(seed, dtype=torch.float32) for seed in range(3)]
    dynamics = Dynamics(0.3, rectification)
    together = tangent_kernel(
        Weights.stacked(weights for weights, _ in problems),
        torch.stack([inputs for _, inputs in problems]),
        dynamics,
        times,
    )
    for network, (weights, inputs) in enumerate(problems):
        alone = tangent_kernel(weights, inputs, dynamics, times)
        assert oracles.relative_error(together.all[network], alone.all) < 1e-6
        assert oracles.relative_error(together.recurrent[network], alone.recurrent) < 1e-6
