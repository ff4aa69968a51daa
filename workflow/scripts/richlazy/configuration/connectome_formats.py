"""Keys of what stands where in the files of a connectome."""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field, model_validator

from richlazy.configuration.fields import Line, refuse
from richlazy.field_types import optional
from richlazy.settings import Settings
from richlazy.wording import listed

Classes = Annotated[list[str | float], Field(min_length=1)]
Value = str | float | bool
Values = Annotated[
    dict[
        str,
        Annotated[
            Value | Annotated[list[Value], Field(min_length=1)], Field(description="A value or a list of values.")
        ],
    ],
    Field(min_length=1),
]
Column = str | Annotated[int, Field(ge=1)]

# Keys that each form of connections needs, and those that have no effect on it.
_NEEDED = {"edge_list": ("presynaptic", "postsynaptic"), "matrix": ("rows",)}
_OF_EDGES = ("presynaptic", "postsynaptic", "weight", "header", "keep_connections", "mirror")
_OF_MATRICES = ("rows", "labels", "variable")
_IDLE = {"edge_list": _OF_MATRICES, "matrix": _OF_EDGES}
# Keys that say nothing of a table of cells.
OF_CONNECTIONS = frozenset(
    {"connections", "each_row", "decimal", "missing", "unit", "sign", "isolated", "without_outputs"}
    | {*_OF_EDGES, *_OF_MATRICES}
)


class Format(Settings):
    """What stands where in the files of a connectome. Orientation and sign are declared, never guessed."""

    connections: Literal["edge_list", "matrix"] = Field(
        description="edge_list: one row per synapse or per pair, rows of a pair are summed; matrix: one row and column "
        "per cell."
    )
    presynaptic: Column = optional(
        "Column of the presynaptic cell (edge_list): its name, or its number from 1 with header: false; source of a "
        ".graphml."
    )
    postsynaptic: Column = optional("Column of the postsynaptic cell (edge_list); target of a .graphml.")
    weight: Column = optional("Column of size or weight (edge_list); without it, every row counts 1.")
    unit: Line = optional(
        "What weights are, such as synapses or contact area (um2), as figures name them; without it, units of the "
        "source."
    )
    header: bool = optional("Whether the edge list has a line of names (true without the key).")
    decimal: Literal["comma"] = optional("comma: numbers in the files have decimal commas.")
    missing: Literal["drop"] = optional(
        "drop: blank cells of a matrix, and rows of an edge list without a cell or a weight, are no connections; they "
        "are counted. Without the key they are refused."
    )
    keep_connections: Values = optional(
        "Only rows of the edge list are read whose column has this value, or one of these, such as type: chemical."
    )
    mirror: bool | Values = optional(
        "Rows of the edge list that count in both directions, as electrical synapses do that the file has once: true "
        "for all, or those whose column has this value, or one of these, such as type: electrical."
    )
    each_row: Literal["synapse"] = optional(
        "synapse: each row of the edge list is one synapse, and synapses are counted."
    )
    rows: Literal["presynaptic", "postsynaptic"] = optional("Which cells the rows of a matrix are.")
    labels: Literal["first_row_and_column", "first_row", "first_column", "none"] = optional(
        "Where a matrix names its cells; with both, rows and columns may be different cells, such as neurons and "
        "muscles. none: it does not, although its first row or column looks like names."
    )
    variable: str = optional("Which array of an .npz or .mat with several is the matrix.")
    sign: Literal["weights", "cell_class", "connection_class", "positive"] = Field(
        description="weights: the weights carry their sign; cell_class: by the class of the presynaptic cell, in the "
        "table of cells; connection_class: by the class of the connection, in the edge list; positive: all count as "
        "excitatory."
    )
    cell: str = optional(
        "Column of the cell table that names the cell; with a matrix without labels, cells are in its order."
    )
    cell_type: str = optional("Column of the type.")
    class_: str = optional("Column that tells excitatory from inhibitory cells or connections.", alias="class")
    excitatory: Classes = optional("Values of class that are excitatory.")
    inhibitory: Classes = optional("Values of class that are inhibitory.")
    root: str = optional("Column of the segmentation root id.")
    isolated: Literal["keep", "drop"] = optional(
        "keep: cells without any connection can be chosen, whatever their sign; drop: they are left out; without the "
        "key, those whose sign is known can be chosen."
    )
    without_outputs: Literal["keep", "drop"] = optional("Likewise for cells that receive connections and send none.")
    keep: Values = optional("Only rows of the cell table are read whose column has this value, or one of these.")
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
            reasons |= dict.fromkeys(("class",), "sign: cell_class")
        if self.sign == "connection_class":
            reasons |= dict.fromkeys(("class",), "sign: connection_class")
        if self.position is not None:
            reasons |= dict.fromkeys(("x", "y", "z"), "position")
        for reason in dict.fromkeys(reasons.values()):
            missing = [key for key in reasons if reasons[key] == reason and key not in self.given]
            if missing:
                yield f"lacks {listed(missing)}, which {reason} needs; add it"
        yield from self._mistakes_of_columns()
        for key in _IDLE[self.connections]:
            if key in self.given:
                yield f".{key} has no effect on connections: {self.connections}; remove it"

    def _mistakes_of_columns(self) -> Iterator[str]:
        if "class" in self.given and not {"excitatory", "inhibitory"} & self.given:
            yield "lacks excitatory and inhibitory, lists of the values of class; add one of them or both"
        if self.sign == "connection_class" and self.connections == "matrix":
            yield ".sign is connection_class, which an edge list alone can have; use sign: weights or cell_class"
        numbered = {key: isinstance(getattr(self, key), int) for key in ("presynaptic", "postsynaptic", "weight")
                    if key in self.given}  # fmt: skip
        if self.header is False and not all(numbered.values()):
            yield ".header is false, so that columns have no names; give their numbers, as in presynaptic: 1"
        if self.header is not False and any(numbered.values()):
            yield ".header must be false where columns have numbers; add header: false or give their names"
