"""What was recorded in training and is tested and drawn like a measure."""

import math

from richlazy.measures.base import measure
from richlazy.measures.during_training import iterations_to_task_alignment
from richlazy.measures.trained_run import TrainedRun


def _recorded(run: TrainedRun, name: str) -> float:
    value = run.run.get(name)
    return math.nan if value is None else value


@measure(
    "final_loss",
    unit="nats per step, or half squared error",
    meaning="nats per step; mean over the last part of training; null where training diverged",
    label="final loss",
    stage="history",
    of_failed=True,
)
def final_loss(run: TrainedRun) -> float:
    """As ``training_history.History`` has it."""
    return _recorded(run, "final_loss")


@measure(
    "convergence_iterations",
    unit="updates",
    meaning="updates until the loss of a batch fell below a stated share of the first; null before",
    label="iterations to\nconvergence",
    stage="history",
)
def convergence_iterations(run: TrainedRun) -> float:
    """As ``training_history.History`` has it."""
    return _recorded(run, "convergence_iterations")


@measure(
    "kernel_task_alignment_iterations",
    unit="updates",
    meaning="iterations until the kernel was aligned with the task; null unless followed",
    label="iterations until\nkernel-task\nalignment",
    stage="history",
)
def kernel_task_alignment_iterations(run: TrainedRun) -> float:
    """Figure 14B."""
    return iterations_to_task_alignment(run.followed)
