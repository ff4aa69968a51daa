"""Matrices in files: arrays of NumPy, SciPy and MATLAB, and tables of numbers as text, with labels or without."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from richlazy.connectome import text_files
from richlazy.connectome.file_reading import cause, require
from richlazy.wording import listed

ENDINGS = (".npy", ".npz", ".mat", *text_files.ENDINGS)
LABELS = ("first_row_and_column", "first_row", "first_column", "none")
_MATLAB_7_3 = b"MATLAB 7.3 MAT-file"


@dataclass(frozen=True)
class Matrix:
    """A matrix by the entries that are not zero.

    Attributes:
        shape: rows and columns.
        rows: number of the row of each entry.
        columns: of its column.
        values: float64; nan where a cell is blank.
        row_labels: names of the rows; None where they have none.
        column_labels: of the columns, likewise.
    """

    shape: tuple[int, int]
    rows: np.ndarray
    columns: np.ndarray
    values: np.ndarray
    row_labels: list[str] | None = None
    column_labels: list[str] | None = None


def read(path: Path, form: Mapping[str, Any]) -> Matrix:
    """Read a matrix of real numbers from a file with one of the ``ENDINGS``.

    Args:
        path: the file.
        form: group ``format`` of the connectome, of which ``labels``, ``decimal`` and ``variable`` count.

    Raises:
        ValueError: with the name of the file, where it cannot be read or seems to hold labels that are not declared.
    """
    require(path, ENDINGS)
    try:
        if path.name.endswith(text_files.ENDINGS):
            return _read_text(path, form)
        held = _read_mat(path) if path.name.endswith(".mat") else _read_numpy(path)
        matrix = held if not isinstance(held, dict) else _chosen(held, form.get("variable"))
    except Exception as error:
        if isinstance(error, ValueError) and str(error).startswith(path.name):
            raise
        raise ValueError(f"{path} cannot be read as a matrix: {cause(error)}") from error
    real = np.issubdtype(matrix.dtype, np.number) or matrix.dtype == bool
    if not real or np.issubdtype(matrix.dtype, np.complexfloating):
        raise ValueError(f"{path} holds values of type {matrix.dtype}; a matrix of weights needs real numbers")
    if matrix.ndim != 2:
        raise ValueError(f"{path.name} must hold a square matrix, but its shape is {matrix.shape}")
    if not isinstance(matrix, np.ndarray):  # sparse; entries of one place are summed
        entries = matrix.tocsr().tocoo()
        return Matrix(matrix.shape, entries.row, entries.col, entries.data.astype(np.float64))
    if form.get("labels", "none") != "none":
        return _labelled(path.name, matrix.astype(str).tolist(), form)
    _refuse_hidden_labels(path.name, matrix, form)
    return _of_array(matrix.astype(np.float64))


def _of_array(array: np.ndarray, rows: list[str] | None = None, columns: list[str] | None = None) -> Matrix:
    places = np.nonzero(array)
    return Matrix((len(array), array.shape[1]), places[0], places[1], array[places], rows, columns)


# Arrays


def _read_numpy(path: Path) -> Any:
    """An array; a sparse matrix; or, where an archive holds several arrays, all of them by name."""
    with path.open("rb") as stream:  # which NumPy would leave open where an archive is broken
        held = np.load(stream, allow_pickle=False)
        if not isinstance(held, np.lib.npyio.NpzFile):
            return held
        if {"format", "shape", "data"} <= set(held.files):
            from scipy import sparse  # a third of a second

            return sparse.load_npz(path)
        return {name: held[name] for name in held.files}


def _read_mat(path: Path) -> dict[str, Any]:
    """The matrices in a file of MATLAB, by name."""
    from scipy import io, sparse

    with path.open("rb") as stream:
        if stream.read(len(_MATLAB_7_3)) == _MATLAB_7_3:
            raise ValueError(f"{path.name} is in MATLAB's format 7.3; save it with save(..., '-v7')")
    held = {name: value for name, value in io.loadmat(path).items() if not name.startswith("__")}
    return {
        name: value
        for name, value in held.items()
        if sparse.issparse(value) or (isinstance(value, np.ndarray) and value.dtype.kind in "biuf" and value.size > 1)
    }


def _chosen(held: Mapping[str, Any], variable: str | None) -> Any:
    if variable is None and len(held) == 1:
        return next(iter(held.values()))
    holds = f"it holds {len(held)} arrays ({listed(held)})"
    if variable is None:
        raise ValueError(f"{holds}, not one; name the one that is meant in format.variable")
    if variable not in held:
        raise ValueError(f"{holds}, and none is {variable!r}, as format.variable asks")
    return held[variable]


# Text


def _read_text(path: Path, form: Mapping[str, Any]) -> Matrix:
    layout = text_files.layout(path)
    rows = list(text_files.rows(path, layout))
    if form.get("labels", "none") != "none":
        return _labelled(path.name, rows, form)
    _refuse_unequal(path.name, rows)
    _refuse_names(path.name, rows, form)
    array = _numbers(path.name, rows, form)
    _refuse_hidden_labels(path.name, array, form)
    return _of_array(array)


def _labelled(name: str, rows: list[list[str]], form: Mapping[str, Any]) -> Matrix:
    """A matrix whose first row, first column or both name its cells."""
    row_labels = column_labels = None
    if form["labels"] != "first_column":
        column_labels, rows = rows[0], rows[1:]
    if form["labels"] != "first_row":
        row_labels, rows = [row[0] for row in rows], [row[1:] for row in rows]
        if column_labels and rows and len(column_labels) == len(rows[0]) + 1:
            column_labels = column_labels[1:]  # without the corner, which R leaves out
    _refuse_unequal(name, rows)
    if column_labels is not None and rows and len(rows[0]) != len(column_labels):
        raise ValueError(
            f"{name}: its first row names {len(column_labels)} cells, but rows have {len(rows[0])} numbers"
        )
    for which, labels in (("row", row_labels), ("column", column_labels)):
        if labels and "" in labels:
            raise ValueError(f"{name}: {which} {labels.index('') + 1} has no label; name its cell")
        repeated = next((label for label in labels or [] if labels and labels.count(label) > 1), None)
        if repeated is not None:
            raise ValueError(f"{name}: {repeated!r} names more than one {which}; give each cell a label of its own")
    return _of_array(_numbers(name, rows, form), row_labels, column_labels)


def _numbers(name: str, rows: Sequence[Sequence[str]], form: Mapping[str, Any]) -> np.ndarray:
    """Texts as numbers; nan where they are blank."""
    words = pd.DataFrame(rows, dtype="string").stack(future_stack=True) if rows else pd.Series(dtype="string")
    words = words.mask(words == "")
    if form.get("decimal") == "comma":
        words = words.str.replace(",", ".")
    numbers = pd.to_numeric(words, errors="coerce").to_numpy(np.float64, na_value=np.nan)
    wrong = np.flatnonzero(np.isnan(numbers) & ~words.fillna("nan").str.lower().eq("nan").to_numpy(bool))
    width = len(rows[0]) if rows else 0
    if len(wrong):
        row, column = divmod(int(wrong[0]), width)
        word = rows[row][column]
        comma = "; where commas are decimal marks, write format.decimal: comma" if "," in word else ""
        raise ValueError(
            f"{name} cannot be read as a matrix: row {row + 1}, column {column + 1} holds {word!r}, no number{comma}"
        )
    return numbers.reshape(len(rows), width)


def _refuse_unequal(name: str, rows: Sequence[Sequence[str]]) -> None:
    lengths = [len(row) for row in rows]
    odd = next((place for place, length in enumerate(lengths) if length != lengths[0]), None)
    if odd is not None:
        raise ValueError(
            f"{name} cannot be read as a matrix: row {odd + 1} has {lengths[odd]} numbers, row 1 has {lengths[0]}"
        )


# Labels that are not declared


def _refuse_names(name: str, rows: Sequence[Sequence[str]], form: Mapping[str, Any]) -> None:
    """Raise ValueError where the first row or column holds words, or a blank corner and whole numbers beside it."""
    if "labels" in form or not rows:
        return
    row, column = rows[0][1:], [line[0] for line in rows[1:]]
    corner_is_blank = rows[0][0] == "" and _are_labels(row) and _are_labels(column) and len(rows) > 2
    words = [any(word and not text_files.are_numbers([word]) and word.lower() != "nan" for word in labels)
             for labels in (row, column)]  # fmt: skip
    numbers_elsewhere = text_files.are_numbers([word for line in rows[1:] for word in line[1:] if word][:1000])
    if (any(words) or corner_is_blank) and numbers_elsewhere:
        found = "first_row_and_column" if all(words) or corner_is_blank else "first_row" if words[0] else "first_column"
        examples = listed((row if found != "first_column" else column)[:3])
        place = found.replace("_", " ") + (" look" if "and" in found else " looks")
        raise ValueError(f"{name}: its {place} like labels ({examples}); write format.labels: {found}")


def _are_labels(words: Sequence[str]) -> bool:
    return all(word.isdigit() for word in words) and len(set(words)) == len(words)


def _refuse_hidden_labels(name: str, array: np.ndarray, form: Mapping[str, Any]) -> None:
    """Raise ValueError where ids seem to stand among the weights."""
    if "labels" in form or array.dtype.kind not in "iuf" or min(array.shape) < 2:
        return
    count = max(array.shape) - 1
    counted = [np.arange(count), np.arange(1, count + 1)]
    found = None
    if array.shape[0] == array.shape[1] + 1 and any(np.array_equal(array[0], ids[:count]) for ids in counted):
        found, words = "first_row", f"row is {listed(f'{value:g}' for value in array[0][:3])}"
    elif array.shape[1] == array.shape[0] + 1 and any(np.array_equal(array[:, 0], ids[:count]) for ids in counted):
        found, words = "first_column", f"column is {listed(f'{value:g}' for value in array[:3, 0])}"
    elif array.shape[0] == array.shape[1] and len(array) > 3 and array[0, 0] == 0:
        row, inner = array[0, 1:], array[1:, 1:]
        whole = bool((row == np.round(row)).all()) and len(np.unique(row)) == len(row) and not (row == 0).any()
        if np.array_equal(row, array[1:, 0]) and whole and not np.array_equal(inner, inner.T):
            found, words = "first_row_and_column", "row equals its first column"
    if found:
        raise ValueError(
            f"{name}: its first {words} and looks like labels; write format.labels: {found}, or labels: none if these "
            "are weights"
        )
