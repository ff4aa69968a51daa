"""How a network moves during training: its tangent kernel, and the change of its weights.

Liu et al. 2024 follow the kernel (Figures 14 and 15), Schuessler et al. 2020 the singular values of the change
(Figure 3d, e).
"""

from collections.abc import Collection, Iterator, Mapping, Sequence

import numpy as np
import torch
from scipy import linalg

from richlazy.measures import low_rank_change, metrics
from richlazy.measures.quantities import OF_KERNEL, QUANTITIES, USUAL
from richlazy.measures.tangent_kernel import tangent_kernel
from richlazy.models.rate_network import Dynamics, Weights

# A kernel counts as aligned with the task once it has come this share of its way.
_ARRIVED = 0.9


def follow(
    snapshots: Sequence[tuple[int, Weights]],
    inputs: torch.Tensor,
    targets: torch.Tensor,
    dynamics: Dynamics,
    kernel_trials: int,
    kernel_times: str = "all",
    quantities: Collection[str] = USUAL,
) -> dict[str, list[float]]:
    """Quantities of one network at each of its snapshots.

    Args:
        snapshots: iteration and weights, the first of them before training.
        inputs: probe trials (T, m, N_in).
        targets: classes (T, m), or numbers (T, m, N_out).
        dynamics: of the network.
        kernel_trials: the kernel is measured on this many first trials.
        kernel_times: ``all`` outputs of a trial, or those at the ``last`` step.
        quantities: some of ``QUANTITIES``; kernels are measured only where one is of them.

    Returns:
        ``iterations``, and a list of values for each of the quantities; singular values are nan for a network
        without recurrent weights.
    """
    found: dict[str, list[float]] = {"iterations": [iteration for iteration, _ in snapshots]}
    every = [weights for _, weights in snapshots]
    values = [_of_change(every[0], weights) for weights in every]
    if any(name in OF_KERNEL for name in quantities):
        of_kernel = _of_kernels(every, inputs, targets, dynamics, kernel_trials, kernel_times)
        values = [one | other for one, other in zip(values, of_kernel, strict=True)]
    return found | {name: [one[name] for one in values] for name in QUANTITIES if name in quantities}


def _of_kernels(
    every: Sequence[Weights], inputs: torch.Tensor, targets: torch.Tensor, dynamics: Dynamics,
    kernel_trials: int, kernel_times: str,
) -> Iterator[dict[str, float]]:  # fmt: skip
    """Quantities of the kernel of each of some weights, the first of them those before training."""
    trials, answers = inputs[:, :kernel_trials], targets[:, :kernel_trials]
    kernel_targets = metrics.targets_of_kernel(answers, len(every[0].readout), kernel_times)
    first = tangent_kernel(every[0], trials, dynamics, kernel_times).all
    for place, weights in enumerate(every):
        kernel = tangent_kernel(weights, trials, dynamics, kernel_times).all if place else first
        yield {
            "kernel_alignment": metrics.alignment(first, kernel),
            "kernel_task_alignment": metrics.kernel_task_alignment(kernel, kernel_targets),
            "centred_kernel_alignment": metrics.centred_kernel_alignment(kernel, kernel_targets),
            "kernel_effective_rank": metrics.kernel_effective_rank(kernel),
        }


def _of_change(start: Weights, weights: Weights) -> dict[str, float]:
    """Quantities of the change of the weights."""
    change = low_rank_change.change(start.recurrent, weights.recurrent)
    known = len(change) > 1 and np.isfinite(change).all()
    singular_values = linalg.svdvals(change) if known else np.full(2, np.nan)
    return {
        "weight_change_norm": metrics.weight_change_norms(start, weights)[1],
        "leading_singular_value_change": float(singular_values[0]),
        "second_singular_value_change": float(singular_values[1]),
    }


def chosen(followed: Mapping[str, Sequence[float]], quantities: Collection[str]) -> dict[str, Sequence[float]]:
    """Of what was followed of a network, the iterations and some of the quantities, in their order."""
    return {name: followed[name] for name in ("iterations", *QUANTITIES) if name in {"iterations", *quantities}}


def iterations_to_task_alignment(followed: Mapping[str, Sequence[float]]) -> float:
    """Iterations until the kernel has come nine tenths of its way to its largest alignment with the task.

    Between two snapshots the alignment is taken to grow along a straight line. Measured from the alignment before
    training; nan where it never grew or was not followed.

    Args:
        followed: what ``follow`` gives.
    """
    if "kernel_task_alignment" not in followed:
        return float("nan")
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
