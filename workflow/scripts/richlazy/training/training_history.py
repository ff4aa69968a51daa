"""What is followed while networks train: curves, who ended where and why, and copies of the weights on the way."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from richlazy.models.rate_network import Weights
from richlazy.training.settings import TrainingSettings

# Of a history, what a table of runs has.
OUTCOME = ("final_loss", "diverged", "diverged_at", "reached_at", "convergence_iterations", "guess_loss")


@dataclass(frozen=True)
class History:
    """What training leaves beside the weights.

    Attributes:
        iterations: number of iterations done at each point of the curve.
        losses: (points, K), mean loss of each network since the point before: nats per step, or half the squared error.
        diverged_at: for each network the iteration at which divergence was seen, or None.
        accuracies: (points, K), share of correct classes since the point before, each batch judged before its update;
            None where no single step is the decision.
        reached_at: for each network the point at which its accuracy first reached the target, or None.
        stopped_at_target: whether networks ended there.
        snapshots: for each network pairs of an iteration and its weights after so many, on the CPU.
        converged_at: for each network the number of updates after which the loss of a batch was first below the stated
            share of that of the first batch, or None.
        guess_losses: for each network the loss of the best constant answer on its batches (``guessing.guess_loss``).
        crossings: for each network by the name of a level the first point of the curve at which the excess of the loss
            was at most that, with its weights then, on the CPU; without the levels that it never came down to.
    """

    iterations: list[int]
    losses: np.ndarray
    diverged_at: list[int | None]
    accuracies: np.ndarray | None = None
    reached_at: list[int | None] = field(default_factory=list)
    stopped_at_target: bool = False
    snapshots: list[list[tuple[int, Weights]]] = field(default_factory=list)
    converged_at: list[int | None] = field(default_factory=list)
    guess_losses: Sequence[float] = ()
    crossings: list[dict[str, tuple[int, Weights]]] = field(default_factory=list)

    def of_network(self, network: int, final_loss_fraction: float) -> dict[str, Any]:
        """Curves and outcome of one network, ready for JSON: those of its training alone.

        Args:
            network: place on the network axis.
            final_loss_fraction: the final loss is the mean over this last part of the iterations; it is nan
                where training diverged.

        Returns:
            ``final_loss``, ``diverged``, ``diverged_at``, ``convergence_iterations``, ``guess_loss``, ``iterations``
            and ``loss``; where accuracy is followed also ``accuracy`` and ``reached_at``.
        """
        diverged_at = self.diverged_at[network]
        reached_at = self.reached_at[network] if self.reached_at else None
        ended_at = reached_at if diverged_at is None and self.stopped_at_target else diverged_at
        end = len(self.iterations) if ended_at is None else self.iterations.index(ended_at) + 1
        losses = self.losses[:end, network]
        points = max(1, round(final_loss_fraction * len(losses)))
        outcome = {
            "final_loss": float(losses[-points:].mean()) if diverged_at is None else math.nan,
            "diverged": diverged_at is not None,
            "diverged_at": diverged_at,
            "convergence_iterations": self.converged_at[network] if self.converged_at else None,
            "guess_loss": self.guess_losses[network] if self.guess_losses else None,
            "iterations": self.iterations[:end],
            "loss": losses.tolist(),
        }
        if self.accuracies is None:
            return outcome
        return outcome | {"accuracy": self.accuracies[:end, network].tolist(), "reached_at": reached_at}


class Recorder:
    """Follows K networks that train together, and keeps for each what it would have had alone.

    Args:
        weights: that training changes in place.
        settings: of their training: where networks reach their target and have converged, whether they end there, and
            the levels of the loss at which a copy of their weights is kept.
        divergence_losses: of each network; a mean loss above it, or one that is not finite, is divergence, and it ends.
        guess_losses: of each network what guessing costs.
    """

    def __init__(
        self,
        weights: Weights,
        settings: TrainingSettings,
        divergence_losses: Sequence[float],
        guess_losses: Sequence[float] = (),
    ):
        networks = len(weights.input)
        self.weights, self.settings, self.divergence_losses = weights, settings, divergence_losses
        self.iterations: list[int] = []
        self.losses: list[np.ndarray] = []
        self.accuracies: list[np.ndarray] = []
        self.diverged_at: list[int | None] = [None] * networks
        self.reached_at: list[int | None] = [None] * networks
        self.snapshots: list[list[tuple[int, Weights]]] = [[] for _ in range(networks)]
        self.ended: dict[int, Weights] = {}
        self.first_losses: np.ndarray | None = None
        self.converged_at: list[int | None] = [None] * networks
        self.guess_losses = guess_losses
        self.crossings: list[dict[str, tuple[int, Weights]]] = [{} for _ in range(networks)]

    def add_batches(self, first: int, losses: np.ndarray) -> None:
        """Losses of the batches since the last point, each before its update, (batches, K), the first after ``first``.

        What a network does after it has ended does not count.
        """
        if self.first_losses is None:
            self.first_losses = losses[0]
        with np.errstate(invalid="ignore"):  # a loss may be infinite from the start
            below = losses < self.settings.convergence_fraction * self.first_losses
        for network in np.flatnonzero(below.any(0)):
            if network not in self.ended and self.converged_at[network] is None:
                self.converged_at[network] = first + int(np.argmax(below[:, network]))

    def add_snapshot(self, iteration: int) -> None:
        """Keep a copy of the weights of every network that has not ended."""
        copies = self.weights.map(_copy)
        for network, snapshots in enumerate(self.snapshots):
            if network not in self.ended:
                snapshots.append((iteration, copies.of_network(network)))

    def add_point(self, iteration: int, losses: np.ndarray, accuracies: np.ndarray | None) -> None:
        """A point of the curves: of networks that are down to a level for the first time the weights are kept.

        Networks end here that diverged or, if they are to, reached the target.

        Args:
            iteration: how many are done.
            losses, accuracies: since the point before, (K,).
        """
        self.iterations.append(iteration)
        self.losses.append(losses)
        if accuracies is not None:
            self.accuracies.append(accuracies)
        for network, loss in enumerate(losses):
            if network in self.ended:
                continue
            if not (math.isfinite(loss) and loss <= self.divergence_losses[network]):
                self.diverged_at[network] = iteration
                self._end(network)
                continue
            self._keep_crossings(network, iteration, loss)
            if self._reaches(network, accuracies):
                self.reached_at[network] = iteration
                if self.settings.stop_at_target:
                    self._end(network)

    def _keep_crossings(self, network: int, iteration: int, loss: float) -> None:
        """Keep a copy of the weights of a network at each level to which its loss is down for the first time."""
        found, floor = self.crossings[network], self.settings.floor
        for name, level in self.settings.excess_levels.items():
            above = self.guess_losses[network] - floor
            if name not in found and above > 0 and loss <= floor + level * above:
                found[name] = (iteration, self.weights.of_network(network).map(_copy))

    def _reaches(self, network: int, accuracies: np.ndarray | None) -> bool:
        """Whether the network is at its target for the first time."""
        if accuracies is None or self.settings.target_accuracy is None or self.reached_at[network] is not None:
            return False
        return bool(accuracies[network] >= self.settings.target_accuracy)

    def _end(self, network: int) -> None:
        self.ended[network] = self.weights.of_network(network).map(torch.clone)

    @property
    def all_ended(self) -> bool:
        """Whether no network trains any longer."""
        return len(self.ended) == len(self.snapshots)

    def history(self) -> History:
        """The history of all networks. Networks that ended get back the weights that they had then."""
        for network, end in self.ended.items():
            for matrix, matrix_at_end in zip(self.weights, end, strict=True):
                matrix[network] = matrix_at_end
        accuracies = np.array(self.accuracies) if self.accuracies else None
        return History(
            iterations=self.iterations,
            losses=np.array(self.losses),
            diverged_at=self.diverged_at,
            accuracies=accuracies,
            reached_at=self.reached_at,
            stopped_at_target=self.settings.stop_at_target,
            snapshots=self.snapshots,
            converged_at=self.converged_at,
            guess_losses=self.guess_losses,
            crossings=self.crossings,
        )


def _copy(matrix: torch.Tensor) -> torch.Tensor:
    return matrix.to("cpu", copy=True, memory_format=torch.contiguous_format)
