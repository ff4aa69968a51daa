"""Weights of a mapped connectome, as they are or shuffled."""

from typing import Any, Literal

import numpy as np
from pydantic import Field, ValidationInfo, field_validator

from richlazy.connectivity.base import Structure, signs_held_option
from richlazy.connectivity.draws import Matrix
from richlazy.settings import Settings

SHUFFLES = ("values_on_mask", "values_within_column", "edges", "within_column")
# Those that take weights from one unit to another, of whatever sign.
MIXING_SHUFFLES = ("values_on_mask", "edges")


def _name_of_connectome() -> Any:
    return Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$", description="Name from connectomes, whose weights these are.")


class MappedConnectome(Structure):
    """The weights of a connectome, the same for every seed but for their magnitude."""

    kind = "connectome"
    signed = True
    needs = ("connectome",)

    class Options(Settings):
        """Of the connectome."""

        connectome: str = _name_of_connectome()
        signs_held: bool = signs_held_option()

    @staticmethod
    def shape(base: Matrix, connectome: Matrix) -> Matrix:
        """The connectome, (N, N)."""
        if connectome.shape != base.shape:
            raise ValueError(
                f"the connectome has {len(connectome)} cells, but the network {len(base)} units; "
                f"set size to {len(connectome)}"
            )
        return connectome


class ShuffledConnectome(Structure):
    """A connectome with its weights shuffled (Liu et al. 2024, Figure 19, which leaves open what is kept)."""

    kind = "shuffled_connectome"
    draws = True
    signed = True
    needs = ("connectome",)

    class Options(Settings):
        """Of the connectome and its shuffle."""

        connectome: str = _name_of_connectome()
        shuffle: Literal["values_on_mask", "values_within_column", "edges", "within_column"] = Field(
            description="What shuffled_connectome permutes. values_on_mask: weights over connected pairs, signs "
            "included; values_within_column: the same for each presynaptic unit alone; edges: all pairs; "
            "within_column: the targets of each unit."
        )
        signs_held: bool = signs_held_option()

        @field_validator("signs_held")
        @classmethod
        def _signs_are_kept(cls, held: bool, others: ValidationInfo) -> bool:
            shuffle = others.data.get("shuffle")
            if shuffle in MIXING_SHUFFLES:
                raise ValueError(
                    f"has no meaning for shuffle: {shuffle}, whose units have outgoing weights of both signs; remove it"
                )
            return held

    @staticmethod
    def shape(base: Matrix, rng: np.random.Generator, connectome: Matrix, shuffle: str) -> Matrix:
        """The connectome, (N, N), with some of its weights in other places.

        ``values_on_mask`` permutes the weights, sign included, over the connected pairs; ``values_within_column`` does
        so for each presynaptic unit by itself, which keeps its sign too; ``edges`` permutes all pairs of different
        units, which keeps the density alone; ``within_column`` permutes the targets of each unit, which keeps its
        outgoing weights.
        """
        if shuffle not in SHUFFLES:
            raise ValueError(f"unknown shuffle {shuffle!r}; choose one of {', '.join(SHUFFLES)}")
        weights = MappedConnectome.shape(base, connectome).copy()
        places = weights != 0 if shuffle.startswith("values") else ~np.eye(len(weights), dtype=bool)
        if shuffle.endswith("within_column"):
            for column in range(len(weights)):
                rows = places[:, column]
                weights[rows, column] = rng.permutation(weights[rows, column])
        else:
            weights[places] = rng.permutation(weights[places])
        return weights
