"""What a rule of learning gives credit to: how near its directions are to the gradient, and where its changes go.

Outputs on the probe move by -eta K~ e in an update with the rate eta, with e the errors of the outputs and

    K~ = J J~'

the kernel of the rule: J holds the gradients of the outputs, and J~ what the rule takes for these. For backpropagation
it is the tangent kernel; for other rules it is not symmetric.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from richlazy.measures.base import measure
from richlazy.measures.change import alignment

if TYPE_CHECKING:
    import torch

    from richlazy.measures.probed_network import Moment, ProbedNetwork


def networks_with_errors_sent_back(network: ProbedNetwork) -> bool:
    """Networks whose rule of learning sends errors back, from the outputs to the units."""
    return network.learning.sends_errors_back


def recurrent_networks_with_errors_sent_back(network: ProbedNetwork) -> bool:
    """Recurrent networks whose rule of learning sends errors back, from the outputs to the units."""
    return network.is_recurrent and network.learning.sends_errors_back


def networks_with_fixed_feedback(network: ProbedNetwork) -> bool:
    """Networks whose rule of learning has fixed feedback."""
    return bool(network.fixed_feedback)


def asymmetry(kernel: torch.Tensor) -> float:
    """|K - K'| / |K + K'| of a kernel (R, R): 0 where it is symmetric; nan where K = -K'."""
    whole = float((kernel + kernel.T).double().norm())
    return float((kernel - kernel.T).double().norm()) / whole if whole > 0 else math.nan


def _gradient_alignment(network: ProbedNetwork, moment: Moment) -> float:
    if network.learning.is_gradient:
        return 1.0
    of_rule, gradient = network.directions(moment)
    return alignment(of_rule, gradient)


@measure(
    "gradient_alignment_initial",
    unit="1",
    meaning="cosine between the directions of the rule of learning and the gradient of the loss on the probe, over all "
    "trained weights, before training; 1 for backpropagation, null for node_perturbation",
    label="alignment with\nthe gradient\nat start",
    defined_for=networks_with_errors_sent_back,
)
def gradient_alignment_before(network: ProbedNetwork) -> float:
    """Liu et al. 2022 and others; 1 by construction for backpropagation."""
    return _gradient_alignment(network, network.before)


@measure(
    "gradient_alignment",
    unit="1",
    meaning="the same after training",
    label="alignment with\nthe gradient",
    defined_for=networks_with_errors_sent_back,
)
def gradient_alignment_after(network: ProbedNetwork) -> float:
    """Liu et al. 2022 and others; 1 by construction for backpropagation."""
    return _gradient_alignment(network, network.after)


@measure(
    "feedback_weight_alignment",
    unit="1",
    meaning="cosine between weights and the fixed feedback in their place after training; null for rules without it",
    label="alignment of weights\nwith their feedback",
    defined_for=networks_with_fixed_feedback,
)
def feedback_weight_alignment(network: ProbedNetwork) -> float:
    """Lillicrap et al. 2016, Figure 2: weights turn towards their feedback."""
    ((name, feedback),) = network.fixed_feedback.items()
    return alignment(getattr(network.after.weights, name), feedback)


@measure(
    "rule_kernel_alignment_recurrent",
    unit="1",
    meaning="cosine of the kernels of the rule of learning before and after, recurrent weights; for backpropagation "
    "kernel_alignment_recurrent",
    label="alignment of the\nkernel of the rule",
    lazier=1,
    defined_for=recurrent_networks_with_errors_sent_back,
)
def rule_kernel_alignment_recurrent(network: ProbedNetwork) -> float:
    """Bordelon and Pehlevan 2023 follow such kernels."""
    return alignment(*network.rule_kernels)


@measure(
    "rule_kernel_asymmetry",
    unit="1",
    meaning="|K - K'| / |K + K'| of the kernel of the rule of learning after training, recurrent weights; 0 for "
    "backpropagation",
    label="asymmetry of the\nkernel of the rule",
    defined_for=recurrent_networks_with_errors_sent_back,
)
def rule_kernel_asymmetry(network: ProbedNetwork) -> float:
    """No paper here has it."""
    return asymmetry(network.rule_kernels[1])


@measure(
    "readout_change_share",
    unit="share of the squared change",
    meaning="squared change of the readout over that of all weights",
    label="share of the\nchange in the\nreadout",
)
def readout_change_share(network: ProbedNetwork) -> float:
    """No paper here has it."""
    _, of_all = network.weight_change_norms
    change = network.after.weights.readout.double() - network.before.weights.readout.double()
    return (float(change.norm()) / of_all) ** 2 if of_all > 0 else math.nan
