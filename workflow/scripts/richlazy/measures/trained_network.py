"""A network before and after training with the trials of its probe, which is what measures start from."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from richlazy.measures.performance import loss_and_accuracy
from richlazy.models import rate_network
from richlazy.models.rate_network import Dynamics, Weights, respond
from richlazy.storage import array_io

# Rates that are held together to find losses of networks with other recurrent weights.
_RATES_TOGETHER = 2**24


def is_finite(weights: Weights) -> bool:
    """Whether all weights are finite."""
    return all(bool(torch.isfinite(matrix).all()) for matrix in weights)


@dataclass(frozen=True)
class Trained:
    """One network before and after training with its probe, or K of them with a leading network axis.

    Attributes:
        initial, final: weights before and after training.
        inputs: probe trials (T, m, N_in).
        targets: classes (T, m), or numbers (T, m, N_out).
        decision: (T, m), whether a decision is due.
    """

    initial: Weights
    final: Weights
    inputs: torch.Tensor
    targets: torch.Tensor
    decision: torch.Tensor

    @property
    def is_recurrent(self) -> bool:
        """Whether there are recurrent weights."""
        return bool(self.initial.recurrent.numel())

    def map(self, function: Callable[[torch.Tensor], torch.Tensor]) -> "Trained":
        """The same function of each array."""
        return Trained(
            self.initial.map(function),
            self.final.map(function),
            function(self.inputs),
            function(self.targets),
            function(self.decision),
        )

    def of_network(self, network: int) -> "Trained":
        """One of K networks, by its place."""
        return self.map(lambda array: array[network])

    def of_networks(self, networks: Sequence[int]) -> "Trained":
        """Some of K networks, by their places."""
        return self.map(lambda array: array[list(networks)])

    @staticmethod
    def stacked(networks: Iterable["Trained"]) -> "Trained":
        """Several networks with a leading network axis."""
        one_by_one = list(networks)
        return Trained(
            Weights.stacked(one.initial for one in one_by_one),
            Weights.stacked(one.final for one in one_by_one),
            torch.stack([one.inputs for one in one_by_one]),
            torch.stack([one.targets for one in one_by_one]),
            torch.stack([one.decision for one in one_by_one]),
        )


def load_trained(network: str | Path, probe: str | Path, decision: str | Path) -> Trained:
    """One network before and after training with its probe, from network.npz, probe.npz and decision.npy."""
    initial, final = rate_network.load_network(network)
    trials = array_io.load_arrays(probe)
    inputs, targets = torch.from_numpy(trials["inputs"]), torch.from_numpy(trials["targets"])
    return Trained(initial, final, inputs, targets, torch.from_numpy(array_io.load_array(decision)))


def probe_losses(
    network: Trained, recurrent: torch.Tensor, dynamics: Dynamics, loss_steps: str = "all", loss: str | None = None
) -> list[float]:
    """Loss on the probe of one network with each of K other recurrent weights (K, N, N), all else being final."""
    steps, trials, _ = network.inputs.shape
    found = []
    for part in recurrent.split(max(1, _RATES_TOGETHER // (steps * trials * recurrent.shape[-1]))):
        rest = (matrix.expand(len(part), -1, -1) for matrix in (network.final.input, network.final.readout))
        rates, _ = respond(Weights(part, *rest), network.inputs.expand(len(part), -1, -1, -1), dynamics)
        found += [
            loss_and_accuracy(network.final, one, network.targets, network.decision, loss_steps, loss)[0]
            for one in rates
        ]
    return found
