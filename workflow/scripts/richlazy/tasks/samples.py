"""What the trials of every kind of task look like."""

from dataclasses import dataclass
from typing import Any

import numpy as np

_TOLD = ("outputs", "bayes_loss", "stages")


@dataclass(frozen=True)
class TrainingTrials:
    """Training trials in batches; training starts again at the first after the last.

    Attributes:
        inputs: (n, T, B, N_in) float32, n batches of B trials of T steps.
        targets: (n, T, B) uint8 classes, or (n, T, B, N_out) float32 numbers, nan where no output is asked for.
    """

    inputs: np.ndarray
    targets: np.ndarray


@dataclass(frozen=True)
class ProbeTrials:
    """Trials on which change is measured, never trained on unless they are all there is.

    Attributes:
        inputs: (T, m, N_in) float32, m trials.
        targets: (T, m) uint8 classes, or (T, m, N_out) float32 numbers, nan where no output is asked for.
        decision: (T, m) booleans, the steps at which a decision is due.
        description: what later stages need to know of the task, ready for JSON: ``environment``, ``input_units``,
            ``outputs``, and ``bayes_loss`` and ``bayes_accuracy`` of the best observer, None where unknown; of tasks
            that are learned one after another also ``stages``, their places in the order in which they are.
        tasks: as many trials of each of these, in the order of their places; empty for others.
    """

    inputs: np.ndarray
    targets: np.ndarray
    decision: np.ndarray
    description: dict[str, Any]
    tasks: tuple["ProbeTrials", ...] = ()

    @property
    def told_to_training(self) -> dict[str, Any]:
        """Of the description what training needs, which hangs on no number of trials."""
        return {name: self.description[name] for name in _TOLD if name in self.description}

    @property
    def arrays(self) -> dict[str, np.ndarray]:
        """``inputs`` and ``targets``, and ``task_inputs``, ``task_targets`` and ``task_decision`` of several tasks.

        These have a leading axis of tasks. So probe.npz has them; the decision of the probe is a file of its own.
        """
        names = ("inputs", "targets", "decision") if self.tasks else ()
        of_tasks = {f"task_{name}": np.stack([getattr(task, name) for task in self.tasks]) for name in names}
        return {"inputs": self.inputs, "targets": self.targets} | of_tasks
