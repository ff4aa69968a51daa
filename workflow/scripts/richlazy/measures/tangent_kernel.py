"""Empirical tangent kernel of a recurrent network, exact and without per-output differentiation.

The kernel of outputs y[t, k] on trials b is K = J J' with J the gradient of every output with respect to
the weights (Liu et al. 2024, Eq. 6). A row of J is a sum of outer products: with g[s] the gradient of one
output with respect to the state at step s <= t,

    dy[t,k]/dW_h = (1 - rho) sum_s g[s] r[s-1]',   dy[t,k]/dW_x = (1 - rho) sum_s g[s] x[s]',   dy[t,k]/dw_k = r[t].

Two forms give the same kernel. The factored form splits products of rows into products of the factors, and forms no
row of J:

    K = (1 - rho)^2 sum_{s,s'} <g[s], g'[s']> (<r[s-1], r'[s'-1]> + <x[s], x'[s']>) + delta_kk' <r[t], r'[t']>.

The direct form forms the rows, but only for a block of columns of the weights at a time: J_j are the gradients with
respect to the columns j of W_h, then of W_x, and

    K = (1 - rho)^2 sum_j J_j J_j' + delta_kk' <r[t], r'[t']>.

The factored form takes a product over N for each of T^2 / 2 pairs of steps, and is the cheaper one for short trials.
The direct form takes one over all N (N + N_in) weights, however long the trials.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import torch

from richlazy.measures.kernel_cost import ROW_BLOCK, WORKSPACE_MB, KernelShape
from richlazy.models.rate_network import Dynamics, Weights, respond

TIMES = ("all", "last")
FORMS = ("automatic", "factored", "direct")


@dataclass(frozen=True)
class TangentKernel:
    """Tangent kernel over outputs in the order (time, class, trial), each of shape (R, R), R = times * N_out * m.

    With a leading network axis where the weights have one.

    Attributes:
        recurrent: the part that the recurrent weights contribute.
        all: the kernel of all trained weights.
    """

    recurrent: torch.Tensor
    all: torch.Tensor


def tangent_kernel(
    weights: Weights, inputs: torch.Tensor, dynamics: Dynamics, times: str = "all", form: str = "automatic"
) -> TangentKernel:
    """Exact tangent kernel of one network, or of each of K networks.

    Beside the kernels of all networks, the factored form holds the gradients of the outputs at every step, T R N
    numbers (half as many where all steps count), and products of R by R; the direct form holds these gradients and
    ``WORKSPACE_MB``. Networks are computed one after the other, but for the factored form on a CUDA device.

    Args:
        weights: of one network, or of K networks; networks of a single step may have empty recurrent weights (0, 0).
        inputs: trials (T, m, N_in), in the precision in which the kernel is wanted; for K networks (K, T, m, N_in).
        dynamics: leak and place of the rectifier.
        times: outputs that count: ``all`` steps, or the ``last`` one.
        form: ``factored``, ``direct``, or the cheaper one of them (``automatic``).

    Returns:
        The kernel of T * N_out * m outputs (or N_out * m for ``last``).

    Raises:
        ValueError: for other ``times`` or another ``form``.
    """
    if times not in TIMES:
        raise ValueError(f"times must be 'all' or 'last', not {times!r}")
    if form not in FORMS:
        raise ValueError(f"form must be one of {', '.join(FORMS)}, not {form!r}")
    if weights.recurrent.dim() == 2:
        one = tangent_kernel(weights.map(lambda matrix: matrix[None]), inputs[None], dynamics, times, form)
        return TangentKernel(one.recurrent[0], one.all[0])
    _, steps, trials, channels = inputs.shape
    _, classes, size = weights.readout.shape
    shape = KernelShape(size, channels, classes, trials, steps, 0 if times == "all" else steps - 1)
    if form == "automatic":
        form = shape.cheaper_form
    compute = _factored_form if form == "factored" else _direct_form
    if form == "factored" and inputs.is_cuda:
        return compute(weights, inputs, dynamics, shape)
    if len(inputs) == 1:
        # In arrays of its own: where a matrix begins in memory can decide the last bit of a product of odd shape.
        return compute(weights.map(torch.clone), inputs.clone(), dynamics, shape)
    recurrent, total = (inputs.new_empty(len(inputs), shape.outputs, shape.outputs) for _ in range(2))
    for network in range(len(inputs)):
        alone = tangent_kernel(weights.of_network(network), inputs[network], dynamics, times, form)
        recurrent[network], total[network] = alone.recurrent, alone.all
    return TangentKernel(recurrent, total)


def kernel_of_rule(
    weights: Weights,
    back: Weights,
    inputs: torch.Tensor,
    dynamics: Dynamics,
    times: str = "all",
    truncation_steps: int | None = None,
) -> torch.Tensor:
    """The part of the recurrent weights in the kernel K~ = J J~' of a rule of learning, in the factored form.

    A row of J~ is what the rule takes for the gradient of an output: errors go back through other matrices, all else
    being equal. With the weights themselves it is the tangent kernel.

    Args:
        weights: of one network.
        back: in the layout of the weights, the matrices by which errors go back.
        inputs, dynamics, times: as ``tangent_kernel`` takes them.
        truncation_steps: errors are cut after each so many steps; None where they are not.

    Returns:
        (R, R), rows for the outputs that move and columns for the outputs whose errors move them.
    """
    weights, back = (each.map(lambda matrix: matrix[None]) for each in (weights, back))
    trials = inputs[None]
    _, steps, count, channels = trials.shape
    _, classes, size = weights.readout.shape
    shape = KernelShape(size, channels, classes, count, steps, 0 if times == "all" else steps - 1)
    rates, slopes = respond(weights, trials, dynamics)
    gram = _gram(_earlier(rates)).mul_((1.0 - dynamics.leak_factor) ** 2)
    gradients = _output_gradients(weights, slopes, dynamics, shape.first_output)
    of_rule = _output_gradients(back, slopes, dynamics, shape.first_output, truncation_steps)
    kernel = inputs.new_zeros(1, shape.outputs, shape.outputs)
    for step, rows in enumerate(gradients):
        for other, columns in enumerate(of_rule):
            products = torch.bmm(rows, columns.mT)
            blocks = products.view(1, -1, count, columns.shape[1] // count, count)
            _add_weighted(kernel, blocks, gram[:, step, other])
    return kernel[0]


def _factored_form(weights: Weights, inputs: torch.Tensor, dynamics: Dynamics, shape: KernelShape) -> TangentKernel:
    """Kernels of K networks from products over each pair of steps."""
    networks, trials, first_output = len(inputs), shape.trials, shape.first_output
    rates, slopes = respond(weights, inputs, dynamics)
    gradients = _output_gradients(weights, slopes, dynamics, first_output)
    scale = (1.0 - dynamics.leak_factor) ** 2
    recurrent_gram = _gram(_earlier(rates)).mul_(scale)
    all_gram = recurrent_gram + _gram(inputs).mul_(scale)

    recurrent, total = (inputs.new_zeros(networks, shape.outputs, shape.outputs) for _ in range(2))
    workspace = inputs.new_empty(networks * shape.outputs**2)
    for step, rows in enumerate(gradients):
        for other, columns in enumerate(gradients[: step + 1]):
            size = (networks, rows.shape[1], columns.shape[1])
            products = workspace[: math.prod(size)].view(size)
            torch.bmm(rows, columns.mT, out=products)
            if step == other:
                products *= 0.5  # its transpose is added below
            blocks = products.view(networks, -1, trials, columns.shape[1] // trials, trials)
            if other:  # before the first step the rates are zero
                _add_weighted(recurrent, blocks, recurrent_gram[:, step, other])
            _add_weighted(total, blocks, all_gram[:, step, other])
    recurrent = recurrent + recurrent.mT
    total = total + total.mT
    _add_readout_part(total, rates[:, first_output:], shape.classes)
    return TangentKernel(recurrent, total)


def _earlier(rates: torch.Tensor) -> torch.Tensor:
    """r[s-1] at each step s, of rates (K, T, m, N)."""
    return torch.cat([torch.zeros_like(rates[:, :1]), rates[:, :-1]], 1)


def _gram(vectors: torch.Tensor) -> torch.Tensor:
    """Inner products <v[s, a], v[s', b]> of vectors (K, T, m, n), as (K, T, T, m, m)."""
    _, steps, trials, _ = vectors.shape
    flat = vectors.flatten(1, 2)
    return torch.bmm(flat, flat.mT).view(-1, steps, trials, steps, trials).transpose(2, 3)


def _output_gradients(
    weights: Weights, slopes: torch.Tensor, dynamics: Dynamics, first_output: int, truncation_steps: int | None = None
) -> list[torch.Tensor]:
    """Gradient g[s] of every later output with respect to the state at each step s, cut each ``truncation_steps``.

    Returns:
        For each step s an array (K, rows, N) with rows (output time t >= s, class, trial).
    """
    rho = dynamics.leak_factor
    networks, steps, trials, size = slopes.shape
    gradients: list[torch.Tensor] = []
    later = slopes.new_zeros(networks, 0, weights.readout.shape[1], trials, size)
    for step in range(steps - 1, -1, -1):
        slope = slopes[:, None, None, step]
        if truncation_steps and (step + 1) % truncation_steps == 0:
            later = torch.zeros_like(later)
        elif later.shape[1]:
            back = torch.bmm(later.flatten(1, 3), weights.recurrent).view_as(later).mul_(1.0 - rho)
            if dynamics.inside:
                later = back.mul_(slope).add_(later, alpha=rho)
            else:
                later = back.add_(later, alpha=rho).mul_(slope)
        if step >= first_output:
            own = weights.readout[:, None, :, None, :] * slope
            later = torch.cat([own, later], 1)
        gradients.append(later.flatten(1, 3))
    return gradients[::-1]


def _add_weighted(kernel: torch.Tensor, products: torch.Tensor, gram: torch.Tensor) -> None:
    """Add products (K, a, m, b, m) times gram (K, m, m) to the last rows and columns of the kernel.

    Outputs before a step do not depend on it, so a step touches only the kernel's trailing corner.
    """
    _, rows, trials, columns, _ = products.shape
    corner = kernel[:, kernel.shape[1] - rows * trials :, kernel.shape[2] - columns * trials :]
    corner = corner.unflatten(1, (rows, trials)).unflatten(3, (columns, trials))
    corner.addcmul_(products, gram[:, None, :, None, :])


def _add_readout_part(kernel: torch.Tensor, rates: torch.Tensor, outputs: int) -> None:
    """Add delta_kk' <r[t], r'[t']>: each class has readout weights of its own."""
    networks, times, trials, _ = rates.shape
    gram = _gram(rates).transpose(2, 3)  # (K, time, trial, time, trial)
    blocks = kernel.view(networks, times, outputs, trials, times, outputs, trials)
    for output in range(outputs):
        blocks[:, :, output, :, :, output, :] += gram


def _direct_form(weights: Weights, inputs: torch.Tensor, dynamics: Dynamics, shape: KernelShape) -> TangentKernel:
    """Kernel of one network (K = 1) from blocks of columns of the Jacobian."""
    rates, slopes = respond(weights, inputs, dynamics)
    gradients = _output_gradients(weights, slopes, dynamics, shape.first_output)
    by_output = [rows.view(-1, shape.trials, shape.size) for rows in gradients]
    kernel = inputs.new_zeros(1, shape.outputs, shape.outputs)
    if shape.steps > 1:  # the only step of a trial has no state before it
        _add_weights_part(kernel[0], by_output, _earlier(rates)[0], shape)
    recurrent = kernel.clone()
    _add_weights_part(kernel[0], by_output, inputs[0], shape)
    for part in (recurrent, kernel):
        _mirror(part[0].mul_((1.0 - dynamics.leak_factor) ** 2))
    _add_readout_part(kernel, rates[:, shape.first_output :], shape.classes)
    return TangentKernel(recurrent, kernel)


def _add_weights_part(
    upper: torch.Tensor, gradients: list[torch.Tensor], presynaptic: torch.Tensor, shape: KernelShape
) -> None:
    """Add sum_j J_j J_j' to the kernel (R, R), on and above its diagonal (and somewhat below).

    Args:
        upper: the kernel.
        gradients: for each step g[s], (outputs from s on, m, N).
        presynaptic: signals of the weights' columns j: r[s-1] or x[s], (T, m, columns).
        shape: of the kernel.
    """
    entries = int(WORKSPACE_MB * 1e6 / upper.element_size() / len(upper))
    for columns, units in _weight_blocks(presynaptic.shape[-1], shape.size, max(1, entries)):
        signals, deltas = presynaptic[..., columns], [rows[..., units] for rows in gradients]
        jacobian = _jacobian_block(deltas, signals, shape)
        for start in range(0, len(upper), ROW_BLOCK):
            stop = start + ROW_BLOCK
            upper[start:stop, start:].addmm_(jacobian[start:stop], jacobian[start:].T)
        del jacobian  # before the next one is formed


def _weight_blocks(columns: int, rows: int, entries: int) -> Iterator[tuple[slice, slice]]:
    """Blocks of at most ``entries`` weights: whole columns of a weight matrix, or parts of one where none fits."""
    width, height = max(1, entries // rows), min(rows, entries)
    for first in range(0, columns, width):
        for top in range(0, rows, height):
            yield slice(first, first + width), slice(top, top + height)


def _jacobian_block(gradients: list[torch.Tensor], presynaptic: torch.Tensor, shape: KernelShape) -> torch.Tensor:
    """Gradients sum_s g[s] presynaptic[s]' of every output with respect to a block of weights, (R, weights)."""
    units, columns = gradients[0].shape[-1], presynaptic.shape[-1]
    jacobian = presynaptic.new_empty(shape.outputs // shape.trials, shape.trials, columns, units)
    for output, block in enumerate(jacobian):  # one class at one time, on all trials
        steps = shape.first_output + output // shape.classes + 1
        # Outputs before a step do not depend on it: of step s the gradients begin with the first output from s on.
        ahead = (max(0, step - shape.first_output) * shape.classes for step in range(steps))
        own = torch.stack([rows[output - skipped] for rows, skipped in zip(gradients, ahead, strict=False)], 1)
        torch.bmm(presynaptic[:steps].permute(1, 2, 0), own, out=block)
    return jacobian.view(shape.outputs, columns * units)


def _mirror(upper: torch.Tensor) -> None:
    """Overwrite what lies below the diagonal of a kernel (R, R) by what lies above."""
    for start in range(0, len(upper), ROW_BLOCK):
        stop = start + ROW_BLOCK
        corner = upper[start:stop, start:stop]
        corner.copy_(corner.triu() + corner.triu(1).T)
        upper[stop:, start:stop] = upper[start:stop, stop:].T
