"""Empirical tangent kernel of a recurrent network, exact and without per-output differentiation.

The kernel of outputs y[t, k] on trials b is K = J J' with J the gradient of every output with respect to
the weights (Liu et al. 2024, Eq. 6). A row of J is a sum of outer products: with g[s] the gradient of one
output with respect to the state at step s <= t,

    dy[t,k]/dW_h = (1 - rho) sum_s g[s] r[s-1]',   dy[t,k]/dW_x = (1 - rho) sum_s g[s] x[s]',   dy[t,k]/dw_k = r[t],

so that products of rows split into products of the factors, and no row of J is ever formed:

    K = (1 - rho)^2 sum_{s,s'} <g[s], g'[s']> (<r[s-1], r'[s'-1]> + <x[s], x'[s']>) + delta_kk' <r[t], r'[t']>.
"""

import math
from dataclasses import dataclass

import torch

from richlazy.networks import Dynamics, Weights, respond


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


def tangent_kernel(weights: Weights, inputs: torch.Tensor, dynamics: Dynamics, times: str = "all") -> TangentKernel:
    """Exact tangent kernel of one network, or of each of K networks.

    Args:
        weights: of one network, or of K networks.
        inputs: trials (T, m, N_in), in the precision in which the kernel is wanted; for K networks (K, T, m, N_in).
        dynamics: leak and place of the rectifier.
        times: outputs that count: ``all`` steps, or the ``last`` one.

    Returns:
        The kernel of T * N_out * m outputs (or N_out * m for ``last``).

    Raises:
        ValueError: for other ``times``.
    """
    if times not in ("all", "last"):
        raise ValueError(f"times must be 'all' or 'last', not {times!r}")
    if weights.recurrent.dim() == 2:
        one = tangent_kernel(weights.map(lambda matrix: matrix[None]), inputs[None], dynamics, times)
        return TangentKernel(one.recurrent[0], one.all[0])
    networks, steps, trials, _ = inputs.shape
    first_output = 0 if times == "all" else steps - 1
    rates, active = respond(weights, inputs, dynamics)
    gradients = _output_gradients(weights, active, dynamics, first_output)
    earlier = torch.cat([torch.zeros_like(rates[:, :1]), rates[:, :-1]], 1)  # r[s-1]
    scale = (1.0 - dynamics.leak_factor) ** 2
    recurrent_gram = _gram(earlier).mul_(scale)
    all_gram = recurrent_gram + _gram(inputs).mul_(scale)

    outputs = weights.readout.shape[1]
    count = (steps - first_output) * outputs * trials
    recurrent, total = inputs.new_zeros(networks, count, count), inputs.new_zeros(networks, count, count)
    workspace = inputs.new_empty(networks * count * count)
    for step, rows in enumerate(gradients):
        for other, columns in enumerate(gradients[: step + 1]):
            shape = (networks, rows.shape[1], columns.shape[1])
            products = workspace[: math.prod(shape)].view(shape)
            torch.bmm(rows, columns.mT, out=products)
            if step == other:
                products *= 0.5  # its transpose is added below
            blocks = products.view(networks, -1, trials, columns.shape[1] // trials, trials)
            if other:  # before the first step the rates are zero
                _add_weighted(recurrent, blocks, recurrent_gram[:, step, other])
            _add_weighted(total, blocks, all_gram[:, step, other])
    recurrent = recurrent + recurrent.mT
    total = total + total.mT
    _add_readout_part(total, rates[:, first_output:], outputs)
    return TangentKernel(recurrent, total)


def _gram(vectors: torch.Tensor) -> torch.Tensor:
    """Inner products <v[s, a], v[s', b]> of vectors (K, T, m, n), as (K, T, T, m, m)."""
    _, steps, trials, _ = vectors.shape
    flat = vectors.flatten(1, 2)
    return torch.bmm(flat, flat.mT).view(-1, steps, trials, steps, trials).transpose(2, 3)


def _output_gradients(
    weights: Weights, active: torch.Tensor, dynamics: Dynamics, first_output: int
) -> list[torch.Tensor]:
    """Gradient g[s] of every later output with respect to the state at each step s.

    Returns:
        For each step s an array (K, rows, N) with rows (output time t >= s, class, trial).
    """
    rho = dynamics.leak_factor
    networks, steps, trials, size = active.shape
    gradients: list[torch.Tensor] = []
    later = active.new_zeros(networks, 0, weights.readout.shape[1], trials, size)
    for step in range(steps - 1, -1, -1):
        mask = active[:, None, None, step]
        if later.shape[1]:
            back = torch.bmm(later.flatten(1, 3), weights.recurrent).view_as(later).mul_(1.0 - rho)
            if dynamics.inside:
                later = back.mul_(mask).add_(later, alpha=rho)
            else:
                later = back.add_(later, alpha=rho).mul_(mask)
        if step >= first_output:
            own = weights.readout[:, None, :, None, :] * mask
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
