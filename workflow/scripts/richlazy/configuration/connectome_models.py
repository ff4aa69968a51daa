"""Keys of mapped connectomes: the sources, what stands where in their files, and which cells become units."""

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from richlazy.configuration.fields import Address, Checksum, FilePath, Line, Several, refuse
from richlazy.field_types import Name, Whole, optional
from richlazy.settings import Settings
from richlazy.wording import listed

Words = Annotated[list[str], Field(min_length=1)]
Classes = Annotated[list[str | float], Field(min_length=1)]
Value = str | float | bool
Depth = Literal["logistic", "means", "ranges"] | float

# Keys that each form of connections needs, and those that have no effect on it.
_NEEDED = {"edge_list": ("presynaptic", "postsynaptic"), "matrix": ("rows",)}
_IDLE = {"edge_list": ("rows",), "matrix": ("presynaptic", "postsynaptic", "weight")}


class Download(Settings):
    """A file to download."""

    url: Address = Field(description="Where it is downloaded from.")
    sha256: Checksum = Field(description="Its checksum; a file with another one is refused.")


class Format(Settings):
    """What stands where in the files of a connectome. Orientation and sign are declared, never guessed."""

    connections: Literal["edge_list", "matrix"] = Field(
        description="edge_list: one row per synapse or per pair, rows of a pair are summed; matrix: one row and column "
        "per cell."
    )
    presynaptic: str = optional("Column of the presynaptic cell (edge_list).")
    postsynaptic: str = optional("Column of the postsynaptic cell (edge_list).")
    weight: str = optional("Column of size or weight (edge_list); without it, every row counts 1.")
    each_row: Literal["synapse"] = optional(
        "synapse: each row of the edge list is one synapse, and synapses are counted."
    )
    rows: Literal["presynaptic", "postsynaptic"] = optional("Which cells the rows of a matrix are.")
    sign: Literal["weights", "cell_class", "positive"] = Field(
        description="weights: the weights carry their sign; cell_class: by the class of the presynaptic cell; "
        "positive: all count as excitatory."
    )
    cell: str = optional("Column of the cell table that names the cell; with a matrix, cells are in its order.")
    cell_type: str = optional("Column of the type.")
    class_: str = optional("Column that tells excitatory from inhibitory cells.", alias="class")
    excitatory: Classes = optional("Values of class that are excitatory.")
    inhibitory: Classes = optional("Values of class that are inhibitory.")
    root: str = optional("Column of the segmentation root id.")
    keep: Annotated[
        dict[
            str,
            Annotated[
                Value | Annotated[list[Value], Field(min_length=1)], Field(description="A value or a list of values.")
            ],
        ],
        Field(min_length=1),
    ] = optional("Only rows of the cell table are read whose column has this value, or one of these.")
    position: Literal["minnie65_nm", "minnie65_voxels"] = optional(
        "Coordinates x, y, z of the MICrONS volume, in nm or in voxels of 4 x 4 x 40 nm, from which depth follows."
    )
    x: str = optional("Column of x (position).")
    y: str = optional("Column of y (position).")
    z: str = optional("Column of z (position).")
    x_um: str = optional("Column of x, um.")
    depth_um: str = optional("Column of the depth below pia, um.")
    z_um: str = optional("Column of z, um.")
    axon_proofreading: str = optional("Column of the proofreading of the axon.")
    dendrite_proofreading: str = optional("Column of the proofreading of the dendrite.")

    @property
    def given(self) -> set[str]:
        """Keys that stand in the entry."""
        return {type(self).model_fields[name].alias or name for name in self.model_fields_set}

    @model_validator(mode="after")
    def _keys_fit_each_other(self) -> "Format":
        refuse(self._mistakes())
        return self

    def _mistakes(self) -> Iterator[str]:
        reasons = dict.fromkeys(_NEEDED[self.connections], f"connections: {self.connections}")
        if self.sign == "cell_class":
            reasons |= dict.fromkeys(("class", "excitatory", "inhibitory"), "sign: cell_class")
        if self.position is not None:
            reasons |= dict.fromkeys(("x", "y", "z"), "position")
        for reason in dict.fromkeys(reasons.values()):
            missing = [key for key in reasons if reasons[key] == reason and key not in self.given]
            if missing:
                yield f"lacks {listed(missing)}, which {reason} needs; add it"
        for key in _IDLE[self.connections]:
            if key in self.given:
                yield f".{key} has no effect on connections: {self.connections}; remove it"


class Selection(Settings):
    """Which cells of a connectome become units of the network."""

    cells: Annotated[int, Field(ge=3)] = Field(description="How many; the size of every network made of them.")
    by: Literal["boundary", "strength", "all"] = Field(
        description="boundary: those nearest to the depth of a boundary; strength: those with the largest summed "
        "weight in and out; all: every cell, of which there must be as many as stated. Ties go to the smaller id."
    )
    boundary: Depth = optional(
        "Depth in um, or how it is estimated from two types: logistic (where they are equally likely), means (midpoint "
        "of their mean depths), ranges (mean of the centres of their 1 to 99 percent ranges)."
    )
    between: Annotated[Several[str], Field(min_length=2, max_length=2)] = optional(
        "The two cell types between which the boundary lies."
    )
    axon: Words = optional("Words of axon_proofreading that count as proofread; without the key, every cell does.")
    dendrite: Words = optional(
        "Words of dendrite_proofreading that count as proofread; without the key, every cell does."
    )

    @model_validator(mode="after")
    def _boundary_fits(self) -> "Selection":
        refuse(self._mistakes())
        return self

    def _mistakes(self) -> Iterator[str]:
        by_boundary = self.by == "boundary"
        estimated = by_boundary and isinstance(self.boundary, str)
        if by_boundary and self.boundary is None:
            yield "lacks boundary; give a depth in um, or logistic with two cell types in between"
        if estimated and self.between is None:
            yield "lacks between, the two cell types whose boundary is estimated; add them"
        for key, used in (("boundary", by_boundary), ("between", estimated or (by_boundary and self.boundary is None))):
            if key in self.model_fields_set and not used:
                yield f".{key} has no effect here; remove it or set by: boundary"


class Source(Settings):
    """What every source of a connectome has."""

    description: Line = Field(
        description="What the connectome is, in a line; stands in every table and figure made of it."
    )
    selection: Selection = Field(description="Which cells become units of the network.")
    stands_for: Line = optional(
        "What of a paper it stands in for, where it is not that: every table and every verdict made with it says so."
    )


class Cave(Source):
    """Tables of a CAVE server at a frozen version."""

    server: Address = Field(description="Address of the global server.")
    datastack: Name = Field(description="Name of the datastack.")
    version: Annotated[int, Field(ge=1)] = Field(
        description="Materialization. Take one that does not expire, such as 943 or 1300."
    )
    cell_types: Name = Field(description="Table of cell types whose targets are nuclei.")
    nuclei: Name = Field(description="Table of nuclei.")
    proofreading: Literal["proofreading_status_and_strategy", "proofreading_status_public_release"] = Field(
        description="Table of proofreading: proofreading_status_and_strategy (1078 and later) or "
        "proofreading_status_public_release (to 1078)."
    )
    synapses: Name = Field(description="Table of synapses.")
    chunk_cells: Annotated[int, Field(ge=1, le=1000)] = Field(
        description="Cells per query; finished chunks are kept, so that an interrupted download goes on."
    )
    timeout_s: Annotated[float, Field(gt=0)] = Field(
        description="Seconds without an answer after which a query counts as failed."
    )

    @model_validator(mode="after")
    def _cells_are_chosen_by_depth(self) -> "Cave":
        if self.selection.by != "boundary":
            raise ValueError(
                f".selection.by is {self.selection.by!r}, but synapses are asked of CAVE for chosen cells only; "
                "use by: boundary"
            )
        return self


class _Files(Source):
    connections: Any
    cells: Any
    format: Format = Field(
        description="What stands where in the files. Orientation and sign are declared, never guessed."
    )

    @model_validator(mode="after")
    def _columns_have_a_table(self) -> "_Files":
        columns = self.format.given - {"connections", "presynaptic", "postsynaptic", "weight", "rows", "sign"}
        if self.cells is None and (columns or self.format.sign == "cell_class"):
            named = listed(sorted(columns)) or "sign: cell_class"
            raise ValueError(f".format describes a table of cells ({named}), but cells names no file; add it")
        return self


class Release(_Files):
    """Public files with checksums."""

    connections: Download = Field(description="File of the connections.")
    cells: Download = optional("File of the table of cells.")


class Files(_Files):
    """Files of your own."""

    connections: FilePath = Field(
        description="Path of an edge list (CSV, Parquet, Feather) or a matrix (.npy, .npz, .csv)."
    )
    cells: FilePath = optional("Path of a table of cells (CSV, Parquet, Feather).")


class Synthetic(Source):
    """A stand-in with the published statistics of the V1 column; whatever is made of it says that it is not data."""

    seed: Whole = Field(description="Seed of the generator.")


class Connectome(Settings):
    """A mapped connectome: the source that is used, and the settings of one or several sources."""

    source: Literal["cave", "release", "file", "synthetic"] = Field(
        description="Source that is used. cave: download through caveclient, needs a token; release: a public file "
        "with a checksum; file: files of your own; synthetic: a generator with the statistics of the V1 column, not "
        "data."
    )
    cave: Cave = optional("Tables of a CAVE server at a frozen version.")
    release: Release = optional("Public files with checksums.")
    file: Files = optional("Files of your own.")
    synthetic: Synthetic = optional(
        "A stand-in with the published statistics of the V1 column; whatever is made of it says that it is not data."
    )

    @model_validator(mode="after")
    def _source_has_settings(self) -> "Connectome":
        given = [name for name in type(self).model_fields if name != "source" and name in self.model_fields_set]
        if self.source not in given:
            hint = f"; it has settings of {listed(given)}" if given else ""
            raise ValueError(
                f".source is {self.source!r}, but {{place}}.{self.source} is missing; add its settings{hint}"
            )
        return self
