"""How the tangent kernel of a network moves during training (Liu et al. 2024, Figures 14 and 15)."""

from collections.abc import Mapping, Sequence

import numpy as np
import torch

from richlazy import metrics
from richlazy.kernels import tangent_kernel
from richlazy.networks import Dynamics, Weights

# What is followed, with unit and meaning; kernels are those of all weights.
QUANTITIES: dict[str, str] = {
    "kernel_alignment": "cosine of the tangent kernel with that before training (Figure 14A, C)",
    "kernel_task_alignment": "y'K y / (|y|^2 Tr K) (Figure 14B)",
    "centred_kernel_alignment": "centred alignment of kernel and targets (Baratin et al. 2021; Figure 14D)",
    "kernel_effective_rank": "Tr K / lambda_1 (Figure 15)",
    "weight_change_norm": "Frobenius norm of the change of all weights since the start",
}

# A kernel counts as aligned with the task once it has come this share of its way.
_ARRIVED = 0.9


def follow(
    snapshots: Sequence[tuple[int, Weights]],
    inputs: torch.Tensor,
    targets: torch.Tensor,
    dynamics: Dynamics,
    kernel_trials: int,
    kernel_times: str = "all",
) -> dict[str, list[float]]:
    """Quantities of one network at each of its snapshots.

    Args:
        snapshots: iteration and weights, the first of them before training.
        inputs: probe trials (T, m, N_in).
        targets: classes (T, m), or numbers (T, m, N_out).
        dynamics: of the network.
        kernel_trials: the kernel is measured on this many first trials.
        kernel_times: ``all`` outputs of a trial, or those at the ``last`` step.

    Returns:
        ``iterations``, and a list of values for each of ``QUANTITIES``.
    """
    start = snapshots[0][1]
    trials, answers = inputs[:, :kernel_trials], targets[:, :kernel_trials]
    kernel_targets = metrics.targets_of_kernel(answers, len(start.readout), kernel_times)
    first = tangent_kernel(start, trials, dynamics, kernel_times).all
    found: dict[str, list[float]] = {"iterations": [iteration for iteration, _ in snapshots]}
    for place, (_, weights) in enumerate(snapshots):
        kernel = tangent_kernel(weights, trials, dynamics, kernel_times).all if place else first
        values = {
            "kernel_alignment": metrics.alignment(first, kernel),
            "kernel_task_alignment": metrics.kernel_task_alignment(kernel, kernel_targets),
            "centred_kernel_alignment": metrics.centred_kernel_alignment(kernel, kernel_targets),
            "kernel_effective_rank": metrics.kernel_effective_rank(kernel),
            "weight_change_norm": metrics.weight_change_norms(start, weights)[1],
        }
        for name, value in values.items():
            found.setdefault(name, []).append(value)
    return found


def iterations_to_task_alignment(followed: Mapping[str, Sequence[float]]) -> float:
    """Iterations until the kernel has come nine tenths of its way to its largest alignment with the task.

    Between two snapshots the alignment is taken to grow along a straight line. Measured from the alignment before
    training; nan where it never grew.

    Args:
        followed: what ``follow`` gives.
    """
    iterations = np.asarray(followed["iterations"], float)
    alignment = np.asarray(followed["kernel_task_alignment"], float)
    gain = np.nanmax(alignment) - alignment[0]
    if not gain > 0:
        return float("nan")
    goal = alignment[0] + _ARRIVED * gain
    there = int(np.argmax(alignment >= goal))
    low, high = alignment[there - 1], alignment[there]
    share = (goal - low) / (high - low)
    return float(iterations[there - 1] + share * (iterations[there] - iterations[there - 1]))
