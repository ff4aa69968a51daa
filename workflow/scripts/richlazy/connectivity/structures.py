"""Initial weights that have a structure, and the magnitude at which they are compared.

They are the recurrent weights of a recurrent network, (N, N), or the first layer of a feedforward one, (N, N_in).
``W[i, j]`` is the weight from unit or input j to unit i. Every structure goes with one unstructured draw of the
seed, the base draw; the structured matrix is rescaled to the magnitude of that draw (Liu et al. 2024,
appendix C.1), so that conditions of a seed differ in structure and not in size.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy  # imports scipy.linalg when it is used: planning does without

Matrix = np.ndarray


def gaussian_entries(size: int, columns: int, gain: float, rng: np.random.Generator) -> Matrix:
    """Independent entries N(0, gain² / columns), shape (size, columns): the null (appendix C.1)."""
    return rng.standard_normal((size, columns)) * (gain / np.sqrt(columns))


def uniform_entries(size: int, columns: int, gain: float, rng: np.random.Generator) -> Matrix:
    """Independent entries U(-gain/√columns, gain/√columns), shape (size, columns) (Figure 7).

    Their variance is a third of the Gaussian's at the same gain, as the paper has it; so ranks are
    compared within the uniform family, never with the Gaussian one. With gain 1 it is PyTorch's linear layer.
    """
    bound = gain / np.sqrt(columns)
    return rng.uniform(-bound, bound, (size, columns))


def truncate_rank(weights: Matrix, rank: int) -> Matrix:
    """Best approximation of a rank in the least-squares sense: the leading singular components (C.1)."""
    full = min(weights.shape)
    if not 1 <= rank <= full:
        raise ValueError(f"rank must lie between 1 and {full}, the smaller side of the matrix, not {rank}")
    if rank == full:
        return weights
    left, singular_values, right = scipy.linalg.svd(weights, full_matrices=False)
    return (left[:, :rank] * singular_values[:rank]) @ right[:rank]


def soften_rank(weights: Matrix, decay_exponent: float) -> Matrix:
    """Replace the singular values by s_i = s_1 (1 - i/N)^k, i = 0..N-1 (Figure 8).

    The singular vectors stay. The effective rank by singular values is then close to 1 / (k + 1).
    """
    size = weights.shape[0]
    left, singular_values, right = scipy.linalg.svd(weights)
    decay = (1.0 - np.arange(size) / size) ** decay_exponent
    return (left * (singular_values[0] * decay)) @ right


def task_aligned(base: Matrix, task_vector: Matrix) -> Matrix:
    """First layer of rank one whose first unit reads the task, (N, d): [v'/|v|; 0; ...] (Proposition 1).

    Args:
        base: (N, d); only its shape counts.
        task_vector: v, (d,): the vector that the teacher reads from the inputs, or its part in the dominant features.
    """
    weights = np.zeros_like(base)
    weights[0] = task_vector / np.linalg.norm(task_vector)
    return weights


def teacher_aligned(base: Matrix, teacher: Matrix, rank: int) -> Matrix:
    """Recurrent weights of a teacher network after its training, truncated to a rank (Figure 3C).

    Args:
        base: (N, N); only its shape counts.
        teacher: W_h of the teacher, (N, N).
        rank: of the weights with which the teacher started.
    """
    if teacher.shape != base.shape:
        raise ValueError(f"the teacher has {len(teacher)} units, but the network {len(base)}; give them one size")
    return truncate_rank(teacher, rank)


# Which features of its teacher a first layer is aligned with, and the vector of the task description behind it.
ALIGNED_FEATURES = {"all": "task_vector", "dominant": "dominant_task_vector"}

CELL_TYPE_BLOCKS = ("within", "hub", "pre")


def cell_type_blocks(
    base: Matrix, fraction: float, strong_gain: float, weak_gain: float, blocks: str = "within"
) -> Matrix:
    """Two cell types whose connections differ in variance from block to block (Aljadeff et al. 2015, Figure S3).

    The first units are the hyperexcitable type. The paper gives the gain of their connections without saying
    which blocks these are, hence the variants.

    Args:
        base: independent entries of equal variance, (N, N).
        fraction: alpha, share of hyperexcitable units, rounded to at least one unit.
        strong_gain: gamma, factor on the strong blocks.
        weak_gain: 1 - epsilon, factor on all others.
        blocks: ``within``: connections among hyperexcitable units are strong; ``hub``: all connections from and
            to them; ``pre``: those from them.
    """
    if blocks not in CELL_TYPE_BLOCKS:
        raise ValueError(f"unknown blocks {blocks!r}; choose one of {', '.join(CELL_TYPE_BLOCKS)}")
    size = len(base)
    strong_units = np.arange(size) < max(1, round(fraction * size))
    to_strong, from_strong = strong_units[:, None], strong_units[None, :]
    strong = {"within": to_strong & from_strong, "hub": to_strong | from_strong, "pre": from_strong}[blocks]
    return base * np.where(strong, strong_gain, weak_gain)


def dales_law(base: Matrix, rng: np.random.Generator, excitatory_fraction: float) -> Matrix:
    """Purely excitatory and inhibitory units, balanced in expectation (Yang & Wang 2020; appendix C.1).

    Magnitudes are those of U(-1/√N, 1/√N); the first columns are excitatory and divided by the number of
    excitatory over that of inhibitory units; no unit connects to itself. Of the base draw only the size counts.
    """
    size = len(base)
    excitatory = int(excitatory_fraction * size)
    if not 0 < excitatory < size:
        raise ValueError(
            f"excitatory_fraction {excitatory_fraction} leaves {excitatory} of {size} units excitatory; "
            "choose a fraction that leaves at least one of each kind"
        )
    weights = np.abs(rng.uniform(-1.0, 1.0, (size, size)) / np.sqrt(size))
    weights[:, :excitatory] /= excitatory / (size - excitatory)
    weights[:, excitatory:] *= -1.0
    np.fill_diagonal(weights, 0.0)
    return weights


def chain_motif(base: Matrix, rng: np.random.Generator, correlation: float, exact: bool = False) -> Matrix:
    """Gaussian weights with too many or too few chains (Dahmen et al. 2020, section S3.10).

    W_ij = x_i + y_j + nu_ij with Cov(x, y) = tau and Var x = Var y = |tau|, the smallest variance of convergent
    and divergent motifs that allows this much of chains; nu restores unit variance and uncorrelated reciprocal
    pairs. Then Cov(W_ij, W_jk) = tau Var(W_ij) for i != k. Of the base draw only the size counts.

    Args:
        base: (N, N).
        rng: of the seed.
        correlation: tau, correlation of the two links of a chain, 0 < |tau| < 1/4.
        exact: standardise x over the units, which halves the scatter of the motif from draw to draw; its mean
            then lies nearer to 0 by a share of the order of 1/N.
    """
    strength = abs(correlation)
    if not 0 < strength < 0.25:
        raise ValueError(f"correlation of chains must lie between 0 and 1/4 in magnitude, not {correlation}")
    size = len(base)
    factor = rng.standard_normal(size)
    if exact:
        factor = (factor - factor.mean()) / factor.std()
    convergent = np.sqrt(strength) * factor
    divergent = np.sign(correlation) * convergent
    variance, reciprocal = 1.0 - 2.0 * strength, -2.0 * correlation
    draw = rng.standard_normal((size, size))
    symmetric, antisymmetric = (draw + draw.T) / np.sqrt(2.0), (draw - draw.T) / np.sqrt(2.0)
    independent = np.sqrt((variance + reciprocal) / 2.0) * symmetric
    independent += np.sqrt((variance - reciprocal) / 2.0) * antisymmetric
    return convergent[:, None] + divergent[None, :] + independent


def mapped_connectome(base: Matrix, connectome: Matrix) -> Matrix:
    """Weights of a mapped connectome, (N, N), the same for every seed but for their magnitude."""
    if connectome.shape != base.shape:
        raise ValueError(
            f"the connectome has {len(connectome)} cells, but the network {len(base)} units; "
            f"set size to {len(connectome)}"
        )
    return connectome


SHUFFLES = ("values_on_mask", "values_within_column", "edges", "within_column")


def shuffled_connectome(base: Matrix, rng: np.random.Generator, connectome: Matrix, shuffle: str) -> Matrix:
    """A connectome with its weights shuffled (Figure 19, which leaves open what is kept).

    Args:
        base, connectome: (N, N).
        rng: of the seed.
        shuffle: ``values_on_mask`` permutes the weights, sign included, over the connected pairs;
            ``values_within_column`` does so for each presynaptic unit by itself, which keeps its sign too;
            ``edges`` permutes all pairs of different units, which keeps the density alone;
            ``within_column`` permutes the targets of each unit, which keeps its outgoing weights.
    """
    if shuffle not in SHUFFLES:
        raise ValueError(f"unknown shuffle {shuffle!r}; choose one of {', '.join(SHUFFLES)}")
    weights = mapped_connectome(base, connectome).copy()
    places = weights != 0 if shuffle.startswith("values") else ~np.eye(len(weights), dtype=bool)
    if shuffle.endswith("within_column"):
        for column in range(len(weights)):
            rows = places[:, column]
            weights[rows, column] = rng.permutation(weights[rows, column])
    else:
        weights[places] = rng.permutation(weights[places])
    return weights


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
    """Rescale weights so that their magnitude equals that of the base draw (C.1; Figure 13)."""
    if matching not in MATCHINGS:
        raise ValueError(f"unknown matching {matching!r}; choose one of {', '.join(MATCHINGS)}")
    if weights is base:
        return weights
    magnitude = MATCHINGS[matching]
    if not magnitude(weights) > 0:
        raise ValueError(f"structured weights have a {matching} magnitude of 0, which nothing can rescale")
    return weights * (magnitude(base) / magnitude(weights))


ENTRIES: dict[str, Callable[[int, int, float, np.random.Generator], Matrix]] = {
    "gaussian": gaussian_entries,
    "uniform": uniform_entries,
}


@dataclass(frozen=True)
class Structure:
    """One kind of structure that configuration can name.

    Attributes:
        shape: turns the base draw into the structured matrix; options and parameter go in by name.
        parameter: the grid parameter that the kind needs, or None.
        options: settings of the kind that configuration must give.
        draws: whether ``shape`` takes the seed's generator as second argument, for random numbers of its own.
        signed: whether all weights from one unit have one sign, which training can then hold (``signs_held``).
        unstructured: whether the result is the base draw itself.
        architectures: networks that can have it.
    """

    shape: Callable[..., Matrix]
    parameter: str | None = None
    options: tuple[str, ...] = ()
    draws: bool = False
    signed: bool = False
    unstructured: bool = False
    architectures: tuple[str, ...] = ("recurrent",)


_ANY = ("recurrent", "feedforward")


def _unchanged(base: Matrix) -> Matrix:
    return base


# A new structure is a function above and a line here; workflow/docs/extending.md names what else it needs.
STRUCTURES: dict[str, Structure] = {
    "gaussian": Structure(_unchanged, unstructured=True, architectures=_ANY),
    "uniform": Structure(_unchanged, unstructured=True, architectures=_ANY),
    "svd_truncation": Structure(truncate_rank, parameter="rank", options=("entries",), architectures=_ANY),
    "soft_rank": Structure(soften_rank, parameter="decay_exponent", options=("entries",)),
    "cell_type_blocks": Structure(cell_type_blocks, options=("fraction", "strong_gain", "weak_gain", "blocks")),
    "dales_law": Structure(dales_law, options=("excitatory_fraction",), draws=True, signed=True),
    "chain_motif": Structure(chain_motif, options=("correlation", "exact"), draws=True),
    "connectome": Structure(mapped_connectome, options=("connectome",), signed=True),
    "task_aligned": Structure(task_aligned, options=("features",), architectures=("feedforward",)),
    "teacher_aligned": Structure(teacher_aligned, options=("features",)),
    "shuffled_connectome": Structure(shuffled_connectome, options=("connectome", "shuffle"), draws=True, signed=True),
}

# Grid parameters that some kind of structure needs.
STRUCTURE_PARAMETERS = tuple(kind.parameter for kind in STRUCTURES.values() if kind.parameter)


def structured_weights(
    kind: str,
    size: int,
    gain: float,
    matching: str,
    rng: np.random.Generator,
    entries: str | None = None,
    columns: int | None = None,
    **settings: Any,
) -> Matrix:
    """Initial recurrent weights of one network, or the first layer of a feedforward network.

    Args:
        kind: a key of ``STRUCTURES``.
        size: number of units N.
        gain: g, where the base draw has entries of scale g / √columns.
        matching: a key of ``MATCHINGS``.
        rng: the seed's ``connectivity`` stream.
        entries: distribution of the base draw, a key of ``ENTRIES``; by default that of the kind.
        columns: inputs of a first layer; by default N, recurrent weights.
        **settings: parameter and options of the kind, e.g. ``rank=30``; a connectome as its matrix. Of a teacher its
            matrix and the rank: its features are a matter of the input weights.

    Returns:
        Weights of shape (size, columns) in float64.

    Raises:
        ValueError: for an unknown kind or matching, or an impossible setting.
    """
    if kind not in STRUCTURES:
        raise ValueError(f"unknown structure kind {kind!r}; choose one of {', '.join(STRUCTURES)}")
    distribution = entries or (kind if kind in ENTRIES else "gaussian")
    base = ENTRIES[distribution](size, columns or size, gain, rng)
    structure = STRUCTURES[kind]
    source = (base, rng) if structure.draws else (base,)
    return match_magnitude(structure.shape(*source, **settings), base, matching)
