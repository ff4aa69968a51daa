"""Both forms of the tangent kernel against J J' from one backward pass per output."""

import itertools
import math
from unittest import mock

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import oracles
from richlazy.measures import kernel_cost
from richlazy.measures import tangent_kernel as kernels
from richlazy.measures.kernel_cost import KernelShape
from richlazy.measures.tangent_kernel import tangent_kernel
from richlazy.models.rate_network import RECTIFICATIONS, Dynamics, Weights, respond

TIMES = ("all", "last")
FORMS = ("factored", "direct")
LEAK_FACTORS = (0.0, 0.2, math.exp(-1), 0.8)

every_setting = pytest.mark.parametrize(
    ("rectification", "leak_factor", "times"), list(itertools.product(RECTIFICATIONS, LEAK_FACTORS, TIMES))
)
each_form = pytest.mark.parametrize("form", FORMS)


def problem(seed=0, steps=5, trials=3, size=7, inputs=3, outputs=3, dtype=torch.float64):
    rng = np.random.default_rng(seed)
    weights = Weights(*oracles.random_weights(rng, size, inputs, outputs, dtype=dtype))
    return weights, oracles.random_trials(rng, steps, trials, inputs, outputs, dtype)[0]


def small_blocks(entries, row_block):
    """The direct form with blocks as small as those of large networks are in comparison: entries of a row of J."""

    def of(columns, rows, _):
        return blocks(columns, rows, entries)

    blocks = kernels._weight_blocks
    return mock.patch.multiple(kernels, _weight_blocks=of, ROW_BLOCK=row_block)


def check_kernel(weights, inputs, leak_factor, rectification, times, form):
    kernel = tangent_kernel(weights, inputs, Dynamics(leak_factor, rectification), times, form)
    recurrent, every = oracles.tangent_kernel(weights, inputs, leak_factor, rectification, times)
    assert oracles.relative_error(kernel.recurrent, recurrent) < 1e-12
    assert oracles.relative_error(kernel.all, every) < 1e-12


@each_form
@every_setting
def test_kernel_equals_automatic_differentiation_per_output(rectification, leak_factor, times, form):
    check_kernel(*problem(), leak_factor, rectification, times, form)


@each_form
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
    entries=st.integers(1, 40),
    row_block=st.integers(1, 40),
)
def test_kernel_of_every_shape_equals_automatic_differentiation(
    form, rectification, times, leak_factor, steps, trials, size, inputs, outputs, seed, entries, row_block
):
    with small_blocks(entries, row_block):
        check_kernel(*problem(seed, steps, trials, size, inputs, outputs), leak_factor, rectification, times, form)


@given(columns=st.integers(0, 20), rows=st.integers(1, 20), entries=st.integers(1, 200))
def test_blocks_cover_every_weight_once_and_none_is_larger_than_asked(columns, rows, entries):
    covered = np.zeros((rows, columns), int)
    for column, unit in kernels._weight_blocks(columns, rows, entries):
        assert 0 < covered[unit, column].size <= entries
        covered[unit, column] += 1
    assert (covered == 1).all()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_direct_form_holds_no_more_of_the_jacobian_than_its_workspace(monkeypatch, dtype):
    sizes, block = [], kernels._jacobian_block

    def recorded(*arguments):
        jacobian = block(*arguments)
        sizes.append(jacobian.nbytes)
        return jacobian

    monkeypatch.setattr(kernels, "_jacobian_block", recorded)
    monkeypatch.setattr(kernels, "WORKSPACE_MB", 0.1)
    weights, inputs = problem(size=60, trials=8, dtype=dtype)
    tangent_kernel(weights, inputs, Dynamics(0.3), form="direct")
    assert 0.05e6 < max(sizes) <= 0.1e6
    assert len(sizes) > 5


@each_form
@every_setting
def test_kernel_is_symmetric_and_positive(rectification, leak_factor, times, form):
    weights, inputs = problem()
    with small_blocks(20, 4):
        kernel = tangent_kernel(weights, inputs, Dynamics(leak_factor, rectification), times, form)
    if form == "direct":
        assert torch.equal(kernel.recurrent, kernel.recurrent.T)
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


@each_form
@pytest.mark.parametrize("rectification", RECTIFICATIONS)
@pytest.mark.parametrize("times", TIMES)
def test_a_single_step_needs_no_recurrent_weights_and_leaves_nothing_to_them(rectification, times, form):
    full, inputs = problem(steps=1)
    empty = Weights(torch.empty(0, 0, dtype=torch.float64), full.input, full.readout)
    check_kernel(empty, inputs, 0.3, rectification, times, form)
    dynamics = Dynamics(0.3, rectification)
    without, with_them = (tangent_kernel(weights, inputs, dynamics, times, form) for weights in (empty, full))
    assert torch.equal(without.all, with_them.all)
    for kernel in (without, with_them):
        assert kernel.recurrent.shape == kernel.all.shape
        assert not kernel.recurrent.any()
    together = tangent_kernel(Weights.stacked([empty, empty]), torch.stack([inputs, inputs]), dynamics, times, form)
    assert torch.equal(together.all[1], without.all)
    assert not together.recurrent.any()


@pytest.mark.parametrize("rectification", RECTIFICATIONS)
def test_kernel_of_a_feedforward_network_by_hand(rectification):
    # y = w f(W_x x): dy/dW_x = w_i f'_i x', dy/dw = f, so that K = (x x') w D D' w' + f f'.
    weights, inputs = problem(steps=1, outputs=1)
    state = inputs[0] @ weights.input.T
    if rectification == "tanh":
        rates, slope = state.tanh(), state.cosh() ** -2
    elif rectification == "none":
        rates, slope = state, torch.ones_like(state)
    else:
        rates, slope = state.relu(), (state > 0).double()
    deltas = weights.readout * slope
    expected = (inputs[0] @ inputs[0].T) * (deltas @ deltas.T) + rates @ rates.T
    kernel = tangent_kernel(weights, inputs, Dynamics(0.0, rectification))
    torch.testing.assert_close(kernel.all, expected, rtol=1e-13, atol=1e-14)


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
    for rectification in (name for name in RECTIFICATIONS if name != "tanh"):
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


@each_form
@pytest.mark.parametrize("rectification", RECTIFICATIONS)
def test_kernel_in_single_precision(rectification, form):
    weights, inputs = problem(steps=8, size=50)
    check_single_precision(weights, inputs, Dynamics(0.2, rectification), "all", form)


@each_form
@pytest.mark.parametrize("images", [10, pytest.param(200, marks=pytest.mark.slow)])
def test_kernel_of_sequential_images_in_single_precision(images, form):
    weights, inputs = problem(steps=28, trials=images, size=300, inputs=28, outputs=10)
    check_single_precision(weights, inputs, Dynamics(0.0), "last", form)


def check_single_precision(weights, inputs, dynamics, times, form):
    double = tangent_kernel(weights, inputs, dynamics, times, form)
    single = tangent_kernel(weights.map(torch.Tensor.float), inputs.float(), dynamics, times, form)
    assert single.all.dtype == single.recurrent.dtype == torch.float32
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


@pytest.mark.parametrize("form", ["quick", "", None])
def test_other_forms_are_refused(form):
    weights, inputs = problem()
    with pytest.raises(ValueError, match=f"form must be one of automatic, factored, direct, not {form!r}"):
        tangent_kernel(weights, inputs, Dynamics(0.0), form=form)


@pytest.mark.parametrize("channels", [3, 7, 40])
@pytest.mark.parametrize("size", [100, 198, 300, 600])
@pytest.mark.parametrize("trials", [1, 8, 32, 200])
@pytest.mark.parametrize("first_output", [0, 7])
def test_short_trials_take_the_factored_form(channels, size, trials, first_output):
    assert KernelShape(size, channels, 3, trials, 8, first_output).cheaper_form == "factored"


@pytest.mark.parametrize(
    "shape",
    [KernelShape(300, 28, 10, 200, 28, 27), KernelShape(300, 3, 3, 32, 40, 0), KernelShape(300, 3, 3, 8, 40, 0)],
)
def test_long_trials_take_the_direct_form(shape):
    assert shape.cheaper_form == "direct"


def test_cost_of_the_factored_form_counts_every_entry_of_its_products():
    weights, inputs = problem(size=6, trials=2, steps=4)
    entries, multiply = [], torch.bmm

    def counted(first, second, out=None):
        if out is not None:
            entries.append(out.numel())
        return multiply(first, second) if out is None else multiply(first, second, out=out)

    for times, first_output in (("all", 0), ("last", 3)):
        entries.clear()
        with mock.patch.object(torch, "bmm", counted):
            tangent_kernel(weights, inputs, Dynamics(0.0), times, "factored")
        cost = KernelShape(6, 3, 3, 2, 4, first_output).factored_cost
        assert cost == pytest.approx(sum(entries) * (kernel_cost.SMALL_PRODUCT * 6 + kernel_cost.ENTRY_PASSES))


@pytest.mark.parametrize(("size", "form"), [(30, "factored"), (4, "direct")])
def test_the_cheaper_form_is_taken(size, form):
    weights, inputs = problem(size=size, steps=3)
    assert KernelShape(size, 3, 3, 3, 3, 0).cheaper_form == form
    chosen, expected = (tangent_kernel(weights, inputs, Dynamics(0.3), form=name) for name in ("automatic", form))
    assert torch.equal(chosen.all, expected.all)
    assert torch.equal(chosen.recurrent, expected.recurrent)


@each_form
@pytest.mark.parametrize("times", TIMES)
@pytest.mark.parametrize("rectification", RECTIFICATIONS)
@pytest.mark.parametrize("size", [7, 13])
def test_kernels_of_many_networks_are_those_of_each(rectification, times, form, size):
    problems = [problem(seed, size=size, dtype=torch.float32) for seed in range(3)]
    dynamics = Dynamics(0.3, rectification)
    together = tangent_kernel(
        Weights.stacked(weights for weights, _ in problems),
        torch.stack([inputs for _, inputs in problems]),
        dynamics,
        times,
        form,
    )
    for network, (weights, inputs) in enumerate(problems):
        alone = tangent_kernel(weights, inputs, dynamics, times, form)
        assert torch.equal(together.all[network], alone.all)
        assert torch.equal(together.recurrent[network], alone.recurrent)


class OnDevice(torch.Tensor):
    """An array of the processor that says it is on a CUDA device."""

    is_cuda = property(lambda self: True)


@pytest.mark.parametrize("times", TIMES)
@pytest.mark.parametrize("rectification", RECTIFICATIONS)
def test_networks_that_a_device_computes_together_have_the_kernels_of_each(rectification, times):
    problems = [problem(seed) for seed in range(3)]
    dynamics = Dynamics(0.3, rectification)
    weights = Weights.stacked(weights for weights, _ in problems)
    inputs = torch.stack([inputs for _, inputs in problems])
    with mock.patch.object(kernels, "respond", wraps=respond) as responses:
        together = tangent_kernel(weights, inputs.as_subclass(OnDevice), dynamics, times, "factored")
    assert responses.call_count == 1
    for network, (own, trials) in enumerate(problems):
        alone = tangent_kernel(own, trials, dynamics, times)
        assert oracles.relative_error(together.all[network], alone.all) < 1e-13
        assert oracles.relative_error(together.recurrent[network], alone.recurrent) < 1e-13
