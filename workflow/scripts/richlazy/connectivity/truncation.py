"""Truncation of a matrix to a rank, apart from the structures: teachers and their theory need it alone."""

import scipy  # imports scipy.linalg when it is used: planning does without

from richlazy.connectivity.draws import Matrix


def truncate_rank(weights: Matrix, rank: int) -> Matrix:
    """Best approximation of a rank by least squares: the leading singular components (Liu et al. 2024, C.1)."""
    full = min(weights.shape)
    if not 1 <= rank <= full:
        raise ValueError(f"rank must lie between 1 and {full}, the smaller side of the matrix, not {rank}")
    if rank == full:
        return weights
    left, singular_values, right = scipy.linalg.svd(weights, full_matrices=False)
    return (left[:, :rank] * singular_values[:rank]) @ right[:rank]
