"""Weights of a rate network that ``network.npz`` keeps of its way: at iterations, or at levels of its loss.

They stand beside the initial and the final weights in the networks that are asked for them (``network_job``).
"""

from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
import torch

from richlazy.models.rate_network import MATRICES, Weights
from richlazy.storage import array_io

_SNAPSHOT, _CROSSING = "snapshot_", "crossing_"


def arrays_of_snapshots(snapshots: Iterable[tuple[int, Weights]], like: Weights) -> dict[str, np.ndarray]:
    """Weights at some iterations as arrays by name, float32.

    Keys: ``snapshot_iterations`` (S,), and of the three matrices ``snapshot_<matrix>`` (S, rows, columns); all are
    empty for a network that diverged before the first, whose matrices are ``like`` these.
    """
    return _arrays(_SNAPSHOT, snapshots, like)


def load_snapshots(network: str | Path) -> list[tuple[int, Weights]]:
    """Iterations and weights of a ``network.npz`` that has snapshots."""
    return _load(array_io.load_arrays(network), _SNAPSHOT)


def arrays_of_crossings(crossings: Mapping[str, tuple[int, Weights]], like: Weights) -> dict[str, np.ndarray]:
    """Weights of a network at levels of its loss as arrays by name, float32.

    Keys: ``crossing_levels``, the names of those to which it came down, ``crossing_iterations``, and of the three
    matrices ``crossing_<matrix>`` (levels, rows, columns); all are empty for a network that came down to none, whose
    matrices are ``like`` these.
    """
    return {f"{_CROSSING}levels": np.array(list(crossings), str)} | _arrays(_CROSSING, crossings.values(), like)


def load_crossings(network: str | Path) -> dict[str, tuple[int, Weights]] | None:
    """Iterations and weights of a ``network.npz`` by level; None where it was not asked for them."""
    arrays = array_io.load_arrays(network)
    levels = arrays.get(f"{_CROSSING}levels")
    return None if levels is None else dict(zip(map(str, levels), _load(arrays, _CROSSING), strict=True))


def checksum(arrays: Mapping[str, np.ndarray]) -> str:
    """Checksum of a ``network.npz`` with these arrays as if it kept nothing of its way."""
    kept = (_SNAPSHOT, _CROSSING)
    return array_io.checksum_of_arrays(**{name: array for name, array in arrays.items() if not name.startswith(kept)})


def _arrays(start: str, kept: Iterable[tuple[int, Weights]], like: Weights) -> dict[str, np.ndarray]:
    moments = list(kept)
    stacked = Weights.stacked([like, *(weights for _, weights in moments)]).map(lambda matrix: matrix[1:])
    matrices = {f"{start}{name}": getattr(stacked, name).numpy().astype(np.float32) for name in MATRICES}
    return {f"{start}iterations": np.array([iteration for iteration, _ in moments], int)} | matrices


def _load(arrays: Mapping[str, np.ndarray], start: str) -> list[tuple[int, Weights]]:
    weights = Weights(*(torch.from_numpy(arrays[f"{start}{name}"]) for name in MATRICES))
    iterations = arrays[f"{start}iterations"]
    return [(int(iteration), weights.of_network(place)) for place, iteration in enumerate(iterations)]
