"""Connectomes from files: edge lists and matrices, read as group ``format`` of the configuration declares them.

``format`` says what each column means, which way a matrix runs and where signs come from; nothing is guessed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from richlazy.connectome import assembly
from richlazy.connectome.file_reading import Table, read_matrix
from richlazy.storage import array_io
from richlazy.wording import listed

SIGNS = ("weights", "cell_class", "positive")
# Unit of raw coordinates of the MICrONS volume in nm, by axis.
RAW_POSITIONS = {"minnie65_nm": (1.0, 1.0, 1.0), "minnie65_voxels": (4.0, 4.0, 40.0)}
_PLACES = ("x_um", "depth_um", "z_um")
_WORDS = ("cell_type", "axon_proofreading", "dendrite_proofreading")


def describe_origin(
    paths: Mapping[str, str | Path | None], settings: Mapping[str, Any], counts: Mapping[str, Any]
) -> dict[str, Any]:
    """Where a connectome came from, for provenance.json: description, files with checksums, format and counts.

    Args:
        paths: the files that were read: ``connections``, and perhaps ``cells``.
        settings: ``source``, ``description`` and ``format`` of the connectome, and the addresses of a release.
        counts: counts of ``read``.
    """
    files = {}
    for part, path in paths.items():
        if path:
            origin = settings.get(part)
            address = {"url": origin["url"]} if isinstance(origin, Mapping) else {}
            files[part] = {"file": Path(path).name, **address, "sha256": array_io.checksum(path)}
    declared = {key: settings[key] for key in ("source", "description", "format")}
    return {**declared, "files": files, "counts": dict(counts)}


def read(
    connections_path: str | Path, cells_path: str | Path | None, form: Mapping[str, Any]
) -> tuple[pd.DataFrame, pd.DataFrame, dict[str, Any]]:
    """Read a connectome.

    Args:
        connections_path: an edge list (CSV, Parquet, Feather) or a matrix (.npy, .npz, CSV).
        cells_path: a table with one row per cell, or None.
        form: group ``format`` of the connectome in the configuration.

    Returns:
        Cells with the columns ``assembly.CELL_COLUMNS``, connections with ``assembly.CONNECTION_COLUMNS``, and
        counts of what was read and left out.

    Raises:
        ValueError: if a file is missing, cannot be read, or is not what ``form`` declares.
    """
    sign = form.get("sign")
    if sign not in SIGNS:
        raise ValueError(f"format.sign must say where the signs come from: {', '.join(SIGNS)}, not {sign!r}")
    if sign == "cell_class" and not (cells_path and form.get("class")):
        raise ValueError(
            "format.sign: cell_class needs a cell table (cells) and the name of its column in format.class"
        )
    described = _read_cells(Path(cells_path), form) if cells_path else None
    kind = form.get("connections")
    if kind == "edge_list":
        found = _read_edges(Path(connections_path), described, form)
    elif kind == "matrix":
        found = _read_matrix(Path(connections_path), described, form)
    else:
        raise ValueError(f"format.connections must be edge_list or matrix, not {kind!r}")
    cells, counts = _number(found.ids, described), dict(found.counts)
    numbers = cells["cell"].to_numpy()
    synapses = found.synapses.assign(
        presynaptic=numbers[found.synapses["presynaptic"]], postsynaptic=numbers[found.synapses["postsynaptic"]]
    )
    weight, name = synapses["size"].to_numpy(float), Path(connections_path).name
    if not np.isfinite(weight).all():
        raise ValueError(
            f"{name}: {np.sum(~np.isfinite(weight))} weights are missing or not finite; mend or remove them"
        )
    if sign != "weights" and (weight < 0).any():
        raise ValueError(
            f"{name}: {np.sum(weight < 0)} weights are negative, but format.sign is {sign}; "
            "write sign: weights if they carry the sign"
        )
    counts["autapses"] = int((synapses["presynaptic"] == synapses["postsynaptic"]).sum())
    if sign == "positive":
        cells["sign"] = 1
    if sign == "weights":
        counts |= _sign_by_weights(cells, synapses, name)
    cells = assembly.cell_table({column: cells[column] for column in cells})
    connections = assembly.connections_from_synapses(synapses, cells, signed=sign == "weights")
    counts |= {
        "cells": len(cells),
        "cells_of_unknown_sign": int(cells["sign"].isna().sum()),
        "connections": len(connections),
        "synapses": None if connections["synapses"].isna().any() else int(connections["synapses"].sum()),
    }
    return cells, connections, counts


def _number(ids: pd.Series, described: pd.DataFrame | None) -> pd.DataFrame:
    """The cells in the order of ``ids``, with number, label and the columns of the cell table."""
    cells = pd.DataFrame(index=range(len(ids))) if described is None else described.drop(columns="id", errors="ignore")
    whole = pd.api.types.is_integer_dtype(ids)
    cells["cell"] = ids.to_numpy() if whole else np.arange(len(ids))
    cells["label"] = ids.astype(str).to_numpy()
    return cells


def _sign_by_weights(cells: pd.DataFrame, synapses: pd.DataFrame, name: str) -> dict[str, Any]:
    """Give cells without a class the sign of their summed outgoing weight; a class that contradicts it is an error."""
    others = synapses[synapses["presynaptic"] != synapses["postsynaptic"]]
    outgoing = others.groupby("presynaptic")["size"].agg(["sum", "min", "max"]).reindex(cells["cell"])
    by_weight = pd.Series(np.sign(outgoing["sum"].to_numpy()), index=cells.index).replace(0, np.nan)
    if "sign" in cells:
        contradicted = cells["sign"].notna() & by_weight.notna() & (cells["sign"].astype("Float64") != by_weight)
        if contradicted.fillna(False).any():
            label = cells.loc[contradicted.fillna(False), "label"].iloc[0]
            raise ValueError(
                f"{name}: the outgoing weights of {contradicted.sum()} cells, first {label}, have another sign than "
                "their class; check format.rows and the lists excitatory and inhibitory"
            )
        cells["sign"] = cells["sign"].astype("Float64").fillna(by_weight.astype("Float64"))
    else:
        cells["sign"] = by_weight.astype("Float64")
    mixed = (outgoing["min"] < 0) & (outgoing["max"] > 0)
    return {"cells_of_both_signs": int(mixed.sum())}


# Cells


def _read_cells(path: Path, form: Mapping[str, Any]) -> pd.DataFrame:
    """The cell table with the columns of ``CELL_COLUMNS`` that ``form`` declares, and ``id`` where cells have one."""
    table = Table.read(path, form).keep()
    cells = pd.DataFrame(index=table.rows.index)
    if form.get("cell"):
        cells["id"] = table.ids("cell")
        repeated = cells.loc[cells["id"].duplicated(), "id"]
        if len(repeated):
            raise ValueError(
                f"{path.name}: {repeated.nunique()} cells stand more than once, first {repeated.iloc[0]}; "
                "keep one row per cell, or choose rows with format.keep"
            )
    if form.get("root"):
        roots = table.ids("root")
        if not pd.api.types.is_integer_dtype(roots):
            raise ValueError(f"{path.name}: column {form['root']} holds root ids that are no whole numbers")
        cells["root"] = roots.astype("Int64")
    for name in _WORDS:
        if form.get(name):
            cells[name] = table.texts(name)
    if form.get("class"):
        cells["sign"] = _class_signs(table)
    for name in _PLACES:
        if form.get(name):
            cells[name] = table.numbers(name)
    if form.get("position"):
        cells[list(_PLACES)] = _raw_positions(table)
    return cells


def _class_signs(table: Table) -> pd.Series:
    """Sign of each cell by its class; a class in neither list has none."""
    classes, form = table.texts("class"), table.form
    excitatory = [str(word) for word in form.get("excitatory") or []]
    inhibitory = [str(word) for word in form.get("inhibitory") or []]
    both = set(excitatory) & set(inhibitory)
    if both:
        raise ValueError(f"format.excitatory and format.inhibitory both name {listed(sorted(both))}; remove one")
    signs = classes.map(dict.fromkeys(excitatory, 1) | dict.fromkeys(inhibitory, -1)).astype("Int8")
    if signs.isna().all():
        raise ValueError(
            f"{table.file}: no value of column {form['class']} stands in format.excitatory or format.inhibitory; "
            f"it holds {listed(sorted(classes.dropna().unique()))}"
        )
    return signs


def _raw_positions(table: Table) -> np.ndarray:
    """x, depth and z in µm, shape (n, 3), from coordinates of the MICrONS volume."""
    position = table.form["position"]
    if position not in RAW_POSITIONS:
        raise ValueError(f"format.position must be one of {', '.join(RAW_POSITIONS)}, not {position!r}")
    missing = [axis for axis in "xyz" if not table.form.get(axis)]
    if missing:
        raise ValueError(
            f"format.position: {position} needs the names of columns in format.{', format.'.join(missing)}"
        )
    nm = [
        table.numbers(axis).to_numpy(float, na_value=np.nan) * scale
        for axis, scale in zip("xyz", RAW_POSITIONS[position], strict=True)
    ]
    return np.stack(assembly.cortical_position_um(*nm), axis=1)


# Connections: each reader gives rows of positions (presynaptic, postsynaptic) in `ids`, and their size


@dataclass(frozen=True)
class _Connections:
    """Connections of a file.

    Attributes:
        ids: id of each cell.
        synapses: ``presynaptic`` and ``postsynaptic`` as places in ``ids``, ``size``, and perhaps ``synapses``.
        counts: what was read and left out.
    """

    ids: pd.Series
    synapses: pd.DataFrame
    counts: dict[str, Any]


def _read_edges(path: Path, described: pd.DataFrame | None, form: Mapping[str, Any]) -> _Connections:
    if not (form.get("presynaptic") and form.get("postsynaptic")):
        raise ValueError("format.connections: edge_list needs the names of its columns presynaptic and postsynaptic")
    if described is not None and "id" not in described:
        raise ValueError("an edge list with a cell table needs format.cell, the column of the ids that the edges use")
    table = Table.read(path, form)
    pre, post = table.ids("presynaptic"), table.ids("postsynaptic")
    rows = len(table.rows)
    edges = pd.DataFrame({"size": table.numbers("weight") if form.get("weight") else np.ones(rows, np.int64)})
    if form.get("weight") and form.get("each_row") != "synapse":
        edges["synapses"] = pd.array([pd.NA] * rows, dtype="Int64")
    if not rows:
        raise ValueError(f"{path.name} has no rows")
    ids = described["id"] if described is not None else None
    columns = [pre, post] if ids is None else [pre, post, ids]
    if not all(pd.api.types.is_integer_dtype(column) for column in columns):
        pre, post = pre.astype(str), post.astype(str)
        ids = ids.astype(str) if ids is not None else None
    if ids is None:
        ids = pd.Series(np.unique(np.concatenate([pre.to_numpy(), post.to_numpy()])))
    index = pd.Index(ids)
    edges["presynaptic"], edges["postsynaptic"] = index.get_indexer(pre), index.get_indexer(post)
    known = (edges["presynaptic"] >= 0) & (edges["postsynaptic"] >= 0)
    if not known.any():
        raise ValueError(
            f"{path.name}: none of its {rows:,} rows joins two cells of the cell table; check that format.cell "
            f"({form.get('cell')}) holds the ids of {form['presynaptic']} and {form['postsynaptic']}"
        )
    return _Connections(ids, edges[known], {"rows": rows, "rows_of_unknown_cells": int((~known).sum())})


def _read_matrix(path: Path, described: pd.DataFrame | None, form: Mapping[str, Any]) -> _Connections:
    rows = form.get("rows")
    if rows not in ("presynaptic", "postsynaptic"):
        raise ValueError(
            f"format.rows must say whether rows of the matrix are presynaptic or postsynaptic, not {rows!r}"
        )
    matrix = read_matrix(path)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
        raise ValueError(f"{path.name} must hold a square matrix, but its shape is {matrix.shape}")
    if described is not None and len(described) != len(matrix):
        raise ValueError(
            f"{path.name} is a matrix of {len(matrix)} cells, but the cell table has {len(described)} rows; "
            "they must name the same cells in the same order"
        )
    if not np.isfinite(matrix).all():
        raise ValueError(f"{path.name}: {np.sum(~np.isfinite(matrix))} weights are missing or not finite; mend them")
    # Rows are presynaptic from here on.
    matrix = matrix if rows == "presynaptic" else matrix.T
    pre, post = np.nonzero(matrix)
    synapses = pd.DataFrame({"presynaptic": pre, "postsynaptic": post, "size": matrix[pre, post]})
    synapses["synapses"] = pd.array([pd.NA] * len(synapses), dtype="Int64")
    ids = described["id"] if described is not None and "id" in described else pd.Series(np.arange(len(matrix)))
    return _Connections(ids, synapses, {"rows": len(matrix)})
