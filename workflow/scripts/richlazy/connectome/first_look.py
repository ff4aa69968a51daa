"""A first look at the files of a connectome before any job: what the jobs would refuse is refused at once.

Small files are read as the jobs read them, and cells are chosen as the jobs choose them. Of large files the names of
their columns, their first lines or their shape are looked at.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from richlazy.connectome import text_files
from richlazy.wording import counted

# Files up to this size, together, are read as a whole, which takes a second or two.
SMALL_BYTES = 20_000_000
# From this growth on, networks diverge: at 3.3 (a mostly excitatory brain) half of them, at 2.7 none.
MUCH_GROWTH = 3.0


@dataclass(frozen=True)
class Look:
    """What was found.

    Attributes:
        problem: a sentence about the files; empty where they can be used.
        summary: what a connectome will be made of; empty where the files are too large to say.
        weights: its matrix, (N, N); None where the files are too large.
    """

    problem: str = ""
    summary: str = ""
    weights: Any = field(default=None, compare=False)

    def growth(self) -> float:
        """Modulus of its leading eigenvalue over that of Gaussian weights of its size and Frobenius norm.

        The spectrum of these has the radius |W| / sqrt(N). 0 without a matrix. Of many cells it takes seconds.
        """
        if self.weights is None:
            return 0.0
        from richlazy.connectivity import matching

        radius = matching.frobenius_norm(self.weights) / len(self.weights) ** 0.5
        return matching.leading_eigenvalue(self.weights) / radius

    def warning(self) -> str:
        """What to know before networks start from it at the Frobenius norm of Gaussian weights; often empty."""
        growth = self.growth()
        if growth < MUCH_GROWTH:
            return ""
        return (
            f"at the Frobenius norm of Gaussian weights its leading eigenvalue is {growth:.2g} times theirs, and "
            "networks may diverge; matching: [leading_eigenvalue] keeps it equal"
        )


def look(connections: Path, cells: Path | None, form: Mapping[str, Any], selection: Mapping[str, Any]) -> Look:
    """Look at the files of a connectome.

    Args:
        connections: file of the connections.
        cells: table of cells, or None.
        form: group ``format``.
        selection: group ``selection``.
    """
    try:
        for path in filter(None, (connections, cells)):
            if not path.is_file():
                return Look(f"the file {path} does not exist; check its path")
            text_files.refuse_pointer(path)
        sizes = [path.stat().st_size * (10 if path.suffix == ".gz" else 1) for path in (connections, cells) if path]
        try:
            import pandas  # noqa: F401 - half a second, for those who bring files
        except ImportError:  # an environment for planning alone
            return Look()
        if sum(sizes) > SMALL_BYTES:
            _look_at_heads(connections, cells, form, selection)
            return Look()
        return _read(connections, cells, form, selection)
    except ValueError as error:
        return Look(str(error))


def _read(connections: Path, cells: Path | None, form: Mapping[str, Any], selection: Mapping[str, Any]) -> Look:
    from richlazy.connectome import assembly, cell_selection, imported_files

    found, edges, counts = imported_files.read(connections, cells, form)
    about = _about_silent_cells(counts, form)
    try:
        chosen, _ = cell_selection.select_cells(found, edges, selection)
    except ValueError as error:
        raise ValueError(f"{error}{'; ' if about else ''}{about}") from error
    weights = assembly.weight_matrix(chosen, edges)
    shown = f"{counted(len(chosen), 'cell')} of {len(found)} chosen, {int((weights != 0).sum())} connections among them"
    return Look(summary="; ".join(filter(None, (shown, *_left_out(counts), about))), weights=weights)


def _left_out(counts: Mapping[str, Any]) -> list[str]:
    """What was read and is not used, and why."""
    words = {
        "rows_with_gaps": ("row without a cell or a weight is", "rows without a cell or a weight are"),
        "blank_cells": ("blank cell of the matrix is", "blank cells of the matrix are"),
        "rows_of_no_class": ("row of a class in neither list is", "rows of classes in neither list are"),
        "rows_of_unknown_cells": ("row with a cell outside the table is", "rows with cells outside the table are"),
        "connections_of_unknown_cells": (
            "connection with a cell outside the table is", "connections with cells outside the table are"
        ),
        "autapses": ("connection of a cell with itself is", "connections of cells with themselves are"),
    }  # fmt: skip
    return [f"{counts[key]} {texts[counts[key] > 1]} left out" for key, texts in words.items() if counts.get(key)]


def _about_silent_cells(counts: Mapping[str, Any], form: Mapping[str, Any]) -> str:
    """How many cells are isolated or without outputs, and what is done with them."""
    parts = []
    for key, words in (("isolated", "without any connection"), ("without_outputs", "without outputs")):
        number = counts.get(f"cells_{key}")
        if not number:
            continue
        signless = counts[f"cells_{key}_of_unknown_sign"]
        parts.append(f"{counted(number, 'cell')} {words}")
        if form.get(key):
            parts[-1] += {"keep": " kept", "drop": " left out"}[form[key]]
        elif signless:
            parts[-1] += f", {signless} of unknown sign, which only format.{key}: keep takes in"
    return "; ".join(parts)


# Large files


def _look_at_heads(
    connections: Path, cells: Path | None, form: Mapping[str, Any], selection: Mapping[str, Any]
) -> None:
    edge_list = form["connections"] == "edge_list"
    keys = ["presynaptic", "postsynaptic", "weight"] if edge_list else []
    if form["sign"] == "connection_class":
        keys.append("class")
    if edge_list:
        _require_columns(connections, form, "connections", keys)
    elif connections.suffix == ".npy":
        _require_shape(connections, selection)
    if cells is not None:
        own = ["cell", "cell_type", "root", "x", "y", "z", "x_um", "depth_um", "z_um", "axon_proofreading"]
        own += ["dendrite_proofreading"] + ["class"] * (form["sign"] != "connection_class")
        _require_columns(cells, form, "cells", own)


def _require_columns(path: Path, form: Mapping[str, Any], part: str, keys: list[str]) -> None:
    """Raise ValueError where a table has no column of a name that ``format`` gives, or no rows."""
    from richlazy.connectome.file_reading import Table

    Table.head(path, form, part).require_columns(keys)


def _require_shape(path: Path, selection: Mapping[str, Any]) -> None:
    """Raise ValueError where a matrix is not square, or has fewer cells than are to be chosen."""
    import numpy as np

    shape = np.load(path, mmap_mode="r", allow_pickle=False).shape
    if len(shape) != 2 or shape[0] != shape[1]:
        raise ValueError(f"{path.name} must hold a square matrix, but its shape is {shape}")
    if shape[0] < selection["cells"]:
        raise ValueError(
            f"{path.name} has {shape[0]} cells, but selection.cells asks for {selection['cells']}; lower it to at most "
            f"{shape[0]}"
        )
