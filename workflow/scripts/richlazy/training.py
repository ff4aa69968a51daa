"""Training: gradient descent on stored batches, for one network or for many at once.

Networks that are trained together do not touch each other: each is, but for rounding, what it would be alone.
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from richlazy.backpropagation import Backpropagation
from richlazy.logs import LOGGER
from richlazy.networks import Dynamics, Weights


class GradientDescent:
    """Stochastic gradient descent, W <- W - eta V with V <- mu V + dL/dW (Liu et al. 2024, Eq. 3 for mu = 0).

    Args:
        backpropagation: of the networks to train.
        learning_rate: eta.
        momentum: mu, 0 for the plain descent of Eq. 3.
    """

    def __init__(self, backpropagation: Backpropagation, learning_rate: float, momentum: float = 0.0):
        self.backpropagation = backpropagation
        self.learning_rate, self.momentum = learning_rate, momentum
        self.velocity = backpropagation.weights.map(torch.zeros_like) if momentum else None

    def step(self, log_likelihoods: torch.Tensor) -> None:
        """One update of the weights, in place, on the batch that is loaded."""
        pass_ = self.backpropagation
        pass_.forward(log_likelihoods)
        pass_.backward()
        if self.velocity is None:
            # Without momentum the gradient goes straight into the weights: no array of its own.
            pass_.add_gradient(pass_.weights, -self.learning_rate)
            return
        pass_.add_gradient(self.velocity, 1.0, keep=self.momentum)
        for weight, velocity in zip(pass_.weights, self.velocity, strict=True):
            weight.sub_(velocity, alpha=self.learning_rate)


def outgoing_signs(recurrent: torch.Tensor) -> torch.Tensor:
    """Sign of the outgoing weights of each unit, (K, 1, N); 1 for a unit without any.

    Args:
        recurrent: (K, N, N).

    Raises:
        ValueError: where the weights from one unit differ in sign.
    """
    positive, negative = (recurrent > 0).any(1, keepdim=True), (recurrent < 0).any(1, keepdim=True)
    mixed = int((positive & negative).sum())
    if mixed:
        raise ValueError(
            f"outgoing weights of both signs at {mixed} of {recurrent.shape[-1]} units, so there is no sign to hold; "
            "set signs_held to false for this structure"
        )
    return torch.where(negative, -1.0, 1.0).to(recurrent.dtype)


class SignHoldingDescent(GradientDescent):
    """Descent in which the outgoing weights of each unit keep their sign, as Dale's law has it (Figure 17).

    The recurrent weights are W = |P| S with S the signs at the start, and the descent is that of P, where
    dL/dP = dL/dW S sign(P). A weight that starts at 0 stays there.
    """

    def __init__(self, backpropagation: Backpropagation, learning_rate: float, momentum: float = 0.0):
        super().__init__(backpropagation, learning_rate, momentum)
        weights = backpropagation.weights
        self.signs = outgoing_signs(weights.recurrent)
        self.unsigned = weights.recurrent.abs()  # P
        self.smoothed, self.gradient = weights.map(torch.zeros_like), weights.map(torch.zeros_like)  # V and dL/dP

    def step(self, log_likelihoods: torch.Tensor) -> None:
        """One update of the weights, in place, on the batch that is loaded."""
        pass_, gradient = self.backpropagation, self.gradient
        pass_.forward(log_likelihoods)
        pass_.backward()
        pass_.add_gradient(gradient, 1.0, keep=0.0)
        gradient.recurrent.mul_(self.signs).mul_(self.unsigned.sign())
        trained = (self.unsigned, pass_.weights.input, pass_.weights.readout)
        for parameter, velocity, slope in zip(trained, self.smoothed, gradient, strict=True):
            velocity.mul_(self.momentum).add_(slope)
            parameter.sub_(velocity, alpha=self.learning_rate)
        torch.mul(self.unsigned.abs(), self.signs, out=pass_.weights.recurrent)


class StagedDescent:
    """Descent on many stored batches at a time, which lie ready on the device of the weights.

    On a CUDA device one update is recorded as a graph and replayed: at these sizes launching the kernels
    of an update one by one takes longer than they do.

    Args:
        descent: of K networks.
        inputs, targets: for each network its batches, as ``train`` takes them.
        most: how many batches are staged at most.
    """

    def __init__(self, descent: GradientDescent, inputs: list[np.ndarray], targets: list[np.ndarray], most: int):
        pass_ = descent.backpropagation
        device = pass_.inputs.device
        self.descent, self.sources = descent, (inputs, targets)
        self.batch = (pass_.inputs[None], pass_.targets[None])
        self.staged = tuple(part.new_zeros(most, *part.shape[1:]) for part in self.batch)
        self.position = torch.zeros(1, dtype=torch.int64, device=device)
        self.log_likelihood = pass_.errors.new_zeros(pass_.targets.shape)
        self.log_likelihoods = pass_.errors.new_zeros(most, *pass_.targets.shape)
        self.update: Callable[[], None] = self._recorded_update() if device.type == "cuda" else self._update

    def run(self, first: int, last: int) -> np.ndarray:
        """One update for each of the batches first to last - 1; returns the mean loss of each network, (K,)."""
        self.stage(first, last)
        for _ in range(first, last):
            self.update()
        return -self.log_likelihoods[: last - first].double().mean((0, 2, 3)).cpu().numpy()

    def stage(self, first: int, last: int) -> None:
        """Bring the batches first to last - 1 of every network to the device; the next update takes the first."""
        batches = (torch.from_numpy(np.stack([one[first:last] for one in source], 1)) for source in self.sources)
        for staged, given in zip(self.staged, self.descent.backpropagation.arranged(*batches), strict=True):
            staged[: last - first].copy_(given)
        self.position.zero_()

    def _update(self) -> None:
        """One update on the batch at ``position``, which moves on: nothing here asks the device for a number."""
        for staged, batch in zip(self.staged, self.batch, strict=True):
            torch.index_select(staged, 0, self.position, out=batch)
        self.descent.step(self.log_likelihood)
        self.log_likelihoods.index_copy_(0, self.position, self.log_likelihood[None])
        self.position.add_(1)

    def _recorded_update(self) -> Callable[[], None]:
        """The update as a CUDA graph. The libraries must have run before; silent trials teach nothing meanwhile."""
        aside = torch.cuda.Stream()
        aside.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(aside):
            for _ in range(3):
                self.position.zero_()
                self._update()
        torch.cuda.current_stream().wait_stream(aside)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            self._update()
        return graph.replay


@dataclass(frozen=True)
class History:
    """What training leaves beside the weights.

    Attributes:
        iterations: number of iterations done at each point of the curve.
        losses: (points, K), mean loss of each network since the point before, nats per step.
        diverged_at: for each network the iteration at which divergence was seen, or None.
    """

    iterations: list[int]
    losses: np.ndarray
    diverged_at: list[int | None]

    def of_network(self, network: int, final_loss_fraction: float) -> dict[str, Any]:
        """Curve and outcome of one network, ready for JSON.

        Args:
            network: place on the network axis.
            final_loss_fraction: the final loss is the mean over this last part of the iterations; it is nan
                where training diverged.
        """
        diverged_at = self.diverged_at[network]
        # A network that diverged has a curve up to there, as if it had been trained alone.
        end = len(self.iterations) if diverged_at is None else self.iterations.index(diverged_at) + 1
        losses = self.losses[:end, network]
        points = max(1, round(final_loss_fraction * len(losses)))
        return {
            "final_loss": float(losses[-points:].mean()) if diverged_at is None else math.nan,
            "diverged": diverged_at is not None,
            "diverged_at": diverged_at,
            "iterations": self.iterations[:end],
            "loss": losses.tolist(),
        }


def train(
    initial: Weights,
    inputs: list[np.ndarray],
    targets: list[np.ndarray],
    dynamics: Dynamics,
    learning_rate: float,
    momentum: float = 0.0,
    loss_steps: str = "all",
    divergence_loss: float = math.inf,
    report_every: int = 100,
    signs_held: bool = False,
) -> tuple[Weights, History]:
    """Train K networks, one update per stored batch, on the device of their weights.

    Args:
        initial: initial weights with a leading network axis of length K.
        inputs: for each network its batches, (iterations, T, B, N_in).
        targets: for each network the classes, (iterations, T, B), uint8.
        dynamics: leak and place of the rectifier.
        learning_rate: eta of Eq. 3.
        momentum: mu of the descent.
        loss_steps: ``all`` or ``last``.
        divergence_loss: a mean loss above it, or one that is not finite, counts as divergence.
        report_every: iterations per point of the curve; each tenth point is also a line in the log.
        signs_held: whether the outgoing recurrent weights of each unit keep their sign.

    Returns:
        The final weights, and the loss curve with who diverged. A network that diverges ends there; training ends
        early once every network has.
    """
    iterations, steps, batch_size, _ = inputs[0].shape
    weights = Weights(
        initial.recurrent.clone(memory_format=torch.contiguous_format),
        # Units along the contiguous axis: the product that gives the gradient is then 5 times faster.
        initial.input.transpose(1, 2).contiguous().transpose(1, 2),
        initial.readout.clone(memory_format=torch.contiguous_format),
    )
    pass_ = Backpropagation(weights, steps, batch_size, dynamics, loss_steps)
    descent = (SignHoldingDescent if signs_held else GradientDescent)(pass_, learning_rate, momentum)
    staged = StagedDescent(descent, inputs, targets, min(report_every, iterations))
    points: list[int] = []
    losses: list[np.ndarray] = []
    diverged_at: list[int | None] = [None] * len(inputs)
    ended: dict[int, Weights] = {}
    started = time.monotonic()
    for first in range(0, iterations, report_every):
        done = min(first + report_every, iterations)
        points.append(done)
        losses.append(staged.run(first, done))
        for network, loss in enumerate(losses[-1]):
            if diverged_at[network] is None and not (math.isfinite(loss) and loss <= divergence_loss):
                diverged_at[network] = done
                ended[network] = weights.of_network(network).map(torch.clone)
        if len(points) % 10 == 0 or done == iterations:
            seconds = (time.monotonic() - started) / done * (iterations - done)
            LOGGER.info(
                "iteration %d of %d, loss %s, about %.0f s left",
                done, iterations, " ".join(f"{loss:.4f}" for loss in losses[-1]), seconds,
            )  # fmt: skip
        if None not in diverged_at:
            LOGGER.warning("training stopped at iteration %d: loss %s", done, losses[-1])
            break
    for network, end in ended.items():
        for matrix, matrix_at_end in zip(weights, end, strict=True):
            matrix[network] = matrix_at_end
    return weights, History(points, np.array(losses), diverged_at)
