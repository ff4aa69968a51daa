"""How a network moves during training: its tangent kernel, and the change of its weights since the start.

Liu et al. 2024 follow the kernel (Figures 14 and 15), Schuessler et al. 2020 the singular values of the change
(Figure 3d, e). A quantity here is a measure of one snapshot of a network (``following.Snapshot``).
"""

from __future__ import annotations

import sys
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from richlazy.measures import change, task_alignment, task_kernels
from richlazy.measures.base import declared, measure, recurrent_networks, single_channel_networks

if TYPE_CHECKING:
    from richlazy.measures.following import Snapshot

# What is followed where an experiment does not say.
USUAL = (
    "kernel_alignment",
    "kernel_task_alignment",
    "centred_kernel_alignment",
    "kernel_effective_rank",
    "weight_change_norm",
)

# A kernel counts as aligned with the task once it has come this share of its way.
_ARRIVED = 0.9


@measure(
    "kernel_alignment",
    unit="1",
    meaning="cosine of the tangent kernel with that before training (Figure 14A, C)",
    label="tangent kernel\nalignment\nwith the start",
    stage="snapshot",
)
def kernel_alignment(snapshot: Snapshot) -> float:
    """Figure 14A, C."""
    return change.alignment(snapshot.start.kernel, snapshot.kernel)


@measure(
    "kernel_alignment_recurrent",
    unit="1",
    meaning="likewise of the tangent kernel of the recurrent weights",
    label="tangent kernel\nalignment\n(recurrent)",
    stage="snapshot",
    defined_for=recurrent_networks,
)
def kernel_alignment_recurrent(snapshot: Snapshot) -> float:
    """Eq. 6 with the recurrent weights alone, as the authors' script has it."""
    return change.alignment(snapshot.start.kernel_recurrent, snapshot.kernel_recurrent)


@measure(
    "kernel_task_alignment",
    unit="1",
    meaning="y'K y / (|y|^2 Tr K) (Figure 14B)",
    label="kernel-task\nalignment",
    stage="snapshot",
)
def kernel_task_alignment(snapshot: Snapshot) -> float:
    """Figure 14B."""
    return task_alignment.kernel_task_alignment(snapshot.kernel, snapshot.kernel_targets)


@measure(
    "centred_kernel_alignment",
    unit="1",
    meaning="centred alignment of kernel and targets (Baratin et al. 2021; Figure 14D)",
    label="centred kernel\nalignment\nwith the classes",
    stage="snapshot",
)
def centred_kernel_alignment(snapshot: Snapshot) -> float:
    """Figure 14D."""
    return task_alignment.centred_kernel_alignment(snapshot.kernel, snapshot.kernel_targets)


@measure(
    "kernel_effective_rank",
    unit="1",
    meaning="Tr K / lambda_1 (Figure 15)",
    label="kernel\neffective rank",
    stage="snapshot",
)
def kernel_effective_rank(snapshot: Snapshot) -> float:
    """Figure 15."""
    return task_kernels.kernel_effective_rank(snapshot.kernel)


@measure(
    "weight_change_norm",
    unit="unit of the weights",
    meaning="Frobenius norm of the change of all weights since the start",
    stage="snapshot",
)
def weight_change_norm(snapshot: Snapshot) -> float:
    """Eq. 4."""
    return change.weight_change_norms(snapshot.start.weights, snapshot.weights)[1]


@measure(
    "weight_change_norm_recurrent",
    unit="unit of the weights",
    meaning="Frobenius norm of the change of the recurrent weights since the start",
    label="weight change\n$\\|\\Delta W_h\\|$",
    stage="snapshot",
    defined_for=recurrent_networks,
)
def weight_change_norm_recurrent(snapshot: Snapshot) -> float:
    """The authors' script, and Eq. 4 with the recurrent weights alone."""
    return change.weight_change_norms(snapshot.start.weights, snapshot.weights)[0]


@measure(
    "leading_singular_value_change",
    unit="unit of the weights",
    meaning="largest singular value of the change of the recurrent weights since the start",
    label="leading singular\nvalue of the\nchange",
    stage="snapshot",
)
def leading_singular_value_change(snapshot: Snapshot) -> float:
    """Figure 3d."""
    return snapshot.singular_values[0]


@measure(
    "second_singular_value_change",
    unit="unit of the weights",
    meaning="second singular value of the change of the recurrent weights since the start",
    label="second singular\nvalue of the\nchange",
    stage="snapshot",
)
def second_singular_value_change(snapshot: Snapshot) -> float:
    """Figure 3e."""
    return snapshot.singular_values[1]


def _entry(snapshot: Snapshot, to_readout: bool, from_input: bool) -> float:
    """Change of the recurrent weights between directions of norm 1, those of input or readout weights at the start."""
    before = snapshot.start.weights
    drive, readout = (matrix.double().flatten() for matrix in (before.input, before.readout))
    change = snapshot.weights.recurrent.double() - before.recurrent.double()
    to, of = (readout if to_readout else drive), (drive if from_input else readout)
    return float(to @ change @ of / (to.norm() * of.norm()))


@measure(
    "change_input_to_output",
    unit="unit of the weights",
    meaning="w'dW m of the change of the recurrent weights since the start, directions of readout and input weights w "
    "and m, A_12 of Eq. 10; null unless there is one of each",
    stage="snapshot",
    defined_for=single_channel_networks,
)
def change_input_to_output(snapshot: Snapshot) -> float:
    """Eq. 10 of Schuessler et al. 2020."""
    return _entry(snapshot, to_readout=True, from_input=True)


@measure(
    "change_output_to_input",
    unit="unit of the weights",
    meaning="m'dW w, A_21; likewise",
    stage="snapshot",
    defined_for=single_channel_networks,
)
def change_output_to_input(snapshot: Snapshot) -> float:
    """Eq. 10 of Schuessler et al. 2020."""
    return _entry(snapshot, to_readout=False, from_input=False)


@measure(
    "change_output_to_output",
    unit="unit of the weights",
    meaning="w'dW w, A_11; likewise",
    stage="snapshot",
    defined_for=single_channel_networks,
)
def change_output_to_output(snapshot: Snapshot) -> float:
    """Eq. 10 of Schuessler et al. 2020."""
    return _entry(snapshot, to_readout=True, from_input=False)


@measure(
    "change_input_to_input",
    unit="unit of the weights",
    meaning="m'dW m, A_22; likewise",
    stage="snapshot",
    defined_for=single_channel_networks,
)
def change_input_to_input(snapshot: Snapshot) -> float:
    """Eq. 10 of Schuessler et al. 2020."""
    return _entry(snapshot, to_readout=False, from_input=True)


QUANTITIES = declared(sys.modules[__name__])
# Those that only networks with recurrent weights have.
OF_RECURRENT_WEIGHTS = [
    name for name in QUANTITIES if name.endswith("_recurrent") or ("change" in name and name != weight_change_norm.name)
]


def chosen(followed: Mapping[str, Sequence[float]], quantities: Collection[str]) -> dict[str, Sequence[float]]:
    """Of what was followed of a network, the iterations and some of the quantities, in their order."""
    return {name: followed[name] for name in ("iterations", *QUANTITIES) if name in {"iterations", *quantities}}


def iterations_to_task_alignment(followed: Mapping[str, Sequence[float]]) -> float:
    """Iterations until the kernel has come nine tenths of its way to its largest alignment with the task.

    Between two snapshots the alignment is taken to grow along a straight line. Measured from the alignment before
    training; infinite where it never grew, nan where it was not followed.

    Args:
        followed: what ``following.follow`` gives.
    """
    if "kernel_task_alignment" not in followed:
        return float("nan")
    iterations = np.asarray(followed["iterations"], float)
    alignment = np.asarray(followed["kernel_task_alignment"], float)
    if not np.isfinite(alignment[0]):
        return float("nan")
    gain = np.nanmax(alignment) - alignment[0]
    if not gain > 0:
        return float("inf")
    goal = alignment[0] + _ARRIVED * gain
    there = int(np.argmax(alignment >= goal))
    low, high = alignment[there - 1], alignment[there]
    share = (goal - low) / (high - low)
    return float(iterations[there - 1] + share * (iterations[there] - iterations[there - 1]))
