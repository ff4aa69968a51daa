"""Parts that entries of several kinds of tasks share."""

from typing import Annotated, Any

from pydantic import AfterValidator, Field, model_validator
from pydantic_core import PydanticKnownError

from richlazy import wording
from richlazy.field_types import (
    Count,
    Gain,
    Leak,
    LearningRate,
    Milliseconds,
    Momentum,
    Optimiser,
    Readout,
    Rectification,
    Size,
    Steps,
    Trained,
    optional,
)
from richlazy.settings import Settings


class _SomeSettings(Settings):
    """A group whose keys may all be left out, but not all of them at once."""

    @model_validator(mode="before")
    @classmethod
    def _has_a_key(cls, group: Any) -> Any:
        if group == {}:
            raise PydanticKnownError("too_short", {"field_type": "Mapping", "min_length": 1, "actual_length": 0})
        return group


class NetworkDefaults(_SomeSettings):
    """Parameters of the networks that learn a task, in place of the general ones."""

    size: Size = optional(description="As in connectivity.")
    gain: Gain = optional(description="As in presets.")
    readout: Readout = optional(description="As in connectivity.")
    leak: Leak = optional(description="As in presets.")
    rectification: Rectification = optional(description="As in presets.")
    time_step_ms: Milliseconds = optional(description="As in dynamics.")
    time_constant_ms: Milliseconds = optional(description="As in dynamics.")
    trained: Trained = optional(description="Weights that training changes: all, or the recurrent ones alone.")
    optimiser: Optimiser = optional(
        description="gradient_descent, or adam with PyTorch's defaults, which takes no momentum."
    )
    momentum: Momentum = optional(description="As in presets.")
    learning_rate: LearningRate = optional(description="As in training.")
    batch_size: Count = optional(description="As in training.")
    iterations: Count = optional(description="As in training.")


class OwnProbe(_SomeSettings):
    """What of the group probe is different for a task."""

    trials: Size = optional(description="As in probe.")
    kernel_trials: Count = optional(description="As in probe.")
    kernel_times: Steps = optional(description="As in probe.")


class WithDefaults(Settings):
    """Entry of a task with parameters of its networks."""

    defaults: NetworkDefaults = optional(
        description="Parameters of the networks that learn this task, in place of those of presets, connectivity, "
        "dynamics and training; the grid of an experiment goes before both.",
    )


class WithProbe(WithDefaults):
    """Entry of a task with a probe of its own."""

    probe: OwnProbe = optional(description="What of the group probe is different for this task.")


_DIFFERENCE = "what of the entry is different, such as {}; keys of a group that are not named stay."
Difference = Annotated[dict[str, Any], Field(min_length=1)]


class Unseen(_SomeSettings):
    """Trials of a task that networks were not trained on, by what is different in them."""

    timing: Difference = optional(description=f"Other durations: {_DIFFERENCE.format('timing_ms: {delay: 1000}')}")
    noise: Difference = optional(description=f"Other noise: {_DIFFERENCE.format('arguments: {sigma: 2.0}')}")
    stimuli: Difference = optional(description=f"Other stimuli: {_DIFFERENCE.format('arguments: {cohs: [38.4]}')}")


class WithUnseen(WithProbe):
    """Entry of a task on which networks can also be asked what they were not trained on."""

    unseen: Unseen = optional(
        description="Trials that no network is trained on, on which experiments with unseen: true ask it.",
    )


# A longer one would be a slip of the pen, and make more steps than a machine can hold.
LONGEST_MS = 1e7
# How many numbers each distribution of NeuroGym takes, from and to; (0, 0) for one that is no list.
_DISTRIBUTIONS: dict[str, tuple[int, int | None]] = {
    "uniform": (2, 2),
    "choice": (1, None),
    "truncated_exponential": (1, 3),
    "constant": (0, 0),
    "until": (0, 0),
}
_DURATION = (
    "A duration in ms, a list of durations to choose from (with continuous a range), or [distribution, arguments] with "
    "uniform, choice, truncated_exponential, constant or until."
)


def _is_duration(value: list[Any]) -> list[Any]:
    drawn = len(value) == 2 and isinstance(value[0], str) and value[0] in _DISTRIBUTIONS
    if not (_are_times(value[1], *_DISTRIBUTIONS[value[0]]) if drawn else _are_times(value, 1, None)):
        raise ValueError(f" is {wording.shown(value)}, but it takes {_DURATION[0].lower()}{_DURATION[1:].rstrip('.')}")
    return value


def _are_times(value: Any, fewest: int, most: int | None) -> bool:
    """Whether a value is a list of so many times in ms, or a time where it is to be none."""
    if isinstance(value, list) == (most == 0):
        return False
    parts = value if isinstance(value, list) else [value]
    numbers = all(isinstance(part, (int, float)) and not isinstance(part, bool) for part in parts)
    return numbers and fewest <= len(parts) <= (most or len(parts)) and all(0 <= part <= LONGEST_MS for part in parts)


Duration = Annotated[
    Annotated[float, Field(ge=0, le=LONGEST_MS)] | Annotated[list[Any], AfterValidator(_is_duration)],
    Field(description=_DURATION),
]
Timing = Annotated[
    dict[str, Duration],
    Field(
        min_length=1,
        description="Duration in ms of each period of a trial: a number or a distribution as NeuroGym takes it "
        "([distribution, arguments]). Every period of the task is named, 0 where it is left out; interval of "
        "flip_flop and delay of romo may be a range [low, high], from which each trial draws one, and trials are "
        "padded to the longest.",
    ),
]
