"""Types of values that several groups of the configuration share: names, addresses, lists, and what refuses them."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Annotated, Any, TypeVar, get_args

from pydantic import AfterValidator, BeforeValidator, Field, PlainValidator, ValidationError, WithJsonSchema
from pydantic_core import ErrorDetails, InitErrorDetails, PydanticCustomError
from pydantic_core.core_schema import ErrorType

from richlazy.field_types import Whole

T = TypeVar("T")
_KNOWN = get_args(ErrorType)


def _distinct(values: list[T]) -> list[T]:
    # True == 1, but a list that holds both is refused for its types before.
    if any(values.count(value) > 1 for value in values):
        raise PydanticCustomError("repeated", "names a value twice")
    return values


Several = Annotated[list[T], Field(min_length=1, json_schema_extra={"uniqueItems": True}), AfterValidator(_distinct)]
"""A list of at least one value, each once."""

ExperimentName = Annotated[str, Field(pattern="^[a-z][a-z0-9_]*$", max_length=60)]


def _no_comment(value: Any) -> Any:
    if value is None:
        raise ValueError(
            'must be a text, not null; write a colour as "#RRGGBB" in quotes, since a bare # starts a comment'
        )
    return value


Colour = Annotated[str, Field(pattern="^#[0-9A-Fa-f]{6}$"), BeforeValidator(_no_comment)]


def _in_one_line(text: str) -> str:
    if not text.isprintable():
        sign = next(sign for sign in text if not sign.isprintable())
        raise ValueError(f"holds {sign!r}, which no heading can show; write it in one line of letters and signs")
    return text


Line = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_in_one_line)]


def _one_note(text: str) -> str:
    if "; " in text:
        raise ValueError("holds '; ', at which tables part one note from another; write a comma")
    return text


Note = Annotated[Line, AfterValidator(_one_note)]
"""A line that stands beside others in a cell of a table."""

Text = Annotated[str, Field(min_length=1)]


def _of_a_file(text: str) -> str:
    sign = next((sign for sign in text if sign in "{}" or not sign.isprintable()), None)
    if sign is not None:
        reason = "which Snakemake takes for a wildcard" if sign in "{}" else "which no path here can have"
        raise ValueError(f"holds {sign!r}, {reason}; rename the file or folder")
    return text


FilePath = Annotated[str, Field(min_length=1), AfterValidator(_of_a_file)]
"""A file or folder of the user; relative to the project, or absolute."""

Address = Annotated[str, Field(pattern=r"^https?://[^@\s{}]+$")]
Checksum = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]

# More networks than any machine trains; a slip such as 1000000000 would fill the memory before any job.
MOST_SEEDS = 10_000
Seeds = Annotated[int, Field(ge=1, le=MOST_SEEDS)] | Several[Whole]
"""How many seeds, counted from 0, or a list of seeds."""


def one_of(names: Sequence[str]) -> Any:
    """Type of a text that is one of some names, which are known when the program starts."""

    def choose(value: Any) -> str:
        if not isinstance(value, str) or value not in names:
            raise PydanticCustomError("choice", "is none of the choices", {"choices": list(names)})
        return value

    return Annotated[str, PlainValidator(choose), WithJsonSchema({"type": "string", "enum": list(names)})]


def mistake(text: str, loc: tuple[str | int, ...] = (), value: Any = None) -> InitErrorDetails:
    """A mistake at a place below the entry: ``text`` is what follows the place in its sentence."""
    return InitErrorDetails(type=PydanticCustomError("told", "{text}", {"text": text}), loc=loc, input=value)


def refuse(found: Iterable[str | InitErrorDetails]) -> None:
    """Refuse an entry for every mistake that a validator has found in it, if any.

    Raises:
        ValidationError: where there is a mistake; pydantic joins it with those of other entries.
    """
    mistakes = [mistake(one) if isinstance(one, str) else one for one in found]
    if mistakes:
        raise ValidationError.from_exception_data("", mistakes)


def reworded(
    error: ValidationError, reword: Callable[[ErrorDetails], InitErrorDetails | None]
) -> Iterator[InitErrorDetails]:
    """The mistakes that a model has found in an entry, of which ``reword`` makes others; None keeps one."""
    for one in error.errors(include_url=False):
        context = one.get("ctx", {})
        kept = one["type"] if one["type"] in _KNOWN else PydanticCustomError(one["type"], one["msg"], context)  # type: ignore[arg-type]
        yield reword(one) or InitErrorDetails(type=kept, loc=one["loc"], input=one["input"], ctx=context)
