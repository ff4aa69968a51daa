"""The rule by which a network learned, asked at a moment of its training for its directions and its kernel."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import torch

from richlazy.measures.tangent_kernel import kernel_of_rule
from richlazy.models import feedback
from richlazy.models.backpropagation import Backpropagation
from richlazy.models.rate_network import Dynamics, Weights
from richlazy.training import rules


@dataclass(frozen=True)
class LearningRule:
    """How a network learned.

    Attributes:
        rule: name of its rule (``training.rules``).
        feedback_correlation, truncation_steps: as ``training.settings`` has them.
        trained: ``all`` weights, or the ``recurrent`` ones alone.
    """

    rule: str = "backpropagation"
    feedback_correlation: float = 0.0
    truncation_steps: int = 1
    trained: str = "all"

    @classmethod
    def of_run(cls, run: Mapping[str, Any]) -> "LearningRule":
        """Of the parameters of a run, which leave out what is usual."""
        names = (field.name for field in fields(cls))
        return cls(**{name: run[name] for name in names if run.get(name) is not None})

    @property
    def is_gradient(self) -> bool:
        """Whether its directions are the gradient of the loss."""
        return rules.rule(self.rule).is_gradient

    @property
    def sends_errors_back(self) -> bool:
        """Whether its directions can be told beforehand, from the errors of the outputs."""
        return not rules.rule(self.rule).is_random

    def fixed_feedback(self, initial: Weights, seed: int) -> dict[str, torch.Tensor]:
        """Fixed feedback by the name of the matrix that it replaces, in its layout; empty for rules without it.

        Args:
            initial: weights of one network before training.
            seed: of its run.
        """
        alone = initial.map(lambda matrix: matrix[None])
        return feedback.fixed_of_rule(self.rule, alone, self.feedback_correlation, [seed])

    def directions(
        self,
        weights: Weights,
        fixed: dict[str, torch.Tensor],
        trials: tuple[torch.Tensor, torch.Tensor],
        dynamics: Dynamics,
        loss_steps: str,
        loss: str,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Directions of the rule on some trials, and the gradient of the loss, each of all weights as one vector.

        Args:
            weights: of one network.
            fixed: as ``fixed_feedback`` gives it.
            trials: inputs (T, m, N_in) and targets, as ``Backpropagation.load`` takes them for each network.
            dynamics, loss_steps, loss: as ``Backpropagation`` takes them.
        """
        alone, (steps, batch_size, _) = weights.map(lambda matrix: matrix[None]), trials[0].shape
        passes = Backpropagation(alone, steps, batch_size, dynamics, loss_steps, loss, self.trained)
        passes.load(trials[0][None], trials[1][None])
        log_likelihoods = alone.input.new_zeros(1, 1, passes.loss_rows)

        def found(recurrent: torch.Tensor | None, readout: torch.Tensor, cut: int | None) -> torch.Tensor:
            directions = alone.map(torch.zeros_like)
            passes.send_back_by(recurrent, readout, cut).gradients(log_likelihoods, directions, 1.0)
            return torch.cat([matrix.flatten() for matrix in directions])

        back = feedback.way_back(self.rule, alone, fixed)
        return found(*back, self._cut), found(alone.recurrent, alone.readout, None)

    def kernel(
        self, weights: Weights, fixed: dict[str, torch.Tensor], inputs: torch.Tensor, dynamics: Dynamics, times: str
    ) -> torch.Tensor:
        """Kernel of the rule for the recurrent weights (``tangent_kernel.kernel_of_rule``), (R, R)."""
        alone = weights.map(lambda matrix: matrix[None])
        recurrent, readout = feedback.way_back(self.rule, alone, fixed)
        silent = torch.zeros_like(weights.recurrent)
        back = Weights(silent if recurrent is None else recurrent[0], weights.input, readout[0])
        return kernel_of_rule(weights, back, inputs, dynamics, times, self._cut)

    @property
    def _cut(self) -> int | None:
        return self.truncation_steps if self.rule == "truncated" else None


BACKPROPAGATION = LearningRule()
