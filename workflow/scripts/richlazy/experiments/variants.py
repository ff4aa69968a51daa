"""Variants of a task or structure: its entry of the configuration with some of its options at other values.

An experiment that sweeps options, such as ``grid: {structure: [cell_types], fraction: [0.02, 0.1]}``, has a variant for
each combination of their values. Its name is that of the entry with what differs, ``cell_types+fraction~0.1``; where
nothing differs it is the entry itself, so that equal networks have one path. An option within a group of an entry has a
dotted name: ``timing_ms.delay``.
"""

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from richlazy.connectivity.base import STRUCTURES
from richlazy.experiments.parameters import Run
from richlazy.experiments.paths import JOINT, MARK, text
from richlazy.tasks import registry

Entry = Mapping[str, Any]

# Key of a task with trials that no network is trained on, and in the names of the variants that have them.
UNSEEN = "unseen"
# Keys of a task that say what it is, or how networks are trained and asked on it.
NO_OPTIONS_OF_A_TASK = ("environment", "images", "continuous", "curriculum", "sentences", "defaults", "probe", UNSEEN)


def options_of_structure(entry: Entry) -> dict[str, Any]:
    """Options of a structure that a grid can sweep, with the values that its entry has."""
    kind = STRUCTURES[entry["kind"]]
    fields = kind.Options.model_fields
    return {name: entry.get(name, fields[name].default) for name in fields if name not in kind.needs}


def options_of_task(entry: Entry) -> dict[str, Any]:
    """Options of a task that a grid can sweep, with the values that its entry has."""
    found: dict[str, Any] = {}
    for name, value in entry.items():
        if name not in NO_OPTIONS_OF_A_TASK:
            parts = value.items() if isinstance(value, Mapping) else ()
            found |= {f"{name}.{key}": part for key, part in parts} or {name: value}
    return found


# For each key of a grid that names entries their group of the configuration, and their options.
OWNERS = {"task": ("tasks", options_of_task), "structure": ("structures", options_of_structure)}


def meaning(owner: str, entry: Entry, option: str) -> str:
    """What an option of an entry says, for the column of a table."""
    if owner == "structure":
        return str(STRUCTURES[entry["kind"]].Options.model_fields[option].description)
    group, _, key = option.rpartition(".")
    said = registry.kind_of(entry).settings.model_fields[group or key].description
    return f"{key}, of {group}: {said}" if group else str(said)


def names(entries: Mapping[str, Entry], owner: str, name: str, swept: Mapping[str, Sequence[Any]]) -> list[str]:
    """Names of the variants of an entry, one for each combination of the values of those options that it has.

    Args:
        entries: group ``tasks`` or ``structures`` of the configuration.
        owner: ``task`` or ``structure``.
        name: of the entry.
        swept: options with their values; those of others change nothing.
    """
    own = OWNERS[owner][1](entries[name])
    affected = sorted(option for option in swept if option in own)
    found = []
    for values in itertools.product(*(swept[option] for option in affected)):
        changed = [(option, value) for option, value in zip(affected, values, strict=True) if value != own[option]]
        found.append(JOINT.join([name, *(f"{option}{MARK}{text(value)}" for option, value in changed)]))
    return found


def base_name(name: str) -> str:
    """Name of the entry of a variant."""
    return name.partition(JOINT)[0]


def entry(entries: Mapping[str, Entry], name: str) -> dict[str, Any]:
    """The entry of a variant, from its name alone."""
    base, *changes = name.split(JOINT)
    found = dict(entries[base])
    for change in changes:
        option, _, value = change.partition(MARK)
        group, _, key = option.rpartition(".")
        if option == UNSEEN:
            found = changed(found, found[UNSEEN][value])
        elif group:
            found[group] = {**found[group], key: _value(value)}
        else:
            found[key] = _value(value)
    return found


def unseen(entries: Mapping[str, Entry], task: str) -> dict[str, str]:
    """Names of the variants of a task whose trials no network is trained on, by what is different in them."""
    return {what: f"{task}{JOINT}{UNSEEN}{MARK}{what}" for what in entries[task].get(UNSEEN, ())}


def changed(entry: Entry, changes: Mapping[str, Any]) -> dict[str, Any]:
    """The entry of a task with what is different in unseen trials; keys of a group that are not named stay."""
    joined = {
        key: {**entry[key], **value} if isinstance(entry.get(key), Mapping) and isinstance(value, Mapping) else value
        for key, value in changes.items()
    }
    return {**{key: value for key, value in entry.items() if key != UNSEEN}, **joined}


def with_entries_of(config: Mapping[str, Any], run: Run) -> dict[str, Any]:
    """A configuration with the entries of the task and structure of a run, which may be variants."""
    groups = ((group, run[owner]) for owner, (group, _) in OWNERS.items() if run[owner] is not None)
    return {**config, **{group: {**config[group], name: entry(config[group], name)} for group, name in groups}}


def _value(written: str) -> Any:
    """A value of a path as the configuration has it."""
    try:
        return float(written) if set(written) & set(".e") else int(written)
    except ValueError:
        return yaml.safe_load(written) if written in ("true", "false") else written
