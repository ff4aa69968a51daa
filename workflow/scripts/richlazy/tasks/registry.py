"""All kinds of tasks: the modules of ``kinds``, each with one subclass of ``Task``."""

import functools
import pkgutil
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from richlazy.storage import late_import
from richlazy.tasks import kinds
from richlazy.tasks.base import Task


@functools.cache
def members() -> dict[str, type[Task]]:
    """Every kind by its key, in the order in which sentences and documentation name them."""
    modules = [late_import.load(f"tasks.kinds.{module.name}") for module in pkgutil.iter_modules(kinds.__path__)]
    found = [
        value
        for module in modules
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, Task) and value.__module__ == module.__name__
    ]
    return {kind.key: kind for kind in sorted(found, key=lambda kind: (kind.place, kind.key))}


def keys() -> list[str]:
    """Keys of which an entry of ``tasks`` has exactly one; variants have a further one of their own."""
    return [key for key, kind in members().items() if kind.variant_of is None]


def kind_of(entry: Mapping[str, Any]) -> type[Task]:
    """Kind of an entry of ``tasks``.

    Raises:
        ValueError: with what follows the place of the entry, where it has none or several of ``keys``.
    """
    found = [key for key in keys() if key in entry]
    if len(found) != 1:
        tells = f"has {' and '.join(found)}" if found else f"lacks {', '.join(keys())}"
        raise ValueError(f" {tells}; a task is one of them, give it exactly one")
    variants = [kind for key, kind in members().items() if kind.variant_of == found[0] and key in entry]
    return variants[0] if variants else members()[found[0]]


def task(entry: Mapping[str, Any], tasks: Mapping[str, Any] = MappingProxyType({})) -> Task:
    """The task of an entry; ``tasks`` has the entries of others, of which it may be made."""
    return kind_of(entry)(entry, tasks)


def named(tasks: Mapping[str, Any], name: str) -> Task:
    """A task of the group ``tasks`` of the configuration, by its name."""
    return task(tasks[name], tasks)
