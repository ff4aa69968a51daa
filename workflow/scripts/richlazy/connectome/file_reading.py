"""Tables of a connectome, read from files exactly.

Ids stay whole numbers: floating-point numbers would merge neighbouring ids beyond 2^53. Every function raises a
ValueError that names the file when that is not what its place asks for.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from pyarrow import feather, parquet

from richlazy.connectome import graph_files, text_files
from richlazy.wording import guess, listed

TABLES = (*text_files.ENDINGS, ".parquet", ".feather", ".graphml")
# Keys of group ``format`` that name columns of the edge list.
_EDGE_COLUMNS = ("presynaptic", "postsynaptic", "weight")
# Digits of the mantissa of floating-point numbers, by their bytes: beyond 2 to that power whole numbers are rounded.
_MANTISSA = {2: 11, 4: 24, 8: 53}
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
    def read(cls, path: Path, form: Mapping[str, Any], part: str = "connections") -> "Table":
        """Read a file in one of the formats ``TABLES``.

        Args:
            path: the file.
            form: group ``format``.
            part: ``connections`` for an edge list, ``cells`` for a table of cells.
        """
        require(path, TABLES)
        try:
            if path.name.endswith(text_files.ENDINGS):
                rows = _read_text(path, form, part)
            elif path.name.endswith(".graphml"):
                columns, values = graph_files.read(path, part)
                rows = pd.DataFrame(values, columns=columns, dtype="string")
            else:
                if path.name.endswith(".parquet"):
                    text_files.refuse_repeated(path.name, parquet.read_schema(path).names)
                arrow = parquet.read_table(path) if path.name.endswith(".parquet") else feather.read_table(path)
                text_files.refuse_repeated(path.name, arrow.column_names)
                rows = arrow.to_pandas(types_mapper=_WHOLE.get, ignore_metadata=True)
        except Exception as error:  # a broken file fails in two dozen ways
            if isinstance(error, ValueError) and str(error).startswith(path.name):
                raise
            raise ValueError(f"{path} cannot be read as a table: {cause(error)}") from error
        if rows.empty:
            raise ValueError(f"{path.name} has no rows")
        return cls(path.name, rows, form)

    @classmethod
    def head(cls, path: Path, form: Mapping[str, Any], part: str) -> "Table":
        """The columns of a table, without its rows where it is large."""
        require(path, TABLES)
        if path.name.endswith(text_files.ENDINGS):
            return cls(path.name, _read_text(path, form, part, rows=20), form)
        if path.name.endswith(".parquet"):
            schema = parquet.read_schema(path)
            text_files.refuse_repeated(path.name, schema.names)
            return cls(path.name, schema.empty_table().to_pandas(), form)
        return cls.read(path, form, part)

    def require_columns(self, keys: Iterable[str]) -> None:
        """Raise ValueError where there is no column of a name that a key of ``format`` gives."""
        for key in keys:
            if self.form.get(key):
                self._column(self.form[key], key)

    def keep(self, key: str = "keep") -> "Table":
        """The rows that ``format.<key>`` asks for."""
        kept = self.where(self.form.get(key) or {}, key)
        if not kept.any():
            raise ValueError(f"{self.file}: no row is left of those that format.{key} asks for; ask for others")
        return replace(self, rows=self.rows[kept].reset_index(drop=True))

    def where(self, conditions: Mapping[str, Any], key: str) -> pd.Series:
        """Which rows have one of some values in each of some columns.

        Raises:
            ValueError: where a value stands in no row.
        """
        found = pd.Series(True, index=self.rows.index)
        for name, wanted in conditions.items():
            values = [str(value) for value in (wanted if isinstance(wanted, list) else [wanted])]
            words = _texts(self._column(name, key))
            self.require_words(words, name, values, f"as format.{key} asks")
            found &= words.isin(values)
        return found

    def require_words(self, words: pd.Series, column: str, wanted: list[str], reason: str) -> None:
        """Raise ValueError where no row has one of the words that are asked for."""
        known = sorted(words.dropna().unique())
        absent = next((word for word in wanted if word not in known), None)
        if absent is not None:
            likely = next((word for word in known if word.lower() == absent.lower()), None) or guess(absent, known)
            hint = f"did you mean {likely!r}? " if likely else ""
            raise ValueError(
                f"{self.file}: no row has {column} in {absent}, {reason}; {hint}it holds {listed(known) or 'nothing'}"
            )

    def texts(self, key: str) -> pd.Series:
        """The column that ``format.<key>`` names, as texts; an empty one is null."""
        return _texts(self._column(self.form[key], key))

    def numbers(self, key: str) -> pd.Series:
        """The column that ``format.<key>`` names, as numbers; whole ones stay whole, an empty one is null."""
        values = self._column(self.form[key], key)
        try:
            if pd.api.types.is_numeric_dtype(values):
                return values
            words = _texts(values)
            return pd.to_numeric(words.str.replace(",", ".") if self.form.get("decimal") == "comma" else words)
        except (ValueError, TypeError) as error:
            hint = "" if self.form.get("decimal") else _decimal_hint(words)
            raise ValueError(f"{self.file}: column {self.form[key]} must hold numbers: {error}{hint}") from error

    def ids(self, key: str) -> pd.Series:
        """The column that ``format.<key>`` names, as whole numbers where all ids are, otherwise as texts.

        Raises:
            ValueError: if an id is missing, or was a floating-point number beyond 2^53 before.
        """
        return ids(self._column(self.form[key], key), f"{self.file}: column {self.form[key]}")

    def without_gaps(self, *keys: str) -> tuple["Table", int]:
        """The rows with something in each column that ``format.<key>`` names, and how many others there are."""
        kept = pd.Series(True, index=self.rows.index)
        for key in keys:
            kept &= _texts(self._column(self.form[key], key)).notna()
        return replace(self, rows=self.rows[kept].reset_index(drop=True)), int((~kept).sum())

    def _column(self, name: str | int, key: str) -> pd.Series:
        name = str(name)
        if name not in self.rows:
            known = self.rows.columns
            meant = guess(name, known)
            hint = f"did you mean {meant!r}? " if meant else ""
            if text_files.are_numbers([str(column) for column in known]) and self.form.get("header", True):
                hint = (
                    "its first line holds numbers; if they are data, write header: false and count the columns from 1; "
                )
            raise ValueError(
                f"{self.file} has no column {name!r} (format.{key}): {hint}its columns are {listed(known)}"
            )
        return self.rows[name]


def _texts(values: pd.Series) -> pd.Series:
    words = values.astype("string").str.strip()
    return words.mask(words == "")


def _read_text(path: Path, form: Mapping[str, Any], part: str, rows: int | None = None) -> pd.DataFrame:
    """A table of text, with what stands in it as texts; only its first ``rows`` where they are given."""
    header_is_there = part == "cells" or form.get("header", True)
    wanted = [str(form[key]) for key in _EDGE_COLUMNS if form.get(key)] if part == "connections" else []
    if part == "cells" and form.get("cell"):
        wanted = [form["cell"]]
    layout = text_files.layout(path, wanted if header_is_there else ())
    first, *others = layout.head
    header = first if header_is_there else [str(number) for number in range(1, len(first) + 1)]
    text_files.refuse_repeated(path.name, header)
    header = [name or f"column {number}" for number, name in enumerate(header, start=1)]
    header_is = "the header" if header_is_there else "the first"
    text_files.refuse_longer(path.name, header, others, header_is)
    separator = r"\s+" if layout.separator == " " else layout.separator
    if not others and header_is_there:
        raise ValueError(f"{path.name} has no rows")
    try:
        return pd.read_csv(
            path, sep=separator, names=header, index_col=False, skiprows=layout.skipped + header_is_there,
            encoding=layout.encoding, dtype="string", keep_default_na=False, na_values=[""], skipinitialspace=True,
            nrows=rows,
        )  # fmt: skip
    except pd.errors.ParserError as error:
        found = re.search(r"Expected (\d+) fields in line (\d+), saw (\d+)", str(error))
        if found is None:
            raise
        columns, line, fields = map(int, found.groups())
        number = line - layout.skipped - header_is_there
        raise ValueError(text_files.longer_row(path.name, number, fields, columns, header_is)) from error


def _decimal_hint(words: pd.Series) -> str:
    """What to declare where numbers that pandas does not take have decimal commas."""
    commas = words.dropna().str.fullmatch(r"[-+]?\d*,\d+").astype(bool)
    return "; where commas are decimal marks, write format.decimal: comma" if commas.any() else ""


def ids(values: pd.Series, where: str) -> pd.Series:
    """Ids as whole numbers where all are, otherwise as texts; ``where`` names their place.

    Raises:
        ValueError: if an id is missing, or was a floating-point number that cannot have kept its digits.
    """
    if values.isna().any():
        raise ValueError(f"{where} lacks {values.isna().sum()} ids; every row needs one")
    if pd.api.types.is_integer_dtype(values) and values.max() < 2**63:
        return values.astype("int64")
    largest = 2 ** _MANTISSA[8]
    if pd.api.types.is_float_dtype(values):
        largest = 2 ** _MANTISSA.get(values.dtype.itemsize, 53)
        words = values.map(lambda value: f"{value:.1f}")
    else:
        words = values.astype("string").str.strip()
    rounded = words.str.fullmatch(r"-?\d+\.0*").astype(bool)
    if rounded.any():
        words = words.mask(rounded, words.str.replace(r"\.0*$", "", regex=True))
    # An id with an exponent, or a large one with a decimal point, was a floating-point number and has lost digits.
    lossy = words.str.fullmatch(r"-?\d+(\.\d+)?[eE]\+?\d+").astype(bool)
    lossy |= rounded & words.where(rounded, "0").map(lambda word: abs(int(word)) >= largest)
    if lossy.any():
        raise ValueError(
            f"{where} holds ids such as {_plain(values[lossy].iloc[0])} that were saved as floating-point numbers and "
            "have lost digits; export them as whole numbers or texts"
        )
    whole = words.str.fullmatch(r"0|-?[1-9]\d{0,18}").astype(bool)
    if whole.all():
        exact = [int(word) for word in words]
        if min(exact, default=0) >= -(2**63) and max(exact, default=0) < 2**63:
            return pd.Series(exact, index=values.index, dtype="int64")
    return words.astype(str)


def _plain(value: Any) -> str:
    return f"{value:.0f}" if isinstance(value, (float, np.floating)) else str(value)


def require(path: Path, kinds: tuple[str, ...]) -> None:
    """Raise ValueError where there is no file of one of some kinds."""
    if not path.is_file():
        raise ValueError(f"the file {path} does not exist; check its path in the connectome")
    if not path.name.endswith(kinds):
        raise ValueError(f"{path.name} must end in {', '.join(kinds)}, as its ending says how to read it")
    text_files.refuse_pointer(path)


def cause(error: Exception) -> str:
    """Why a file cannot be read, in a line."""
    text = " ".join(str(error).split()).rstrip(".")
    if "allow_pickle" in text or "pickled" in text:
        return "it holds Python objects and no numbers"
    if isinstance(error, MemoryError):
        return "it says that it holds more numbers than fit into memory"
    return text[:200] or f"it is damaged ({type(error).__name__})"
