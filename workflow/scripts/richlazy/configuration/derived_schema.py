"""The schema with what registries and entries add to it: kinds of structures, and options that a grid may sweep."""

from collections.abc import Mapping
from typing import Any

from richlazy.connectivity.base import STRUCTURES
from richlazy.experiments import variants
from richlazy.tasks import registry

Schema = Mapping[str, Any]

# Words of paths: a value that is none of them could not be told from the path again.
_SWEPT_VALUES = {
    "type": "array",
    "minItems": 1,
    "uniqueItems": True,
    "items": {"type": ["number", "string", "boolean"], "pattern": "^[A-Za-z0-9_.-]+$(?!\\n)"},
}


def options_of_structures() -> dict[str, Schema]:
    """JSON schema of every option of a structure, by its name."""
    found: dict[str, Schema] = {}
    for kind in STRUCTURES.values():
        for name, field in kind.Options.model_json_schema().get("properties", {}).items():
            own = {key: value for key, value in field.items() if key not in ("title", "default")}
            if "enum" in own:
                own.pop("type")
            # Where kinds have other ranges for one name, each checks its own.
            found[name] = own if found.get(name, own) == own else {"description": own["description"]}
    return found


def completed(schema: Schema, config: Mapping[str, Any]) -> Schema:
    """The schema of a configuration, with the kinds of structures that exist and the options of its entries."""
    properties = schema["properties"]
    entries = properties["structures"]["additionalProperties"]
    of_structures = options_of_structures()
    kind = {**entries["properties"]["kind"], "enum": list(STRUCTURES)}
    known = {**of_structures, **entries["properties"], "kind": kind}
    structures = {**properties["structures"], "additionalProperties": {**entries, "properties": known}}
    tasks = config.get("tasks") if isinstance(config, Mapping) else None  # the schema says so if it is none
    of_tasks = [entry for entry in tasks.values() if isinstance(entry, Mapping)] if isinstance(tasks, Mapping) else []
    swept = {*of_structures, *(str(option) for entry in of_tasks for option in variants.options_of_task(entry))}
    of_task = properties["tasks"]["additionalProperties"]  # models check what keys of other kinds hold
    fields: dict[str, Schema] = {
        field: {} for kind in registry.members().values() for field in kind.settings.model_fields
    }
    entry_of_task = {**of_task, "properties": {**fields, **of_task["properties"]}}
    grid = schema["$defs"]["grid"]
    columns = {**dict.fromkeys(sorted(swept), _SWEPT_VALUES), **grid["properties"]}
    return {
        **schema,
        "properties": {
            **properties,
            "structures": structures,
            "tasks": {**properties["tasks"], "additionalProperties": entry_of_task},
        },
        "$defs": {**schema["$defs"], "grid": {**grid, "properties": columns}},
    }
