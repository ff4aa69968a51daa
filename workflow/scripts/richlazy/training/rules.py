"""Rules of learning: how a network turns its errors on a batch into directions in which its weights change.

Optimisers decide how far weights go along these directions. Backpropagation through time, whose directions are the
gradient of the loss, is the only rule so far. Another one, such as feedback through fixed random weights, is added in
two steps:

1. Write a class with the attributes and methods of ``Directions``. ``Backpropagation`` shows how; where only the
   backward pass differs, a subclass with another ``backward`` is enough.
2. Add a ``Rule`` to ``RULES`` that makes one for the networks of a job.

``TrainingSettings.rule`` names the rule, and ``loop.train`` asks for it here. No run has a parameter for it yet: the
first experiment with a second rule adds it to the parameters of a run, with ``backpropagation`` as the usual value that
no path shows.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import torch

from richlazy.models.backpropagation import Backpropagation
from richlazy.models.losses import CrossEntropy, SquaredError
from richlazy.models.rate_network import Dynamics, Weights
from richlazy.storage import late_import
from richlazy.training.settings import TrainingSettings


class Directions(Protocol):
    """K networks that learn together from batches of one shape.

    Attributes:
        weights: of the networks, each matrix with a leading network axis; optimisers change them in place.
        inputs, targets: the batch, in the shapes that ``arranged`` gives.
        errors: of the outputs at the steps of the loss, (K, N_out, loss rows).
        loss: of the outputs.
        loss_steps: ``all`` steps count, or the ``last`` one.
        loss_rows: steps that count times trials of a batch.
    """

    weights: Weights
    inputs: torch.Tensor
    targets: torch.Tensor
    errors: torch.Tensor
    loss: CrossEntropy | SquaredError
    loss_steps: str
    loss_rows: int

    def arranged(self, inputs: torch.Tensor, targets: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Batches (..., K, T, B, N_in) and their targets in the shapes of ``inputs`` and ``targets``."""
        ...

    def gradients(self, log_likelihoods: torch.Tensor, target: Weights, factor: float, keep: float = 1.0) -> None:
        """Run the networks on the batch, and add the directions in which their weights are to be lowered.

        Args:
            log_likelihoods: the log-likelihood of each target is written into it, (K, 1, loss rows).
            target: becomes keep * target + factor * directions; for backpropagation these are dL/dW.
            factor, keep: see there.
        """
        ...


@dataclass(frozen=True)
class Rule:
    """A rule of learning.

    Attributes:
        name: in the settings of a training.
        meaning: what its directions are, with its source.
        needs: what a unit must know beside its own activity and that of the units that send to it.
        prepare: its directions for some networks, from their weights, the steps T and trials B of a batch, their
            dynamics, and the settings of their training.
    """

    name: str
    meaning: str
    needs: str
    prepare: Callable[[Weights, int, int, Dynamics, TrainingSettings], Directions]


def _backpropagation(
    weights: Weights, steps: int, batch_size: int, dynamics: Dynamics, settings: TrainingSettings
) -> Directions:
    passes = Backpropagation
    if settings.engine == "compiled":
        passes = late_import.load("compiled.backpropagation").CompiledBackpropagation
    return passes(weights, steps, batch_size, dynamics, settings.loss_steps, settings.loss, settings.trained)


RULES = {
    rule.name: rule
    for rule in (
        Rule(
            "backpropagation",
            "gradient of the loss through all steps of a trial (Liu et al. 2024, Eq. 3)",
            "the weights from itself to every other unit and to the outputs, and errors of later steps",
            _backpropagation,
        ),
    )
}


def rule(name: str) -> Rule:
    """The rule of a name.

    Raises:
        ValueError: for a name that no rule has.
    """
    if name not in RULES:
        raise ValueError(f"unknown rule of learning {name!r}; choose one of {', '.join(RULES)}")
    return RULES[name]
