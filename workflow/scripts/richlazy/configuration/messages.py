"""From mistakes that pydantic finds to sentences: where it stands, what is wrong, and how to mend it."""

import re
import typing
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from richlazy.wording import guess, listed, shown, where

Path = tuple[Any, ...]
Details = Mapping[str, Any]

_REFERENCE = "see the key in workflow/docs/configuration.md"
_TYPES = {
    "model_type": "a mapping of keys to values",
    "dict_type": "a mapping of keys to values",
    "list_type": "a list",
    "int_type": "a whole number",
    "float_type": "a number",
    "string_type": "a text",
    "bool_type": "true or false",
}
_RELATIONS = {
    "greater_than_equal": ("at least", "ge"),
    "greater_than": ("above", "gt"),
    "less_than_equal": ("at most", "le"),
    "less_than": ("below", "lt"),
}


@dataclass(frozen=True)
class ChosenByEntry:
    """Marks entries whose model depends on what they hold, such as tasks.

    Attributes:
        model: the model of an entry, None where it has none.
    """

    model: Callable[[Any], type[BaseModel] | None]


def sentences(error: ValidationError, model: Any, config: Any) -> Iterator[tuple[Path, str]]:
    """Place and sentence of each mistake that a model has found.

    Args:
        error: what it raised.
        model: the model, or a list or mapping of models.
        config: what it was given.

    Yields:
        The place in ``config`` and a sentence that begins with it. Keys that one mapping lacks share a sentence.
    """
    missing: dict[Path, list[Any]] = {}
    alternatives: dict[Path, dict[str, list[tuple[Path, Details]]]] = {}
    for details in error.errors(include_url=False):
        path, union, alternative = _place(details["loc"], config, details["type"])
        if union is not None and alternative is not None:
            alternatives.setdefault(union, {}).setdefault(alternative, []).append((path, details))
        elif details["type"] == "missing":
            missing.setdefault(path[:-1], []).append(path[-1])
        else:
            yield path, _sentence(path, details, model, config)
    for path, keys in missing.items():
        yield path, f"{where(path)} lacks {listed(keys)}; add it as in config.yaml"
    for union, found in alternatives.items():
        fitting = [
            each for each in found.values() if any(not _is_of_type(path, details, union) for path, details in each)
        ]
        if len(fitting) == 1:
            yield from _of_alternative(fitting[0], model, config)
        else:
            yield union, f"{where(union)} {_no_alternative(union, model, config)}"


def _of_alternative(mistakes: list[tuple[Path, Details]], model: Any, config: Any) -> Iterator[tuple[Path, str]]:
    """Sentences about what a value of one type lacks; what in it may have several types again has one."""
    by_path: dict[Path, list[Details]] = {}
    for path, details in mistakes:
        by_path.setdefault(path, []).append(details)
    for path, found in by_path.items():
        if len(found) > 1 and all(details["type"] in _TYPES for details in found):
            types = " or ".join(dict.fromkeys(_TYPES[details["type"]] for details in found))
            yield path, f"{where(path)} must be {types}, not {shown(found[0]['input'])}; {_REFERENCE}"
        else:
            yield from ((path, _sentence(path, details, model, config)) for details in found)


def _place(loc: Iterable[Any], config: Any, kind: str) -> tuple[Path, Path | None, str | None]:
    """Path of a mistake in the configuration, the path of the value that may have several types, and which type."""
    parts, value = list(loc), config
    path: Path = ()
    union = alternative = None
    for index, part in enumerate(parts):
        last = index == len(parts) - 1
        known = (isinstance(value, Mapping) and part in value) or (isinstance(value, list) and isinstance(part, int))
        if last and part == "[key]":
            return path, union, alternative
        if known or (last and kind in ("missing", "extra_forbidden", "invalid_key")):
            path, value = (*path, part), value[part] if known else None
        elif isinstance(value, Mapping) and any(str(key) == part for key in value):  # a name that is no text
            path, value = (*path, part), next(value[key] for key in value if str(key) == part)
        elif union is None:
            union, alternative = path, str(part)
    return path, union, alternative


def _is_of_type(path: Path, details: Details, union: Path) -> bool:
    """Whether a mistake only says that a value is not of one of its possible types."""
    return path == union and (details["type"] in _TYPES or details["type"] in ("literal_error", "choice"))


def _sentence(path: Path, details: Details, model: Any, config: Any) -> str:
    kind = details["type"]
    if details["loc"] and details["loc"][-1] == "[key]":
        return f"{where(path[:-1])} has the name {_cause(details)}"
    if kind in ("extra_forbidden", "invalid_key"):
        return f"{where(path[:-1])} {_unknown_key(path, model, config)}"
    if kind in ("value_error", "told"):
        text = str(details["ctx"].get("error") or details["ctx"]["text"]).replace("{place}", where(path))
        return f"{where(path)}{'' if text.startswith((' ', '.', '[')) else ' '}{text}"
    if kind in _TYPES:
        return f"{where(path)} must be {_TYPES[kind]}, not {shown(details['input'])}; {_type_hint(details)}"
    return f"{where(path)} {_WORDINGS.get(kind, _other)(details)}"


def _cause(details: Details) -> str:
    """What is wrong with a name that the user gave to something."""
    name = details["input"]
    if details["type"] == "string_type":
        return f"{shown(name)}, which YAML does not read as a text; put it in quotes"
    if details["type"] == "string_too_long":
        return f"{shown(name)}; shorten it to {details['ctx']['max_length']} letters"
    return f"{shown(name)}; {_pattern_hint(details['ctx']['pattern'])}"


def _unknown_key(path: Path, model: Any, config: Any) -> str:
    known = list(keys_of(declaration(model, config, path[:-1])[0]))
    meant = guess(path[-1], known)
    hint = f"did you mean {meant!r}?" if meant else "remove it;"
    return f"has an unknown key {shown(path[-1])}: {hint} known keys are {listed(known)}"


def _no_alternative(path: Path, model: Any, config: Any) -> str:
    _annotation, description = declaration(model, config, path)
    value = config
    for part in path:
        value = value[part]
    description = description.rstrip(".") or "what workflow/docs/configuration.md says"
    return f"is {shown(value)}, but it takes {description[0].lower()}{description[1:]}"


def _type_hint(details: Details) -> str:
    kind, found = details["type"], details["input"]
    if found is None:
        return "give it a value, or remove the key to keep that of config.yaml"
    if kind in ("int_type", "float_type") and isinstance(found, str) and _is_number(found):
        return "write it without quotes, and an exponent with point and sign (3.0e-3)"
    if kind == "int_type" and isinstance(found, float) and found.is_integer() and abs(found) < 1e15:
        return f"write {found:.0f}"
    if (
        kind == "list_type"
        and isinstance(found, (str, int, float))
        and str(found).isprintable()
        and len(str(found)) < 60
    ):
        return f"write [{str(found).lower() if isinstance(found, bool) else found}]"
    if kind == "string_type" and not isinstance(found, (list, dict)):
        return "put it in quotes"
    return _REFERENCE


def _wrong_choice(details: Details) -> str:
    context = details["ctx"]
    choices = context["choices"] if "choices" in context else re.findall(r"'([^']*)'", context["expected"])
    meant = guess(details["input"], choices)
    hint = f" (did you mean {meant!r}?)" if meant else ""
    return f"is {shown(details['input'])}{hint}; choose one of {listed(choices)}"


def _out_of_range(details: Details) -> str:
    relation, key = _RELATIONS[details["type"]]
    return f"is {shown(details['input'])}; it must be {relation} {_number(details['ctx'][key])}"


def _too_few(details: Details) -> str:
    count = details["ctx"]["min_length"]
    return f"is {shown(details['input'])}; give at least {count} {'entry' if count == 1 else 'entries'}"


def _too_long(details: Details) -> str:
    return f"is {shown(details['input'])}; shorten it to {details['ctx']['max_length']} letters or entries"


def _repeated(details: Details) -> str:
    found = details["input"]
    return f"names {shown(next(item for item in found if found.count(item) > 1))} twice; remove one"


def _wrong_spelling(details: Details) -> str:
    return f"is {shown(details['input'])}; {_pattern_hint(details['ctx']['pattern'])}"


def _pattern_hint(pattern: str) -> str:
    if pattern.startswith("^#"):
        return 'write a colour as "#RRGGBB" in quotes'
    if pattern.startswith("^https"):
        return "write an address that begins with http:// or https://, without user name, password or braces"
    if "{64}" in pattern:
        return "write the 64 hexadecimal digits that sha256sum prints, in lower case"
    if "-v" in pattern:
        return "write a NeuroGym id such as PerceptualDecisionMaking-v0"
    return "use letters, digits, _ and - (experiments: lower case, no -), because names become part of paths"


def _other(details: Details) -> str:
    return f"is {shown(details['input'])}, which the checks refuse ({details['type']}); {_REFERENCE}"


_WORDINGS: dict[str, Callable[[Details], str]] = {
    "literal_error": _wrong_choice,
    "choice": _wrong_choice,
    **dict.fromkeys(_RELATIONS, _out_of_range),
    **dict.fromkeys(("too_short", "string_too_short"), _too_few),
    **dict.fromkeys(("too_long", "string_too_long"), _too_long),
    "repeated": _repeated,
    "string_pattern_mismatch": _wrong_spelling,
}


def _number(value: float) -> str:
    """A limit as YAML reads it: 0 for 0.0, and an exponent with point and sign."""
    return f"{value:.0f}" if float(value).is_integer() else re.sub(r"^(-?\d+)e", r"\1.0e", str(value))


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def keys_of(annotation: Any) -> dict[str, FieldInfo]:
    """Keys of a group by the names that users write, with their declarations; none where it is no group."""
    is_model = isinstance(annotation, type) and issubclass(annotation, BaseModel)
    return {field.alias or name: field for name, field in annotation.model_fields.items()} if is_model else {}


def declaration(model: Any, config: Any, path: Path) -> tuple[Any, str]:
    """Type and description of what stands at a path; ``Any`` where nothing is declared."""
    annotation: Any = typing.get_args(model)[0] if typing.get_origin(model) is Annotated else model
    description, value = "", config
    for part in path:
        value = value.get(part) if isinstance(value, Mapping) else value[part] if isinstance(value, list) else None
        notes: list[Any] = []
        if fields := keys_of(annotation):
            field = fields.get(part)
            annotation, description = (field.annotation, field.description or "") if field else (Any, "")
            notes = field.metadata if field else []
        elif typing.get_origin(annotation) in (dict, list):
            annotation = typing.get_args(annotation)[-1]
        else:
            return Any, ""
        if typing.get_origin(annotation) is Annotated:
            annotation, *notes = typing.get_args(annotation)
        for note in notes:
            if isinstance(note, FieldInfo):
                description = note.description or description
            if isinstance(note, ChosenByEntry):
                annotation = note.model(value) or Any
    return annotation, description
