"""Parquet tables that carry the unit and meaning of each column with them."""

import json
from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import pyarrow as pa
from pyarrow import parquet

from richlazy import records

SCHEMA_VERSION = "1"


def save_table(path: str | Path, table: pd.DataFrame, meanings: Mapping[str, str]) -> None:
    """Write a table to Parquet, atomically, with schema version, units and meaning of each column.

    Args:
        path: the file to write.
        table: its columns are exactly those of ``meanings``.
        meanings: column name to unit and meaning; stored in the metadata of the file under ``columns``.

    Raises:
        ValueError: when a column has no meaning or a meaning no column.
    """
    unexplained = set(table.columns) ^ set(meanings)
    if unexplained:
        raise ValueError(f"columns and their meanings differ in {path}: {', '.join(sorted(unexplained))}")
    arrow = pa.Table.from_pandas(table[list(meanings)], preserve_index=False)
    description = {"schema_version": SCHEMA_VERSION, "columns": json.dumps(dict(meanings))}
    with records.atomic(path) as temporary:
        parquet.write_table(arrow.replace_schema_metadata({**(arrow.schema.metadata or {}), **description}), temporary)


def load_table(path: str | Path) -> pd.DataFrame:
    """Read a Parquet table."""
    return pd.read_parquet(path)


def meanings(path: str | Path) -> dict[str, str]:
    """Unit and meaning of each column of a Parquet table that ``save_table`` wrote."""
    return json.loads(parquet.read_schema(path).metadata[b"columns"])
