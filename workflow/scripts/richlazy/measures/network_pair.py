"""What a measure of two networks is calculated from: both before and after training, on the same trials."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import torch

from richlazy.measures.trained_network import Trained, is_finite, load_trained
from richlazy.models.rate_network import Dynamics, Weights, respond


@dataclass(frozen=True)
class Solution:
    """One network at one moment.

    Attributes:
        weights: of the network.
        inputs: trials (T, m, N_in).
        dynamics: how a state follows from the one before.
    """

    weights: Weights
    inputs: torch.Tensor
    dynamics: Dynamics

    @cached_property
    def rates(self) -> torch.Tensor:
        """Its activity on the trials, (T, m, N)."""
        return respond(self.weights, self.inputs, self.dynamics)[0]

    @property
    def received(self) -> torch.Tensor:
        """W_h r[t-1] + W_x x[t], what its units receive, (T, m, N): silent units differ in it, too."""
        received = self.inputs @ self.weights.input.T
        received[1:] += self.rates[:-1] @ self.weights.recurrent.T
        return received

    @property
    def answers(self) -> torch.Tensor:
        """Its outputs on the trials, (T, m, N_out)."""
        return self.rates @ self.weights.readout.T


@dataclass(frozen=True)
class NetworkPair:
    """Two networks of one condition, which differ in their seeds, on the probe of the first.

    Attributes:
        before, after: both networks before and after training.
        inputs: probe of the first, (T, m, N_in).
        decision: (T, m), the steps at which a decision is due.
        has_classes: whether answers are classes.
        values: of the measures that were calculated.
    """

    before: tuple[Solution, Solution]
    after: tuple[Solution, Solution]
    inputs: torch.Tensor
    decision: torch.Tensor
    has_classes: bool
    values: dict[str, float] = field(default_factory=dict)

    @classmethod
    def of(cls, first: Trained, second: Trained, dynamics: Dynamics) -> "NetworkPair":
        """Two networks on the probe of the first, in double precision."""
        inputs = first.inputs.double()

        def both(weights_of: Callable[[Trained], Weights]) -> tuple[Solution, Solution]:
            one, other = (
                Solution(weights_of(each).map(torch.Tensor.double), inputs, dynamics) for each in (first, second)
            )
            return one, other

        classes = not first.targets.is_floating_point()
        return cls(both(lambda each: each.initial), both(lambda each: each.final), inputs, first.decision, classes)

    @classmethod
    def load(
        cls, network: str | Path, other: str | Path, probe: str | Path, decision: str | Path, dynamics: Dynamics
    ) -> "NetworkPair":
        """Two networks from their network.npz, on the probe.npz and decision.npy of the first."""
        first, second = (load_trained(path, probe, decision) for path in (network, other))
        return cls.of(first, second, dynamics)

    @property
    def is_finite(self) -> bool:
        """Whether all weights after training are finite, and all activity with them."""
        return all(is_finite(one.weights) and bool(one.rates.isfinite().all()) for one in self.after)
