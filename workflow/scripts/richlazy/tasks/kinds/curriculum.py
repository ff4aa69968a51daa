"""Tasks that are learned one after another, to see what a network forgets."""

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Annotated, Any

from pydantic import Field

from richlazy import wording
from richlazy.field_types import Name
from richlazy.job_needs import Need
from richlazy.tasks import registry, stages
from richlazy.tasks.base import Task
from richlazy.tasks.entries import WithProbe

# Angles between the answers of tasks that have classes.
_ANGLES_OF_CLASSES = (0, 90, 180)


class CurriculumEntry(WithProbe):
    """Entry of tasks that are learned one after another."""

    curriculum: list[Name] = Field(
        min_length=2,
        max_length=8,  # as the followed performance has names for
        description="Names of tasks, of kind environment or continuous, that one network learns one after another, "
        "each for an equal part of the iterations. A name that stands there twice is two tasks of the same kind of "
        "trials, drawn anew, that angles or cues can tell apart.",
    )
    again: bool = Field(description="Whether the first task follows once more at the end, to be learned again.")
    cue: bool = Field(description="Whether an input of its own, 1 throughout, tells which of the tasks a trial is of.")
    input_angle: Annotated[float, Field(ge=0, le=180)] = Field(
        description="Angle in degrees between what the first task shows and what every other task would show with the "
        "same observation: cos of it comes by the inputs of the first task, and sin of it by further inputs of the "
        "task's own."
    )
    answer_angle: Annotated[float, Field(ge=0, le=180)] = Field(
        description="Likewise for answers. Numbers may have any angle; classes have 0, the same outputs, 180, the same "
        "in reverse order, or 90, outputs of the task's own. Class 0, fixation, is always the same."
    )


class Curriculum(Task):
    """Tasks that one network learns one after another; it is measured on the one that it learned last."""

    key = "curriculum"
    place = 5
    settings = CurriculumEntry
    trials = "tasks.curriculum_trials"
    names = "tasks.curriculum_trials"
    pictured = True
    # Fine enough that learning again can be timed.
    curve_points = 300

    @property
    def parts(self) -> tuple[str, ...]:
        """Names of its tasks."""
        return tuple(self.entry["curriculum"])

    @cached_property
    def _learned(self) -> Mapping[str, Task]:
        return {name: registry.named(self._tasks, name) for name in self.parts}

    @property
    def told_by(self) -> str:
        """The names of its tasks, in their order."""
        return " then ".join(self._order)

    @property
    def _order(self) -> list[str]:
        return [*self.parts, *self.parts[: self.entry["again"]]]

    @property
    def _first(self) -> Task:
        return self._learned[self.parts[0]]

    @property
    def loss(self) -> str:  # type: ignore[override]
        """That of its tasks."""
        return self._first.loss

    @property
    def outputs(self) -> int:
        """Those of the widest, and of all of them where each has its own."""
        widest = max(part.outputs for part in self._learned.values())
        own = widest if self.is_regression else widest - 1
        return widest + own * (len(self.parts) - 1) * (self.entry["answer_angle"] % 180 != 0)

    def steps(self, time_step_ms: float | None) -> int:
        """Those of the longest; trials of the others begin later."""
        return max(part.steps(time_step_ms) for part in self._learned.values())

    def loss_steps(self, training: Mapping[str, Any]) -> str:
        """That of its tasks."""
        return self._first.loss_steps(training)

    def target(self, training: Mapping[str, Any]) -> dict[str, Any]:
        """None: training goes on when a task is learned."""
        return {"target_accuracy": None, "stop_at_target": False}

    def stage_ends(self, iterations: int) -> list[int]:
        """Updates at the end of each task but the last."""
        return stages.stage_ends(iterations, len(self._order))[:-1]

    @property
    def trial_entry(self) -> dict[str, Any]:
        """The entry with what draws the trials of its tasks, and names what they show, beside their names."""
        parts = [
            {"trials": part.trials, "names": part.names, "entry": part.trial_entry}
            for part in (self._learned[name] for name in self.parts)
        ]
        return {**super().trial_entry, "parts": parts}

    def training_need(self, run: Mapping[str, Any]) -> Need:
        """All tasks are in memory at once, with the inputs of their own, and once more as they are joined."""
        of_parts = [part.training_need(run) for part in self._learned.values()]
        wider = 2 * len(self.parts)
        return Need(wider * max(need.memory_mb for need in of_parts), sum(need.minutes for need in of_parts))

    def probe_need(self) -> Need:
        """That of the most demanding task."""
        of_parts = [part.probe_need() for part in self._learned.values()]
        return Need(max(need.memory_mb for need in of_parts), sum(need.minutes for need in of_parts))

    def problems(self, config: Mapping[str, Any]) -> Iterator[str]:
        """Whether its tasks exist, and one network can learn all of them."""
        unknown = next((name for name in self.parts if name not in config["tasks"]), None)
        if unknown is not None:
            yield ".curriculum" + wording.unknown("task", unknown, config["tasks"])
            return
        try:
            unfit = next((name for name in self.parts if not _fits(config["tasks"][name])), None)
        except (KeyError, TypeError, ValueError):  # said of that task
            return
        losses = {name: registry.kind_of(config["tasks"][name]).loss for name in self.parts}
        if unfit is not None:
            yield f".curriculum names {unfit}, which is not drawn anew for each batch; {_FITTING}"
        elif len(set(losses.values())) > 1:
            told = wording.listed(f"{name} ({loss})" for name, loss in losses.items())
            yield f".curriculum joins classes and numbers, {told}, which one network cannot learn; {_FITTING}"
        elif not self.is_regression and self.entry["answer_angle"] not in _ANGLES_OF_CLASSES:
            yield (
                f".answer_angle is {self.entry['answer_angle']:g}, but its tasks have classes, whose answers are at "
                f"{wording.listed(_ANGLES_OF_CLASSES)} degrees to each other; choose one of them"
            )

    def problems_in_use(self, config: Mapping[str, Any]) -> Iterator[str]:
        """What is wrong with its tasks."""
        for name, part in self._learned.items():
            for text in part.problems_in_use(config):
                yield f".curriculum names {name}, of which tasks.{name}{text}"


_FITTING = "name tasks of NeuroGym, or tasks of numbers that are drawn anew, alone"


def _fits(entry: Mapping[str, Any]) -> bool:
    """Whether a task can be one of several: all batches are drawn anew, from nothing but its entry."""
    task = registry.task(entry)
    return task.key in ("environment", "continuous") and not task.one_trial
