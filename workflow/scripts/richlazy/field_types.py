"""Types of keys that stand in several groups of the configuration, below all that declares one."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field


def optional(description: str, **limits: Any) -> Any:
    """A field that may be left out; where it stands, it has a value. ``limits`` are those of pydantic's ``Field``."""
    return Field(default=None, description=description, **limits)


Name = Annotated[str, Field(pattern="^[A-Za-z0-9][A-Za-z0-9_-]*$", max_length=60)]
"""A name that a user gives; names become part of paths."""

# Bounds of quantities lie far beyond any use. Past them a number is a slip of the pen, and single precision, which
# holds 1e-38 to 3e38, loses its squares and products.
TINY, HUGE = 1e-9, 1e9
PositiveNumber = Annotated[float, Field(ge=TINY, le=HUGE)]
NotNegative = Annotated[float, Field(ge=0, le=HUGE)]
Milliseconds = Annotated[float, Field(ge=1e-6, le=1e7)]
"""A time in ms, from a nanosecond to hours."""
Count = Annotated[int, Field(ge=1)]
Whole = Annotated[int, Field(ge=0)]
Size = Annotated[int, Field(ge=2)]

# Of networks and their training
LearningRate = Annotated[float, Field(ge=1e-12, le=1e3)]


def _is_none_or_seen(gain: float) -> float:
    if 0 < gain < TINY:
        raise ValueError(f"is {gain}; give 0 or at least 1.0e-09")
    return gain


LARGEST_GAIN = 1e3
Gain = Annotated[float, Field(ge=0, le=LARGEST_GAIN), AfterValidator(_is_none_or_seen)]
PositiveGain = Annotated[float, Field(ge=TINY, le=LARGEST_GAIN)]
Momentum = Annotated[float, Field(ge=0, lt=1)]
Leak = Literal["euler", "exponential"]
Rectification = Literal["after_leak", "inside", "none", "tanh"]
Readout = Literal["linear_layer", "normal", "equal_norm", "gaussian_directions", "aligned_directions"]
Optimiser = Literal["gradient_descent", "adam"]
Trained = Literal["all", "recurrent"]
Parametrisation = Literal["plain", "scaled"]
RuleOfLearning = Literal[
    "backpropagation",
    "eligibility",
    "feedback_alignment",
    "recurrent_feedback",
    "rflo",
    "truncated",
    "node_perturbation",
]
Steps = Literal["all", "last"]
"""Steps of a trial that count."""
