"""Modules of kinds of tasks by name, so that a job imports those of its own kind and no others."""

import importlib
from types import ModuleType

from richlazy import tasks


def load(name: str) -> ModuleType:
    """A module of this package, such as ``image_trials`` or ``kinds.images``.

    This is the only import of the library by a computed name. Rules list what it leads to with
    ``import_closure.module_closure``.
    """
    return importlib.import_module(f"{tasks.__name__}.{name}")
