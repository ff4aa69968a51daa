"""How much learning changed a network: its weights, its representation and its tangent kernel.

Every measure here compares the network before and after training. Lazier learning shows as a small change of the
weights and as alignments near 1 (Liu et al. 2024, section 2.2).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from richlazy.measures.base import linear_two_layer_networks, measure, recurrent_networks
from richlazy.theory import two_layer

if TYPE_CHECKING:
    import torch

    from richlazy.measures.probed_network import ProbedNetwork
    from richlazy.models.rate_network import Weights


def weight_change_norms(initial: Weights, final: Weights) -> tuple[float, float]:
    """Frobenius norm of the change of the recurrent weights alone, and of all trained weights (Eq. 4)."""
    changes = [float((after.double() - before.double()).norm()) for before, after in zip(initial, final, strict=True)]
    return changes[0], float(np.linalg.norm(changes))


def alignment(first: torch.Tensor, second: torch.Tensor) -> float:
    """Cosine between two arrays as vectors, in [-1, 1]; nan where one is 0.

    Of symmetric matrices it is Tr(A B) / (|A| |B|) (Eqs. 5 and 6).
    """
    first, second = first.double(), second.double()
    return float((first * second).sum() / (first.norm() * second.norm()))


def representation(rates: torch.Tensor) -> torch.Tensor:
    """Similarity R = H'H of trials by their activity at the last step, (m, m), not centred (Eq. 5).

    Where there is a single trial its time points are compared instead, (T, T).

    Args:
        rates: (T, m, N).
    """
    samples = rates[-1] if rates.shape[1] > 1 else rates[:, 0]
    return samples @ samples.T


def unchanged_signs(first: torch.Tensor, second: torch.Tensor, steps: torch.Tensor) -> float:
    """Share of units with equal sign of activity before and after, over the given steps (authors' script).

    Args:
        first, second: rates (T, m, N).
        steps: (T, m), the steps that count.
    """
    return float((first[steps].sign() == second[steps].sign()).double().mean())


def predicted_kernel_alignment(initial: Weights, inputs: torch.Tensor, targets: torch.Tensor) -> float:
    """Closed form of the kernel alignment of a linear two-layer network with small initial weights (Eqs. 7 and 8).

    Args:
        initial: weights before training, without recurrent ones.
        inputs: (1, m, d), at least as many trials as inputs.
        targets: (1, m, 1), a linear function of the inputs.
    """
    first_layer, readout = initial.input.double().numpy(), initial.readout.double().numpy()
    trials = inputs[0].double().numpy()
    beta = np.linalg.lstsq(trials, targets[0, :, 0].double().numpy())[0]
    return two_layer.kernel_alignment(first_layer, readout, beta, trials.T @ trials)


@measure(
    "weight_change_norm",
    unit="unit of the weights",
    meaning="Frobenius norm of the change of all trained weights (Eq. 4)",
    label="weight change,\nall weights\n$\\|\\Delta W\\|$",
    lazier=-1,
)
def weight_change_norm(network: ProbedNetwork) -> float:
    """Eq. 4."""
    return network.weight_change_norms[1]


@measure(
    "weight_change_norm_recurrent",
    unit="unit of the weights",
    meaning="Frobenius norm of the change of the recurrent weights; null without them",
    label="weight change\n$\\|\\Delta W_h\\|$",
    lazier=-1,
    defined_for=recurrent_networks,
)
def weight_change_norm_recurrent(network: ProbedNetwork) -> float:
    """The authors' script, and Eq. 4 with the recurrent weights alone."""
    return network.weight_change_norms[0]


@measure(
    "representation_alignment",
    unit="1",
    meaning="cosine of last-step similarity matrices before and after (Eq. 5)",
    label="representation\nalignment",
    lazier=1,
    invariant_to=("order of units",),
)
def representation_alignment(network: ProbedNetwork) -> float:
    """Eq. 5."""
    return alignment(representation(network.before.rates), representation(network.after.rates))


@measure(
    "kernel_alignment",
    unit="1",
    meaning="cosine of tangent kernels of all weights before and after (Eq. 6)",
    label="tangent kernel\nalignment,\nall weights",
    lazier=1,
    invariant_to=("order of units",),
)
def kernel_alignment(network: ProbedNetwork) -> float:
    """Eq. 6."""
    return alignment(network.before.kernel.all, network.after.kernel.all)


@measure(
    "kernel_alignment_recurrent",
    unit="1",
    meaning="cosine of tangent kernels of the recurrent weights before and after; likewise",
    label="tangent kernel\nalignment",
    lazier=1,
    defined_for=recurrent_networks,
    invariant_to=("order of units",),
)
def kernel_alignment_recurrent(network: ProbedNetwork) -> float:
    """Eq. 6 with the recurrent weights alone, as the authors' script has it."""
    return alignment(network.before.kernel.recurrent, network.after.kernel.recurrent)


@measure(
    "kernel_alignment_predicted",
    unit="1",
    meaning="closed form of kernel_alignment (Eqs. 7, 8); null but for linear two-layer networks",
    label="tangent kernel\nalignment,\nby theory",
    lazier=1,
    defined_for=linear_two_layer_networks,
)
def kernel_alignment_predicted(network: ProbedNetwork) -> float:
    """Eqs. 7 and 8."""
    return predicted_kernel_alignment(network.before.weights, network.inputs, network.targets)


@measure(
    "sign_similarity",
    unit="share of units",
    meaning="share of units whose sign of activity at the decision is unchanged",
    label="sign similarity",
    lazier=1,
)
def sign_similarity(network: ProbedNetwork) -> float:
    """The authors' script."""
    return unchanged_signs(network.before.rates, network.after.rates, network.decision)
