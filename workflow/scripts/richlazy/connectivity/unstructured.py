"""Weights without structure: the base draw itself, the null of all comparisons."""

from richlazy.connectivity.base import ANY_ARCHITECTURE, Structure
from richlazy.connectivity.draws import Matrix


class Gaussian(Structure):
    """Independent Gaussian entries."""

    kind = "gaussian"
    unstructured = True
    architectures = ANY_ARCHITECTURE

    @staticmethod
    def shape(base: Matrix) -> Matrix:
        """The base draw."""
        return base


class Uniform(Gaussian):
    """Independent uniform entries."""

    kind = "uniform"
    entries = "uniform"
