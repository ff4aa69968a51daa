"""Wording of mistakes in a configuration: where it stands, what is wrong, and how to mend it, in one sentence."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from richlazy.wording import guess, listed, shown, where

if TYPE_CHECKING:  # jobs that only want its wording do without the package
    import jsonschema

_REFERENCE = "see the key in workflow/docs/configuration.md"
_TYPES = {
    "object": "a mapping of keys to values",
    "array": "a list",
    "integer": "a whole number",
    "number": "a number",
    "string": "a text",
    "boolean": "true or false",
}
_RELATIONS = {
    "minimum": "at least",
    "exclusiveMinimum": "above",
    "maximum": "at most",
    "exclusiveMaximum": "below",
}


def sentence(error: jsonschema.ValidationError) -> str:
    """What a violation of the schema means for whoever wrote the configuration."""
    place = where(error.absolute_path)
    if "propertyNames" in error.absolute_schema_path:
        return f"{place} has the name {_cause(error)}"
    return f"{place} {_WORDINGS.get(str(error.validator), _other)(error)}"


def _cause(error: jsonschema.ValidationError) -> str:
    """What is wrong with a name that the user gave to something."""
    if error.validator == "type":
        return f"{shown(error.instance)}, which YAML does not read as a text; put it in quotes"
    if error.validator == "maxLength":
        return f"{shown(error.instance)}; shorten it to {error.validator_value} letters"
    return f"{shown(error.instance)}; {_pattern_hint(str(error.validator_value))}"


def _unknown_key(error: jsonschema.ValidationError) -> str:
    known = list(error.schema.get("properties", {}))
    unknown = next(key for key in error.instance if key not in known)
    meant = guess(unknown, known)
    hint = f"did you mean {meant!r}?" if meant else "remove it;"
    return f"has an unknown key {shown(unknown)}: {hint} known keys are {listed(known)}"


def _missing_key(error: jsonschema.ValidationError) -> str:
    missing = [key for key in error.validator_value if key not in error.instance]
    return f"lacks {listed(missing)}; add it as in config.yaml"


def _wrong_type(error: jsonschema.ValidationError) -> str:
    wanted = error.validator_value if isinstance(error.validator_value, list) else [error.validator_value]
    hint = _type_hint(error)
    return f"must be {' or '.join(_TYPES[kind] for kind in wanted)}, not {shown(error.instance)}; {hint}"


def _type_hint(error: jsonschema.ValidationError) -> str:
    wanted, found = error.validator_value, error.instance
    if wanted == "string" and str(error.schema.get("pattern", "")).startswith("^#"):
        return _pattern_hint("^#") + ", since a bare # starts a comment"
    if found is None:
        return "give it a value, or remove the key to keep that of config.yaml"
    if wanted in ("integer", "number") and isinstance(found, str) and _is_number(found):
        return "write it without quotes, and an exponent with point and sign (3.0e-3)"
    if wanted == "integer" and isinstance(found, float) and found.is_integer() and abs(found) < 1e15:
        return f"write {found:.0f}"
    if wanted == "array" and isinstance(found, (str, int, float)) and str(found).isprintable() and len(str(found)) < 60:
        return f"write [{found}]"
    if wanted == "string" and not isinstance(found, (list, dict)):
        return "put it in quotes"
    return _REFERENCE


def _wrong_choice(error: jsonschema.ValidationError) -> str:
    choices = error.validator_value if error.validator == "enum" else [error.validator_value]
    meant = guess(error.instance, choices)
    hint = f" (did you mean {meant!r}?)" if meant else ""
    return f"is {shown(error.instance)}{hint}; choose one of {listed(choices)}"


def _out_of_range(error: jsonschema.ValidationError) -> str:
    return f"is {shown(error.instance)}; it must be {_RELATIONS[str(error.validator)]} {error.validator_value}"


def _too_few(error: jsonschema.ValidationError) -> str:
    count = error.validator_value
    return f"is {shown(error.instance)}; give at least {count} {'entry' if count == 1 else 'entries'}"


def _too_long(error: jsonschema.ValidationError) -> str:
    return f"is {shown(error.instance)}; shorten it to {error.validator_value} letters or entries"


def _repeated(error: jsonschema.ValidationError) -> str:
    found: Sequence[Any] = error.instance
    repeated = next(item for item in found if found.count(item) > 1)
    return f"names {shown(repeated)} twice; remove one"


def _wrong_spelling(error: jsonschema.ValidationError) -> str:
    return f"is {shown(error.instance)}; {_pattern_hint(str(error.validator_value))}"


def _pattern_hint(pattern: str) -> str:
    if pattern.startswith("^#"):
        return 'write a colour as "#RRGGBB" in quotes'
    if pattern.startswith("^https"):
        return "write an address that begins with http:// or https://, without user name or password"
    if "{64}" in pattern:
        return "write the 64 hexadecimal digits that sha256sum prints, in lower case"
    if "-v" in pattern:
        return "write a NeuroGym id such as PerceptualDecisionMaking-v0"
    return "use letters, digits, _ and - (experiments: lower case, no -), because names become part of paths"


def _no_alternative(error: jsonschema.ValidationError) -> str:
    description = str(error.schema.get("description", "what workflow/docs/configuration.md says")).rstrip(".")
    return f"is {shown(error.instance)}, but it takes {description[0].lower()}{description[1:]}"


def _other(error: jsonschema.ValidationError) -> str:
    return f"is {shown(error.instance)}, which the schema refuses ({error.validator}); {_REFERENCE}"


_WORDINGS: dict[str, Callable[[jsonschema.ValidationError], str]] = {
    "additionalProperties": _unknown_key,
    "required": _missing_key,
    "type": _wrong_type,
    "enum": _wrong_choice,
    "const": _wrong_choice,
    **dict.fromkeys(_RELATIONS, _out_of_range),
    **dict.fromkeys(("minItems", "minProperties", "minLength"), _too_few),
    **dict.fromkeys(("maxItems", "maxLength"), _too_long),
    "uniqueItems": _repeated,
    "pattern": _wrong_spelling,
    "anyOf": _no_alternative,
}


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
