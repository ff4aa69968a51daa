"""Weights of low rank, exactly or softly, from the singular values of the base draw."""

from typing import Literal

import numpy as np
import scipy  # imports scipy.linalg when it is used: planning does without
from pydantic import Field

from richlazy.connectivity.base import ANY_ARCHITECTURE, Structure
from richlazy.connectivity.draws import Matrix
from richlazy.connectivity.truncation import truncate_rank
from richlazy.settings import Settings


class OfEntries(Settings):
    """Options of a structure that starts from either draw."""

    entries: Literal["gaussian", "uniform"] = Field(
        description="Distribution of the unstructured draw from which svd_truncation and soft_rank start."
    )


class SvdTruncation(Structure):
    """The leading singular components of the base draw, as many as the rank."""

    kind = "svd_truncation"
    Options = OfEntries
    parameter = "rank"
    architectures = ANY_ARCHITECTURE
    shape = staticmethod(truncate_rank)


class SoftRank(Structure):
    """Singular values that fall as a power, s_i = s_1 (1 - i/n)^k for i = 0..n-1 (Liu et al. 2024, Figure 8).

    There are n = N of them, or in a first layer as many as inputs.
    """

    kind = "soft_rank"
    Options = OfEntries
    parameter = "decay_exponent"
    architectures = ANY_ARCHITECTURE

    @staticmethod
    def shape(base: Matrix, decay_exponent: float) -> Matrix:
        """The singular vectors stay. The effective rank by singular values is then close to 1 / (k + 1)."""
        left, singular_values, right = scipy.linalg.svd(base, full_matrices=False)
        size = len(singular_values)
        decay = (1.0 - np.arange(size) / size) ** decay_exponent
        return (left * (singular_values[0] * decay)) @ right
