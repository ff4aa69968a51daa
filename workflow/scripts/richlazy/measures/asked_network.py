"""What a measure of unseen trials is calculated from: what one trained network does on its probe and on these."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import torch

from richlazy.measures.performance import loss_and_accuracy
from richlazy.measures.trained_network import Trained, is_finite, load_trained
from richlazy.models.rate_network import Dynamics, respond

# probe.npz and decision.npy of a probe.
ProbeFiles = tuple[str | Path, str | Path]


@dataclass(frozen=True)
class AskedNetwork:
    """What a network does on its probe, and on those of unseen trials.

    Attributes:
        seen: loss and accuracy on its probe, as ``performance_when_due`` gives them.
        unseen: likewise, by what is different.
        values: of the measures that were calculated.
    """

    seen: tuple[float, float]
    unseen: Mapping[str, tuple[float, float]]
    values: dict[str, float] = field(default_factory=dict)

    @classmethod
    def load(
        cls, network: str | Path, own: ProbeFiles, others: Mapping[str, ProbeFiles], dynamics: Dynamics
    ) -> "AskedNetwork":
        """A network from its network.npz on some probes.

        Raises:
            ValueError: where the unseen trials have other inputs or answers than the network.
        """
        asked = {}
        for what, files in others.items():
            asked[what] = load_trained(network, *files)
            if problem := _misfit(asked[what]):
                raise ValueError(
                    f"unseen {what} changes the {problem}; let it leave inputs and answers of the task alone"
                )
        return cls(
            performance_when_due(load_trained(network, *own), dynamics),
            {what: performance_when_due(one, dynamics) for what, one in asked.items()},
        )


def _misfit(asked: Trained) -> str | None:
    """Which of its inputs and answers trials have in another number than a network, None where neither."""
    channels, outputs = asked.initial.input.shape[1], len(asked.initial.readout)
    if asked.inputs.shape[-1] != channels:
        return f"number of inputs from {channels} to {asked.inputs.shape[-1]}"
    is_number = asked.targets.is_floating_point()
    found = asked.targets.shape[-1] if is_number else int(asked.targets.max()) + 1
    if found != outputs if is_number else found > outputs:
        return f"number of answers from {outputs} to {found}"
    return None


def performance_when_due(asked: Trained, dynamics: Dynamics) -> tuple[float, float]:
    """Mean loss of a trained network, and the share of correct decisions, at the steps that ask for something.

    Args:
        asked: the network with the probe. The loss of classes is the cross-entropy in nats where a decision is due;
            that of numbers half the mean squared error of those that are not nan, and their accuracy is nan.
        dynamics: how a state follows from the one before.

    Returns:
        Loss and accuracy; both nan where weights are not finite.
    """
    if not is_finite(asked.final):
        return math.nan, math.nan
    rates, _ = respond(asked.final, asked.inputs, dynamics)
    if asked.targets.is_floating_point():
        return loss_and_accuracy(asked.final, rates, asked.targets, asked.decision, loss="masked_squared_error")
    # As the trials of a single step.
    due, targets = (array[asked.decision][None] for array in (rates, asked.targets))
    return loss_and_accuracy(asked.final, due, targets, torch.ones_like(targets, dtype=torch.bool))
