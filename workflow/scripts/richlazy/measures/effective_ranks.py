"""How the singular values and eigenvalues of the structured weights spread, before and after training.

The structured weights are the recurrent ones, or the first layer of a network without them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import scipy  # imports scipy.linalg when it is used: planning does without

from richlazy.measures.base import measure, recurrent_networks

if TYPE_CHECKING:
    from richlazy.measures.probed_network import ProbedNetwork


def effective_rank(magnitudes: np.ndarray) -> float:
    """Relative effective rank of eigenvalues, sum|lambda_i| / (|lambda_1| N), or singular values; nan where all are 0.

    Section 3 and Figure 2 have the former, Figure 16 the latter.

    Args:
        magnitudes: moduli of the eigenvalues, or singular values.
    """
    largest = magnitudes.max()
    return float(magnitudes.sum() / (largest * len(magnitudes))) if largest > 0 else float("nan")


def eigenvalue_effective_rank(weights: np.ndarray) -> float:
    """Relative effective rank of a square matrix by its eigenvalues."""
    return effective_rank(np.abs(scipy.linalg.eigvals(weights)))


def singular_value_effective_rank(weights: np.ndarray) -> float:
    """Relative effective rank of a matrix by its singular values."""
    return effective_rank(scipy.linalg.svdvals(weights))


def stable_rank(weights: np.ndarray) -> float:
    """|W|_F² / s_1²; nan where all weights are 0."""
    largest = scipy.linalg.svdvals(weights)[0]
    return float((np.linalg.norm(weights) / largest) ** 2) if largest > 0 else float("nan")


@measure(
    "effective_rank_eigenvalues_initial",
    unit="1",
    meaning="sum|lambda| / (max|lambda| N) of the initial recurrent weights; likewise",
    label="effective rank\nat start\n(eigenvalues)",
    defined_for=recurrent_networks,
    invariant_to=("scale of weights",),
)
def effective_rank_eigenvalues_before(network: ProbedNetwork) -> float:
    """Figure 2."""
    return effective_rank(network.before.moduli)


@measure(
    "effective_rank_eigenvalues",
    unit="1",
    meaning="sum|lambda| / (max|lambda| N) of the final recurrent weights; likewise",
    label="effective rank\n(eigenvalues)",
    defined_for=recurrent_networks,
    invariant_to=("scale of weights",),
)
def effective_rank_eigenvalues(network: ProbedNetwork) -> float:
    """Figure 2."""
    return effective_rank(network.after.moduli)


@measure(
    "effective_rank_singular_values_initial",
    unit="1",
    meaning="sum s / (s_1 N) of the initial recurrent weights, or of the first layer",
    label="effective rank\nat start\n(singular values)",
    invariant_to=("scale of weights",),
)
def effective_rank_singular_values_before(network: ProbedNetwork) -> float:
    """Figure 16."""
    return singular_value_effective_rank(network.before.structured)


@measure(
    "effective_rank_singular_values",
    unit="1",
    meaning="sum s / (s_1 N) of the final recurrent weights, or of the first layer",
    label="effective rank\n(singular values)",
    invariant_to=("scale of weights",),
)
def effective_rank_singular_values(network: ProbedNetwork) -> float:
    """Figure 16."""
    return singular_value_effective_rank(network.after.structured)


@measure(
    "stable_rank_initial",
    unit="1",
    meaning="|W|_F^2 / s_1^2 of the initial recurrent weights, or of the first layer",
    label="stable rank\nat start",
    invariant_to=("scale of weights",),
)
def stable_rank_before(network: ProbedNetwork) -> float:
    """No paper has it."""
    return stable_rank(network.before.structured)


@measure(
    "stable_rank",
    unit="1",
    meaning="|W|_F^2 / s_1^2 of the final recurrent weights, or of the first layer",
    label="stable rank",
    invariant_to=("scale of weights",),
)
def stable_rank_after(network: ProbedNetwork) -> float:
    """No paper has it."""
    return stable_rank(network.after.structured)
