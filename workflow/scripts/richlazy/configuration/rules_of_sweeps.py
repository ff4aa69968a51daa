"""Rules of options that a grid sweeps: that its tasks or structures have them, and could have each of the values."""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import TypeAdapter, ValidationError

from richlazy import wording
from richlazy.configuration import messages
from richlazy.configuration.registries import StructureEntry, TaskEntry
from richlazy.experiments import grids, variants
from richlazy.tasks import registry

Config = Mapping[str, Any]
Grid = Mapping[str, Any]

_ENTRIES = {"tasks": dict[str, TaskEntry], "structures": dict[str, StructureEntry]}


def problems(config: Config, where: str, grid: Grid) -> Iterator[str]:
    """Options that nothing in a grid has, and values that the entry of a task or structure could not have.

    Args:
        config: the configuration.
        where: place of the grid.
        grid: with tasks and structures that their models accept.
    """
    for option, values in grids.options(grid).items():
        found = list(_of_owners(config, where, grid, option))
        yield from found
        if found:
            continue
        one = {**{key: grid[key] for key in variants.OWNERS}, option: values}
        for owner, (group, _) in variants.OWNERS.items():
            for name in grids.resolved(config, one)[owner]:
                if name not in config[group]:
                    entry = variants.entry(config[group], name)
                    texts = of_entry(config, group, variants.base_name(name), entry)
                    yield from (f"{where}.{option} does not fit: {text}" for text in texts)


def _of_owners(config: Config, where: str, grid: Grid, option: str) -> Iterator[str]:
    """Whether one kind of entry has an option, and what it names is no file."""
    having = {
        owner: [name for name in grid[owner] if option in options_of(config[group][name])]
        for owner, (group, options_of) in variants.OWNERS.items()
    }
    of_task, of_structure = having["task"], having["structure"]
    file = next((name for name in grid["structure"] if _names_a_file(config, name, option)), None)
    if file is not None:
        yield (
            f"{where}.{option} names what structure {file!r} is made of, which cannot be swept; give each {option} a "
            "structure of its own and list these under structure"
        )
    elif not of_task and not of_structure:
        yield f"{where}.{option} has no effect on {wording.listed([*grid['structure'], *grid['task']])}; remove it"
    elif of_task and of_structure:
        yield (
            f"{where}.{option} is an option of task {of_task[0]!r} and of structure {of_structure[0]!r}, which cannot "
            "be swept together; sweep it in two experiments"
        )


def _names_a_file(config: Config, structure: str, option: str) -> bool:
    return option in grids.structure_kind(config, structure).needs and option in config["structures"][structure]


def of_entry(config: Config, group: str, name: str, entry: Mapping[str, Any]) -> Iterator[str]:
    """What would be wrong with an entry in place of that of a task or structure."""
    try:
        TypeAdapter(_ENTRIES[group]).validate_python({name: entry}, strict=True)
    except ValidationError as error:
        for _, sentence in messages.sentences(error, _ENTRIES[group], {name: entry}):
            yield f"{group}.{sentence}"
        return
    if group == "tasks":
        yield from (f"tasks.{name}{text}" for text in registry.task(entry, config["tasks"]).problems(config))
