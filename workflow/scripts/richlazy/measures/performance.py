"""How well a network does on its probe."""

from __future__ import annotations

from typing import TYPE_CHECKING

from richlazy.measures.base import measure, networks_with_classes

if TYPE_CHECKING:
    import torch

    from richlazy.measures.probed_network import ProbedNetwork
    from richlazy.models.rate_network import Weights


def loss_and_accuracy(
    weights: Weights,
    rates: torch.Tensor,
    targets: torch.Tensor,
    decision: torch.Tensor,
    loss_steps: str = "all",
    loss: str | None = None,
) -> tuple[float, float]:
    """Mean loss, and the share of correct decisions (nan where targets are numbers).

    Args:
        weights: of one network.
        rates: (T, m, N).
        targets: classes (T, m), whose loss is the cross-entropy in nats; or numbers (T, m, N_out), whose loss is half
            the squared error, summed over outputs.
        decision: (T, m), the steps on which a decision is due.
        loss_steps: ``all`` steps of a trial, or the ``last`` one.
        loss: with ``masked_squared_error``, that of numbers is half the mean squared error over those that are not nan.
    """
    from torch.nn.functional import cross_entropy

    outputs = rates @ weights.readout.T
    first = 0 if loss_steps == "all" else -1
    if targets.is_floating_point():
        squares = (outputs[first:].double() - targets[first:].double()).square()
        if loss == "masked_squared_error":
            return float(squares[~targets[first:].isnan()].mean() / 2), float("nan")
        return float(squares.sum(-1).mean() / 2), float("nan")
    entropy = cross_entropy(outputs[first:].flatten(0, 1).double(), targets[first:].flatten().long())
    correct = (outputs.argmax(-1) == targets)[decision]
    return float(entropy), float(correct.double().mean())


@measure(
    "probe_loss",
    unit="nats, or half squared error",
    meaning="nats, or half squared error; mean loss on the probe after training, at the steps that count",
    label="loss on probe",
)
def probe_loss(network: ProbedNetwork) -> float:
    """Loss after training."""
    return network.loss_and_accuracy[0]


@measure(
    "accuracy",
    unit="share of decisions",
    meaning="share of correct decisions on the probe after training; null where targets are numbers",
    label="accuracy",
    defined_for=networks_with_classes,
)
def accuracy(network: ProbedNetwork) -> float:
    """Accuracy after training."""
    return network.loss_and_accuracy[1]


@measure(
    "guess_accuracy",
    unit="share of decisions",
    meaning="share of the most frequent answer among the decisions on the probe; null where targets are numbers",
    defined_for=networks_with_classes,
)
def guess_accuracy(network: ProbedNetwork) -> float:
    """Accuracy of the best constant answer."""
    asked = network.targets[network.decision]
    return int(asked.unique(return_counts=True)[1].max()) / len(asked)
