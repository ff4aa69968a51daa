"""Arms (strata) of an experiment: combinations of parameters that are tested and drawn by themselves."""

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

from richlazy.experiments.parameters import is_missing

Key = tuple[Hashable, ...]


def of(rows: Sequence[Mapping[str, Any]], names: Sequence[str]) -> list[tuple[dict[str, Any], list[int]]]:
    """Arms of a table: for each its parameters and the places of its rows.

    Args:
        rows: runs, or rows made from runs.
        names: the parameters that make the arms.
    """
    keys = [tuple(None if is_missing(row[name]) else row[name] for name in names) for row in rows]
    return [(dict(zip(names, key, strict=True)), places) for key, places in assign(keys).items()]


def assign(keys: Sequence[Key]) -> dict[Key, list[int]]:
    """Rows of each arm, from the values of the parameters that make the arms.

    A value of None says that the parameter makes no difference to this row. The row then belongs to every arm that
    agrees in the other values: unstructured weights, for example, belong to each way of matching structured ones.

    Args:
        keys: values of each row.

    Returns:
        The places of the rows of each arm; arms in the order of their first row.
    """
    places: dict[Key, list[int]] = {}
    for row, key in enumerate(keys):
        places.setdefault(key, []).append(row)
    general = {key: rows for key, rows in places.items() if None in key}  # few or none, among hundreds of arms
    arms = [key for key in places if key not in general or not any(_covers(key, other) for other in places)]
    return {
        arm: sorted(places[arm] + [row for key, rows in general.items() if _covers(key, arm) for row in rows])
        for arm in arms
    }


def _covers(general: Key, special: Key) -> bool:
    """Whether two keys differ but agree wherever the first has a value."""
    return general != special and all(
        left is None or left == right for left, right in zip(general, special, strict=True)
    )
