"""Tables of committed folders: fewer bytes, and the same values, types and notes."""

import numpy as np
import pandas as pd
import pytest

from richlazy.storage import compact_tables, parquet


@pytest.fixture
def path(tmp_path):
    rng = np.random.default_rng(0)
    table = pd.DataFrame(
        {
            "name": pd.array(["a", None, "b"] * 100, "string"),
            "number": rng.standard_normal(300),
            "whole": pd.array([1, None, 3] * 100, "Int64"),
            "maybe": pd.array([0.1, None, np.pi] * 100, "Float64"),
            "true": [True, False, True] * 100,
            "curve": np.concatenate([rng.lognormal(0, 20, 297), [np.inf, np.nan, 0.0]]),
        }
    )
    parquet.save_table(tmp_path / "a.parquet", table, {name: f"{name}, with its unit" for name in table})
    return tmp_path / "a.parquet"


def test_a_table_keeps_its_values_types_and_notes_in_fewer_bytes(path):
    before, notes, size = parquet.load_table(path), parquet.meanings(path), path.stat().st_size
    compact_tables.compact(path)
    pd.testing.assert_frame_equal(parquet.load_table(path), before, check_exact=True)
    assert parquet.meanings(path) == notes
    assert path.stat().st_size < 0.8 * size


def test_rounded_columns_are_off_by_less_than_any_figure_shows_and_others_not_at_all(path):
    before = parquet.load_table(path)
    compact_tables.compact(path, ["curve", "maybe"])
    after = parquet.load_table(path)
    pd.testing.assert_frame_equal(after.drop(columns=["curve", "maybe"]), before.drop(columns=["curve", "maybe"]))
    for name in ("curve", "maybe"):
        old, new = (table[name].astype(float).to_numpy() for table in (before, after))
        np.testing.assert_allclose(new, old, rtol=1 / 8192, atol=0)
        assert not np.array_equal(new, old, equal_nan=True)
        assert after[name].isna().equals(before[name].isna())


def test_compacting_again_changes_no_byte_and_equal_tables_are_equal_bytes(path, tmp_path):
    other = tmp_path / "b.parquet"
    other.write_bytes(path.read_bytes())
    for one in (path, path, other):
        compact_tables.compact(one, ["curve"])
    assert path.read_bytes() == other.read_bytes()


def test_a_compact_table_that_is_damaged_is_refused(path):
    compact_tables.compact(path)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))
    with pytest.raises(ValueError, match="checksum differs"):
        compact_tables.compact(path)
