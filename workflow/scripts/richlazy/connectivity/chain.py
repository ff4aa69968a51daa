"""Too many or too few chains of two connections."""

import numpy as np
from pydantic import Field, field_validator

from richlazy.connectivity.base import Structure
from richlazy.connectivity.draws import Matrix
from richlazy.settings import Settings


class ChainMotif(Structure):
    """Gaussian weights whose connections k -> j and j -> i are correlated (Dahmen et al. 2020, section S3.10)."""

    kind = "chain_motif"
    draws = True

    class Options(Settings):
        """Of the chains."""

        correlation: float = Field(
            gt=-0.25,
            lt=0.25,
            description="Correlation of the two links of a chain (tau) in chain_motif; below 1/4 in magnitude and not "
            "0.",
        )
        exact: bool = Field(
            description="Whether the factor that makes the chains is standardised, which halves their scatter from "
            "draw to draw."
        )

        @field_validator("correlation")
        @classmethod
        def _makes_a_motif(cls, correlation: float) -> float:
            if correlation == 0:
                raise ValueError("is 0, which makes no motif; use kind: gaussian")
            return correlation

    @staticmethod
    def shape(base: Matrix, rng: np.random.Generator, correlation: float, exact: bool = False) -> Matrix:
        """W_ij = x_i + y_j + nu_ij with Cov(x, y) = tau and Var x = Var y = |tau|.

        This is the smallest variance of convergent and divergent motifs that allows this much of chains; nu restores
        unit variance and uncorrelated reciprocal pairs. Then Cov(W_ij, W_jk) = tau Var(W_ij) for i != k. An exact
        factor x is standardised over the units; the mean of the motif then lies nearer to 0 by a share of the order of
        1/N. Of the base draw only the size counts.
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
