"""Trials of a task as figures show them: which are chosen, and what their inputs and classes are called."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isqrt

import numpy as np

# Trials that are drawn, side by side.
SHOWN = 3
# More inputs than this become one image, with a line for each.
_LINES = 8


@dataclass(frozen=True)
class Trials:
    """Trials as they are drawn.

    Attributes:
        inputs: (T, m, N_in).
        targets: (T, m, N_out); nan where no output is asked for. A class is one number.
        time_step_ms: duration of a step; None where steps are no times.
        due: (T, m), steps at which a decision among classes is due; None for numbers.
        channels: names of the inputs; empty where they have numbers alone.
        classes: names of the classes; empty likewise.
    """

    inputs: np.ndarray
    targets: np.ndarray
    time_step_ms: float | None
    due: np.ndarray | None = None
    channels: Sequence[str] = ()
    classes: Sequence[str] = ()

    @classmethod
    def of_probe(
        cls,
        inputs: np.ndarray,
        targets: np.ndarray,
        decision: np.ndarray,
        time_step_ms: float | None,
        loss_steps: str,
        names: Mapping[str, Sequence[str]],
    ) -> "Trials":
        """A few trials of a probe: the first ones, or for classes the first of different classes.

        Args:
            inputs: (T, m, N_in).
            targets: (T, m) classes, or (T, m, N_out) numbers, nan where no output is asked for.
            decision: (T, m), whether a decision is due.
            time_step_ms: duration of a step; None where steps are no times.
            loss_steps: steps at which the class is asked for, ``all`` or ``last``.
            names: ``inputs`` and ``classes``, where they have names.
        """
        if targets.ndim == 3:
            return cls(inputs, targets, time_step_ms)
        classes = targets.astype(float)
        chosen = _of_different_classes(classes, decision)
        if loss_steps == "last":
            classes[:-1] = np.nan
        channels, named = ([name.replace("_", " ") for name in names.get(key, ())] for key in ("inputs", "classes"))
        named = named or [str(number) for number in range(int(targets.max()) + 1)]
        targets = classes[:, chosen, None]
        return cls(inputs[:, chosen], targets, time_step_ms, decision[:, chosen], channels, named)

    @property
    def as_image(self) -> bool:
        """Whether the inputs of a trial are drawn as one image: rows of an image, or more inputs than lines."""
        return self.time_step_ms is None or self.inputs.shape[2] > _LINES

    @property
    def are_whole(self) -> bool:
        """Whether a trial is one step that shows all pixels of a square image."""
        steps, _, pixels = self.inputs.shape
        return self.time_step_ms is None and steps == 1 and isqrt(pixels) ** 2 == pixels

    @property
    def step(self) -> float:
        """Length of a step on the axis of time."""
        return 1.0 if self.time_step_ms is None else self.time_step_ms

    @property
    def time(self) -> str:
        """Label of the axis of time."""
        return "step" if self.time_step_ms is None else "time (ms)"


def _of_different_classes(classes: np.ndarray, decision: np.ndarray) -> list[int]:
    """Places of a few trials: the first of each class that is decided for last, then others, all in their order."""
    steps, count = classes.shape
    last = steps - 1 - decision[::-1].argmax(0)
    decided = classes[last, np.arange(count)]
    _, first = np.unique(decided, return_index=True)
    others = [trial for trial in range(count) if trial not in first]
    return sorted([*sorted(first.tolist()), *others][:SHOWN])
