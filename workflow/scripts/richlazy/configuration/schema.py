"""JSON schemas of configuration and registers, made from their declarations, for editors and for the reference page."""

from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter

from richlazy.configuration import models, register_models, registries

Schema = dict[str, Any]

# Groups of keys that stand in several places, by their models: they keep a definition of their own.
SHARED = {"Grid": "grid", "Selection": "selection", "Format": "format", "Download": "file"}

# Declarations by the files of their schemas.
DECLARED: dict[str, tuple[Any, str]] = {
    "config": (models.Configuration, "Configuration of richlazy"),
    "claims": (register_models.Claims, "Claims of a paper"),
    "published_values": (register_models.PublishedValues, "Numbers that a paper prints"),
    "sources": (register_models.Sources, "Registry of data"),
}
_SWEPT = TypeAdapter(registries.Swept).json_schema()


def schema(name: str) -> Schema:
    """Schema of one of ``DECLARED``, as plain mappings and lists.

    It knows each key with type, range and description. What joins several keys, the checks say alone.
    """
    declared, title = DECLARED[name]
    made = TypeAdapter(declared).json_schema()
    definitions = made.pop("$defs", {})
    found = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": title, **_plain(made, definitions)}
    shared = {short: _plain(definitions[long], definitions) for long, short in SHARED.items() if long in definitions}
    if "grid" in shared:
        options = "|".join([*registries.Options, *registries.OptionsOfTasks])
        shared["grid"]["patternProperties"] = {f"^({options})(\\..+)?$": _plain(_SWEPT, {})}
    return {**found, **({"$defs": shared} if shared else {})}


def _plain(node: Mapping[str, Any], definitions: Mapping[str, Any]) -> Schema:
    """A schema without titles and empty defaults, with the definitions in place that are not shared."""
    if "$ref" in node:
        name = node["$ref"].removeprefix("#/$defs/")
        beside = _plain({key: value for key, value in node.items() if key != "$ref"}, definitions)
        if name in SHARED:
            return {"$ref": f"#/$defs/{SHARED[name]}", **beside}
        return {**_plain(definitions[name], definitions), **beside}
    found: Schema = {}
    for key, value in node.items():
        if key == "properties":
            found[key] = {name: _plain(inner, definitions) for name, inner in value.items()}
        elif key == "patternProperties":  # of names that users give
            ((pattern, inner),) = value.items()
            names = {"type": "string", "pattern": pattern, **node.get("propertyNames", {})}
            found |= {"propertyNames": names, "additionalProperties": _plain(inner, definitions)}
        elif key == "anyOf":
            found[key] = [_plain(inner, definitions) for inner in value]
        elif key in ("items", "additionalProperties") and isinstance(value, Mapping):
            found[key] = _plain(value, definitions)
        elif not (key in ("title", "propertyNames") or (key == "default" and value in (None, False))):
            found[key] = value
    return found
