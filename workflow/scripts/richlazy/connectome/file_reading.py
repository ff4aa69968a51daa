"""Tables and matrices of a connectome, read from files exactly.

Ids stay whole numbers: floating-point numbers would merge neighbouring ids beyond 2^53. Every function raises a
ValueError that names the file when that is not what its place asks for.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from pyarrow import feather, parquet

from richlazy.wording import guess, listed

TABLES = (".csv", ".csv.gz", ".parquet", ".feather")
MATRICES = (".npy", ".npz", ".csv", ".csv.gz")
_LARGEST_EXACT = 2**53
# Whole numbers with gaps stay whole; pandas would make them floating-point numbers.
_WHOLE = {
    pa.int8(): pd.Int8Dtype(),
    pa.int16(): pd.Int16Dtype(),
    pa.int32(): pd.Int32Dtype(),
    pa.int64(): pd.Int64Dtype(),
    pa.uint8(): pd.UInt8Dtype(),
    pa.uint16(): pd.UInt16Dtype(),
    pa.uint32(): pd.UInt32Dtype(),
    pa.uint64(): pd.UInt64Dtype(),
}


@dataclass(frozen=True)
class Table:
    """A table with the columns that group ``format`` of a connectome declares.

    Attributes:
        file: name of the file, for messages.
        rows: its rows; those of a CSV as texts, so that nothing is lost before its meaning is known.
        form: group ``format``: for each key the name of a column.
    """

    file: str
    rows: pd.DataFrame
    form: Mapping[str, Any]

    @classmethod
    def read(cls, path: Path, form: Mapping[str, Any]) -> "Table":
        """Read a file in one of the formats ``TABLES``."""
        _require(path, TABLES)
        try:
            if path.name.endswith((".csv", ".csv.gz")):
                rows = pd.read_csv(path, dtype="string", keep_default_na=False, na_values=[""], skipinitialspace=True)
            else:
                arrow = parquet.read_table(path) if path.name.endswith(".parquet") else feather.read_table(path)
                rows = arrow.to_pandas(types_mapper=_WHOLE.get, ignore_metadata=True)
        except Exception as error:  # a broken file fails in two dozen ways
            raise ValueError(f"{path} cannot be read as a table: {_cause(error)}") from error
        return cls(path.name, rows, form)

    def keep(self) -> "Table":
        """The rows that ``format.keep`` asks for."""
        rows = self.rows
        for name, wanted in (self.form.get("keep") or {}).items():
            values = wanted if isinstance(wanted, list) else [wanted]
            rows = rows[_texts(self._column(name, "keep"))[rows.index].isin([str(value) for value in values])]
            if rows.empty:
                raise ValueError(f"{self.file}: no row has {name} in {listed(values)}, as format.keep asks")
        return replace(self, rows=rows.reset_index(drop=True))

    def texts(self, key: str) -> pd.Series:
        """The column that ``format.<key>`` names, as texts; an empty one is null."""
        return _texts(self._column(self.form[key], key))

    def numbers(self, key: str) -> pd.Series:
        """The column that ``format.<key>`` names, as numbers; whole ones stay whole, an empty one is null."""
        values = self._column(self.form[key], key)
        try:
            return pd.to_numeric(_texts(values) if not pd.api.types.is_numeric_dtype(values) else values)
        except (ValueError, TypeError) as error:
            raise ValueError(f"{self.file}: column {self.form[key]} must hold numbers: {error}") from error

    def ids(self, key: str) -> pd.Series:
        """The column that ``format.<key>`` names, as whole numbers where all ids are, otherwise as texts.

        Raises:
            ValueError: if an id is missing, or was a floating-point number beyond 2^53 before.
        """
        return _ids(self._column(self.form[key], key), f"{self.file}: column {self.form[key]}")

    def _column(self, name: str, key: str) -> pd.Series:
        if name not in self.rows:
            known = self.rows.columns
            meant = guess(name, known)
            hint = f"did you mean {meant!r}? " if meant else ""
            raise ValueError(
                f"{self.file} has no column {name!r} (format.{key}): {hint}its columns are {listed(known)}"
            )
        return self.rows[name]


def _texts(values: pd.Series) -> pd.Series:
    words = values.astype("string").str.strip()
    return words.mask(words == "")


def _ids(values: pd.Series, where: str) -> pd.Series:
    if values.isna().any():
        raise ValueError(f"{where} lacks {values.isna().sum()} ids; every row needs one")
    if pd.api.types.is_integer_dtype(values) and values.max() < 2**63:
        return values.astype("int64")
    if pd.api.types.is_float_dtype(values):
        words = values.map(lambda value: f"{value:.1f}")
    else:
        words = values.astype("string").str.strip()
    rounded = words.str.fullmatch(r"-?\d+\.0*").astype(bool)
    if rounded.any():
        words = words.mask(rounded, words.str.replace(r"\.0*$", "", regex=True))
    # An id with an exponent, or a large one with a decimal point, was a floating-point number and has lost digits.
    lossy = words.str.fullmatch(r"-?\d+(\.\d+)?[eE]\+?\d+").astype(bool)
    lossy |= rounded & words.where(rounded, "0").map(lambda word: abs(int(word)) >= _LARGEST_EXACT)
    if lossy.any():
        raise ValueError(
            f"{where} holds ids such as {values[lossy].iloc[0]} that were saved as floating-point "
            "numbers and have lost digits; export them as whole numbers or texts"
        )
    whole = words.str.fullmatch(r"0|-?[1-9]\d{0,18}").astype(bool)
    if whole.all():
        exact = [int(word) for word in words]
        if min(exact, default=0) >= -(2**63) and max(exact, default=0) < 2**63:
            return pd.Series(exact, index=values.index, dtype="int64")
    return words.astype(str)


def _require(path: Path, kinds: tuple[str, ...]) -> None:
    if not path.is_file():
        raise ValueError(f"the file {path} does not exist; check its path in the connectome")
    if not path.name.endswith(kinds):
        raise ValueError(f"{path.name} must end in {', '.join(kinds)}, as its ending says how to read it")


def _cause(error: Exception) -> str:
    """Why a file cannot be read, in a line."""
    text = " ".join(str(error).split()).rstrip(".")
    if "allow_pickle" in text or "pickled" in text:
        return "it holds Python objects and no numbers"
    if isinstance(error, MemoryError):
        return "it says that it holds more numbers than fit into memory"
    return text[:200] or f"it is damaged ({type(error).__name__})"


def read_matrix(path: Path) -> np.ndarray:
    """Read an array of real numbers, as float64, from a file in one of the formats ``MATRICES``."""
    _require(path, MATRICES)
    try:
        if path.name.endswith((".csv", ".csv.gz")):
            matrix = np.loadtxt(path, delimiter=",", ndmin=2)
        else:
            with path.open("rb") as stream:  # which NumPy would leave open where an archive is broken
                matrix = np.load(stream, allow_pickle=False)
                if isinstance(matrix, np.lib.npyio.NpzFile):
                    if len(matrix.files) != 1:
                        raise ValueError(f"it holds {len(matrix.files)} arrays ({listed(matrix.files)}), not one")
                    matrix = matrix[matrix.files[0]]
    except Exception as error:
        raise ValueError(f"{path} cannot be read as a matrix: {_cause(error)}") from error
    if not (np.issubdtype(matrix.dtype, np.number) or matrix.dtype == bool) or np.iscomplexobj(matrix):
        raise ValueError(f"{path} holds values of type {matrix.dtype}; a matrix of weights needs real numbers")
    return matrix.astype(np.float64)
