"""Modules of kinds of tasks by name, so that a job imports those of its own kind and no others."""

from types import ModuleType

from richlazy.storage import late_import


def load(name: str) -> ModuleType:
    """A module of this package, such as ``image_trials`` or ``kinds.images``."""
    return late_import.load(f"tasks.{name}")
