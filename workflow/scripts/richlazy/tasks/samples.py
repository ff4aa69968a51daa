"""What the trials of every kind of task look like."""

from dataclasses import dataclass
from typing import Any

import numpy as np


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
            ``outputs``, and ``bayes_loss`` and ``bayes_accuracy`` of the best observer, None where unknown.
    """

    inputs: np.ndarray
    targets: np.ndarray
    decision: np.ndarray
    description: dict[str, Any]
