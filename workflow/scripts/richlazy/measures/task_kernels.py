"""Effective ranks of the tangent kernel and of the kernel that a task asks for (Liu et al. 2024, Figure 15).

The paper finds that the effective rank Tr K / lambda_1 of the tangent kernel approaches "that of the task", and does
not say what that is. Here it is the effective rank of the kernel with which the task alone, and not the start, is
learned. For linear networks of two layers with one output this kernel is known (Eq. 8); for others it is taken to be
that of the targets, Y Y' for every output.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from richlazy.measures.base import measure
from richlazy.theory import two_layer

if TYPE_CHECKING:
    import torch

    from richlazy.measures.probed_network import ProbedNetwork


def kernel_effective_rank(kernel: torch.Tensor) -> float:
    """Trace of the kernel over its largest eigenvalue (Figure 15); nan where the kernel has overflowed."""
    import torch

    kernel = kernel.double()
    if not torch.isfinite(kernel).all():
        return float("nan")
    return float(kernel.trace() / torch.linalg.eigvalsh(kernel)[-1])


def effective_rank_of_targets(targets: torch.Tensor) -> float:
    """Tr K / lambda_1 of the kernel (Y Y') ⊗ I, whose features are the targets, with one such block for each output.

    For balanced classes it is their number squared, for a single output 1.

    Args:
        targets: targets of the outputs of a kernel, (times, N_out, m), one-hot or numbers.
    """
    import torch

    features = targets.double().transpose(0, 1).flatten(1)
    gram = features @ features.T
    return float(len(features) * gram.trace() / torch.linalg.eigvalsh(gram)[-1])


def effective_rank_of_linear_task(inputs: np.ndarray, targets: np.ndarray) -> float:
    """Tr K / lambda_1 of X'(bb'/|b|² + I)X, the kernel of a linear network after learning from small weights (Eq. 8).

    Args:
        inputs: trials X', (m, d), at least as many as inputs.
        targets: (m,), a linear function b of the inputs.
    """
    beta = np.linalg.lstsq(inputs, targets)[0]
    eigenvalues = np.linalg.eigvals(two_layer.final_kernel_core(beta) @ inputs.T @ inputs).real
    return float(eigenvalues.sum() / eigenvalues.max())


def approach(before: float, after: float, goal: float) -> float:
    """How much nearer to a goal a positive number came, on a logarithmic scale: |log(before/goal)| - |log(after/goal)|.

    Above 0 where it came nearer, below 0 where it went away.
    """
    return abs(math.log(before / goal)) - abs(math.log(after / goal))


@measure(
    "kernel_effective_rank_initial",
    unit="1",
    meaning="Tr K / lambda_1 of the kernel of all weights before training",
)
def kernel_effective_rank_before(network: ProbedNetwork) -> float:
    """Figure 15."""
    return kernel_effective_rank(network.before.kernel.all)


@measure(
    "kernel_effective_rank",
    unit="1",
    meaning="Tr K / lambda_1 of the kernel of all weights after training",
    label="kernel\neffective rank",
    invariant_to=("order of units",),
)
def kernel_effective_rank_after(network: ProbedNetwork) -> float:
    """Figure 15."""
    return kernel_effective_rank(network.after.kernel.all)


@measure(
    "task_effective_rank",
    unit="1",
    meaning="Tr K / lambda_1 of the kernel of the task: of targets, or by Eq. 8 (module task_kernels)",
    label="effective rank\nof the task",
    invariant_to=("order of units",),
)
def task_effective_rank(network: ProbedNetwork) -> float:
    """Figure 15, as the module has it."""
    if network.is_linear_two_layer:
        trials, targets = network.inputs[0].double().numpy(), network.targets[0, :, 0].double().numpy()
        return effective_rank_of_linear_task(trials, targets)
    return effective_rank_of_targets(network.kernel_targets)


@measure(
    "kernel_task_effective_rank_approach",
    unit="natural logarithm",
    meaning="how much nearer to it kernel_effective_rank came in training (log)",
    label="approach of the\nkernel to the\neffective rank\nof the task",
    invariant_to=("order of units",),
)
def kernel_task_effective_rank_approach(network: ProbedNetwork) -> float:
    """Figure 15."""
    before, after = kernel_effective_rank_before(network), kernel_effective_rank_after(network)
    return approach(before, after, task_effective_rank(network))
