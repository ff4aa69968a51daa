"""Parquet tables that explain themselves."""

import json

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from richlazy.storage import parquet

MEANINGS = {
    "seed": "number of the run",
    "loss": "nats; final loss",
    "task": "name of the task",
    "diverged": "true or false",
}


def table():
    return pd.DataFrame(
        {
            "seed": np.array([0, 1, 2]),
            "loss": [0.5, np.nan, 0.25],
            "task": ["2AF", "DMS", "CXT"],
            "diverged": [False, True, False],
        }
    )


def test_table_comes_back(tmp_path):
    parquet.save_table(tmp_path / "runs.parquet", table(), MEANINGS)
    loaded = parquet.load_table(tmp_path / "runs.parquet")
    pd.testing.assert_frame_equal(loaded, table())
    assert [path.name for path in tmp_path.iterdir()] == ["runs.parquet"]


def test_meanings_and_version_travel_in_the_metadata(tmp_path):
    path = tmp_path / "runs.parquet"
    parquet.save_table(path, table(), MEANINGS)
    assert parquet.meanings(path) == MEANINGS
    # Read as another tool would: without this library.
    metadata = pq.read_schema(path).metadata
    assert metadata[b"schema_version"].decode() == parquet.SCHEMA_VERSION
    assert json.loads(metadata[b"columns"]) == MEANINGS
    assert b"pandas" in metadata  # what pandas needs to restore its types


def test_a_table_of_a_later_version_is_refused(tmp_path):
    path = tmp_path / "t.parquet"
    parquet.save_arrow(path, pa.table({"a": [1]}), {"schema_version": "99"})
    with pytest.raises(ValueError, match="schema version 99, and this workflow reads 1 and 2; update the workflow"):
        parquet.load_table(path)


def test_columns_have_the_order_of_their_meanings(tmp_path):
    shuffled = table()[["task", "diverged", "loss", "seed"]]
    parquet.save_table(tmp_path / "runs.parquet", shuffled, MEANINGS)
    assert list(parquet.load_table(tmp_path / "runs.parquet").columns) == list(MEANINGS)


def test_index_is_not_stored(tmp_path):
    filtered = table().iloc[[2, 0]]
    parquet.save_table(tmp_path / "runs.parquet", filtered, MEANINGS)
    loaded = parquet.load_table(tmp_path / "runs.parquet")
    assert list(loaded.index) == [0, 1]
    assert list(loaded.columns) == list(MEANINGS)
    assert loaded["seed"].tolist() == [2, 0]


def test_an_empty_table_keeps_its_columns_and_their_meanings(tmp_path):
    parquet.save_table(tmp_path / "runs.parquet", table().iloc[:0], MEANINGS)
    assert list(parquet.load_table(tmp_path / "runs.parquet").columns) == list(MEANINGS)
    assert parquet.meanings(tmp_path / "runs.parquet") == MEANINGS


def test_equal_tables_give_equal_bytes(tmp_path):
    for name in ("first", "second"):
        parquet.save_table(tmp_path / name / "runs.parquet", table(), MEANINGS)
    assert (tmp_path / "first" / "runs.parquet").read_bytes() == (tmp_path / "second" / "runs.parquet").read_bytes()


@pytest.mark.parametrize(
    ("columns", "meanings"),
    [
        (list(MEANINGS), {name: MEANINGS[name] for name in ("seed", "loss", "task")}),  # a column without meaning
        (["seed", "loss", "task"], MEANINGS),  # a meaning without column
    ],
)
def test_columns_without_meaning_and_meanings_without_column_are_refused(tmp_path, columns, meanings):
    path = tmp_path / "runs.parquet"
    path.write_bytes(b"old")
    with pytest.raises(ValueError, match=r"columns and their meanings differ in .*runs\.parquet: diverged$"):
        parquet.save_table(path, table()[columns], meanings)
    assert path.read_bytes() == b"old"
    assert [file.name for file in tmp_path.iterdir()] == ["runs.parquet"]


def test_every_column_at_fault_is_named(tmp_path):
    with pytest.raises(ValueError, match=r": accuracy, diverged, task$"):
        parquet.save_table(tmp_path / "runs.parquet", table()[["seed", "loss", "task", "diverged"]],
                          {"seed": "number", "loss": "nats", "accuracy": "share"})  # fmt: skip
