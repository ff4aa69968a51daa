"""What was recorded in training and is tested and drawn like a measure."""

import math

from richlazy.measures.base import measure
from richlazy.measures.during_training import iterations_to_task_alignment
from richlazy.measures.trained_run import TrainedRun


@measure(
    "final_loss",
    unit="nats per step, or half squared error",
    meaning="nats per step; mean over the last part of training; null where training diverged",
    label="final loss",
    stage="history",
)
def final_loss(run: TrainedRun) -> float:
    """As ``training_history.History`` has it."""
    value = run.run.get("final_loss")
    return math.nan if value is None else value


@measure(
    "convergence_iterations",
    unit="updates",
    meaning="updates until the loss of a batch fell below a stated share of the first; infinite where it did not, or "
    "training diverged",
    label="iterations to\nconvergence\n(first batch)",
    stage="history",
    censored=True,
)
def convergence_iterations(run: TrainedRun) -> float:
    """As ``training_history.History`` has it."""
    return math.inf if run.updates is None or run.diverged else run.updates


@measure(
    "kernel_task_alignment_iterations",
    unit="updates",
    meaning="iterations until the kernel was aligned with the task; infinite where it did not come closer, or training "
    "diverged; null unless followed",
    label="iterations until\nkernel-task\nalignment",
    stage="history",
    censored=True,
)
def kernel_task_alignment_iterations(run: TrainedRun) -> float:
    """Figure 14B."""
    found = iterations_to_task_alignment(run.followed)
    return math.inf if run.diverged and not math.isnan(found) else found
