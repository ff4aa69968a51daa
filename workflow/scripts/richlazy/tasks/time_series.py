"""Tasks that ask for numbers over time: which there are, what an entry of the configuration holds, and their shapes.

Their trials are made in ``time_series_trials``; nothing here draws a random number.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Task = Mapping[str, Any]

# Periods without which a trial still makes sense.
_MAY_BE_ZERO = ("fixation", "delay", "decision_delay")


@dataclass(frozen=True)
class Kind:
    """One task of this kind.

    Attributes:
        periods: names of its durations in ``timing_ms``, all of them needed.
        ranges: those that may be [low, high] instead of a number, from which each trial draws one uniformly.
        options: further keys of its entry, all of them needed.
        one_trial: whether all there is to learn is one trial, which is the only batch and the probe as well.
    """

    periods: tuple[str, ...]
    ranges: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    one_trial: bool = False

    def may_be_zero(self, period: str) -> bool:
        """Whether a trial without the period makes sense."""
        return period in _MAY_BE_ZERO or period in self.ranges


# Values of the key ``continuous``.
KINDS: dict[str, Kind] = {
    "pattern_generation": Kind(("trial",), options=("channels", "rate_hz"), one_trial=True),
    "flip_flop": Kind(
        ("trial", "fixation", "pulse", "decision_delay", "interval"), ("interval",), ("channels", "target")
    ),
    "mante": Kind(("fixation", "stimulus", "delay", "decision"), options=("noise",)),
    "romo": Kind(("fixation", "stimulus", "delay", "decision_delay", "decision"), ("delay",), ("minimum_difference",)),
    "step_response": Kind(("trial", "fixation", "decision"), options=("target_value",), one_trial=True),
    "cosine": Kind(("trial", "loss", "period"), options=("input_amplitude",), one_trial=True),
}
# Readings of the memory of ``flip_flop``: of the published code, and of the paper's text.
FLIP_FLOP_TARGETS = ("code", "text")
# Periods of the sines of ``pattern_generation`` (Bellec et al. 2020, Figure S7).
SINE_PERIODS_MS = (1000, 500, 333, 200)
OPTIONS = tuple(dict.fromkeys(option for kind in KINDS.values() for option in kind.options))


def kind(task: Task) -> Kind:
    """What the entry of a task is an entry of."""
    return KINDS[task["continuous"]]


def in_steps(duration_ms: float, time_step_ms: float) -> int:
    """Whole steps in a duration; 300 ms are 3 steps of 100 ms, whatever rounding says."""
    return int(duration_ms / time_step_ms + 1e-9)


def shortest(duration: float | list[float]) -> float:
    """A duration, or the start of the range from which it is drawn."""
    return duration[0] if isinstance(duration, list) else duration


def longest(duration: float | list[float]) -> float:
    """A duration, or the end of the range from which it is drawn."""
    return duration[-1] if isinstance(duration, list) else duration


def steps(task: Task, time_step_ms: float) -> int:
    """Steps T of the longest trial, to which the others are padded."""
    lengths = {period: in_steps(longest(duration), time_step_ms) for period, duration in task["timing_ms"].items()}
    if "trial" in lengths:
        return lengths["trial"] + (task["continuous"] == "cosine")  # its first step sets the state
    return sum(lengths.values()) + (lengths["stimulus"] if task["continuous"] == "romo" else 0)


def input_units(task: Task) -> int:
    """Channels N_in of the input."""
    return task.get("channels") or {"mante": 4}.get(task["continuous"], 1)


def outputs(task: Task) -> int:
    """Outputs N_out that are asked for."""
    return task["channels"] if task["continuous"] == "flip_flop" else {"romo": 2}.get(task["continuous"], 1)


def describe(task: Task) -> dict[str, Any]:
    """What later stages need to know of the task, ready for JSON; the lowest loss is not known."""
    return {
        "environment": f"continuous, {task['continuous']}",
        "input_units": input_units(task),
        "outputs": outputs(task),
        "bayes_loss": None,
        "bayes_accuracy": None,
    }
