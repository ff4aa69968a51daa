"""Initial recurrent weights: structures, and the magnitude at which they are compared.

``W[i, j]`` is the weight from unit j to unit i. Every structure starts from one unstructured draw of
the seed, the base draw; the structured matrix is then rescaled to the magnitude of that draw (Liu et
al. 2024, appendix C.1), so that conditions of a seed differ in structure and not in size.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from scipy import linalg

Matrix = np.ndarray


def gaussian_entries(size: int, gain: float, rng: np.random.Generator) -> Matrix:
    """Independent entries N(0, gain² / size), shape (size, size): the null (appendix C.1)."""
    return rng.standard_normal((size, size)) * (gain / np.sqrt(size))


def uniform_entries(size: int, gain: float, rng: np.random.Generator) -> Matrix:
    """Independent entries U(-gain/√size, gain/√size), shape (size, size) (Figure 7).

    Their variance is a third of the Gaussian's at the same gain, as the paper has it; so ranks are
    compared within the uniform family, never with the Gaussian one.
    """
    bound = gain / np.sqrt(size)
    return rng.uniform(-bound, bound, (size, size))


def truncate_rank(weights: Matrix, rank: int) -> Matrix:
    """Best approximation of a rank in the least-squares sense: the leading singular components (C.1)."""
    size = weights.shape[0]
    if not 1 <= rank <= size:
        raise ValueError(f"rank must lie between 1 and the size {size}, not {rank}")
    if rank == size:
        return weights
    left, singular_values, right = linalg.svd(weights)
    return (left[:, :rank] * singular_values[:rank]) @ right[:rank]


def soften_rank(weights: Matrix, decay_exponent: float) -> Matrix:
    """Replace the singular values by s_i = s_1 (1 - i/N)^k, i = 0..N-1 (Figure 8).

    The singular vectors stay. The effective rank by singular values is then close to 1 / (k + 1).
    """
    size = weights.shape[0]
    left, singular_values, right = linalg.svd(weights)
    decay = (1.0 - np.arange(size) / size) ** decay_exponent
    return (left * (singular_values[0] * decay)) @ right


def frobenius_norm(weights: Matrix) -> float:
    """Square root of the summed squared entries."""
    return float(np.linalg.norm(weights))


def leading_eigenvalue(weights: Matrix) -> float:
    """Largest modulus among the eigenvalues."""
    return float(np.abs(linalg.eigvals(weights)).max())


MATCHINGS: dict[str, Callable[[Matrix], float]] = {
    "frobenius": frobenius_norm,
    "leading_eigenvalue": leading_eigenvalue,
}


def match_magnitude(weights: Matrix, base: Matrix, matching: str) -> Matrix:
    """Rescale weights so that their magnitude equals that of the base draw (C.1; Figure 13)."""
    if matching not in MATCHINGS:
        raise ValueError(f"unknown matching {matching!r}; choose one of {', '.join(MATCHINGS)}")
    if weights is base:
        return weights
    magnitude = MATCHINGS[matching]
    return weights * (magnitude(base) / magnitude(weights))


ENTRIES: dict[str, Callable[[int, float, np.random.Generator], Matrix]] = {
    "gaussian": gaussian_entries,
    "uniform": uniform_entries,
}


@dataclass(frozen=True)
class Structure:
    """One kind of structure that configuration can name.

    Attributes:
        shape: turns the base draw into the structured matrix.
        parameter: the grid parameter that the kind needs, or None.
        options: settings of the kind in configuration, each with the values it may take; the first
            is the default.
    """

    shape: Callable[..., Matrix]
    parameter: str | None = None
    options: dict[str, tuple[str, ...]] = field(default_factory=dict)


def _unchanged(base: Matrix) -> Matrix:
    return base


# A new structure is a function above and a line here; workflow/docs/extending.md names what else it needs.
STRUCTURES: dict[str, Structure] = {
    "gaussian": Structure(_unchanged),
    "uniform": Structure(_unchanged),
    "svd_truncation": Structure(truncate_rank, parameter="rank", options={"entries": tuple(ENTRIES)}),
    "soft_rank": Structure(soften_rank, parameter="decay_exponent", options={"entries": tuple(ENTRIES)}),
}


def initial_recurrent_weights(
    kind: str,
    size: int,
    gain: float,
    matching: str,
    rng: np.random.Generator,
    entries: str | None = None,
    **parameters: float,
) -> Matrix:
    """Initial recurrent weights of one network.

    Args:
        kind: a key of ``STRUCTURES``.
        size: number of units N.
        gain: g, where the base draw has entries of scale g / √N.
        matching: a key of ``MATCHINGS``.
        rng: the seed's ``connectivity`` stream.
        entries: distribution of the base draw, a key of ``ENTRIES``; by default that of the kind.
        **parameters: the parameter that the kind needs, e.g. ``rank=30``.

    Returns:
        Weights of shape (size, size) in float64.

    Raises:
        ValueError: for an unknown kind, matching or an impossible rank.
    """
    if kind not in STRUCTURES:
        raise ValueError(f"unknown structure kind {kind!r}; choose one of {', '.join(STRUCTURES)}")
    distribution = entries or (kind if kind in ENTRIES else "gaussian")
    base = ENTRIES[distribution](size, gain, rng)
    return match_magnitude(STRUCTURES[kind].shape(base, **parameters), base, matching)
