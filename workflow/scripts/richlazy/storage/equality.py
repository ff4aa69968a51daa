"""How far two records are from each other."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from richlazy.storage import array_io


def difference(first: str | Path, second: str | Path) -> float:
    """Largest relative difference of two records of one kind.

    It is that of whole arrays in .npz and .npy (Frobenius norm), and of single numbers in JSON, where text does not
    count; 0 for files of equal bytes, and infinite where anything else differs.
    """
    value, has_grown = growth(first, second)
    return np.inf if has_grown else value


def growth(first: str | Path, second: str | Path) -> tuple[float, bool]:
    """Largest relative difference over the entries of the first of two records, and whether the second has more."""
    first, second = Path(first), Path(second)
    if first.read_bytes() == second.read_bytes():
        return 0.0, False
    if first.suffix not in _READERS:
        return np.inf, False
    ours, theirs = (_READERS[first.suffix](path) for path in (first, second))
    if not ours.keys() <= theirs.keys():
        return np.inf, False
    return max(_of_arrays(ours[key], theirs[key]) for key in ours), ours.keys() < theirs.keys()


def _of_arrays(first: Any, second: Any) -> float:
    first, second = np.asarray(first), np.asarray(second)
    if first.shape != second.shape or first.dtype != second.dtype:
        return np.inf
    if np.array_equal(first, second, equal_nan=first.dtype.kind == "f"):
        return 0.0
    if first.dtype.kind not in "iuf":
        return np.inf
    with np.errstate(divide="ignore", invalid="ignore"):
        distance = np.linalg.norm(first - second) / np.linalg.norm(first)
    return np.inf if np.isnan(distance) else float(distance)


def _numbers(path: Path) -> dict[str, Any]:
    return dict(_leaves("", array_io.load_json(path)))


def _leaves(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    inner: Any = value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list) else None
    if inner is None:
        yield name, np.nan if isinstance(value, str) or value is None else float(value)
        return
    for key, one in inner:
        yield from _leaves(f"{name}.{key}", one)


_READERS: dict[str, Callable[[Path], dict[str, Any]]] = {
    ".npz": array_io.load_arrays,
    ".npy": lambda path: {"": array_io.load_array(path)},
    ".json": _numbers,
}
