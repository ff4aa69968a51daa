"""Two cell types whose connections differ in variance from block to block."""

from typing import Literal

import numpy as np
from pydantic import Field

from richlazy.connectivity.base import Structure
from richlazy.connectivity.draws import Matrix
from richlazy.settings import Settings

BLOCKS = ("within", "hub", "pre")


class CellTypeBlocks(Structure):
    """A few hyperexcitable units with strong connections (Aljadeff et al. 2015; Liu et al. 2024, Figure S3).

    The paper gives the gain of their connections without saying which blocks these are, hence the variants.
    """

    kind = "cell_type_blocks"

    class Options(Settings):
        """Of the two types."""

        fraction: float = Field(gt=0, lt=1, description="Share of hyperexcitable units of cell_type_blocks (alpha).")
        strong_gain: float = Field(
            ge=1e-9, le=1e3, description="Gain of the strong blocks of cell_type_blocks (gamma)."
        )
        weak_gain: float = Field(
            ge=1e-9, le=1e3, description="Gain of the other blocks of cell_type_blocks (1 - epsilon)."
        )
        blocks: Literal["within", "hub", "pre"] = Field(
            description="Strong blocks of cell_type_blocks. within: among hyperexcitable units; hub: all from and to "
            "them; pre: those from them."
        )

    @staticmethod
    def shape(base: Matrix, fraction: float, strong_gain: float, weak_gain: float, blocks: str = "within") -> Matrix:
        """The first units are the hyperexcitable type, at least one of them."""
        if blocks not in BLOCKS:
            raise ValueError(f"unknown blocks {blocks!r}; choose one of {', '.join(BLOCKS)}")
        size = len(base)
        strong_units = np.arange(size) < max(1, round(fraction * size))
        to_strong, from_strong = strong_units[:, None], strong_units[None, :]
        strong = {"within": to_strong & from_strong, "hub": to_strong | from_strong, "pre": from_strong}[blocks]
        return base * np.where(strong, strong_gain, weak_gain)
