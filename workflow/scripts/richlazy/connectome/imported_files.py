"""Connectomes from files: edge lists and matrices, read as group ``format`` of the configuration declares them.

``format`` says what each column means, which way a matrix runs and where signs come from; nothing is guessed.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from richlazy.connectome import assembly, connection_files
from richlazy.connectome.file_reading import Table
from richlazy.storage import array_io

SIGNS = ("weights", "cell_class", "connection_class", "positive")
# Unit of raw coordinates of the MICrONS volume in nm, by axis.
RAW_POSITIONS = {"minnie65_nm": (1.0, 1.0, 1.0), "minnie65_voxels": (4.0, 4.0, 40.0)}
_PLACES = ("x_um", "depth_um", "z_um")
_WORDS = ("cell_type", "axon_proofreading", "dendrite_proofreading")


def describe_origin(
    paths: Mapping[str, str | Path | None], settings: Mapping[str, Any], counts: Mapping[str, Any]
) -> dict[str, Any]:
    """Where a connectome came from, for provenance.json: files with checksums, format and counts.

    Args:
        paths: the files that were read: ``connections``, and perhaps ``cells``.
        settings: ``source`` and ``format`` of the connectome.
        counts: counts of ``read``.
    """
    read = {part: Path(path) for part, path in paths.items() if path}
    files = {part: {"file": path.name, "sha256": array_io.checksum(path)} for part, path in read.items()}
    declared = {key: settings[key] for key in ("source", "format")}
    return {**declared, "files": files, "counts": dict(counts)}


def read(
    connections_path: str | Path, cells_path: str | Path | None, form: Mapping[str, Any]
) -> tuple[pd.DataFrame, pd.DataFrame, dict[str, Any]]:
    """Read a connectome.

    Args:
        connections_path: an edge list (text, Parquet, Feather, GraphML) or a matrix (text, .npy, .npz, .mat).
        cells_path: a table with one row per cell, or None. Both may be one GraphML file.
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
    found = connection_files.read(Path(connections_path), described, form)
    cells, counts = _number(found.ids, described), dict(found.counts)
    numbers = cells["cell"].to_numpy()
    synapses = found.synapses.assign(
        presynaptic=numbers[found.synapses["presynaptic"]], postsynaptic=numbers[found.synapses["postsynaptic"]]
    )
    weight, name = synapses["size"].to_numpy(float), Path(connections_path).name
    if not np.isfinite(weight).all():
        raise ValueError(
            f"{name}: {np.sum(~np.isfinite(weight))} weights are missing or not finite; mend or remove them, or write "
            "format.missing: drop"
        )
    signed = sign in ("weights", "connection_class")
    if not signed and (weight < 0).any():
        raise ValueError(
            f"{name}: {np.sum(weight < 0)} weights are negative, but format.sign is {sign}; "
            "write sign: weights if they carry the sign"
        )
    counts["autapses"] = int((synapses["presynaptic"] == synapses["postsynaptic"]).sum())
    if sign == "positive":
        cells["sign"] = 1
    if signed:
        counts |= _sign_by_weights(cells, synapses, name)
    cells = assembly.cell_table({column: cells[column] for column in cells})
    connections = assembly.connections_from_synapses(synapses, cells, signed=signed)
    cells, connections, left_out = _without(cells, connections, synapses, form)
    counts |= left_out
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


def _without(
    cells: pd.DataFrame, connections: pd.DataFrame, synapses: pd.DataFrame, form: Mapping[str, Any]
) -> tuple[pd.DataFrame, pd.DataFrame, dict[str, Any]]:
    """Keep or drop isolated cells and cells without outputs, as ``form`` says, and count both.

    No weight hangs on the sign of a cell without outputs: one that is kept and has none counts as excitatory.
    """
    # Of connections, those from cells of unknown sign are left out already.
    others = synapses[(synapses["size"] != 0) & (synapses["presynaptic"] != synapses["postsynaptic"])]
    sends, receives = (cells["cell"].isin(others[key]) for key in ("presynaptic", "postsynaptic"))
    found = {"isolated": ~sends & ~receives, "without_outputs": ~sends & receives}
    cells, dropped = cells.copy(), pd.Series(False, index=cells.index)
    counts = {f"cells_{key}": int(places.sum()) for key, places in found.items()}
    for key, places in found.items():
        counts[f"cells_{key}_of_unknown_sign"] = int((places & cells["sign"].isna()).sum())
        if form.get(key) == "keep":
            cells.loc[places & cells["sign"].isna(), "sign"] = 1
        elif form.get(key) == "drop":
            dropped |= places
    numbers = cells.loc[dropped, "cell"]
    left = ~(connections["presynaptic"].isin(numbers) | connections["postsynaptic"].isin(numbers))
    counts["cells_dropped"] = int(dropped.sum())
    return cells[~dropped].reset_index(drop=True), connections[left].reset_index(drop=True), counts


# Cells


def _read_cells(path: Path, form: Mapping[str, Any]) -> pd.DataFrame:
    """The cell table with the columns of ``CELL_COLUMNS`` that ``form`` declares, and ``id`` where cells have one."""
    table = Table.read(path, form, "cells").keep()
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
    if form.get("class") and form["sign"] != "connection_class":
        cells["sign"] = connection_files.class_signs(table)
    for name in _PLACES:
        if form.get(name):
            cells[name] = table.numbers(name)
    if form.get("position"):
        cells[list(_PLACES)] = _raw_positions(table)
    return cells


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
