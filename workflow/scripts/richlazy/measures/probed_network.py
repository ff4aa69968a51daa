"""What a measure of the probe is calculated from: one network before and after training, with what it answers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import scipy
import torch

from richlazy.measures import change, fixed_points, low_rank_change, performance
from richlazy.measures.learning_rule import BACKPROPAGATION, LearningRule
from richlazy.measures.tangent_kernel import TangentKernel
from richlazy.measures.trained_network import Trained
from richlazy.models.rate_network import Dynamics, Weights, respond


@dataclass(frozen=True)
class Moment:
    """A network at one moment, before or after training.

    Attributes:
        weights: of the network.
        rates: its activity on the probe, (T, m, N).
        kernel: its tangent kernel on the first trials of the probe.
    """

    weights: Weights
    rates: torch.Tensor
    kernel: TangentKernel

    @cached_property
    def structured(self) -> np.ndarray:
        """The weights that have the structure, in double precision: recurrent ones, or a first layer without them."""
        matrix = self.weights.recurrent if self.weights.recurrent.numel() else self.weights.input
        return matrix.double().numpy()

    @cached_property
    def moduli(self) -> np.ndarray:
        """Of the eigenvalues of the recurrent weights, (N,)."""
        return np.abs(scipy.linalg.eigvals(self.structured))


@dataclass(frozen=True)
class ProbedNetwork:
    """One network before and after training, and what several of its measures share, each calculated once.

    Attributes:
        before, after: on the CPU.
        placed: the network and its probe on the device where responses are calculated.
        inputs, targets, decision: its probe on the CPU, as ``Trained`` has them.
        kernel_targets: targets of the outputs of the kernels, (times, N_out, m).
        kernel_times: outputs that the kernels have, as ``tangent_kernel`` takes them.
        losses: loss on the probe with each of some other recurrent weights (K, N, N), all else being final.
        dynamics: how a state follows from the one before.
        loss_steps, loss: as ``performance.loss_and_accuracy`` takes them.
        seed: of the run, for what is random in measures.
        learning: the rule by which it learned.
        values: of the measures that were calculated.
    """

    before: Moment
    after: Moment
    placed: Trained
    inputs: torch.Tensor
    targets: torch.Tensor
    decision: torch.Tensor
    kernel_targets: torch.Tensor
    kernel_times: str
    losses: Callable[[torch.Tensor], Sequence[float]]
    dynamics: Dynamics
    loss_steps: str = "all"
    loss: str | None = None
    seed: int = 0
    learning: LearningRule = BACKPROPAGATION
    values: dict[str, float] = field(default_factory=dict)

    @property
    def is_recurrent(self) -> bool:
        """Whether it has recurrent weights."""
        return self.before.weights.is_recurrent

    @property
    def is_linear(self) -> bool:
        """Whether its units are linear."""
        return self.dynamics.linear

    @property
    def has_tanh_units(self) -> bool:
        """Whether its nonlinearity is the hyperbolic tangent."""
        return self.dynamics.rectification == "tanh"

    @property
    def has_single_channels(self) -> bool:
        """Whether it has one input and one output."""
        return self.before.weights.has_single_channels

    @property
    def is_linear_two_layer(self) -> bool:
        """Whether it is a linear network of two layers with one output."""
        return self.is_linear and not self.is_recurrent and len(self.after.weights.readout) == 1

    @cached_property
    def loss_and_accuracy(self) -> tuple[float, float]:
        """After training."""
        return self._performance(self.after.weights, self.after.rates)

    @cached_property
    def loss_before(self) -> float:
        """Loss before training."""
        return self._performance(self.before.weights, self.before.rates)[0]

    @cached_property
    def loss_when_silent(self) -> float:
        """Loss of a network that answers 0 throughout."""
        silent = self.before.rates.new_zeros(self.before.rates.shape)
        return self._performance(self.before.weights, silent)[0]

    def _performance(self, weights: Weights, rates: torch.Tensor) -> tuple[float, float]:
        return performance.loss_and_accuracy(weights, rates, self.targets, self.decision, self.loss_steps, self.loss)

    @cached_property
    def weight_change_norms(self) -> tuple[float, float]:
        """Of the recurrent weights, and of all weights."""
        return change.weight_change_norms(self.before.weights, self.after.weights)

    @cached_property
    def truncations(self) -> tuple[torch.Tensor, np.ndarray]:
        """Recurrent weights with their change truncated, and its singular values (``low_rank_change.truncations``)."""
        return low_rank_change.truncations(self.placed.initial.recurrent, self.placed.final.recurrent)

    @cached_property
    def fixed_point_eigenvalues(self) -> torch.Tensor:
        """Of the stable fixed points after training the modulus of the leading eigenvalue, (K,)."""
        states = fixed_points.last_states(self.after.rates)
        return fixed_points.stable_fixed_points(self.after.weights.recurrent.double(), states, self.dynamics)[1]

    def loss_of(self, weights: Weights, inputs: torch.Tensor | None = None) -> float:
        """Loss on the probe of other weights, or on other inputs (T, m, N_in) with the targets of the probe."""
        rates, _ = respond(weights, self.inputs if inputs is None else inputs, self.dynamics)
        return self._performance(weights, rates)[0]

    @cached_property
    def fixed_feedback(self) -> dict[str, torch.Tensor]:
        """Fixed feedback by the name of the matrix that it replaces, (1, ...); empty for rules without it."""
        return self.learning.fixed_feedback(self.before.weights, self.seed)

    def directions(self, moment: Moment) -> tuple[torch.Tensor, torch.Tensor]:
        """Directions of the rule of learning on the probe at a moment, and the gradient, as vectors."""
        loss = self.loss or ("squared_error" if self.targets.is_floating_point() else "cross_entropy")
        trials = (self.inputs, self.targets)
        return self.learning.directions(
            moment.weights, self.fixed_feedback, trials, self.dynamics, self.loss_steps, loss
        )

    @cached_property
    def rule_kernels(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Kernels of the rule for the recurrent weights, before and after training."""
        if self.learning.is_gradient:
            return self.before.kernel.recurrent, self.after.kernel.recurrent
        how = (self.inputs[:, : self.kernel_targets.shape[-1]], self.dynamics, self.kernel_times)
        return (
            self.learning.kernel(self.before.weights, self.fixed_feedback, *how),
            self.learning.kernel(self.after.weights, self.fixed_feedback, *how),
        )
