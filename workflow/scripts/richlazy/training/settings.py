"""How networks are trained: everything that ``loop.train`` needs to know beside networks and trials."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from richlazy.training import rules

# Iterations of a point of the loss curve, where the settings do not say how many points it has.
ITERATIONS_OF_A_POINT = 100


@dataclass(frozen=True)
class TrainingSettings:
    """How networks are trained.

    Attributes:
        learning_rate: eta of Eq. 3.
        momentum: mu of the descent.
        optimiser: ``gradient_descent``, or ``adam``, which takes neither momentum nor signs_held.
        rule: name of the rule of learning (module ``rules``).
        feedback_correlation: of the fixed feedback of a rule with the initial weights that it replaces.
        truncation_steps: after how many steps the errors of ``truncated`` are cut.
        perturbation: standard deviation of the noise of ``node_perturbation``.
        seeds: of the networks, which decide what is random in a rule; none numbers them from 0.
        engine: what computes the passes of the rule: ``torch``, or ``compiled`` code on the CPU.
        trained: ``all`` weights, or the ``recurrent`` ones alone.
        parametrisation: ``plain``, or ``scaled``, in which input and readout weights are sqrt(N) m and w / sqrt(N) of
            the vectors m and w that are trained.
        signs_held: whether the outgoing recurrent weights of each unit keep their sign.
        loss: ``cross_entropy``, ``squared_error`` or ``masked_squared_error``.
        loss_steps: ``all`` or ``last``. With ``last`` and cross-entropy the accuracy is followed too.
        iterations: number of updates, None for as many as there are stored batches. Iteration i takes batch
            i mod stored, so that more of them are epochs in one order.
        divergence_loss: a mean loss above it, or one that is not finite, counts as divergence. Of squared errors, which
            have no natural unit, in multiples of that of a silent network on the same trials.
        target_accuracy: of which the history has the point where each network first reached it; None for no target.
        stop_at_target: whether a network ends there.
        snapshot_at: iterations after which a copy of the weights is kept, 0 for the initial ones. They change nothing
            else.
        convergence_fraction: the history has the iteration at which the loss of a batch was first below this share of
            that of the first batch.
        excess_levels: levels by name. The weights of a network are kept at the first point of its loss curve at which
            its excess, the loss above the floor as a share of that of guessing, is at most a level. It changes nothing
            else.
        floor: a loss below which no network can come; 0 where no better bound is known.
        stages: into how many equal parts the stored batches fall, each of another task; guessing is that of the last.
        report_every: iterations per point of the curve; each tenth point is also a line in the log.

    Raises:
        ValueError: for a stop at no target, and for an optimiser that does not hold signs.
    """

    learning_rate: float
    momentum: float = 0.0
    optimiser: str = "gradient_descent"
    rule: str = "backpropagation"
    feedback_correlation: float = 0.0
    truncation_steps: int = 1
    perturbation: float = 0.01
    seeds: Sequence[int] = ()
    engine: str = "torch"
    trained: str = "all"
    parametrisation: str = "plain"
    signs_held: bool = False
    loss: str = "cross_entropy"
    loss_steps: str = "all"
    iterations: int | None = None
    divergence_loss: float = math.inf
    target_accuracy: float | None = None
    stop_at_target: bool = False
    snapshot_at: Sequence[int] = ()
    convergence_fraction: float = 0.0
    excess_levels: Mapping[str, float] = field(default_factory=dict)
    floor: float = 0.0
    stages: int = 1
    report_every: int = ITERATIONS_OF_A_POINT

    def __post_init__(self):
        if self.stop_at_target and self.target_accuracy is None:
            raise ValueError("stop_at_target needs a target_accuracy")
        if self.signs_held and self.optimiser != "gradient_descent":
            raise ValueError(f"signs are held in gradient descent alone, not with {self.optimiser}")

    @classmethod
    def of_run(cls, run: Mapping[str, Any], training: Mapping[str, Any]) -> "TrainingSettings":
        """How the network of a run is trained, of which nothing is kept on its way.

        Args:
            run: its parameters.
            training: what they do not say, as ``Task.of_training`` gives it, with ``signs_held`` of the
                structure and ``floor`` of the loss of the task; other keys are left aside.
        """
        points = training["curve_points"]
        return cls(
            learning_rate=run["learning_rate"],
            momentum=run["momentum"] or 0.0,
            optimiser=run["optimiser"],
            trained=run["trained"],
            # Records leave out what is usual.
            parametrisation=run.get("parametrisation") or "plain",
            engine=run.get("engine") or "torch",
            rule=run.get("rule") or "backpropagation",
            **{name: run[name] for name in rules.TAKEN if run.get(name) is not None},
            signs_held=training["signs_held"],
            loss=training["loss"],
            loss_steps=training["loss_steps"],
            iterations=run["iterations"],
            divergence_loss=training["divergence_loss"],
            target_accuracy=training["target_accuracy"],
            stop_at_target=training["stop_at_target"],
            convergence_fraction=training["convergence_fraction"],
            floor=training["floor"],
            stages=training.get("stages", 1),
            report_every=max(1, run["iterations"] // points) if points else ITERATIONS_OF_A_POINT,
        )
