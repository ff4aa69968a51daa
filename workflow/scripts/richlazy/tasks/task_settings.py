"""What the configuration says of a task, without importing what makes its trials.

A task is of one of six kinds: a NeuroGym environment, a set of images shown row by row or whole, the same row by row
with the answers of a teacher network in place of labels (Liu et al. 2024, Figure 3C), a linear teacher (section 2.3),
numbers over time (``continuous_tasks``), or sentences, which an LSTM reads (``sentiment_settings``). A network that
sees a trial in a single step has no use for recurrent weights: such tasks are learned by feedforward networks of two
layers, whose first layer has the structure.
"""

import math
from collections.abc import Iterable, Mapping
from typing import Any

from richlazy.tasks import time_series

Task = Mapping[str, Any]

# Rows of the largest images that a registered image set has; shown row by row they are the steps of a trial.
_ROWS = 28
# Of the loss curve of a task of numbers over time.
CURVE_POINTS = 200


def kind(task: Task) -> str:
    """``neurogym``, ``images``, ``taught`` (by a teacher network), ``teacher``, ``continuous`` or ``sentences``."""
    if "sentences" in task:
        return "sentences"
    if "images" in task:
        return "taught" if "teacher_network" in task else "images"
    if "continuous" in task:
        return "continuous"
    return "teacher" if "teacher" in task else "neurogym"


def has_teacher(task: Task) -> bool:
    """Whether a teacher, linear or a network, reads features of unequal strength (``condition_number``)."""
    return kind(task) in ("teacher", "taught")


def is_feedforward(task: Task) -> bool:
    """Whether a trial of the task is a single step, which a feedforward network learns."""
    return kind(task) == "teacher" or task.get("presentation") == "whole"


def architecture(task: Task) -> str:
    """``feedforward`` or ``recurrent``: the networks that learn the task."""
    return "feedforward" if is_feedforward(task) else "recurrent"


def is_regression(task: Task) -> bool:
    """Whether targets are numbers, learned by squared error, instead of classes."""
    return kind(task) in ("teacher", "continuous")


def has_one_trial(task: Task) -> bool:
    """Whether one trial, in a batch of its own, is all there is to learn, and the probe as well."""
    return kind(task) == "continuous" and time_series.kind(task).one_trial


def loss(task: Task) -> str:
    """``cross_entropy`` for classes, ``squared_error`` for numbers, ``masked_squared_error`` for numbers over time."""
    if kind(task) == "continuous":
        return "masked_squared_error"
    return "squared_error" if is_regression(task) else "cross_entropy"


def loss_steps(task: Task, training: Mapping[str, Any]) -> str:
    """Steps of a trial at which the loss counts; images and teachers have a target at the last one alone.

    Numbers over time count wherever they are asked for.
    """
    if kind(task) == "continuous":
        return "all"
    return training["loss_steps"] if kind(task) == "neurogym" else "last"


def counted(task: Task, training: Mapping[str, Any]) -> dict[str, Any]:
    """What counts in training and on the probe: loss, and the steps of a trial at which it does."""
    return {"loss": loss(task), "loss_steps": loss_steps(task, training)}


def of_training(task: Task, training: Mapping[str, Any]) -> dict[str, Any]:
    """Group ``training`` of the configuration as it is for a task, of which no network is followed.

    Numbers over time are learned in fewer iterations than classes: their loss curves have points closer together. A
    published configuration may be older than the convergence that is recorded now.
    """
    points = CURVE_POINTS if kind(task) == "continuous" else None
    own = {**target(task, training), **counted(task, training), "snapshot_at": [], "curve_points": points}
    return {"convergence_fraction": 0.0, **training, **own}


def of_measuring(task: Task, config: Mapping[str, Any]) -> dict[str, Any]:
    """Group ``probe`` of the configuration as it is for a task, with what counts of its trials."""
    return {**probe(task, config["probe"]), **counted(task, config["training"])}


def target(task: Task, training: Mapping[str, Any]) -> dict[str, Any]:
    """Accuracy in training at which a network has learned the task, and whether it stops there.

    Accuracy is followed in training where the decision is the last step and alone counts.
    """
    if is_regression(task) or loss_steps(task, training) != "last":
        return {"target_accuracy": None, "stop_at_target": False}
    return {key: training[key] for key in ("target_accuracy", "stop_at_target")}


def probe(task: Task, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Group ``probe`` of the configuration with what the task has of its own.

    A teacher has a trial for each input; a task of one trial has that.
    """
    if kind(task) == "teacher":
        count = task["teacher"]["inputs"]
        return {"trials": count, "kernel_trials": count, "kernel_times": "last"}
    if has_one_trial(task):
        return {"trials": 1, "kernel_trials": 1, "kernel_times": "all"}
    return {**settings, **task.get("probe", {})}


def columns(task: Task, size: int) -> int:
    """Columns of the matrix that has the structure, as an estimate before there are images."""
    if kind(task) == "teacher":
        return task["teacher"]["inputs"]
    return _ROWS**2 if is_feedforward(task) else size


def outputs(task: Task) -> int:
    """Outputs of a network that learns the task, as an estimate before there are trials."""
    if kind(task) == "continuous":
        return time_series.outputs(task)
    return {"neurogym": 3, "images": 10, "taught": 10, "teacher": 1}[kind(task)]


def steps(task: Task, time_step_ms: float | None) -> int:
    """Steps of the longest trial of a task, or of the sequences into which its trials are cut."""
    if is_feedforward(task):
        return 1
    if "images" in task:
        return _ROWS
    if kind(task) == "continuous":
        return time_series.steps(task, float(time_step_ms or math.nan))
    if "sequence_steps" in task:
        return task["sequence_steps"]
    longest = sum(max(_numbers(duration), default=0.0) for duration in task["timing_ms"].values())
    return math.ceil(longest / float(time_step_ms or math.nan))


def _numbers(duration: Any) -> Iterable[float]:
    """Every number in a duration of NeuroGym: itself, a list, or a distribution with its arguments."""
    if isinstance(duration, int | float):
        yield float(duration)
    elif isinstance(duration, list):
        for part in duration:
            yield from _numbers(part)
