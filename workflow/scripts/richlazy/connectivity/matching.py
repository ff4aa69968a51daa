"""The magnitude at which structures are compared: that of the unstructured draw of their seed."""

from collections.abc import Callable

import numpy as np
import scipy  # imports scipy.linalg when it is used: planning does without

Matrix = np.ndarray


def frobenius_norm(weights: Matrix) -> float:
    """Square root of the summed squared entries."""
    return float(np.linalg.norm(weights))


def leading_eigenvalue(weights: Matrix) -> float:
    """Largest modulus among the eigenvalues."""
    return float(np.abs(scipy.linalg.eigvals(weights)).max())


MATCHINGS: dict[str, Callable[[Matrix], float]] = {
    "frobenius": frobenius_norm,
    "leading_eigenvalue": leading_eigenvalue,
}


def match_magnitude(weights: Matrix, base: Matrix, matching: str) -> Matrix:
    """Rescale weights so that their magnitude equals that of the base draw (Liu et al. 2024, C.1; Figure 13)."""
    if matching not in MATCHINGS:
        raise ValueError(f"unknown matching {matching!r}; choose one of {', '.join(MATCHINGS)}")
    if weights is base:
        return weights
    magnitude = MATCHINGS[matching]
    if not magnitude(weights) > 0:
        raise ValueError(f"structured weights have a {matching} magnitude of 0, which nothing can rescale")
    return weights * (magnitude(base) / magnitude(weights))
