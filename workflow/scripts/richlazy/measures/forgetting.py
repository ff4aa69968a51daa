"""What a network that learned tasks one after another forgets, carries over and learns again faster.

R[i][j] is the performance on task j after stage i, R[0][j] that before training; it is the accuracy, or minus the loss
where targets are numbers (``curricula.measure``). T is the number of tasks; a stage in which the first is learned again
counts for ``relearning_time_ratio`` alone. The definitions are those of Lopez-Paz and Ranzato 2017 (transfer) and of
Chaudhry et al. 2018 (forgetting).
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from richlazy.measures.base import measure
from richlazy.measures.trained_run import TrainedRun
from richlazy.tasks.stages import stage_ends

# A task is learned where the loss is above that at the end of its stage by at most this share of what guessing is.
_LEFT = 0.25
# Share of the points of a stage whose mean loss is that at its end.
_END = 0.2
_UNIT = "share of decisions, or minus loss"

# Most tasks that are learned one after another.
MOST_TASKS = 8
_PERFORMANCE = "performance_on_task_{}"
# Labels of the performance on each task as it is followed from stage to stage, and the sign with which it is lazier.
LABELS = {_PERFORMANCE.format(task): (f"performance\non task {task}", 0) for task in range(1, MOST_TASKS + 1)}


def course(record: Mapping[str, Any]) -> dict[str, list[float]]:
    """Performance on each task before training and after each stage of a network, of which this is the measures.json.

    Returns:
        ``iterations``, and a list of values for each task, as curves have them; empty but for tasks that are learned
        one after another.
    """
    if not record.get("curriculum"):
        return {}
    ends = stage_ends(record["iterations"], len(record["curriculum"]["stages"]))
    rows = np.array(record["curriculum"]["performance"], float)
    of_tasks = {_PERFORMANCE.format(task + 1): column.tolist() for task, column in enumerate(rows.T)}
    return {"iterations": [0, *ends], **of_tasks}


def _curricula(run: TrainedRun) -> bool:
    """Networks that learned several tasks one after another."""
    return bool(run.run.get("curriculum"))


def _relearned(run: TrainedRun) -> bool:
    """Networks that learned the first of several tasks once more at the end."""
    stages = run.run["curriculum"]["stages"] if _curricula(run) else [0]
    return len(stages) > 1 and stages[-1] == stages[0]


def _performance(run: TrainedRun) -> np.ndarray:
    """R, (T + 1, T), without the stage in which the first task is learned again."""
    found = np.array(run.run["curriculum"]["performance"], float)
    return found[: found.shape[1] + 1]


@measure(
    "forgetting",
    unit=_UNIT,
    meaning="largest performance on a task after an earlier stage, less that after the last task, mean of all tasks "
    "but the last; null but for tasks that are learned one after another",
    label="forgetting",
    stage="history",
    defined_for=_curricula,
)
def forgetting(run: TrainedRun) -> float:
    """Mean over j < T of max over 1 <= l < T of R[l][j] - R[T][j] (Chaudhry et al. 2018)."""
    found = _performance(run)
    return float((found[1:-1].max(0) - found[-1])[:-1].mean())


@measure(
    "backward_transfer",
    unit=_UNIT,
    meaning="performance on a task after the last task, less that after its own, mean of all tasks but the last; "
    "negative where it is forgotten; likewise",
    label="backward transfer",
    stage="history",
    defined_for=_curricula,
)
def backward_transfer(run: TrainedRun) -> float:
    """Mean over i < T of R[T][i] - R[i][i] (Lopez-Paz and Ranzato 2017)."""
    found = _performance(run)
    return float((found[-1] - np.diagonal(found[1:]))[:-1].mean())


@measure(
    "forward_transfer",
    unit=_UNIT,
    meaning="performance on a task just before its own stage, less that before training, mean of all tasks but the "
    "first; likewise",
    label="forward transfer",
    stage="history",
    defined_for=_curricula,
)
def forward_transfer(run: TrainedRun) -> float:
    """Mean over i > 1 of R[i - 1][i] - R[0][i] (Lopez-Paz and Ranzato 2017)."""
    found = _performance(run)
    return float((np.diagonal(found[1:], 1) - found[0, 1:]).mean())


@measure(
    "first_task_performance",
    unit=_UNIT,
    meaning="performance on the first task just after its stage; likewise",
    label="performance on\nthe first task,\nlearned",
    stage="history",
    defined_for=_curricula,
)
def first_task_performance(run: TrainedRun) -> float:
    """R[1][1]: what there is to forget."""
    return float(_performance(run)[1, 0])


@measure(
    "relearning_time_ratio",
    unit="1",
    meaning="updates to learn the first task again, over those to learn it first (1 - savings); infinite where it was "
    "not learned again, null unless it was tried",
    label="time to learn again,\nover the first",
    stage="history",
    defined_for=_relearned,
    censored=True,
)
def relearning_time_ratio(run: TrainedRun) -> float:
    """Learned is where a point of the loss curve is three quarters of the way from guessing to the end of a stage."""
    points, losses = np.asarray(run.history["iterations"]), np.asarray(run.history["loss"], float)
    ends = stage_ends(run.run["iterations"], len(run.run["curriculum"]["stages"]))
    first, again = points <= ends[0], points > ends[-2]
    if not again.any():
        return math.inf
    course = losses[first]
    end = course[-max(1, round(_END * len(course))) :].mean()
    guess = run.run["guess_loss"]
    if not guess > end:  # it was never learned
        return math.nan
    level = end + _LEFT * (guess - end)
    return _time(points[again] - ends[-2], losses[again], level) / _time(points[first], course, level)


def _time(updates: Sequence[int] | np.ndarray, losses: np.ndarray, level: float) -> float:
    """Updates until the loss is first at a level or below; infinite where it never is."""
    below = np.flatnonzero(losses <= level)
    return float(updates[below[0]]) if len(below) else math.inf


# Those that follow from the performance alone.
OF_PERFORMANCE = (forgetting, backward_transfer, forward_transfer, first_task_performance)
