"""Connectomes from files: edge lists and matrices, exactly as the configuration declares them, or not at all.

Nothing about a file is guessed: which columns mean what, which way a matrix runs and where signs come from stand in
``format``. Ids are never read as floating-point numbers, which would merge neighbouring ids beyond 2^53.
"""

import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from pyarrow import feather, parquet

from richlazy.connectome import assembly
from richlazy.storage import array_io
from richlazy.wording import guess, listed

TABLES = (".csv", ".csv.gz", ".parquet", ".feather")
MATRICES = (".npy", ".npz", ".csv", ".csv.gz")
SIGNS = ("weights", "cell_class", "positive")
# Unit of raw coordinates of the MICrONS volume in nm, by axis.
RAW_POSITIONS = {"minnie65_nm": (1.0, 1.0, 1.0), "minnie65_voxels": (4.0, 4.0, 40.0)}
_PLACES = ("x_um", "depth_um", "z_um")
_WORDS = ("cell_type", "axon_proofreading", "dendrite_proofreading")
_LARGEST_EXACT = 2**53
# Whole numbers with gaps must stay whole, which pandas' default types would not see to.
_WHOLE = {
    pa.int8(): pd.Int8Dtype(), pa.int16(): pd.Int16Dtype(), pa.int32(): pd.Int32Dtype(), pa.int64(): pd.Int64Dtype(),
    pa.uint8(): pd.UInt8Dtype(), pa.uint16(): pd.UInt16Dtype(), pa.uint32(): pd.UInt32Dtype(),
    pa.uint64(): pd.UInt64Dtype(),
}  # fmt: skip


def describe_origin(
    paths: Mapping[str, str | Path | None], settings: Mapping[str, Any], counts: Mapping[str, Any]
) -> dict[str, Any]:
    """Where a connectome came from, for provenance.json: description, files with checksums, format and counts.

    Args:
        paths: ``connections`` and perhaps ``cells``, the files that were read.
        settings: ``source``, ``description`` and ``format`` of the connectome, and the addresses of a release.
        counts: what ``read`` counted.
    """
    files = {}
    for part, path in paths.items():
        if path:
            origin = settings.get(part)
            address = {"url": origin["url"]} if isinstance(origin, Mapping) else {}
            files[part] = {"file": Path(path).name, **address, "sha256": array_io.checksum(path)}
    told = {key: settings[key] for key in ("source", "description", "format")}
    return {**told, "files": files, "counts": dict(counts)}


def read(
    connections_path: str | Path, cells_path: str | Path | None, form: Mapping[str, Any]
) -> tuple[pd.DataFrame, pd.DataFrame, dict[str, Any]]:
    """Read a connectome.

    Args:
        connections_path: an edge list (CSV, Parquet, Feather) or a matrix (.npy, .npz, CSV).
        cells_path: a table with one row per cell, or None.
        form: group ``format`` of the connectome in the configuration.

    Returns:
        Cells and connections as ``CELL_COLUMNS`` and ``CONNECTION_COLUMNS`` say, and counts of what was read and
        left out.

    Raises:
        ValueError: when a file is missing, cannot be read, or is not what ``form`` declares.
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
        synapses, ids, described, counts = _read_edges(Path(connections_path), described, form)
    elif kind == "matrix":
        synapses, ids, described, counts = _read_matrix(Path(connections_path), described, form)
    else:
        raise ValueError(f"format.connections must be edge_list or matrix, not {kind!r}")
    cells = _number(ids, described)
    numbers = cells["cell"].to_numpy()
    synapses = synapses.assign(
        presynaptic=numbers[synapses["presynaptic"]], postsynaptic=numbers[synapses["postsynaptic"]]
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
    """The cells in the order of ``ids``, with number, label and whatever the cell table says of them."""
    cells = pd.DataFrame(index=range(len(ids))) if described is None else described.drop(columns="id", errors="ignore")
    whole = pd.api.types.is_integer_dtype(ids)
    cells["cell"] = ids.to_numpy() if whole else np.arange(len(ids))
    cells["label"] = ids.astype(str).to_numpy()
    return cells


def _sign_by_weights(cells: pd.DataFrame, synapses: pd.DataFrame, name: str) -> dict[str, Any]:
    """Give cells without a class the sign of their summed outgoing weight; refuse a class that contradicts it."""
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
    """The cell table with the columns of ``CELL_COLUMNS`` that are declared, and ``id`` where cells have one."""
    raw = _read_table(path)
    for column, wanted in (form.get("keep") or {}).items():
        values = wanted if isinstance(wanted, list) else [wanted]
        raw = raw[_texts(_column(raw, column, path, "keep")).isin([str(value) for value in values])]
        if raw.empty:
            raise ValueError(f"{path.name}: no row has {column} in {listed(values)}, as format.keep asks")
    raw = raw.reset_index(drop=True)
    cells = pd.DataFrame(index=raw.index)
    if form.get("cell"):
        cells["id"] = _ids(_column(raw, form["cell"], path, "cell"), path, form["cell"])
        repeated = cells.loc[cells["id"].duplicated(), "id"]
        if len(repeated):
            raise ValueError(
                f"{path.name}: {repeated.nunique()} cells stand more than once, first {repeated.iloc[0]}; "
                "keep one row per cell, or choose rows with format.keep"
            )
    if form.get("root"):
        roots = _ids(_column(raw, form["root"], path, "root"), path, form["root"])
        if not pd.api.types.is_integer_dtype(roots):
            raise ValueError(f"{path.name}: column {form['root']} holds root ids that are no whole numbers")
        cells["root"] = roots.astype("Int64")
    for name in _WORDS:
        if form.get(name):
            cells[name] = _texts(_column(raw, form[name], path, name))
    if form.get("class"):
        cells["sign"] = _class_signs(_texts(_column(raw, form["class"], path, "class")), path, form)
    for name in _PLACES:
        if form.get(name):
            cells[name] = _numbers(_column(raw, form[name], path, name), path, form[name])
    if form.get("position"):
        cells[list(_PLACES)] = _raw_positions(raw, path, form)
    return cells


def _class_signs(classes: pd.Series, path: Path, form: Mapping[str, Any]) -> pd.Series:
    """Sign of each cell by its class; a class in neither list has none."""
    excitatory, inhibitory = ([str(word) for word in form.get(side) or []] for side in ("excitatory", "inhibitory"))
    both = set(excitatory) & set(inhibitory)
    if both:
        raise ValueError(f"format.excitatory and format.inhibitory both name {listed(sorted(both))}; remove one")
    signs = classes.map(dict.fromkeys(excitatory, 1) | dict.fromkeys(inhibitory, -1)).astype("Int8")
    if signs.isna().all():
        raise ValueError(
            f"{path.name}: no value of column {form['class']} stands in format.excitatory or format.inhibitory; "
            f"it holds {listed(sorted(classes.dropna().unique()))}"
        )
    return signs


def _raw_positions(raw: pd.DataFrame, path: Path, form: Mapping[str, Any]) -> np.ndarray:
    """x, depth and z in µm, shape (n, 3), from coordinates of the MICrONS volume that are declared as such."""
    position = form["position"]
    if position not in RAW_POSITIONS:
        raise ValueError(f"format.position must be one of {', '.join(RAW_POSITIONS)}, not {position!r}")
    missing = [axis for axis in "xyz" if not form.get(axis)]
    if missing:
        raise ValueError(
            f"format.position: {position} needs the names of columns in format.{', format.'.join(missing)}"
        )
    nm = [
        _numbers(_column(raw, form[axis], path, axis), path, form[axis]).to_numpy(float, na_value=np.nan) * scale
        for axis, scale in zip("xyz", RAW_POSITIONS[position], strict=True)
    ]
    return np.stack(assembly.cortical_position_um(*nm), axis=1)


# Connections: each reader gives rows of positions (presynaptic, postsynaptic) in `ids`, and their size


def _read_edges(path: Path, described: pd.DataFrame | None, form: Mapping[str, Any]):
    ends = [form.get(key) for key in ("presynaptic", "postsynaptic")]
    if not all(ends):
        raise ValueError("format.connections: edge_list needs the names of its columns presynaptic and postsynaptic")
    if described is not None and "id" not in described:
        raise ValueError("an edge list with a cell table needs format.cell, the column of the ids that the edges use")
    raw = _read_table(path)
    pre = _ids(_column(raw, form["presynaptic"], path, "presynaptic"), path, form["presynaptic"])
    post = _ids(_column(raw, form["postsynaptic"], path, "postsynaptic"), path, form["postsynaptic"])
    size = _numbers(_column(raw, form["weight"], path, "weight"), path, form["weight"]) if form.get("weight") else None
    edges = pd.DataFrame({"size": np.ones(len(raw), np.int64) if size is None else size})
    if form.get("each_row") != "synapse" and size is not None:
        edges["synapses"] = pd.array([pd.NA] * len(raw), dtype="Int64")
    counts: dict[str, Any] = {"rows": len(raw), "rows_of_unknown_cells": 0}
    if raw.empty:
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
    counts["rows_of_unknown_cells"] = int((~known).sum())
    if not known.any():
        raise ValueError(
            f"{path.name}: none of its {len(raw):,} rows joins two cells of the cell table; "
            f"check that format.cell ({form.get('cell')}) holds the ids of {ends[0]} and {ends[1]}"
        )
    return edges[known], ids, described, counts


def _read_matrix(path: Path, described: pd.DataFrame | None, form: Mapping[str, Any]):
    rows = form.get("rows")
    if rows not in ("presynaptic", "postsynaptic"):
        raise ValueError(
            f"format.rows must say whether rows of the matrix are presynaptic or postsynaptic, not {rows!r}"
        )
    matrix = _load_matrix(path)
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
    return synapses, ids, described, {"rows": len(matrix)}


def _load_matrix(path: Path) -> np.ndarray:
    _require(path, MATRICES)
    try:
        if path.name.endswith((".csv", ".csv.gz")):
            matrix = np.loadtxt(path, delimiter=",", ndmin=2)
        else:
            loaded = np.load(path, allow_pickle=False)
            if isinstance(loaded, np.lib.npyio.NpzFile):
                with loaded:
                    if len(loaded.files) != 1:
                        raise ValueError(f"it holds {len(loaded.files)} arrays ({listed(loaded.files)}), not one")
                    matrix = loaded[loaded.files[0]]
            else:
                matrix = loaded
    except (ValueError, OSError, EOFError, zipfile.BadZipFile) as error:
        if "allow_pickle" in str(error) or "pickled" in str(error):
            cause = "it holds Python objects and no numbers"
        else:
            cause = str(error).splitlines()[0].rstrip(".")
        raise ValueError(f"{path} cannot be read as a matrix: {cause}") from error
    if not (np.issubdtype(matrix.dtype, np.number) or matrix.dtype == bool) or np.iscomplexobj(matrix):
        raise ValueError(f"{path} holds values of type {matrix.dtype}; a matrix of weights needs real numbers")
    return matrix.astype(np.float64)


# Tables, exactly


def _require(path: Path, kinds: tuple[str, ...]) -> None:
    if not path.is_file():
        raise ValueError(f"the file {path} does not exist; check its path in the connectome")
    if not path.name.endswith(kinds):
        raise ValueError(f"{path.name} must end in {', '.join(kinds)}, as its ending says how to read it")


def _read_table(path: Path) -> pd.DataFrame:
    """A table; the cells of a CSV as texts, so that nothing is lost before its meaning is known."""
    _require(path, TABLES)
    try:
        if path.name.endswith((".csv", ".csv.gz")):
            return pd.read_csv(path, dtype="string", keep_default_na=False, na_values=[""], skipinitialspace=True)
        arrow = parquet.read_table(path) if path.name.endswith(".parquet") else feather.read_table(path)
        return arrow.to_pandas(types_mapper=_WHOLE.get, ignore_metadata=True)
    except (ValueError, OSError, EOFError, pa.ArrowException) as error:
        raise ValueError(f"{path} cannot be read as a table: {str(error).splitlines()[0].rstrip('.')}") from error


def _column(table: pd.DataFrame, name: str, path: Path, key: str) -> pd.Series:
    if name not in table:
        meant = guess(name, table.columns)
        hint = f"did you mean {meant!r}? " if meant else ""
        raise ValueError(
            f"{path.name} has no column {name!r} (format.{key}): {hint}its columns are {listed(table.columns)}"
        )
    return table[name]


def _texts(values: pd.Series) -> pd.Series:
    """Values as words; an empty one is null."""
    words = values.astype("string").str.strip()
    return words.mask(words == "")


def _numbers(values: pd.Series, path: Path, name: str) -> pd.Series:
    """Values as numbers; whole ones stay whole, an empty one is null."""
    try:
        return pd.to_numeric(_texts(values) if not pd.api.types.is_numeric_dtype(values) else values)
    except (ValueError, TypeError) as error:
        raise ValueError(f"{path.name}: column {name} must hold numbers: {error}") from error


def _ids(values: pd.Series, path: Path, name: str) -> pd.Series:
    """Ids as whole numbers where all are, otherwise as texts.

    Raises:
        ValueError: for a missing id, or one that has been a floating-point number beyond 2^53.
    """
    if values.isna().any():
        raise ValueError(f"{path.name}: column {name} lacks {values.isna().sum()} ids; every row needs one")
    if pd.api.types.is_integer_dtype(values) and values.max() < 2**63:
        return values.astype("int64")
    words = (
        values.map(lambda value: f"{value:.1f}")
        if pd.api.types.is_float_dtype(values)
        else values.astype("string").str.strip()
    )
    rounded = words.str.fullmatch(r"-?\d+\.0*").astype(bool)
    if rounded.any():
        words = words.mask(rounded, words.str.replace(r"\.0*$", "", regex=True))
    # An id in exponents, or a large one with a decimal point, was a floating-point number before and has lost digits.
    lossy = words.str.fullmatch(r"-?\d+(\.\d+)?[eE]\+?\d+").astype(bool)
    lossy |= rounded & words.where(rounded, "0").map(lambda word: abs(int(word)) >= _LARGEST_EXACT)
    if lossy.any():
        raise ValueError(
            f"{path.name}: column {name} holds ids such as {values[lossy].iloc[0]} that were saved as floating-point "
            "numbers and have lost digits; export them as whole numbers or texts"
        )
    whole = words.str.fullmatch(r"0|-?[1-9]\d{0,18}").astype(bool)
    if whole.all():
        exact = [int(word) for word in words]
        if min(exact, default=0) >= -(2**63) and max(exact, default=0) < 2**63:
            return pd.Series(exact, index=values.index, dtype="int64")
    return words.astype(str)
