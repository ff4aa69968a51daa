"""Rules of learning: how a network turns its errors on a batch into directions in which its weights change.

Optimisers decide how far weights go along these directions; those of backpropagation through time are the gradient of
the loss. The rule of a run is its parameter ``rule``, a value that experiments may compare or sweep. To add one, write

1. A class with the attributes and methods of ``Directions``, where one of ``models`` does not do. Where only the way of
   the errors differs, a case in ``models.feedback.prepare`` is enough.
2. Its ``Rule`` in ``RULES``. Planning reads it, so this module imports no numerics.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from richlazy.storage import late_import

if TYPE_CHECKING:
    import torch

    from richlazy.models.losses import CrossEntropy, SquaredError
    from richlazy.models.rate_network import Dynamics, Weights
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

    weights: "Weights"
    inputs: "torch.Tensor"
    targets: "torch.Tensor"
    errors: "torch.Tensor"
    loss: "CrossEntropy | SquaredError"
    loss_steps: str
    loss_rows: int

    def arranged(self, inputs: "torch.Tensor", targets: "torch.Tensor") -> "tuple[torch.Tensor, torch.Tensor]":
        """Batches (..., K, T, B, N_in) and their targets in the shapes of ``inputs`` and ``targets``."""
        ...

    def gradients(self, log_likelihoods: "torch.Tensor", target: "Weights", factor: float, keep: float = 1.0) -> None:
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
        meaning: what its directions are, with its source.
        needs: what a unit must know beside its own activity and that of the units that send to it.
        takes: parameters of a run that it alone takes, with their values where an experiment does not say.
        is_random: whether its directions are drawn, so that nobody can tell them beforehand.
        feedforward: whether it makes a difference to, or can train, networks of two layers.
    """

    meaning: str
    needs: str
    takes: Mapping[str, float]
    feedforward: bool = False
    is_random: bool = False

    @property
    def is_gradient(self) -> bool:
        """Whether its directions are the gradient of the loss."""
        return self is RULES["backpropagation"]


RULES = {
    "backpropagation": Rule(
        "gradient of the loss through all steps of a trial (Liu et al. 2024, Eq. 3)",
        "the weights from itself to every other unit and to the outputs, and errors of later steps",
        {},
        feedforward=True,
    ),
    "eligibility": Rule(
        "symmetric e-prop: errors at the readout times traces of each synapse (Bellec et al. 2020)",
        "its own weights to the outputs, and the errors there",
        {},
    ),
    "feedback_alignment": Rule(
        "backpropagation, with fixed random weights in place of those to the outputs (Lillicrap et al. 2016)",
        "the weights from itself to every other unit, and errors of later steps",
        {"feedback_correlation": 0.0},
        feedforward=True,
    ),
    "recurrent_feedback": Rule(
        "backpropagation, with fixed random weights in place of the recurrent ones on the way back",
        "its own weights to the outputs, and errors of later steps",
        {"feedback_correlation": 0.0},
    ),
    "rflo": Rule(
        "random-feedback local online learning: traces, and errors by fixed random weights (Murray 2019)",
        "the errors of the outputs",
        {"feedback_correlation": 0.0},
    ),
    "truncated": Rule(
        "backpropagation through time whose errors are cut every few steps",
        "the weights from itself to every other unit and to the outputs, and errors of a few later steps",
        {"truncation_steps": 1},
    ),
    "node_perturbation": Rule(
        "what the loss of a trial rises by, times the noise that made it rise; the gradient on average",
        "its own noise, and the loss of the trial with and without it",
        {"perturbation": 0.01},
        is_random=True,
    ),
}
# Modules that directions need: of backpropagation, of rules that send errors back by other ways, of compiled
# backpropagation, and of node perturbation.
MODULES = ("models.backpropagation", "models.feedback", "compiled.backpropagation", "models.perturbation")
# Parameters of runs that only some rules take.
TAKEN = tuple(dict.fromkeys(name for rule in RULES.values() for name in rule.takes))


def rule(name: str) -> Rule:
    """The rule of a name.

    Raises:
        ValueError: for a name that no rule has.
    """
    if name not in RULES:
        raise ValueError(f"unknown rule of learning {name!r}; choose one of {', '.join(RULES)}")
    return RULES[name]


def module(name: str, engine: str) -> str:
    """Name of the module that computes the directions of a rule, one of ``MODULES``.

    Raises:
        ValueError: for an unknown rule, and for another than backpropagation with compiled passes.
    """
    of_torch, of_feedback, compiled, of_noise = MODULES
    if not rule(name).is_gradient:
        if engine == "compiled":
            raise ValueError(f"compiled passes know no rule {name!r}; use engine: torch")
        return of_noise if rule(name).is_random else of_feedback
    return compiled if engine == "compiled" else of_torch


def directions(
    weights: "Weights", steps: int, batch_size: int, dynamics: "Dynamics", settings: "TrainingSettings"
) -> Directions:
    """The directions of the rule of a training, for networks before it.

    Args:
        weights: of K networks; they are read at every batch.
        steps, batch_size: T and B of a batch.
        dynamics: of the networks.
        settings: of their training.

    Raises:
        ValueError: for an unknown rule, and for another than backpropagation with compiled passes.
    """
    passes = late_import.load(module(settings.rule, settings.engine))
    how = (weights, steps, batch_size, dynamics, settings.loss_steps, settings.loss, settings.trained)
    found: Directions
    seeds = list(settings.seeds) or list(range(len(weights.input)))
    if rule(settings.rule).is_random:
        found = passes.NodePerturbation(*how).perturb(settings.perturbation, seeds)
    elif not rule(settings.rule).is_gradient:
        options = (settings.feedback_correlation, settings.truncation_steps, seeds)
        found = passes.prepare(settings.rule, passes.Backpropagation(*how), *options)
    elif settings.engine == "compiled":
        found = passes.CompiledBackpropagation(*how)
    else:
        found = passes.Backpropagation(*how)
    return found
