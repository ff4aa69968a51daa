"""Alignment of the tangent kernel with the targets of the task (Liu et al. 2024, Figure 14; Baratin et al. 2021)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from richlazy.measures.base import measure

if TYPE_CHECKING:
    import torch

    from richlazy.measures.probed_network import ProbedNetwork


def one_hot(targets: torch.Tensor, classes: int) -> torch.Tensor:
    """Targets (times, m) of integer classes as one-hot vectors (times, classes, m)."""
    from torch.nn import functional

    return functional.one_hot(targets.long(), classes).transpose(1, 2)


def output_targets(targets: torch.Tensor, outputs: int) -> torch.Tensor:
    """Targets of every output (times, N_out, m): one-hot for classes (times, m), else as given (times, m, N_out).

    An output that is not asked for (nan) has the target 0, as if it were not there.
    """
    return targets.nan_to_num().transpose(1, 2) if targets.is_floating_point() else one_hot(targets, outputs)


def targets_of_kernel(targets: torch.Tensor, outputs: int, kernel_times: str) -> torch.Tensor:
    """Targets of the outputs of a kernel, in its order (times, N_out, m); targets as ``output_targets`` takes them."""
    return output_targets(targets if kernel_times == "all" else targets[-1:], outputs)


def kernel_task_alignment(kernel: torch.Tensor, targets: torch.Tensor) -> float:
    """y'K y / (|y|² Tr K) with y the targets as one-hot vectors over all outputs (Figure 14B).

    Args:
        kernel: (R, R), outputs in the order (time, class, trial).
        targets: one-hot targets (times, classes, m).
    """
    target = targets.flatten().double()
    kernel = kernel.double()
    return float(target @ kernel @ target / (target @ target * kernel.trace()))


def centred_kernel_alignment(kernel: torch.Tensor, targets: torch.Tensor) -> float:
    """y'K_c y / (|K_c| |y|²) after Baratin et al. 2021, Eq. 7 (Figure 14D).

    The kernel is centred over trials within each pair of outputs (time, class); y is the one-hot target
    minus its mean over trials.

    Args:
        kernel: (R, R), outputs in the order (time, class, trial).
        targets: one-hot targets (times, classes, m).

    Returns:
        The alignment, or nan where every trial has the same targets.
    """
    trials = targets.shape[-1]
    target = (targets.double() - targets.double().mean(-1, keepdim=True)).flatten()
    blocks = kernel.double().unflatten(0, (-1, trials)).unflatten(2, (-1, trials))
    blocks = blocks - blocks.mean(1, keepdim=True)
    blocks = blocks - blocks.mean(3, keepdim=True)
    centred = blocks.reshape(kernel.shape)
    return float(target @ centred @ target / (centred.norm() * (target @ target)))


@measure(
    "kernel_task_alignment_initial",
    unit="1",
    meaning="y'K y / (|y|^2 Tr K), kernel of all weights before training",
)
def kernel_task_alignment_before(network: ProbedNetwork) -> float:
    """Figure 14B."""
    return kernel_task_alignment(network.before.kernel.all, network.kernel_targets)


@measure(
    "kernel_task_alignment",
    unit="1",
    meaning="y'K y / (|y|^2 Tr K), kernel of all weights after training",
    label="kernel-task\nalignment",
    invariant_to=("order of units",),
)
def kernel_task_alignment_after(network: ProbedNetwork) -> float:
    """Figure 14B."""
    return kernel_task_alignment(network.after.kernel.all, network.kernel_targets)


@measure(
    "centred_kernel_alignment_initial",
    unit="1",
    meaning="centred alignment of kernel and targets before training (Baratin et al. 2021)",
)
def centred_kernel_alignment_before(network: ProbedNetwork) -> float:
    """Figure 14D."""
    return centred_kernel_alignment(network.before.kernel.all, network.kernel_targets)


@measure(
    "centred_kernel_alignment",
    unit="1",
    meaning="centred alignment of kernel and targets after training (Baratin et al. 2021)",
    label="centred kernel\nalignment",
    invariant_to=("order of units",),
)
def centred_kernel_alignment_after(network: ProbedNetwork) -> float:
    """Figure 14D."""
    return centred_kernel_alignment(network.after.kernel.all, network.kernel_targets)
