"""Names that a NeuroGym environment gives its inputs and its classes, for figures."""

from collections.abc import Iterable, Mapping
from typing import Any

from richlazy.tasks import neurogym_environments


def names(entry: Mapping[str, Any], run: Mapping[str, Any]) -> dict[str, list[str]]:
    """Names of the ``inputs`` and the ``classes`` of a task, in their order; empty where it has none; see ``Task``."""
    env = neurogym_environments.make_environment(
        entry["environment"], entry["semantics"], run["time_step_ms"], entry["timing_ms"], entry.get("arguments")
    )
    inputs, classes = env.observation_space, env.action_space
    return {"inputs": listed(inputs, inputs.shape[0]), "classes": listed(classes, int(classes.n))}


def listed(space: Any, count: int) -> list[str]:
    """Names of the entries of a space: those that share one are numbered from 1; empty where any has none.

    Args:
        space: of NeuroGym, whose ``name`` maps names to one place, or to several.
        count: number of entries.
    """
    found: dict[int, str] = {}
    for name, places in (getattr(space, "name", None) or {}).items():
        several = list(places) if isinstance(places, Iterable) else [places]
        for number, place in enumerate(several, start=1):
            found[int(place)] = f"{name} {number}" if len(several) > 1 else str(name)
    return [found[place] for place in range(count)] if set(found) == set(range(count)) else []
