"""Entries whose keys are declared where they are implemented: tasks, structures, measures."""

import copy
import re
import typing
from collections.abc import Container, Iterable, Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, PlainValidator, TypeAdapter, ValidationError, create_model
from pydantic_core import ErrorDetails, InitErrorDetails, PydanticKnownError

from richlazy.configuration.fields import Several, mistake, one_of, refuse, reworded
from richlazy.configuration.messages import ChosenByEntry, keys_of
from richlazy.connectivity.base import STRUCTURES
from richlazy.experiments.variants import NO_OPTIONS_OF_A_TASK
from richlazy.field_types import optional
from richlazy.measures import during_training
from richlazy.measures import registry as measures
from richlazy.settings import Settings
from richlazy.tasks import lstm_settings, registry
from richlazy.wording import shown

Model = type[Settings]


def _needs_mapping(entry: Any) -> None:
    if not isinstance(entry, Mapping):
        raise PydanticKnownError("dict_type")


def _unknown_keys(entry: Mapping[str, Any], known: Container[str]) -> list[InitErrorDetails]:
    keys = (key for key in entry if key not in known)
    return [InitErrorDetails(type="extra_forbidden", loc=(key,), input=entry[key]) for key in keys]


def _every_key(name: str, models: Iterable[Model], required: Iterable[str] = ()) -> Model:
    """A model with the keys of several, as schema and documentation list them."""
    keys = {key: copy.copy(field) for model in models for key, field in model.model_fields.items()}
    for key in keys.keys() - set(required):
        keys[key].default = None
    return create_model(name, __base__=Settings, **{key: (field.annotation, field) for key, field in keys.items()})  # type: ignore[call-overload]


# Tasks

AnyTask = _every_key("Task", [kind.settings for kind in registry.members().values()])


def _task_model(entry: Any) -> Model | None:
    try:
        return registry.kind_of(entry).settings
    except (TypeError, ValueError):
        return AnyTask


def _task(entry: Any) -> Any:
    _needs_mapping(entry)
    known = {key for kind in registry.members().values() for key in keys_of(kind.settings)}
    try:
        kind = registry.kind_of(entry)
    except ValueError:
        refuse(_unknown_keys(entry, known))
        raise
    told_by = kind.variant_of or kind.key

    def reword(one: ErrorDetails) -> InitErrorDetails | None:
        if one["type"] == "extra_forbidden" and len(one["loc"]) == 1 and one["loc"][0] in known:
            return mistake(f"has no effect on a task with {told_by}; remove it", one["loc"], one["input"])
        return None

    try:
        kind.settings.model_validate(entry)
    except ValidationError as error:
        refuse(reworded(error, reword))
    return entry


TaskEntry = Annotated[Any, PlainValidator(_task, json_schema_input_type=AnyTask), ChosenByEntry(_task_model)]


# Structures


def _structure_kind(kind: str) -> Model:
    own = Literal[kind]  # type: ignore[valid-type]
    return create_model(kind, __base__=STRUCTURES[kind].Options, kind=(own, Field(description="")))


_STRUCTURES = {kind: _structure_kind(kind) for kind in STRUCTURES}
_MEANINGS = {kind: (STRUCTURES[kind].__doc__ or kind).partition("\n")[0].rstrip(".") for kind in STRUCTURES}


class _KindOfStructure(Settings):
    kind: one_of(list(_STRUCTURES)) = Field(  # type: ignore[valid-type]
        description="; ".join(f"{kind}: {meaning[0].lower()}{meaning[1:]}" for kind, meaning in _MEANINGS.items()) + "."
    )


AnyStructure = _every_key("Structure", [_KindOfStructure, *(kind.Options for kind in STRUCTURES.values())], ["kind"])


def _structure(entry: Any) -> Any:
    _needs_mapping(entry)
    known = keys_of(AnyStructure)
    if not isinstance(entry.get("kind"), str) or entry["kind"] not in _STRUCTURES:
        refuse(_unknown_keys(entry, known))
        _KindOfStructure.model_validate({key: value for key, value in entry.items() if key == "kind"})
    kind = entry["kind"]

    def reword(one: ErrorDetails) -> InitErrorDetails | None:
        key, *below = one["loc"] or ("",)
        if one["type"] == "missing" and not below:
            return mistake(f"lacks {key}, which kind {kind!r} needs; add it as in config.yaml")
        if one["type"] == "extra_forbidden" and not below and key in known:
            mixed = ", whose units have outgoing weights of both signs" if key == "signs_held" else ""
            return mistake(f"has no meaning for kind {kind!r}{mixed}; remove it", one["loc"], one["input"])
        return None

    try:
        _STRUCTURES[kind].model_validate(entry)
    except ValidationError as error:
        refuse(reworded(error, reword))
    return entry


StructureEntry = Annotated[
    Any, PlainValidator(_structure, json_schema_input_type=AnyStructure), ChosenByEntry(lambda _: AnyStructure)
]


# Grids

Options = {key: field for key, field in keys_of(AnyStructure).items() if key != "kind"}
OptionsOfTasks = {key: field for key, field in keys_of(AnyTask).items() if key not in NO_OPTIONS_OF_A_TASK}


def _swept(value: Any) -> Any:
    # A value that is no word of a path could not be told from the path again.
    if not isinstance(value, (int, float, str)):
        raise ValueError(f"must be a number or a text or true or false, not {shown(value)}; write values of paths")
    if isinstance(value, str) and not re.fullmatch(SWEPT_TEXT, value):
        raise PydanticKnownError("string_pattern_mismatch", {"pattern": SWEPT_TEXT})
    return value


SWEPT_TEXT = "[A-Za-z0-9_.-]+"
Swept = Several[Annotated[Any, PlainValidator(_swept, json_schema_input_type=float | str | bool)]]


def is_option(key: Any) -> bool:
    """Whether some task or structure has an option that a grid may sweep; within a group it has a dotted name."""
    group, _, inner = str(key).partition(".")
    if not inner:
        return key in Options or key in OptionsOfTasks
    held = OptionsOfTasks[group].annotation if group in OptionsOfTasks else None
    return inner in keys_of(held) or typing.get_origin(held) is dict


def grid_entry(parameters: Model) -> Any:
    """Type of a grid: parameters of runs, as a model declares them, and options of tasks and structures."""
    options: dict[str, Any] = {
        key: (Swept, optional(str(field.description))) for key, field in {**OptionsOfTasks, **Options}.items()
    }
    every = create_model(
        "Grid", __base__=parameters, **{k: v for k, v in options.items() if k not in parameters.model_fields}
    )

    of_runs, of_options = TypeAdapter(parameters), TypeAdapter(dict[str, Swept])

    def validate(grid: Any) -> Any:
        _needs_mapping(grid)
        swept = {key: values for key, values in grid.items() if key not in parameters.model_fields and is_option(key)}
        own = {key: values for key, values in grid.items() if key not in swept}
        found: list[InitErrorDetails] = []
        for adapter, entries in ((of_runs, own), (of_options, swept)):
            try:
                adapter.validate_python(entries, strict=True)
            except ValidationError as error:
                found += reworded(error, lambda _: None)
        refuse(found)
        return grid

    return Annotated[Any, PlainValidator(validate, json_schema_input_type=parameters), ChosenByEntry(lambda _: every)]


# Measures

OF_LSTMS_ALONE = [name for name in lstm_settings.MEASURES if name not in measures.TESTED]

if typing.TYPE_CHECKING:
    Measures = list[str]
    Quantities = list[str]
else:
    Measures = Several[one_of([*measures.TESTED, *OF_LSTMS_ALONE])]
    Quantities = Several[one_of(list(during_training.QUANTITIES))]
