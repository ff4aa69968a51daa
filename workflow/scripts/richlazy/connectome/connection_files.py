"""Connections of a connectome from an edge list or a matrix: which cells they join, and their sizes."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from richlazy.connectome import file_reading, graph_files, matrix_files
from richlazy.connectome.file_reading import Table
from richlazy.wording import listed


@dataclass(frozen=True)
class Connections:
    """Connections of a file.

    Attributes:
        ids: id of each cell.
        synapses: ``presynaptic`` and ``postsynaptic`` as places in ``ids``, ``size``, and perhaps ``synapses``.
        counts: what was read and left out.
    """

    ids: pd.Series
    synapses: pd.DataFrame
    counts: dict[str, Any]


def read(path: Path, described: pd.DataFrame | None, form: Mapping[str, Any]) -> Connections:
    """Read the file of the connections.

    Args:
        path: an edge list or a matrix.
        described: the table of cells, with ``id`` where it names them; None where there is none.
        form: group ``format`` of the connectome.
    """
    kind = form.get("connections")
    if kind == "edge_list":
        return _read_edges(path, described, form)
    if kind == "matrix":
        return _read_matrix(path, described, form)
    raise ValueError(f"format.connections must be edge_list or matrix, not {kind!r}")


# Edge lists


def _read_edges(path: Path, described: pd.DataFrame | None, form: Mapping[str, Any]) -> Connections:
    if not (form.get("presynaptic") and form.get("postsynaptic")):
        raise ValueError("format.connections: edge_list needs the names of its columns presynaptic and postsynaptic")
    if described is not None and "id" not in described:
        raise ValueError("an edge list with a cell table needs format.cell, the column of the ids that the edges use")
    table = Table.read(path, form)
    counts: dict[str, Any] = {"rows": len(table.rows)}
    if form.get("keep_connections"):
        table = table.keep("keep_connections")
        counts["rows_kept"] = len(table.rows)
    if form.get("missing") == "drop":
        keys = [key for key in ("presynaptic", "postsynaptic", "weight") if form.get(key)]
        table, counts["rows_with_gaps"] = table.without_gaps(*keys)
    pre, post, rows = table.ids("presynaptic"), table.ids("postsynaptic"), len(table.rows)
    edges = pd.DataFrame({"size": table.numbers("weight") if form.get("weight") else np.ones(rows, np.int64)})
    if form.get("weight") and form.get("each_row") != "synapse":
        edges["synapses"] = pd.array([pd.NA] * rows, dtype="Int64")
    if form.get("sign") == "connection_class":
        _refuse_negative(edges["size"], path.name, form)
        edges["size"] = edges["size"] * class_signs(table).astype("Float64")
    columns = {"presynaptic": pre, "postsynaptic": post}
    mirrored = _mirrored(table, path, pre, post)
    if mirrored.any():
        counts["rows_mirrored"] = int(mirrored.sum())
        edges = pd.concat([edges, edges[mirrored]], ignore_index=True)
        columns = {key: pd.concat([columns[key], columns[other][mirrored]], ignore_index=True)
                   for key, other in (("presynaptic", "postsynaptic"), ("postsynaptic", "presynaptic"))}  # fmt: skip
    if form.get("sign") == "connection_class":
        signed = edges["size"].notna()
        counts["rows_of_no_class"] = int((~signed).sum())
        edges = edges[signed].astype({"size": "float64"}).reset_index(drop=True)
        columns = {key: column[signed].reset_index(drop=True) for key, column in columns.items()}
    ids, synapses, unknown = _joined(columns, edges, described)
    if not len(synapses):
        raise ValueError(
            f"{path.name}: none of its {counts['rows']:,} rows joins two cells of the cell table; check that "
            f"format.cell ({form.get('cell')}) holds the ids of {form['presynaptic']} and {form['postsynaptic']}"
        )
    return Connections(ids, synapses, counts | {"rows_of_unknown_cells": unknown})


def _mirrored(table: Table, path: Path, pre: pd.Series, post: pd.Series) -> pd.Series:
    """Which rows stand for a connection in both directions.

    Raises:
        ValueError: where the file has both directions of most of them already, or a graph says no direction.
    """
    mirror = table.form.get("mirror")
    if path.name.endswith(".graphml") and mirror is None and graph_files.is_undirected(path):
        raise ValueError(
            f"{path.name} is an undirected graph; write format.mirror: true, so that edges count in both directions"
        )
    if not mirror:
        return pd.Series(False, index=pre.index)
    found = pd.Series(True, index=pre.index) if mirror is True else table.where(mirror, "mirror")
    found &= pre.astype(str) != post.astype(str)
    pairs = set(zip(pre[found].astype(str), post[found].astype(str), strict=True))
    twice = sum((second, first) in pairs for first, second in pairs)
    if twice > len(pairs) / 2:
        raise ValueError(
            f"{path.name}: {twice} of the {len(pairs)} pairs to mirror stand there in both directions already, and "
            "would count twice; remove format.mirror"
        )
    return found


def class_signs(table: Table) -> pd.Series:
    """Sign of each row by its class, in the column of ``format.class``; a class in neither list has none.

    Raises:
        ValueError: where a class stands in both lists or in no row.
    """
    classes, form = table.texts("class"), table.form
    words = {key: [str(word) for word in form.get(key) or []] for key in ("excitatory", "inhibitory")}
    both = set(words["excitatory"]) & set(words["inhibitory"])
    if both:
        raise ValueError(f"format.excitatory and format.inhibitory both name {listed(sorted(both))}; remove one")
    if not classes.isin(words["excitatory"] + words["inhibitory"]).any():
        raise ValueError(
            f"{table.file}: no value of column {form['class']} stands in format.excitatory or format.inhibitory; "
            f"it holds {listed(sorted(classes.dropna().unique()))}"
        )
    for key, named in words.items():
        table.require_words(classes, form["class"], named, f"as format.{key} says")
    signs = dict.fromkeys(words["excitatory"], 1) | dict.fromkeys(words["inhibitory"], -1)
    return classes.map(signs).astype("Int8")


def _refuse_negative(sizes: pd.Series, name: str, form: Mapping[str, Any]) -> None:
    if (sizes < 0).any():
        raise ValueError(
            f"{name}: {(sizes < 0).sum()} weights are negative, but format.sign is {form['sign']}; "
            "write sign: weights if they carry the sign"
        )


# Matrices


def _read_matrix(path: Path, described: pd.DataFrame | None, form: Mapping[str, Any]) -> Connections:
    rows = form.get("rows")
    if rows not in ("presynaptic", "postsynaptic"):
        raise ValueError(
            f"format.rows must say whether rows of the matrix are presynaptic or postsynaptic, not {rows!r}"
        )
    matrix = matrix_files.read(path, form)
    labelled = matrix.row_labels is not None and matrix.column_labels is not None
    if matrix.shape[0] != matrix.shape[1] and not labelled:
        raise ValueError(f"{path.name} must hold a square matrix, but its shape is {matrix.shape}")
    places = {"presynaptic": matrix.rows, "postsynaptic": matrix.columns}
    if rows == "postsynaptic":
        places = {"presynaptic": matrix.columns, "postsynaptic": matrix.rows}
    size, counts = matrix.values, {"rows": matrix.shape[0]}
    infinite = ~np.isfinite(size)
    if infinite.any():
        if form.get("missing") != "drop" or np.isinf(size).any():
            raise ValueError(
                f"{path.name}: {np.sum(infinite)} weights are missing or not finite; mend them, or write "
                "format.missing: drop where a blank cell is no connection"
            )
        counts["blank_cells"] = int(infinite.sum())
        places = {key: place[~infinite] for key, place in places.items()}
        size = size[~infinite]
    synapses = pd.DataFrame({"size": size, "synapses": pd.array([pd.NA] * len(size), dtype="Int64")})
    labels = matrix.row_labels or matrix.column_labels
    if labels is None or (described is not None and "id" not in described):
        if described is not None and len(described) != matrix.shape[0]:
            raise ValueError(
                f"{path.name} is a matrix of {matrix.shape[0]} cells, but the cell table has {len(described)} rows; "
                "they must name the same cells in the same order"
            )
        ids = described["id"] if described is not None and "id" in described else pd.Series(np.arange(matrix.shape[0]))
        return Connections(ids, synapses.assign(**places), counts)
    of_rows, of_columns = matrix.row_labels or labels, matrix.column_labels or labels
    every = file_reading.ids(pd.Series(list(dict.fromkeys([*of_rows, *of_columns])), dtype="string"), path.name)
    by_label = dict(zip(dict.fromkeys([*of_rows, *of_columns]), every, strict=True))
    named = {"presynaptic": of_rows, "postsynaptic": of_columns}
    if rows == "postsynaptic":
        named = {"presynaptic": of_columns, "postsynaptic": of_rows}
    columns = {
        key: pd.Series([by_label[label] for label in labels], dtype=every.dtype)[places[key]].reset_index(drop=True)
        for key, labels in named.items()
    }
    ids, synapses, unknown = _joined(columns, synapses, described, every)
    if not len(synapses):
        raise ValueError(
            f"{path.name}: no connection joins two cells of the cell table; check that format.cell "
            f"({form.get('cell')}) holds its labels, such as {labels[0]}"
        )
    return Connections(ids, synapses, counts | {"connections_of_unknown_cells": unknown})


def _joined(
    columns: Mapping[str, pd.Series],
    edges: pd.DataFrame,
    described: pd.DataFrame | None,
    every: pd.Series | None = None,
) -> tuple[pd.Series, pd.DataFrame, int]:
    """Cells, and edges with the places of their cells; edges of cells outside the table are left out and counted.

    Args:
        columns: ids of the ``presynaptic`` and the ``postsynaptic`` cell of each edge.
        edges: sizes.
        described: the table of cells.
        every: the cells where there is no table; without it, those of the edges.
    """
    ids = described["id"] if described is not None else every
    pre, post = columns["presynaptic"], columns["postsynaptic"]
    known = [pre, post] if ids is None else [pre, post, ids]
    if not all(pd.api.types.is_integer_dtype(column) for column in known):
        pre, post = pre.astype(str), post.astype(str)
        ids = ids.astype(str) if ids is not None else None
    if ids is None:
        ids = pd.Series(np.unique(np.concatenate([pre.to_numpy(), post.to_numpy()])))
    index = pd.Index(ids)
    edges = edges.assign(presynaptic=index.get_indexer(pre), postsynaptic=index.get_indexer(post))
    inside = (edges["presynaptic"] >= 0) & (edges["postsynaptic"] >= 0)
    return ids, edges[inside], int((~inside).sum())
