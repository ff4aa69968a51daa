"""What is known of a run when its training is over, and what its loss curve says of it.

The learning time of gradient descent is the learning rate times the number of updates, tau.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from richlazy.theory import recurrent_expansion


@dataclass(frozen=True)
class TrainedRun:
    """What is known of a run when its training and measuring are over.

    Attributes:
        run: its parameters, its outcome and its measures of the probe.
        history: its loss curve, ``iterations`` and ``loss``.
        target: z* where the expansion is about the run, else None.
        convergence_fraction: share of the first loss at which a network has converged.
        followed: quantities that were followed in training, as ``following.follow`` gives them; empty without any.
        crossings: by the name of a level to which its loss came down ``updates``, after which it did, and measures of
            change then (``at_matched_loss.OF_CHANGE``); None where no experiment matches its loss.
        values: of the measures that were calculated.
    """

    run: Mapping[str, Any]
    history: Mapping[str, Any]
    target: float | None
    convergence_fraction: float
    followed: Mapping[str, Sequence[float]] = field(default_factory=dict)
    crossings: Mapping[str, Mapping[str, float]] | None = None
    values: dict[str, float] = field(default_factory=dict)

    @property
    def known_target(self) -> float:
        """z* of a run that the expansion is about.

        Raises:
            ValueError: for another run.
        """
        if self.target is None:
            raise ValueError("the expansion in learning time is not about this run")
        return self.target

    @property
    def updates(self) -> int | None:
        """Number of updates until convergence, None for a network that did not come so far."""
        return self.run.get("convergence_iterations")

    @property
    def diverged(self) -> bool:
        """Whether training diverged, perhaps after what it waits for had come: such times are infinite."""
        return bool(self.run.get("diverged"))

    @cached_property
    def gradient_norms(self) -> np.ndarray:
        """Norms of the gradient between the points of the loss curve."""
        return gradient_norms(self.history, self.run["learning_rate"])

    @cached_property
    def until_convergence(self) -> np.ndarray:
        """Which points of the loss curve are not after convergence: a point is before its last update."""
        updates = -math.inf if self.updates is None else self.updates
        return np.asarray(self.history["iterations"]) <= updates + 1


def roughness(losses: Sequence[float]) -> float:
    """Rises of a loss between points of its curve, summed, over the first: 0 where it only falls.

    The paper shows curves and calls those of strong initial connectivity smoother (section 2); this is a number for
    it. It is nan for a curve that is not finite.
    """
    curve = np.asarray(losses, float)
    if not (np.isfinite(curve).all() and curve[0] > 0):
        return float("nan")
    return float(np.maximum(np.diff(curve), 0).sum() / curve[0])


def learning_times(history: Mapping[str, Any], learning_rate: float) -> np.ndarray:
    """Learning time of each point of a loss curve, (points,).

    A point is the mean loss of the batches since the point before, each before its update.
    """
    ends = np.asarray(history["iterations"], float)
    starts = np.concatenate([[0.0], ends[:-1]])
    return learning_rate * (starts + ends - 1) / 2


def predicted_loss(history: Mapping[str, Any], run: Mapping[str, Any], target: float, order: int = 3) -> np.ndarray:
    """Loss at each point of a loss curve by the expansion, (points,)."""
    return recurrent_expansion.loss(learning_times(history, run["learning_rate"]), target, run["gain"], order)


def gradient_norms(history: Mapping[str, Any], learning_rate: float) -> np.ndarray:
    """Norm of the gradient between each two points of the loss curve of one batch, (points - 1,).

    Gradient flow loses the squared norm of its gradient per learning time, dL/dtau = -|dL/dW|². So the mean of the
    norm is that of sqrt(-dL/dtau), but for terms of the order of the learning rate; nan where the loss rises, as it
    does when updates are too large for the gradient.
    """
    falls = -np.diff(np.asarray(history["loss"], float)) / np.diff(learning_times(history, learning_rate))
    return np.sqrt(np.where(falls >= 0, falls, np.nan))


def predicted_movement(
    iterations: Sequence[float] | np.ndarray, run: Mapping[str, Any], target: float
) -> dict[str, np.ndarray]:
    """Followed quantities after some numbers of updates by the expansion to third order.

    They are singular values of the change (Figure 3d, e) and, without initial weights, its entries in the plane of
    input and readout weights (Eq. 10).
    """
    times = run["learning_rate"] * np.asarray(iterations, float)
    leading, second = recurrent_expansion.singular_values(times, target, run["gain"])
    values = {"leading_singular_value_change": leading, "second_singular_value_change": second}
    return values | (recurrent_expansion.change_in_plane(times, target) if run["gain"] == 0 else {})
