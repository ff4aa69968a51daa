"""Files of the weights of a rate network that are kept on its way: at iterations, or at levels of its loss."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch

from richlazy.models.rate_network import MATRICES, Weights
from richlazy.storage import array_io


def save_snapshots(path: str | Path, snapshots: Sequence[tuple[int, Weights]]) -> None:
    """Write weights at some iterations as float32, atomically.

    Keys: ``iterations`` (S,), and the three matrices, each (S, rows, columns).
    """
    stacked = Weights.stacked(weights for _, weights in snapshots)
    arrays = {name: getattr(stacked, name).numpy().astype(np.float32) for name in MATRICES}
    array_io.save_arrays(path, iterations=np.array([iteration for iteration, _ in snapshots]), **arrays)


def load_snapshots(path: str | Path) -> list[tuple[int, Weights]]:
    """Iterations and weights that ``save_snapshots`` wrote."""
    arrays = array_io.load_arrays(path)
    weights = Weights(*(torch.from_numpy(arrays[name]) for name in MATRICES))
    return [(int(iteration), weights.of_network(place)) for place, iteration in enumerate(arrays["iterations"])]


def save_crossings(path: str | Path, crossings: Mapping[str, tuple[int, Weights]], like: Weights) -> None:
    """Write the weights of a network at levels of its loss as float32, atomically.

    Keys: ``levels``, the names of those to which it came down, ``iterations``, and the three matrices, each (levels,
    rows, columns); all are empty for a network that came down to none, whose matrices are ``like`` these.
    """
    stacked = Weights.stacked([like, *(weights for _, weights in crossings.values())]).map(
        lambda matrices: matrices[1:]
    )
    arrays = {name: getattr(stacked, name).numpy().astype(np.float32) for name in MATRICES}
    iterations = np.array([iteration for iteration, _ in crossings.values()], int)
    array_io.save_arrays(path, levels=np.array(list(crossings), str), iterations=iterations, **arrays)


def load_crossings(path: str | Path) -> dict[str, tuple[int, Weights]]:
    """Iterations and weights that ``save_crossings`` wrote, by level."""
    arrays = array_io.load_arrays(path)
    weights = Weights(*(torch.from_numpy(arrays[name]) for name in MATRICES))
    each = zip(arrays["levels"], arrays["iterations"], strict=True)
    return {str(name): (int(iteration), weights.of_network(place)) for place, (name, iteration) in enumerate(each)}
