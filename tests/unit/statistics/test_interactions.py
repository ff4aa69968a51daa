"""How the effect of the compared parameter changes over a swept one."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from richlazy.statistics.interactions import INTERACTION_COLUMNS, differences, interactions

SETTINGS = {
    "measures": ["change"], "confidence_level": 0.95, "significance_level": 0.05, "censored": [], "of_failed": [],
}  # fmt: skip
HIGHEST = {0.5: 100, 1.0: 300, 2.0: 600}


def runs_table(slope=1.0, gains=(0.5, 1.0, 2.0), seeds=6, tasks=("CXT",)):
    """Runs whose highest rank, other in each arm, differs from the lowest by slope times gain, with noise."""
    rng = np.random.default_rng(0)
    rows = [
        {
            "task": task, "gain": gain, "rank": rank, "seed": seed, "diverged": False, "converged": True,
            "connectome": None, "change": slope * gain * (rank == HIGHEST[gain]) + 0.2 * rng.standard_normal() + seed,
        }
        for task in tasks for gain in gains for rank in (1, 30, HIGHEST[gain]) for seed in range(seeds)
    ]  # fmt: skip
    return pd.DataFrame(rows).astype(
        {"converged": "boolean", "connectome": "string", "rank": "Int64", "gain": "Float64"}
    )


@pytest.mark.parametrize("slope", [3.0, -3.0])
def test_the_test_is_pages_of_the_differences_of_each_seed(slope):
    runs = runs_table(slope)
    change = runs.set_index(["gain", "rank", "seed"])["change"]
    apart = np.array(
        [[change[gain, top, seed] - change[gain, 1, seed] for gain, top in HIGHEST.items()] for seed in range(6)]
    )
    (row,) = interactions(runs, ["task", "gain"], "rank", SETTINGS).to_dict("records")
    taus = [stats.kendalltau([0, 1, 2], seed).statistic for seed in apart]
    ordered = stats.page_trend_test(apart if slope > 0 else apart[:, ::-1], method="exact")
    assert (row["task"], row["swept"], row["n"]) == ("CXT", "gain", 6)
    assert row["effect"] == pytest.approx(np.mean(taus))
    assert row["p"] == row["p_holm"] == pytest.approx(2 * ordered.pvalue)


def test_a_diverged_extreme_takes_its_seed_out_and_one_between_does_not():
    runs = runs_table(tasks=("2AF", "CXT"))
    place = (runs["seed"] == 2) & (runs["gain"] == 1.0)
    for rank, left in ((30, 6), (300, 5)):
        diverged = runs.assign(diverged=place & (runs["rank"] == rank) & (runs["task"] == "CXT"))
        found = interactions(diverged, ["task", "gain"], "rank", SETTINGS).set_index("task")
        assert found["n"].to_dict() == {"2AF": 6, "CXT": left}
        assert found["excluded"].to_dict() == {"2AF": 0, "CXT": 6 - left}


@pytest.mark.parametrize("place", ["lowest", "between", "highest"])
def test_only_runs_at_the_extremes_are_described(place):
    runs = runs_table()
    of_place = {"lowest": runs["rank"] == 1, "between": runs["rank"] == 30, "highest": runs["rank"] > 30}[place]
    late = runs.assign(converged=(~(of_place & (runs["seed"] < 2))).astype("boolean"))
    assert interactions(late, ["task", "gain"], "rank", SETTINGS)["unconverged"].tolist() == [2 * (place != "between")]


@pytest.mark.parametrize(("seeds", "has_numbers"), [(1, False), (2, True)])
def test_two_seeds_are_enough_for_numbers_and_one_is_not(seeds, has_numbers):
    (row,) = interactions(runs_table(seeds=seeds), ["task", "gain"], "rank", SETTINGS).to_dict("records")
    assert row["n"] == seeds
    assert [pd.notna(row[name]) for name in ("p", "effect", "interval_low")] == [has_numbers] * 3


def test_differences_are_named_by_seed_and_swept_value():
    runs = runs_table(slope=5.0, seeds=3)
    found, extremes = differences(runs, "gain", [0.5, 1.0, 2.0], "rank", "change", SETTINGS)
    assert (found.index.tolist(), found.columns.tolist()) == ([0, 1, 2], [0.5, 1.0, 2.0])
    change = runs.set_index(["gain", "rank", "seed"])["change"]
    assert found.loc[1, 2.0] == change[2.0, 600, 1] - change[2.0, 1, 1]
    assert len(extremes) == 2 * 3 * 3 and 30 not in extremes["rank"].tolist()


@pytest.mark.parametrize(
    ("runs", "arms", "compare"),
    [
        (runs_table(), ["task"], "rank"),
        (runs_table(gains=(0.5, 1.0)), ["task", "gain"], "rank"),
        (runs_table().assign(gain="name"), ["task", "gain"], "rank"),
        (runs_table().assign(rank="name"), ["task", "gain"], "rank"),
    ],
    ids=["nothing swept", "two values", "swept names", "compared names"],
)
def test_where_nothing_applies_the_table_is_empty(runs, arms, compare):
    found = interactions(runs, arms, compare, SETTINGS)
    assert len(found) == 0
    assert list(found.columns) == [*arms, *INTERACTION_COLUMNS]
