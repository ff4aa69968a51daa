"""Types of keys that stand in several groups of the configuration, below all that declares one."""

from typing import Annotated, Any, Literal

from pydantic import Field


def optional(description: str, **limits: Any) -> Any:
    """A field that may be left out; where it stands, it has a value. ``limits`` are those of pydantic's ``Field``."""
    return Field(default=None, description=description, **limits)


Name = Annotated[str, Field(pattern="^[A-Za-z0-9][A-Za-z0-9_-]*$", max_length=60)]
"""A name that a user gives; names become part of paths."""

PositiveNumber = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(ge=1)]
Whole = Annotated[int, Field(ge=0)]
Size = Annotated[int, Field(ge=2)]

# Of networks and their training
Gain = Annotated[float, Field(ge=0)]
Momentum = Annotated[float, Field(ge=0, lt=1)]
Leak = Literal["euler", "exponential"]
Rectification = Literal["after_leak", "inside", "none", "tanh"]
Readout = Literal["linear_layer", "normal", "equal_norm", "gaussian_directions", "aligned_directions"]
Optimiser = Literal["gradient_descent", "adam"]
Trained = Literal["all", "recurrent"]
Steps = Literal["all", "last"]
"""Steps of a trial that count."""
