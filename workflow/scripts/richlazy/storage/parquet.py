"""Parquet tables that carry the unit and meaning of each column with them."""

import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
from pyarrow import parquet

from richlazy.storage import array_io

# Tables of version 1 were written before there were checksums; committed ones of it are still read.
SCHEMA_VERSION = "2"


def save_table(path: str | Path, table: pd.DataFrame, meanings: Mapping[str, str]) -> None:
    """Write a table to Parquet, atomically, with schema version, units and meaning of each column, and a checksum.

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
    save_arrow(path, arrow, {"schema_version": SCHEMA_VERSION, "columns": json.dumps(dict(meanings))})


def save_arrow(path: str | Path, arrow: pa.Table, notes: Mapping[str, str]) -> None:
    """Write an Arrow table to Parquet, atomically, with notes in its metadata, and sealed with a checksum."""
    described = arrow.replace_schema_metadata({**(arrow.schema.metadata or {}), **notes})
    content = io.BytesIO()
    with parquet.ParquetWriter(content, described.schema) as writer:
        writer.write_table(described)
        writer.add_key_value_metadata({"checksum": f"{array_io.SEAL.decode()}00000000"})
    with array_io.atomic(path) as temporary:
        temporary.write_bytes(array_io.seal(content.getvalue()))


def load_arrow(path: str | Path) -> pa.Table:
    """Arrow table of a Parquet file, with its metadata.

    Raises:
        ValueError: when the file is damaged, or of a later version than this one.
    """
    content = array_io.sealed_content(path, required=False)
    try:
        # Without threads: those of Arrow now and then abort a process that ends, and tables here are small.
        arrow = parquet.ParquetFile(pa.BufferReader(content)).read(use_threads=False)
    except Exception as error:  # a broken footer fails in many ways
        raise array_io.damaged(path, error) from error
    version = _notes(arrow).get(b"schema_version", SCHEMA_VERSION.encode()).decode()
    if array_io.SEAL not in content and version != "1":
        raise array_io.damaged(path, "its checksum is missing")
    if version not in ("1", SCHEMA_VERSION):
        raise ValueError(
            f"{path} is a table of schema version {version}, and this workflow reads 1 and {SCHEMA_VERSION}; update "
            "the workflow, or delete the file and run the same command again"
        )
    return arrow


def load_table(path: str | Path) -> pd.DataFrame:
    """Read a Parquet table.

    Raises:
        ValueError: when the file is damaged.
    """
    return load_arrow(path).to_pandas(use_threads=False)


def meanings(path: str | Path) -> dict[str, str]:
    """Unit and meaning of each column of a Parquet table that ``save_table`` wrote."""
    return json.loads(_notes(load_arrow(path))[b"columns"])


def _notes(arrow: pa.Table) -> dict[bytes, Any]:
    return arrow.schema.metadata or {}
