"""Trials of tasks that are learned one after another, brought into one space of inputs and one of answers."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from richlazy.storage import late_import
from richlazy.storage.seeds import generator
from richlazy.tasks.samples import ProbeTrials, TrainingTrials
from richlazy.tasks.stages import stage_ends

Entry = Mapping[str, Any]


@dataclass(frozen=True)
class Space:
    """Inputs and outputs that several tasks share, and those that each has of its own.

    Attributes:
        tasks: how many.
        channels: inputs of the widest task.
        answers: outputs of the widest task.
        input_angle, answer_angle: in degrees, between the first task and every other.
        cue: whether an input tells the task.
    """

    tasks: int
    channels: int
    answers: int
    input_angle: float
    answer_angle: float
    cue: bool

    def inputs(self, task: int, shown: np.ndarray) -> np.ndarray:
        """Inputs (..., N_in) of what a task shows, (..., channels of the task), float32.

        Equal observations of the first task and of another have the cosine of the angle, but for their cues.
        """
        shared, own = _parts(self.input_angle if task else 0.0)
        found = np.zeros((*shown.shape[:-1], self.input_units), np.float32)
        found[..., : shown.shape[-1]] = shared * shown
        if own:
            first = task * self.channels
            found[..., first : first + shown.shape[-1]] = own * shown
        if self.cue:
            found[..., self.input_units - self.tasks + task] = 1
        return found

    @property
    def input_units(self) -> int:
        """Inputs N_in."""
        return self.channels * self._blocks(self.input_angle) + self.tasks * self.cue

    def targets(self, task: int, asked: np.ndarray, outputs: int) -> np.ndarray:
        """Targets of what a task asks for: classes of any shape, of ``outputs``; or numbers (..., N_out)."""
        return self._classes(task, asked, outputs) if asked.dtype.kind in "ui" else self._numbers(task, asked)

    def outputs(self, has_classes: bool) -> int:
        """Outputs N_out: of classes the first, fixation, is the same for all tasks."""
        own = self.answers - has_classes
        return self.answers + own * (self._blocks(self.answer_angle) - 1)

    def _classes(self, task: int, asked: np.ndarray, outputs: int) -> np.ndarray:
        if task == 0 or self.answer_angle == 0:
            return asked
        changed = outputs - asked if self.answer_angle == 180 else asked + task * (self.answers - 1)
        return np.where(asked == 0, 0, changed).astype(asked.dtype)

    def _numbers(self, task: int, asked: np.ndarray) -> np.ndarray:
        shared, own = _parts(self.answer_angle if task else 0.0)
        found = np.zeros((*asked.shape[:-1], self.outputs(has_classes=False)), np.float32)
        # Where nothing is asked for, no output of any task is.
        found[np.isnan(asked).all(-1)] = np.nan
        found[..., : asked.shape[-1]] = shared * asked
        if own:
            first = task * self.answers
            found[..., first : first + asked.shape[-1]] = own * asked
        return found

    def _blocks(self, angle: float) -> int:
        return self.tasks if _parts(angle)[1] else 1


def _parts(angle: float) -> tuple[float, float]:
    """Cosine and sine of an angle in degrees, exact at right angles."""
    turned = math.radians(angle)
    return round(math.cos(turned), 15), round(math.sin(turned), 15)


def order(entry: Entry) -> list[int]:
    """Places of the tasks in the order in which they are learned."""
    return [*range(len(entry["parts"])), *([0] if entry["again"] else [])]


def training_trials(entry: Entry, run: Mapping[str, Any], files: Mapping[str, str]) -> TrainingTrials:
    """Training trials of a run, those of each task one after another; see ``Task``.

    The first task has the trials that it would have alone. Trials of shorter tasks begin later, so that all end
    together: nothing is shown before, and fixation, class 0, is asked for, or nothing where targets are numbers.

    Raises:
        ValueError: for iterations that the tasks cannot share equally.
    """
    stages = order(entry)
    length = stage_ends(run["iterations"], len(stages))[0]
    drawn = [
        late_import.load(part["trials"]).training_trials(
            part["entry"], {**own, "iterations": length * stages.count(task)}, {}
        )
        for task, (part, own) in enumerate(zip(entry["parts"], _runs(entry, run), strict=True))
    ]
    descriptions = [probe.description for probe in _probes(entry, run, 1)]
    space = _space(entry, descriptions)
    steps = max(one.inputs.shape[1] for one in drawn)
    inputs = [space.inputs(task, _lengthened(one.inputs, 1, steps, 0)) for task, one in enumerate(drawn)]
    targets = [
        space.targets(task, _lengthened(one.targets, 1, steps), descriptions[task]["outputs"])
        for task, one in enumerate(drawn)
    ]
    return TrainingTrials(_in_order(stages, inputs), _in_order(stages, targets))


def _in_order(stages: Sequence[int], of_tasks: Sequence[np.ndarray]) -> np.ndarray:
    """Batches of each task, cut into its stages, in the order in which these are learned."""
    cut = [iter(np.split(batches, stages.count(task))) for task, batches in enumerate(of_tasks)]
    return np.concatenate([next(cut[task]) for task in stages])


def probe_trials(entry: Entry, run: Mapping[str, Any], files: Mapping[str, str], count: int) -> ProbeTrials:
    """Probe trials of the task that is learned last, with as many of every task in ``stages``; see ``Task``."""
    drawn = _probes(entry, run, count)
    space, stages = _space(entry, [probe.description for probe in drawn]), order(entry)
    has_classes = drawn[0].targets.dtype.kind in "ui"
    width = {"input_units": space.input_units, "outputs": space.outputs(has_classes)}
    steps = max(len(probe.inputs) for probe in drawn)
    found = [
        ProbeTrials(
            space.inputs(task, _lengthened(probe.inputs, 0, steps, 0)),
            space.targets(task, _lengthened(probe.targets, 0, steps), probe.description["outputs"]),
            _lengthened(probe.decision, 0, steps),
            {**probe.description, **width, "bayes_loss": _bayes_loss(probe, steps), "stages": stages},
        )
        for task, probe in enumerate(drawn)
    ]
    last = found[stages[-1]]
    return ProbeTrials(last.inputs, last.targets, last.decision, last.description, tuple(found))


def names(entry: Entry, run: Mapping[str, Any]) -> dict[str, list[str]]:
    """Names of inputs and classes of the task that is learned last; see ``Task``."""
    tasks = len(entry["parts"])
    probes = _probes(entry, run, 1)
    space = _space(entry, [probe.description for probe in probes])
    last = order(entry)[-1]
    part, own = entry["parts"][last], _runs(entry, run)[last]
    named = (
        late_import.load(part["names"]).names(part["entry"], own) if part["names"] else {"inputs": [], "classes": []}
    )
    inputs = _padded(named["inputs"], space.channels, "input")
    blocks = [inputs, *([f"{name}, task {task}" for name in inputs] for task in range(2, tasks + 1))]
    shown = [name for block in blocks[: (space.input_units - tasks * space.cue) // space.channels] for name in block]
    cues = [f"cue {task}" for task in range(1, tasks + 1)] if space.cue else []
    return {"inputs": shown + cues, "classes": _class_names(space, named["classes"])}


def _class_names(space: Space, classes: Sequence[str]) -> list[str]:
    shared = _padded(classes, space.answers, "class") if classes else []
    own = [f"{name}, task {task}" for task in range(2, space.tasks + 1) for name in shared[1:]]
    return shared + own if space.outputs(has_classes=True) > space.answers else shared


def _bayes_loss(probe: ProbeTrials, steps: int) -> float | None:
    """The lowest loss of a step, of which classes have more that are certain where trials are longer."""
    loss: float | None = probe.description["bayes_loss"]
    return loss if loss is None or probe.targets.dtype.kind == "f" else loss * len(probe.inputs) / steps


def _padded(known: Sequence[str], count: int, kind: str) -> list[str]:
    return [*known, *(f"{kind} {place + 1}" for place in range(len(known), count))]


def _runs(entry: Entry, run: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The run as each task is told it: the others than the first have random numbers of their own."""
    further = generator(run["seed"], "curriculum").integers(2**31, size=len(entry["parts"]) - 1)
    return [dict(run), *({**run, "seed": int(seed)} for seed in further)]


def _probes(entry: Entry, run: Mapping[str, Any], count: int) -> list[ProbeTrials]:
    return [
        late_import.load(part["trials"]).probe_trials(part["entry"], own, {}, count)
        for part, own in zip(entry["parts"], _runs(entry, run), strict=True)
    ]


def _space(entry: Entry, descriptions: Sequence[Mapping[str, Any]]) -> Space:
    widest = (max(one[key] for one in descriptions) for key in ("input_units", "outputs"))
    return Space(len(descriptions), *widest, *(entry[key] for key in ("input_angle", "answer_angle", "cue")))


def _lengthened(array: np.ndarray, axis: int, steps: int, fill: float | None = None) -> np.ndarray:
    """Trials with further steps before them, so that they have as many as the longest.

    Args:
        array: inputs, targets or decisions.
        axis: of steps.
        steps: how many there are to be.
        fill: what stands in them; 0 for whole numbers and nan for others where None is given.
    """
    if fill is None:
        fill = math.nan if array.dtype.kind == "f" else 0
    missing = [(0, 0)] * array.ndim
    missing[axis] = (steps - array.shape[axis], 0)
    return np.pad(array, missing, constant_values=fill) if missing[axis][0] else array
