"""Keys of mapped connectomes: the sources, what stands where in their files, and which cells become units."""

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from richlazy.configuration.connectome_formats import OF_CONNECTIONS, Format
from richlazy.configuration.fields import Address, Checksum, FilePath, Note, Several, refuse
from richlazy.field_types import Name, Whole, optional
from richlazy.settings import Settings
from richlazy.wording import listed

Words = Annotated[list[str], Field(min_length=1)]
Depth = Literal["logistic", "means", "ranges"] | float


class Download(Settings):
    """A file to download."""

    url: Address = Field(description="Where it is downloaded from.")
    sha256: Checksum = Field(description="Its checksum; a file with another one is refused.")


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

    description: Note = Field(
        description="What the connectome is, in a line; stands in every table and figure made of it."
    )
    selection: Selection = Field(description="Which cells become units of the network.")
    stands_for: Note = optional(
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
        columns = self.format.given - OF_CONNECTIONS
        if self.format.sign == "connection_class":
            columns -= {"class", "excitatory", "inhibitory"}
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
        description="Path of an edge list (.csv, .tsv, .txt, each also with .gz, .parquet, .feather, .graphml) or a "
        "matrix (.csv, .tsv, .txt, .npy, .npz with one array or a sparse matrix of SciPy, .mat)."
    )
    cells: FilePath = optional("Path of a table of cells, in the forms of an edge list; of a .graphml the nodes.")


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
