"""Numbers of papers beside ours: intervals against independent ones, words for agreement, and the page."""

import itertools
import math
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from richlazy.configuration import loading, registers
from richlazy.statistics import published_values
from richlazy.storage import parquet
from shipped import CONFIG

ROOT = Path(__file__).parents[3]
REFERENCE = ROOT / "results/reference"
OURS = {"experiment": "mine", "measure": "speed", "statistic": "mean", "where": {"gain": [0.0]}}
NUMBER = {
    "paper": "doe_2025", "quantity": "a number", "location": "Figure 1", "value": 2.0, "uncertainty": 0.1, "unit": "1",
    "ours": OURS,
}  # fmt: skip


def table(**speeds):
    """Runs of one gain for each list of speeds, named ``gain_0``, ``gain_9`` for gains 0 and 0.9."""
    parts = [
        pd.DataFrame({"gain": int(name.removeprefix("gain_")) / 10, "seed": range(len(values)), "speed": values})
        for name, values in speeds.items()
    ]
    return pd.concat(parts, ignore_index=True).astype({"gain": "Float64", "seed": "Int64"})


def row(value, runs, confidence=0.95):
    (found,) = published_values.compare([value], {"mine": runs}, confidence).to_dict("records")
    return found


def number(**changes):
    return NUMBER | changes


# Intervals

samples = st.lists(st.floats(-1e3, 1e3), min_size=2, max_size=12).filter(lambda values: np.std(values) > 1e-3)


@given(samples, st.sampled_from([0.9, 0.95]))
def test_a_mean_has_the_interval_of_the_t_test(values, confidence):
    found = row(NUMBER, table(gain_0=values), confidence)
    expected = stats.ttest_1samp(values, 0.0).confidence_interval(confidence)
    assert (found["ours"], found["n"]) == (pytest.approx(np.mean(values)), len(values))
    assert (found["interval_low"], found["interval_high"]) == pytest.approx(tuple(expected), rel=1e-6, abs=1e-6)


@given(st.integers(0, 1000), st.integers(3, 12))
def test_the_ends_of_the_interval_of_a_ratio_are_where_the_paired_t_test_turns(seed, count):
    rng = np.random.default_rng(seed)
    first, second = rng.normal(30, 3, count), rng.normal(10, 1, count)
    ratio = number(ours=OURS | {"relative_to": {"gain": [0.9]}})
    found = row(ratio, table(gain_0=first, gain_9=second))
    assert found["ours"] == pytest.approx(first.mean() / second.mean())
    for end in ("interval_low", "interval_high"):
        assert stats.ttest_rel(first, found[end] * second).pvalue == pytest.approx(0.05, rel=1e-6)
    assert found["interval_low"] < found["ours"] < found["interval_high"]
    assert found["statistic"] == "ratio of means" and found["condition"] == "gain 0.0, over gain 0.9"


def test_a_ratio_over_what_may_be_nothing_has_no_bounds():
    ratio = number(ours=OURS | {"relative_to": {"gain": [0.9]}})
    found = row(ratio, table(gain_0=[1.0, 2.0, 3.0], gain_9=[-1.0, 0.5, 1.0]))
    assert (found["interval_low"], found["interval_high"]) == (-math.inf, math.inf)


@pytest.mark.parametrize("count", range(2, 26))
def test_the_interval_of_a_median_covers_it_as_often_as_seeds_allow(count):
    """Of all ways in which seeds fall below or above the true median, those in which the interval holds it."""
    found = row(number(ours=OURS | {"statistic": "median"}), table(gain_0=np.arange(count, dtype=float)))
    low, high = int(found["interval_low"]), int(found["interval_high"])
    assert low + high == count - 1 and found["ours"] == pytest.approx((count - 1) / 2)

    def coverage(lowest):  # ends at these places from below and above
        return sum(math.comb(count, below) for below in range(lowest + 1, count - lowest)) / 2**count

    assert coverage(low) >= 0.95 or (low == 0 and count < 6)
    assert coverage(low + 1) < 0.95, "a narrower interval would do"


def test_a_median_over_other_networks_is_that_of_the_ratios_of_each_seed():
    ratio = number(ours=OURS | {"statistic": "median", "relative_to": {"gain": [0.9]}})
    found = row(ratio, table(gain_0=[2.0, 9.0, 8.0, 20.0, 3.0], gain_9=[1.0, 3.0, 4.0, 5.0, 3.0]))  # 2, 3, 2, 4, 1
    assert (found["ours"], found["interval_low"], found["interval_high"], found["n"]) == (2.0, 1.0, 4.0, 5)


def test_what_never_happened_counts_in_a_median_and_leaves_a_mean_infinite():
    runs = table(gain_0=[7.0, 6.0, math.inf, math.inf, 7.0])
    found = row(number(ours=OURS | {"statistic": "median"}), runs)
    assert (found["ours"], found["interval_low"], found["interval_high"], found["n"]) == (7.0, 6.0, math.inf, 5)
    assert row(NUMBER, runs)["ours"] == math.inf and row(NUMBER, runs)["agreement"] == "differs"


def test_seeds_without_a_value_are_counted_and_pairs_need_both():
    found = row(NUMBER, table(gain_0=[1.0, math.nan, 3.0]))
    assert (found["ours"], found["n"], found["without_value"]) == (2.0, 2, 1)
    ratio = number(ours=OURS | {"relative_to": {"gain": [0.9]}})
    found = row(ratio, table(gain_0=[4.0, math.nan, 8.0, 9.0], gain_9=[2.0, 1.0, 4.0]))
    assert (found["ours"], found["n"], found["without_value"]) == (2.0, 2, 2)


def test_a_single_seed_has_no_interval():
    for statistic in ("mean", "median"):
        found = row(number(ours=OURS | {"statistic": statistic}), table(gain_0=[2.05]))
        assert (found["ours"], found["n"], found["agreement"]) == (2.05, 1, "within")
        assert math.isnan(found["interval_low"])


# Words

NARROW, WIDE = [-0.01, 0.0, 0.01], [-1.0, 0.0, 1.0]


@pytest.mark.parametrize(
    ("theirs", "mean", "spread", "agreement"),
    [
        ({"uncertainty": 0.1}, 2.0, WIDE, "within"),
        ({"uncertainty": 0.1}, 2.09, NARROW, "within"),
        ({"uncertainty": 0.1}, 2.12, NARROW, "compatible"),
        ({"uncertainty": 0.1}, 2.2, NARROW, "differs"),
        ({"uncertainty": 0.1}, 1.8, NARROW, "differs"),
        ({"uncertainty": 0.1}, 1.0, WIDE, "compatible"),
        ({"uncertainty": 0.0}, 2.0, NARROW, "within"),
        ({"bound": "at_most"}, -5.0, NARROW, "within"),
        ({"bound": "at_most"}, 2.01, NARROW, "compatible"),
        ({"bound": "at_most"}, 2.1, NARROW, "differs"),
        ({"bound": "at_least"}, 5.0, NARROW, "within"),
        ({"bound": "at_least"}, 1.99, NARROW, "compatible"),
        ({"bound": "at_least"}, 1.9, NARROW, "differs"),
    ],
)
def test_the_word_follows_from_the_range_of_theirs_and_the_interval_of_ours(theirs, mean, spread, agreement):
    value = {key: content for key, content in NUMBER.items() if key != "uncertainty"} | theirs
    found = row(value, table(gain_0=[mean + each for each in spread]))
    assert found["agreement"] == agreement
    assert found["difference"] == pytest.approx(mean - 2.0)
    assert found["factor"] == pytest.approx(max(mean / 2, 2 / mean)) if mean > 0 else math.isnan(found["factor"])


def test_what_was_not_run_and_what_has_no_counterpart_say_so():
    bare = {key: content for key, content in NUMBER.items() if key != "ours"}
    setting = bare | {"configuration": "a.key"}
    values = [NUMBER, bare, setting | {"configured": 2}, setting | {"configured": 2.5}, setting | {"configured": None}]
    rows = published_values.compare(values, {}, 0.95)
    assert rows["agreement"].tolist() == ["not run", "not compared", "within", "differs", "not compared"]
    assert rows["source"].tolist()[2:] == ["a.key"] * 3
    rows = published_values.compare([bare | {"value": [1.0, 2.0]}], {}, 0.95)
    assert rows["theirs"].tolist() == [1.0, 2.0]


@pytest.mark.parametrize(
    "ours", [OURS | {"measure": "other"}, OURS | {"where": {"gain": [0.5]}}, OURS | {"where": {"unknown": [0.0]}}]
)
def test_networks_that_are_not_there_were_not_run(ours):
    found = row(number(ours=ours), table(gain_0=[1.0, 2.0]))
    assert (found["agreement"], found["n"]) == ("not run", 0)


def test_an_entry_that_names_several_networks_of_a_seed_is_refused_in_a_sentence():
    value = number(ours={key: content for key, content in OURS.items() if key != "where"})
    with pytest.raises(ValueError, match=r"^published value 'a number' names 4 networks, several of seed 0; add what"):
        row(value, table(gain_0=[1.0, 2.0], gain_9=[1.0, 2.0]))


# The page


def rows_of_every_kind():
    values = [
        number(quantity="near", value=2.0),
        number(quantity="far | off", value=7.0, note="known & explained", obtained="read off"),
        number(quantity="also far", value=8.0, note="known & explained"),
        number(quantity="gone", ours=OURS | {"experiment": "unknown"}),
        {key: content for key, content in NUMBER.items() if key != "ours"} | {"quantity": "<alone>"},
    ]
    return published_values.compare(values, {"mine": table(gain_0=[1.9, 2.0, 2.1, 2.0])}, 0.95)


def test_the_page_shows_both_numbers_with_interval_seeds_and_word():
    page = published_values.as_markdown(rows_of_every_kind())
    assert "5 numbers; results: 1 within, 2 differs, 1 not run; without a counterpart: 1 not compared." in page
    near = next(line for line in page.splitlines() if line.startswith("| near "))
    theirs_and_ours = "| near | Figure 1 | 2 ± 0.1 | 2 [1.87, 2.13] | 4 | +0 |"
    assert near == f"{theirs_and_ours} within their uncertainty | mean of speed in mine, gain 0.0 |"
    far = next(line for line in page.splitlines() if line.startswith("| far / off "))
    assert "| Figure 1 (read off) | 7 ± 0.1 |" in far and "**differs by a factor of 3.5**" in far
    assert "- far | off; also far: known & explained" in page
    lines = [line for line in page.splitlines() if line.startswith("|")]
    assert {line.count("|") for line in lines} == {9}


def test_papers_keep_their_order_on_the_page():
    values = [number(paper=paper) for paper in ("zoe_2025", "abe_2024", "zoe_2025")]
    rows = published_values.compare(values, {"mine": table(gain_0=[2.0, 2.1])}, 0.95)
    lines = published_values.as_markdown(rows).splitlines()
    assert [line for line in lines if line.startswith("## ")] == ["## zoe_2025", "## abe_2024"]
    assert "".join(re.findall("<h2>.*?</h2>", published_values.as_html(rows))) == "<h2>zoe_2025</h2><h2>abe_2024</h2>"


def test_the_page_of_the_report_escapes_what_it_shows():
    page = published_values.as_html(rows_of_every_kind())
    assert "&lt;alone&gt;" in page and "<alone>" not in page
    assert "known &amp; explained" in page and "**" not in page
    assert page.count('class="differs"') == 2


def test_small_differences_are_given_in_per_cent():
    page = published_values.as_markdown(
        published_values.compare([number(uncertainty=0.001)], {"mine": table(gain_0=[2.01, 2.01])}, 0.95)
    )
    assert "**differs by 0.5 %**" in page


# What is shipped


def shipped():
    return registers.load_published_values(loading.published_values(ROOT / "data/papers"), CONFIG)


def published_tables():
    paths = sorted(REFERENCE.glob("experiments/*/tables/runs.parquet"))
    return {path.parent.parent.name: parquet.load_table(path) for path in paths}


def test_every_shipped_number_finds_its_networks_where_they_are_published():
    tables = published_tables()
    rows = published_values.compare(shipped(), tables, 0.95)
    published = rows[rows["measure"].notna() & rows["source"].isin(list(tables))]
    assert len(published) > 15
    assert (published["n"] > 0).all(), published.loc[published["n"] == 0, "quantity"].tolist()


def test_the_committed_comparison_has_every_shipped_number_in_its_order():
    committed = parquet.load_table(REFERENCE / "published_values.parquet")
    flat = [
        (value["paper"], value["quantity"], number)
        for value in shipped()
        for number in (value["value"] if isinstance(value["value"], list) else [value["value"]])
    ]
    assert list(zip(committed["paper"], committed["quantity"], committed["theirs"], strict=True)) == flat
    page = (REFERENCE / "published_values.md").read_text()
    assert page == published_values.as_markdown(committed)
    assert all(quantity.replace("|", "/") in page for _, quantity, _ in flat)


def test_each_column_has_a_meaning_and_a_type():
    empty = published_values.compare([], {}, 0.95)
    assert list(empty) == list(published_values.COLUMNS)
    kinds = [str(rows.dtypes[name]) for rows in (empty, rows_of_every_kind()) for name in rows]
    assert kinds == list(itertools.chain(*[kinds[: len(empty.columns)]] * 2))
