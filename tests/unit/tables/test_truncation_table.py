"""Table of networks whose weight change is truncated."""

import math

import numpy as np
import pandas as pd

from richlazy.measures import low_rank_change
from richlazy.storage import parquet
from richlazy.tables import truncation_table
from weight_changes import matrices, squares


def test_record_of_a_network_goes_into_rows_of_the_table(tmp_path):
    initial, final = matrices(0, 30)
    found = low_rank_change.record(initial, final, squares)
    assert found["ranks"] == list(range(26))
    assert len(found["singular_values"]) == 30
    lost = low_rank_change.record(initial, final.clone().fill_(math.nan), squares)
    assert lost == {"ranks": [], "losses": [], "singular_values": []}
    small = low_rank_change.record(*matrices(1, 3), squares)

    table = truncation_table.table({"big": found, "lost": lost, "small": small})
    assert table["run"].tolist() == ["big"] * 26 + ["small"] * 4
    big = table[table["run"] == "big"]
    assert big["loss"].tolist() == found["losses"]
    assert big["singular_value"].tolist()[1:] == found["singular_values"][:25]
    assert table.loc[table["rank"] == 0, "singular_value"].isna().all()
    path = tmp_path / "truncations.parquet"
    parquet.save_table(path, table, truncation_table.COLUMNS)
    pd.testing.assert_frame_equal(parquet.load_table(path), table)


def test_losses_that_are_not_finite_are_null():
    """They come as null from the file of a run."""
    table = truncation_table.table({"one": {"ranks": [0, 1], "losses": [1.0, None], "singular_values": [2.0]}})
    np.testing.assert_array_equal(table["loss"], [1.0, math.nan])
    np.testing.assert_array_equal(table["singular_value"], [math.nan, 2.0])
