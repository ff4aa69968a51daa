"""Dale's law: units whose outgoing weights have one sign."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from pydantic import Field

from richlazy.connectivity.base import Structure, signs_held_option
from richlazy.connectivity.draws import Matrix
from richlazy.settings import Settings


class DalesLaw(Structure):
    """Purely excitatory and inhibitory units, balanced in expectation (Yang & Wang 2020; Liu et al. 2024, C.1)."""

    kind = "dales_law"
    draws = True
    signed = True

    class Options(Settings):
        """Of the two kinds of units."""

        excitatory_fraction: float = Field(gt=0, lt=1, description="Share of excitatory units of dales_law.")
        signs_held: bool = signs_held_option()

    @staticmethod
    def shape(base: Matrix, rng: np.random.Generator, excitatory_fraction: float) -> Matrix:
        """Magnitudes are those of U(-1/√N, 1/√N); of the base draw only the size counts.

        The first columns are excitatory and divided by the number of excitatory over that of inhibitory units; no unit
        connects to itself.
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

    @classmethod
    def refusal(cls, options: Mapping[str, Any], size: int, place: str) -> str | None:
        """A fraction that leaves one of the two kinds without units."""
        fraction = options["excitatory_fraction"]
        if 0 < int(fraction * size) < size:
            return None
        return (
            f"excitatory_fraction is {fraction}, which leaves {int(fraction * size)} of the {size} units of {place} "
            "excitatory; choose one that leaves at least one unit of each kind"
        )
