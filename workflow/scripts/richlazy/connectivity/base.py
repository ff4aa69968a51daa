"""What a structure of the initial weights is, and which there are.

They are the recurrent weights of a recurrent network, (N, N), or the first layer of a feedforward one, (N, N_in).
``W[i, j]`` is the weight from unit or input j to unit i. Every structure goes with one unstructured draw of the
seed, the base draw; the structured matrix is rescaled to the magnitude of that draw (Liu et al. 2024,
appendix C.1), so that conditions of a seed differ in structure and not in size.
"""

import functools
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from pydantic import Field

from richlazy.connectivity.draws import ENTRIES, Matrix
from richlazy.connectivity.matching import match_magnitude
from richlazy.members import Members
from richlazy.settings import Settings

ANY_ARCHITECTURE = ("recurrent", "feedforward")


class NoOptions(Settings):
    """Options of a structure that has none."""


class Structure(ABC):
    """A structure that configuration can name.

    Put a subclass into a module of this package and give it a ``kind``; configuration, grids, tables and figures know
    it then. A whole one::

        class Sparse(Structure):
            kind = "sparse"

            class Options(Settings):
                kept_fraction: float = Field(gt=0, lt=1, description="Share of connections that stay.")

            @staticmethod
            def shape(base: Matrix, kept_fraction: float) -> Matrix:
                cut = np.quantile(np.abs(base), 1.0 - kept_fraction)
                return np.where(np.abs(base) >= cut, base, 0.0)

    Attributes:
        kind: its name, ``structures.<name>.kind`` in the configuration, on a line of its own.
        Options: its other keys there, each with type, range and a description with its unit. All of them can be swept
            in the grid of an experiment, but those that name a file of ``needs``. A validator raises ValueError with
            what follows the key in a sentence.
        parameter: the parameter of a run that it needs from the grid of an experiment, or None; it goes into ``shape``
            by name.
        entries: distribution of the base draw, a key of ``ENTRIES``; an option of this name goes before it.
        draws: whether ``shape`` takes the ``connectivity`` generator of the seed as second argument, for random numbers
            of its own. Those of the base draw are drawn before.
        signed: whether all weights from one unit have one sign, which training can then hold (``signs_held_option``).
        unstructured: whether the result is the base draw itself.
        architectures: networks that can have it, ``recurrent`` or ``feedforward``.
        needs: what it is made of besides. ``connectome``: the matrix (N, N) of the connectome that the option of this
            name names, which goes into ``shape`` in place of the option; ``task``: a task with a linear teacher, from
            whose description ``of_task`` takes what ``shape`` needs; ``teacher``: a task with a teacher network, whose
            recurrent weights (N, N) go into ``shape`` as ``teacher``.
    """

    kind: ClassVar[str]
    Options: ClassVar[type[Settings]] = NoOptions
    parameter: ClassVar[str | None] = None
    entries: ClassVar[str] = "gaussian"
    draws: ClassVar[bool] = False
    signed: ClassVar[bool] = False
    unstructured: ClassVar[bool] = False
    architectures: ClassVar[tuple[str, ...]] = ("recurrent",)
    needs: ClassVar[tuple[str, ...]] = ()

    @staticmethod
    @abstractmethod
    def shape(*args: Any, **settings: Any) -> Matrix:
        """The structured matrix from the base draw, of the same shape and of any magnitude above 0.

        Leave the base draw as it is: write into a copy.
        """

    @classmethod
    def refusal(cls, options: Mapping[str, Any], size: int, place: str) -> str | None:
        """What is wrong with options in a network of some units, as what follows ``structures.<name>.``, or None.

        Args:
            options: the entry of the structure.
            size: units N.
            place: where the size is given, for the sentence.
        """
        return None

    @classmethod
    def of_task(cls, options: Mapping[str, Any], task: Mapping[str, Any]) -> dict[str, Any]:
        """What goes into ``shape`` of a first layer: options, or what they choose from the description of a task."""
        return dict(options)

    @classmethod
    def weights(
        cls,
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
            size: number of units N.
            gain: g, where the base draw has entries of scale g / √columns.
            matching: a key of ``MATCHINGS``.
            rng: the seed's ``connectivity`` stream.
            entries: distribution of the base draw, a key of ``ENTRIES``; by default that of the structure.
            columns: inputs of a first layer; by default N, recurrent weights.
            **settings: what ``shape`` takes by name, e.g. ``rank=30``; a connectome as its matrix.

        Returns:
            Weights of shape (size, columns) in float64.

        Raises:
            ValueError: for an unknown matching, or an impossible setting.
        """
        base = ENTRIES[entries or cls.entries](size, columns or size, gain, rng)
        source = (base, rng) if cls.draws else (base,)
        return match_magnitude(cls.shape(*source, **settings), base, matching)


# Every structure, by its kind.
STRUCTURES = Members[Structure]("connectivity")


@functools.cache  # asked for every run
def structure_parameters() -> frozenset[str]:
    """Parameters of a run that some structure needs."""
    return frozenset(kind.parameter for kind in STRUCTURES.values() if kind.parameter)


def signs_held_option() -> Any:
    """Option ``signs_held`` of a structure that is ``signed``."""
    meaning = (
        "Whether the outgoing weights of each unit keep their sign throughout training, and absent ones stay absent."
    )
    return Field(default=False, description=f"{meaning} Default false.")


def settings_of(kind: type[Structure], entry: Mapping[str, Any]) -> dict[str, Any]:
    """Options of an entry that decide its weights: all but those of training and names of files."""
    others = {"signs_held", *kind.needs}
    return {name: entry[name] for name in kind.Options.model_fields if name in entry and name not in others}


def structured_weights(kind: str, *arguments: Any, **settings: Any) -> Matrix:
    """``Structure.weights`` of a kind by its name.

    Raises:
        ValueError: for an unknown kind or matching, or an impossible setting.
    """
    if kind not in STRUCTURES:
        raise ValueError(f"unknown structure kind {kind!r}; choose one of {', '.join(STRUCTURES)}")
    return STRUCTURES[kind].weights(*arguments, **settings)
