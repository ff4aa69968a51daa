"""Unstructured draws of a seed, from which every structure starts and whose magnitude it takes."""

from collections.abc import Callable

import numpy as np

Matrix = np.ndarray


def gaussian_entries(size: int, columns: int, gain: float, rng: np.random.Generator) -> Matrix:
    """Independent entries N(0, gain² / columns), shape (size, columns): the null (Liu et al. 2024, appendix C.1)."""
    return rng.standard_normal((size, columns)) * (gain / np.sqrt(columns))


def uniform_entries(size: int, columns: int, gain: float, rng: np.random.Generator) -> Matrix:
    """Independent entries U(-gain/√columns, gain/√columns), shape (size, columns) (Liu et al. 2024, Figure 7).

    Their variance is a third of the Gaussian's at the same gain, as the paper has it; so ranks are
    compared within the uniform family, never with the Gaussian one. With gain 1 it is PyTorch's linear layer.
    """
    bound = gain / np.sqrt(columns)
    return rng.uniform(-bound, bound, (size, columns))


ENTRIES: dict[str, Callable[[int, int, float, np.random.Generator], Matrix]] = {
    "gaussian": gaussian_entries,
    "uniform": uniform_entries,
}
