"""Modules of the library by their names, so that a job imports those that it needs and no others."""

import importlib
from types import ModuleType

import richlazy


def load(name: str) -> ModuleType:
    """A module of the library by its name below it, such as ``tasks.image_trials``.

    This is the only import of the library by a computed name. Rules list what it leads to with
    ``import_closure.module_closure``.
    """
    return importlib.import_module(f"{richlazy.__name__}.{name}")
