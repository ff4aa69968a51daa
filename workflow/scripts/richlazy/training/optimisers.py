"""Descent: one update of the weights on the batch that is loaded."""

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import torch

from richlazy.models.backpropagation import laid_out
from richlazy.models.rate_network import Weights
from richlazy.training.rules import Directions
from richlazy.training.settings import TrainingSettings


class GradientDescent:
    """Stochastic gradient descent, W <- W - eta V with V <- mu V + dL/dW (Liu et al. 2024, Eq. 3 for mu = 0).

    Args:
        directions: of the networks to train, by their rule of learning.
        learning_rate: eta.
        momentum: mu, 0 for the plain descent of Eq. 3.
    """

    def __init__(self, directions: Directions, learning_rate: float, momentum: float = 0.0):
        self.directions = directions
        self.learning_rate, self.momentum = learning_rate, momentum
        self.velocity = laid_out(directions.weights).map(torch.zero_) if momentum else None

    def restart(self) -> None:
        """Forget updates that were made for silent trials: only their number can matter."""

    def step(self, log_likelihoods: torch.Tensor) -> None:
        """One update of the weights, in place, on the batch that is loaded."""
        weights = self.directions.weights
        if self.velocity is None:
            # Without momentum the gradient goes straight into the weights: no array of its own.
            self.directions.gradients(log_likelihoods, weights, -self.learning_rate)
            return
        self.directions.gradients(log_likelihoods, self.velocity, 1.0, keep=self.momentum)
        for weight, velocity in zip(weights, self.velocity, strict=True):
            weight.sub_(velocity, alpha=self.learning_rate)


class Adam(GradientDescent):
    """Descent along the mean gradient over the root of its mean square (Kingma & Ba 2015), with PyTorch's defaults.

    With G the gradient and t the number of updates, M <- b1 M + (1 - b1) G and S <- b2 S + (1 - b2) G², and
    W <- W - eta M / (1 - b1^t) / (sqrt(S / (1 - b2^t)) + epsilon).

    Args:
        directions: of the networks to train, by their rule of learning.
        learning_rate: eta.
        momentum: 0; the mean gradient is one already.

    Raises:
        ValueError: for another momentum.
    """

    DECAYS = (0.9, 0.999)  # b1, b2
    EPSILON = 1e-8

    def __init__(self, directions: Directions, learning_rate: float, momentum: float = 0.0):
        if momentum:
            raise ValueError(f"Adam takes no momentum, but it is {momentum:g}; set it to 0")
        super().__init__(directions, learning_rate)
        weights = directions.weights
        self.gradient, self.mean, self.square, self.change = (laid_out(weights).map(torch.zero_) for _ in range(4))
        # On the device, so that an update can be recorded once and replayed: b1^t and b2^t.
        self.powers = torch.ones(2, dtype=torch.float64, device=weights.input.device)
        self.decays = torch.tensor(self.DECAYS, dtype=torch.float64, device=weights.input.device)

    def restart(self) -> None:
        """Forget updates that were made for silent trials: only their number can matter."""
        self.powers.fill_(1)

    def step(self, log_likelihoods: torch.Tensor) -> None:
        """One update of the weights, in place, on the batch that is loaded."""
        self.directions.gradients(log_likelihoods, self.gradient, 1.0, keep=0.0)
        self.powers.mul_(self.decays)
        left = 1 - self.powers
        slow, fast = self.DECAYS[1], self.DECAYS[0]
        for weight, gradient, mean, square, change in zip(
            self.directions.weights, self.gradient, self.mean, self.square, self.change, strict=True
        ):
            mean.lerp_(gradient, 1 - fast)
            square.mul_(slow).addcmul_(gradient, gradient, value=1 - slow)
            torch.sqrt(square, out=change)
            change.div_(left[1].sqrt()).add_(self.EPSILON)
            torch.div(mean, change, out=change)
            weight.sub_(change.mul_(self.learning_rate / left[0]))


OPTIMISERS: dict[str, type[GradientDescent]] = {"gradient_descent": GradientDescent, "adam": Adam}


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

    def __init__(self, directions: Directions, learning_rate: float, momentum: float = 0.0):
        super().__init__(directions, learning_rate, momentum)
        weights = directions.weights
        self.signs = outgoing_signs(weights.recurrent)
        self.unsigned = weights.recurrent.abs()  # P
        self.smoothed, self.gradient = (laid_out(weights).map(torch.zero_) for _ in range(2))  # V and dL/dP

    def step(self, log_likelihoods: torch.Tensor) -> None:
        """One update of the weights, in place, on the batch that is loaded."""
        weights, gradient = self.directions.weights, self.gradient
        self.directions.gradients(log_likelihoods, gradient, 1.0, keep=0.0)
        gradient.recurrent.mul_(self.signs).mul_(self.unsigned.sign())
        trained = (self.unsigned, weights.input, weights.readout)
        for parameter, velocity, slope in zip(trained, self.smoothed, gradient, strict=True):
            velocity.mul_(self.momentum).add_(slope)
            parameter.sub_(velocity, alpha=self.learning_rate)
        torch.mul(self.unsigned.abs(), self.signs, out=weights.recurrent)


class ScaledDescent:
    """Descent of m and w, where the input weights are sqrt(N) m and the readout w / sqrt(N).

    So Eqs. 2 and 3 of Schuessler et al. 2020 have it. Of weights W = c P a descent of P sees dL/dP = c dL/dW. Adam,
    whose steps do not grow with the gradient, moves input weights sqrt(N) times as far as it would by itself, and the
    readout sqrt(N) times less.

    Args:
        directions: of the networks to train, by their rule of learning.
        descent: makes the descent of other directions: here, those of W_h, m and w.
    """

    def __init__(self, directions: Directions, descent: Callable[[Any], GradientDescent]):
        root = math.sqrt(directions.weights.input.shape[1])
        self.directions, self.factors = directions, (1.0, root, 1 / root)
        self.scaled = _ScaledDirections(directions, self.factors)
        self.descent = descent(self.scaled)

    def restart(self) -> None:
        """As that of the descent."""
        self.descent.restart()

    def step(self, log_likelihoods: torch.Tensor) -> None:
        """One update of the weights, in place, on the batch that is loaded."""
        self.descent.step(log_likelihoods)
        for weight, vectors, factor in zip(self.directions.weights, self.scaled.weights, self.factors, strict=True):
            torch.mul(vectors, factor, out=weight)


class _ScaledDirections:
    """Directions of P, where a network has the weights c P with a factor c for each matrix."""

    def __init__(self, directions: Directions, factors: Sequence[float]):
        self.directions, self.factors = directions, factors
        self.weights, self.gradient = laid_out(directions.weights), laid_out(directions.weights).map(torch.zero_)
        for vectors, factor in zip(self.weights, factors, strict=True):
            vectors.div_(factor)

    def gradients(self, log_likelihoods: torch.Tensor, target: Weights, factor: float, keep: float = 1.0) -> None:
        """As those of the network, for P."""
        self.directions.gradients(log_likelihoods, self.gradient, 1.0, keep=0.0)
        for sum_, gradient, scale in zip(target, self.gradient, self.factors, strict=True):
            sum_.mul_(keep).add_(gradient, alpha=factor * scale)


def optimiser(directions: Directions, settings: TrainingSettings) -> GradientDescent | ScaledDescent:
    """The descent that some settings ask for."""
    kind = SignHoldingDescent if settings.signs_held else OPTIMISERS[settings.optimiser]
    descent = partial(kind, learning_rate=settings.learning_rate, momentum=settings.momentum)
    return ScaledDescent(directions, descent) if settings.parametrisation == "scaled" else descent(directions)
