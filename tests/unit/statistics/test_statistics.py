"""Tests and effect sizes, against hand computations, brute force and naive loops."""

import itertools
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from richlazy.statistics import estimators, hypothesis_tests

SETTINGS = {
    "measures": ["change", "alignment"],
    "confidence_level": 0.95,
    "significance_level": 0.05,
    "comparable_loss": 0.05,
    "censored": ["time"],
    "of_failed": ["final_loss"],
}
SHARED = ["n", "excluded"]


def generator(seed=0):
    return np.random.default_rng(seed)


def runs_table(levels=(1, 30, 300), seeds=6, tasks=("CXT",), compare="rank", slope=-1.0, noise=0.3):
    """Runs whose change falls and whose alignment rises with the place of the level, in every task."""
    rng = generator(1)
    rows = []
    for task, (place, level), seed in itertools.product(tasks, enumerate(levels), range(seeds)):
        rows.append(
            {
                "task": task, compare: level, "seed": seed, "diverged": False,
                "change": slope * place + noise * rng.standard_normal() + seed,
                "alignment": -slope * place + noise * rng.standard_normal(),
                "final_loss": 0.3 + 0.001 * rng.standard_normal(), "converged": True, "connectome": None,
                "guess_loss": 0.13, "bayes_loss": 0.03,
            }
        )  # fmt: skip
    return typed(rows)


def typed(rows):
    """A table of runs with the types that some columns have in runs.parquet."""
    types = {"converged": "boolean", "connectome": "string", "guess_loss": float, "bayes_loss": float}
    return pd.DataFrame(rows).astype(types)


def sample_of(runs, measure, compare="rank"):
    return runs.pivot(index="seed", columns=compare, values=measure).to_numpy()


# Holm


def test_holm_by_hand():
    # Sorted .005, .01, .03, .04 times 4, 3, 2, 1: .02, .03, .06, .04; the last may not fall below the third.
    assert estimators.holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])


def test_holm_stops_at_1_and_leaves_a_single_value():
    assert estimators.holm([0.6, 0.7]) == pytest.approx([1.0, 1.0])
    assert estimators.holm([0.04]) == pytest.approx([0.04])
    assert len(estimators.holm([])) == 0


def test_holm_does_not_count_missing_values():
    corrected = estimators.holm([np.nan, 0.01, np.nan, 0.04])
    assert corrected[[1, 3]] == pytest.approx([0.02, 0.04])
    assert np.isnan(corrected[[0, 2]]).all()


def test_holm_gives_equal_values_equal_corrections():
    assert estimators.holm([0.01, 0.01, 0.01]) == pytest.approx([0.03, 0.03, 0.03])


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_holm_rejects_what_the_step_down_procedure_rejects(p_values):
    """Holm (1979): go up the sorted values, reject while p <= alpha / (m - i), stop at the first that is not."""
    corrected = estimators.holm(p_values)
    for level in (0.001, 0.01, 0.05, 0.3):
        rejected = set()
        for step, place in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
            if p_values[place] * (len(p_values) - step) > level:
                break
            rejected.add(place)
        assert {place for place, p in enumerate(corrected) if p <= level} == rejected
    assert (corrected >= np.array(p_values)).all()
    assert (corrected <= np.maximum(np.array(p_values), min(1, len(p_values) * max(p_values)))).all()


# Page's test


def page_by_enumeration(values):
    """L and two-sided p of Page's test from all orders of every row; rows without ties."""
    seeds, conditions = values.shape
    weights = np.arange(1, conditions + 1)
    ranks = values.argsort(axis=1).argsort(axis=1) + 1
    observed = {1: (ranks * weights).sum(), -1: (ranks[:, ::-1] * weights).sum()}
    sums = [np.dot(order, weights) for order in itertools.permutations(weights)]
    null = np.array([sum(rows) for rows in itertools.product(sums, repeat=seeds)])
    p = {direction: (null >= statistic).mean() for direction, statistic in observed.items()}
    direction = 1 if p[1] <= p[-1] else -1
    return observed[direction], min(1.0, 2 * p[direction]), direction


@pytest.mark.parametrize("conditions", [3, 4, 6, 7])
def test_the_distribution_of_pages_statistic_of_one_seed_is_that_of_all_orders(conditions):
    ranks = np.arange(1, conditions + 1)
    values = [int(ranks @ order) for order in itertools.permutations(ranks)]
    expected = np.bincount(values) / math.factorial(conditions)
    np.testing.assert_allclose(estimators.page_distribution(conditions), expected, rtol=1e-12)


@pytest.mark.parametrize("seed", range(5))
def test_pages_test_is_scipys_where_that_can_count(seed):
    values = np.random.default_rng(seed).random((5, 6)) + seed * np.arange(6) / 9
    values = np.round(values, 1) if seed == 1 else values  # ties
    statistic, p, direction = estimators.page_trend(values)
    expected = stats.page_trend_test(values[:, ::direction], method="exact")
    assert statistic == expected.statistic
    assert p == pytest.approx(min(1, 2 * expected.pvalue), rel=1e-9)


def test_eleven_conditions_in_order_are_one_of_so_many_orders():
    statistic, p, direction = estimators.page_trend(np.tile(np.arange(11.0), (3, 1)))
    assert (statistic, direction) == (3 * 506, 1)
    assert p == pytest.approx(2 / math.factorial(11) ** 3, rel=1e-9)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize(("seeds", "conditions"), [(2, 3), (4, 3), (3, 4), (2, 4)])
def test_page_trend_is_exact(seeds, conditions, seed):
    values = generator(seed).standard_normal((seeds, conditions))
    statistic, p, direction = estimators.page_trend(values)
    expected_statistic, expected_p, expected_direction = page_by_enumeration(values)
    assert statistic == expected_statistic
    assert p == pytest.approx(expected_p, rel=1e-12)
    assert direction == expected_direction


def test_page_trend_of_perfect_order():
    """All rows in order: one of (4!)^5 orders reaches it, and as many in the other direction."""
    rising = np.tile([1.0, 2.0, 3.0, 4.0], (5, 1)) + generator().standard_normal((5, 1))
    for values, direction in ((rising, 1), (rising[:, ::-1], -1)):
        statistic, p, found = estimators.page_trend(values)
        assert statistic == 5 * (1 + 4 + 9 + 16)
        assert p == pytest.approx(2 / math.factorial(4) ** 5)
        assert found == direction


def test_page_trend_does_not_exceed_1():
    statistic, p, _ = estimators.page_trend(np.array([[1.0, 2.0, 3.0], [3.0, 2.0, 1.0]]))
    assert (statistic, p) == (24.0, 1.0)


# Effect sizes


def naive_tau(row):
    """Kendall's tau-b with the order of the places, by counting pairs; 0 where all values are equal."""
    pairs = list(itertools.combinations(range(len(row)), 2))
    score = sum(np.sign(row[j] - row[i]) for i, j in pairs)
    untied = sum(row[i] != row[j] for i, j in pairs)
    return score / math.sqrt(untied * len(pairs)) if untied else 0.0


@pytest.mark.parametrize("conditions", [2, 3, 4, 7])
def test_rank_correlations_are_kendalls_tau_b(conditions):
    rng = generator(conditions)
    values = np.vstack([rng.standard_normal((5, conditions)), rng.integers(0, 3, (5, conditions))])
    expected = [naive_tau(row) for row in values]
    assert np.allclose(estimators.rank_correlations(values), expected, equal_nan=True, atol=1e-12)


def test_rank_correlations_have_the_sign_of_the_trend():
    assert estimators.rank_correlations(np.array([[1.0, 2, 3], [3.0, 2, 1], [1.0, 3, 2]])) == pytest.approx(
        [1, -1, 1 / 3]
    )


@given(st.lists(st.integers(-50, 50), min_size=1, max_size=9))
def test_hodges_lehmann_is_the_median_of_pairwise_means(differences):
    walsh = [(differences[i] + differences[j]) / 2 for i in range(len(differences)) for j in range(i, len(differences))]
    assert estimators.hodges_lehmann(np.array(differences, float)) == np.median(walsh)


def test_hodges_lehmann_resists_an_outlier():
    assert estimators.hodges_lehmann(np.array([1.0, 1.1, 0.9, 1.0, 1000.0])) < 1.2


@given(st.lists(st.integers(0, 5), min_size=1, max_size=7), st.lists(st.integers(0, 5), min_size=1, max_size=7))
def test_cliffs_delta_counts_pairs(first, second):
    larger = sum(a > b for a in first for b in second)
    smaller = sum(a < b for a in first for b in second)
    delta = estimators.cliffs_delta(np.array(first, float), np.array(second, float))
    assert delta == pytest.approx((larger - smaller) / (len(first) * len(second)))


# Trends


def test_trends_have_their_columns_and_one_row_per_arm_and_measure():
    table = hypothesis_tests.trends(runs_table(tasks=("2AF", "CXT")), ["task"], "rank", SETTINGS)
    assert list(table.columns) == ["task", *hypothesis_tests.TREND_COLUMNS]
    assert table[["task", "measure"]].to_numpy().tolist() == [
        ["2AF", "change"], ["2AF", "alignment"], ["CXT", "change"], ["CXT", "alignment"],
    ]  # fmt: skip


def test_trends_agree_with_their_parts():
    runs = runs_table()
    table = hypothesis_tests.trends(runs, ["task"], "rank", SETTINGS).set_index("measure")
    for measure in ("change", "alignment"):
        values, row = sample_of(runs, measure), table.loc[measure]
        taus = estimators.rank_correlations(values)
        expected = estimators.page_trend(values)
        assert (row["page_statistic"], row["p"]) == expected[:2]
        assert row["effect"] == pytest.approx(taus.mean())
        assert (row["interval_low"], row["interval_high"]) == estimators.tau_interval(taus, 3, 0.95)
        assert row["detectable"] == pytest.approx(estimators.detectable(taus, 0.05), nan_ok=True)
        assert row["difference"] == estimators.hodges_lehmann(values[:, 2] - values[:, 0])
        assert row["reference_median"] == max(np.median(values[:, 0]), np.median(values[:, 2]), key=abs)
        for end, part in (("lowest", values[:, 1:]), ("highest", values[:, :-1])):
            assert row[f"effect_without_{end}"] == np.sign(part[:, 1] - part[:, 0]).mean()
            both = estimators.signed_rank_test(part[:, 1] - part[:, 0])
            assert row[f"p_without_{end}"] == min(1, 2 * min(both))
        assert row["conditions"] == "1, 30, 300"
        assert row[SHARED].tolist() == [6, 0]
    assert table.loc["change", "effect"] < -0.8
    assert table.loc["alignment", "effect"] > 0.8


def test_parts_of_a_trend_with_three_conditions_left_have_pages_test():
    runs = runs_table(levels=(1, 30, 100, 300))
    row = hypothesis_tests.trends(runs, [], "rank", SETTINGS).iloc[0]
    values = sample_of(runs, "change")
    for end, part in (("lowest", values[:, 1:]), ("highest", values[:, :-1])):
        falling = stats.page_trend_test(part[:, ::-1], method="exact")
        assert row[f"p_without_{end}"] == pytest.approx(2 * falling.pvalue)
        taus = [stats.kendalltau([0, 1, 2], seed).statistic for seed in part]
        assert row[f"effect_without_{end}"] == pytest.approx(np.mean(taus))


def test_levels_are_ordered_by_value_and_not_by_place_in_the_table():
    runs = runs_table(levels=(300, 1, 30))
    assert hypothesis_tests.trends(runs, [], "rank", SETTINGS)["effect"].abs().max() < 0.7
    values = sample_of(runs, "change")  # pivot sorts the columns
    assert hypothesis_tests.trends(runs, [], "rank", SETTINGS)["p"][0] == estimators.page_trend(values)[1]


def test_trends_of_named_conditions_are_empty_but_have_their_columns():
    runs = runs_table(levels=("gaussian", "uniform", "soft_rank"), compare="structure")
    table = hypothesis_tests.trends(runs, ["task"], "structure", SETTINGS)
    assert len(table) == 0
    assert list(table.columns) == ["task", *hypothesis_tests.TREND_COLUMNS]


@pytest.mark.parametrize("kind", ["Int64", "Float64", "int64", "float64"])
def test_numbers_keep_their_order_in_every_type_of_column(kind):
    runs = runs_table(levels=(2, 10, 9))
    expected = hypothesis_tests.trends(runs, [], "rank", SETTINGS)
    typed = hypothesis_tests.trends(runs.astype({"rank": kind}), [], "rank", SETTINGS)
    pd.testing.assert_frame_equal(typed, expected)


# Contrasts


@pytest.mark.parametrize(("seeds", "p"), [(10, 2 / 2**10), (5, 2 / 2**5)])
def test_the_smallest_p_of_wilcoxon_is_exact(seeds, p):
    runs = runs_table(levels=(1, 300), seeds=seeds, noise=0.01)
    table = hypothesis_tests.contrasts(runs, [], "rank", SETTINGS)
    assert table["p"].to_numpy() == pytest.approx([p, p], rel=1e-12)


def test_wilcoxon_by_enumeration_of_signs():
    runs = runs_table(levels=(1, 300), seeds=7, slope=0.1)
    values = sample_of(runs, "change")
    differences = values[:, 0] - values[:, 1]
    ranks = np.abs(differences).argsort().argsort() + 1
    observed = abs((np.sign(differences) * ranks).sum())
    null = [abs(np.dot(signs, ranks)) for signs in itertools.product((-1, 1), repeat=7)]
    table = hypothesis_tests.contrasts(runs, [], "rank", SETTINGS)
    assert table["p"][0] == pytest.approx(np.mean(np.array(null) >= observed))


def test_contrast_of_numbers_is_the_smallest_against_the_largest():
    runs = runs_table(levels=(30, 300, 1))
    table = hypothesis_tests.contrasts(runs, ["task"], "rank", SETTINGS)
    assert list(table.columns) == ["task", *hypothesis_tests.CONTRAST_COLUMNS]
    assert table[["level", "reference"]].drop_duplicates().to_numpy().tolist() == [["1", "300"]]


def test_contrasts_of_names_are_each_against_the_first_of_the_table():
    runs = runs_table(levels=("gaussian", "b", "a"), compare="structure")
    table = hypothesis_tests.contrasts(runs, [], "structure", SETTINGS)
    assert table[["measure", "level", "reference"]].to_numpy().tolist() == [
        ["change", "b", "gaussian"], ["change", "a", "gaussian"],
        ["alignment", "b", "gaussian"], ["alignment", "a", "gaussian"],
    ]  # fmt: skip


def test_contrasts_agree_with_their_parts():
    runs = runs_table(levels=("gaussian", "soft_rank"), compare="structure")
    row = hypothesis_tests.contrasts(runs, [], "structure", SETTINGS).iloc[0]
    values = runs.pivot(index="seed", columns="structure", values="change")
    level, reference = values["soft_rank"].to_numpy(), values["gaussian"].to_numpy()
    differences = level - reference
    assert row["effect"] == pytest.approx(estimators.hodges_lehmann(differences))
    assert row["effect"] < 0  # level minus reference
    spread = math.sqrt(sum((differences - differences.mean()) ** 2) / (len(differences) - 1))
    assert row["standardised_effect"] == pytest.approx(differences.mean() / spread)
    assert row["cliffs_delta"] == pytest.approx(estimators.cliffs_delta(level, reference))
    assert (row["interval_low"], row["interval_high"]) == estimators.signed_rank_interval(differences, 0.95)
    assert row["reference_median"] == np.median(reference)
    assert row["detectable"] == estimators.detectable(differences, 0.05)


def test_equal_conditions_have_p_1_and_no_effect():
    runs = runs_table(levels=(1, 300))
    runs["change"] = runs["seed"] * 1.0
    row = hypothesis_tests.contrasts(runs, [], "rank", SETTINGS).iloc[0]
    assert row[["p", "effect", "interval_low", "interval_high"]].tolist() == [1, 0, 0, 0]
    assert np.isnan(row["standardised_effect"])


def test_pairing_sees_a_small_shift_under_large_differences_of_seeds():
    runs = runs_table(levels=(1, 300), seeds=8, noise=0.001)
    runs["change"] += 100 * runs["seed"]
    paired = hypothesis_tests.contrasts(runs, [], "rank", SETTINGS).iloc[0]
    assert paired["p"] == pytest.approx(2 / 2**8)
    assert paired["cliffs_delta"] < 0.2  # which ignores the pairing, as it says


# Losses


def loss_table(differences, reference=0.3, guess=0.13, floor=0.03):
    """Final losses of two ranks; a twentieth of what there is to learn is 0.005."""
    rows = []
    for seed, difference in enumerate(differences):
        for rank, loss in ((1, reference + difference), (300, reference)):
            rows.append({"rank": rank, "seed": seed, "diverged": False, "final_loss": loss})
    return typed(pd.DataFrame(rows).assign(converged=True, connectome=None, guess_loss=guess, bayes_loss=floor))


def test_losses_agree_with_two_signed_rank_tests():
    differences = 0.002 + 0.004 * generator(3).standard_normal(9)
    row = hypothesis_tests.losses(loss_table(differences), [], "rank", SETTINGS).iloc[0]
    found = np.round(loss_table(differences).pivot(index="seed", columns="rank", values="final_loss"), 12)
    apart = (found[1] - found[300]).to_numpy()
    above = stats.wilcoxon(apart + 0.005, alternative="greater", method="exact").pvalue
    below = stats.wilcoxon(apart - 0.005, alternative="less", method="exact").pvalue
    assert row["p"] == pytest.approx(max(above, below), rel=1e-12)
    beyond = stats.wilcoxon(apart - 0.005, alternative="greater", method="exact").pvalue
    short = stats.wilcoxon(apart + 0.005, alternative="less", method="exact").pvalue
    assert row["p_opposite"] == pytest.approx(min(1, 2 * min(beyond, short)), rel=1e-12)
    assert row["effect"] == pytest.approx(estimators.hodges_lehmann(apart))
    assert (row["interval_low"], row["interval_high"]) == pytest.approx(estimators.signed_rank_interval(apart, 0.9))
    assert row[["level", "reference"]].tolist() == ["1", "300"]
    assert row["margin"] == pytest.approx(0.005)
    quantiles = stats.t.ppf(0.95, 8) + stats.t.ppf(0.9, 8)
    assert row["detectable"] == pytest.approx(quantiles * stats.sem(apart))


def test_equal_conditions_are_shown_to_be_equivalent_with_the_stated_power():
    """Of unit spread; the signed-rank test finds a little less than the t-test of which the margin is."""
    rng, seeds, shown = generator(5), 10, 0
    spread = loss_table(stats.zscore(rng.standard_normal(seeds), ddof=1))
    margin = hypothesis_tests.losses(spread, [], "rank", SETTINGS).iloc[0]["detectable"]
    for _ in range(500):
        sample = rng.standard_normal(seeds)
        p = max(estimators.signed_rank_test(sample, -margin)[0], estimators.signed_rank_test(sample, margin)[1])
        shown += p < 0.05
    assert 0.7 <= shown / 500 <= 0.88


@given(
    st.lists(st.floats(-1, 1).filter(bool), min_size=5, max_size=12, unique_by=abs),
    st.floats(0.01, 1.5),
)
def test_equivalence_is_the_interval_within_the_margin(differences, margin):
    """Two tests at 5 % decide as the interval of 90 % does, where that exists (five seeds or more)."""
    row = hypothesis_tests.equivalences(
        loss_table(differences, reference=0.0), [], "rank", {"final_loss": margin}, SETTINGS
    ).iloc[0]
    inside = -margin < row["interval_low"] and row["interval_high"] < margin
    assert (row["p"] < 0.05) == inside


def test_equivalence_of_any_measures_each_within_its_own_margin():
    runs = runs_table(levels=("gaussian", "shuffled"), compare="structure", seeds=8, slope=0.2, noise=0.01)
    margins = {"change": 0.3, "alignment": 0.1}
    table = hypothesis_tests.equivalences(runs, ["task"], "structure", margins, SETTINGS).set_index("measure")
    assert list(table.reset_index().columns.sort_values()) == sorted(["task", *hypothesis_tests.EQUIVALENCE_COLUMNS])
    assert table["margin"].to_dict() == margins
    assert table.loc["change", "p"] == 1 / 2**8 and table.loc["change", "p_opposite"] > 0.9
    assert table.loc["alignment", "p"] > 0.9 and table.loc["alignment", "p_opposite"] == 2 / 2**8


@pytest.mark.parametrize(
    ("shift", "equivalent"),
    [(0.0, True), (0.003, True), (-0.003, True), (0.005, False), (-0.005, False), (0.02, False), (-0.02, False)],
)
def test_losses_are_equivalent_within_the_margin_on_either_side(shift, equivalent):
    noise = 1e-4 * generator().standard_normal(10)
    row = hypothesis_tests.losses(loss_table(noise - noise.mean() + shift), [], "rank", SETTINGS).iloc[0]
    assert (row["p"] < 0.05) == equivalent
    if abs(shift) > 0.01:
        assert row["p"] > 0.99


def test_the_margin_of_losses_is_a_share_of_what_there_is_to_learn_in_each_arm():
    tables = {
        "nats": loss_table([0.001] * 6),
        "no floor": loss_table([0.001] * 6, guess=2.0, floor=None),
        "small": loss_table([1e-4] * 6, reference=1e-4, guess=1e-3, floor=0.0),
        "unknown": loss_table([0.001] * 6, guess=None),
    }
    runs = pd.concat([table.assign(task=task) for task, table in tables.items()], ignore_index=True)
    found = hypothesis_tests.losses(typed(runs), ["task"], "rank", SETTINGS).set_index("task")
    assert found["margin"].to_dict() == pytest.approx(
        {"nats": 0.005, "no floor": 0.1, "small": 5e-5, "unknown": math.nan}, nan_ok=True
    )
    assert (found["p"] < 0.05).to_dict() == {"nats": True, "no floor": True, "small": False, "unknown": False}
    assert math.isnan(found["p"]["unknown"]) and math.isnan(found["p_opposite"]["unknown"])


def test_a_wide_spread_is_not_equivalent():
    differences = 0.05 * np.array([-1.0, 1, -1, 1, -1, 1])
    assert hypothesis_tests.losses(loss_table(differences), [], "rank", SETTINGS)["p"][0] > 0.1


def test_losses_compare_every_level_with_the_largest_and_names_with_the_first():
    table = hypothesis_tests.losses(runs_table(levels=(30, 1, 300)), ["task"], "rank", SETTINGS)
    assert list(table.columns) == ["task", *hypothesis_tests.EQUIVALENCE_COLUMNS]
    assert table[["level", "reference"]].to_numpy().tolist() == [["1", "300"], ["30", "300"]]
    names = runs_table(levels=("b", "c", "a"), compare="structure")
    table = hypothesis_tests.losses(names, [], "structure", SETTINGS)
    assert table[["level", "reference"]].to_numpy().tolist() == [["c", "b"], ["a", "b"]]


# Pairing, exclusion and families


TABLES = {"trends": hypothesis_tests.trends, "contrasts": hypothesis_tests.contrasts, "losses": hypothesis_tests.losses}


@pytest.mark.parametrize("test", TABLES)
def test_a_diverged_run_takes_its_seed_out_of_all_tests_that_it_is_part_of(test):
    runs = runs_table(tasks=("2AF", "CXT"))
    without_seed = runs[~((runs["task"] == "CXT") & (runs["seed"] == 2))]
    diverged = runs.copy()
    # The largest rank is the reference, so it is part of every test.
    place = diverged[(diverged["task"] == "CXT") & (diverged["seed"] == 2) & (diverged["rank"] == 300)].index
    # What a diverged run left behind does not count, however extreme.
    diverged.loc[place, ["diverged", "change", "alignment", "final_loss"]] = [True, 1e9, -1e9, 1e9]
    found = TABLES[test](diverged, ["task"], "rank", SETTINGS)
    expected = TABLES[test](without_seed, ["task"], "rank", SETTINGS)
    assert found.loc[found["task"] == "CXT", "n"].unique().tolist() == [5]
    assert found.loc[found["task"] == "CXT", "excluded"].unique().tolist() == [1]
    assert found.loc[found["task"] == "2AF", "excluded"].unique().tolist() == [0]
    pd.testing.assert_frame_equal(found.drop(columns="excluded"), expected.drop(columns="excluded"))


def test_a_diverged_run_leaves_its_seed_to_comparisons_of_other_conditions():
    runs = runs_table(levels=("gaussian", "first", "second"), compare="structure")
    place = (runs["structure"] == "second") & (runs["seed"] == 2)
    diverged = runs.assign(diverged=runs["diverged"] | place)
    for test in (hypothesis_tests.contrasts, hypothesis_tests.losses):
        found, expected = (test(table, [], "structure", SETTINGS) for table in (diverged, runs))
        assert (
            found.loc[found["level"] == "second", SHARED].to_numpy().tolist()
            == [[5, 1]] * (found["level"] == "second").sum()
        )
        untouched = ["effect", "interval_low", "interval_high", "p", "n", "excluded"]
        first = found["level"] == "first"
        pd.testing.assert_frame_equal(found.loc[first, untouched], expected.loc[first, untouched])


@pytest.mark.parametrize("missing", [np.nan, np.inf, -np.inf])
def test_a_missing_value_takes_its_seed_out_of_that_measure_alone(missing):
    runs = runs_table()
    runs.loc[0, "change"] = missing
    table = hypothesis_tests.contrasts(runs, [], "rank", SETTINGS).set_index("measure")
    assert table.loc["change", SHARED].tolist() == [5, 1]
    assert table.loc["alignment", SHARED].tolist() == [6, 0]
    assert np.isfinite(table["effect"]).all()


@pytest.mark.parametrize("missing", [None, pd.NA])
def test_a_null_of_a_typed_table_counts_as_missing(missing):
    runs = runs_table().astype({"change": "Float64"})
    runs.loc[0, "change"] = missing
    assert hypothesis_tests.trends(runs, [], "rank", SETTINGS)["excluded"].tolist() == [1, 0]


def test_a_seed_that_lacks_a_condition_is_left_out():
    runs = runs_table().iloc[1:]
    assert hypothesis_tests.trends(runs, [], "rank", SETTINGS)[SHARED].to_numpy().tolist() == [[5, 1], [5, 1]]


@pytest.mark.parametrize("test", TABLES)
def test_two_seeds_are_enough_for_numbers(test):
    table = TABLES[test](runs_table(seeds=2), ["task"], "rank", SETTINGS)
    assert (table["n"] == 2).all()
    assert table[["p", "p_holm", "effect", "interval_low", "interval_high"]].notna().all(axis=None)


@pytest.mark.parametrize("test", TABLES)
@pytest.mark.parametrize("left", [0, 1])
def test_too_few_seeds_give_a_row_without_numbers(test, left):
    runs = runs_table()
    runs["diverged"] = (runs["rank"] == 30) & (runs["seed"] >= left) | (runs["rank"] == 1) & (runs["seed"] >= left)
    table = TABLES[test](runs, ["task"], "rank", SETTINGS)
    assert len(table) == len(TABLES[test](runs_table(), ["task"], "rank", SETTINGS))
    assert (table[SHARED] == [left, 6 - left]).all(axis=None)
    assert table[["p", "p_holm", "effect", "interval_low", "interval_high"]].isna().all(axis=None)


@pytest.mark.parametrize("test", TABLES)
def test_arms_are_tested_by_themselves(test):
    both = runs_table(tasks=("2AF", "CXT"))
    together = TABLES[test](both, ["task"], "rank", SETTINGS)
    for task in ("2AF", "CXT"):
        alone = TABLES[test](both[both["task"] == task], ["task"], "rank", SETTINGS)
        part = together[together["task"] == task].reset_index(drop=True)
        pd.testing.assert_frame_equal(part.drop(columns="p_holm"), alone.drop(columns="p_holm"))


@pytest.mark.parametrize("test", TABLES)
def test_the_tests_of_a_measure_are_one_family(test):
    """A secondary measure takes nothing from a primary one."""
    table = TABLES[test](runs_table(tasks=("2AF", "CXT", "DMS"), slope=0.1), ["task"], "rank", SETTINGS)
    assert len(table) >= 6
    for _, family in table.groupby("measure"):
        assert len(family) >= 3
        assert family["p_holm"].tolist() == estimators.holm(family["p"]).tolist()
    fewer = TABLES[test](
        runs_table(tasks=("2AF", "CXT", "DMS"), slope=0.1), ["task"], "rank", SETTINGS | {"measures": ["change"]}
    )
    same = table[table["measure"] == fewer["measure"][0]].reset_index(drop=True)
    pd.testing.assert_frame_equal(fewer, same)


def test_several_parameters_make_an_arm_of_each_combination():
    runs = pd.concat([runs_table(tasks=("2AF", "CXT")).assign(gain=gain) for gain in (1.0, 1.5)])
    table = hypothesis_tests.trends(runs, ["task", "gain"], "rank", SETTINGS)
    assert list(table.columns[:2]) == ["task", "gain"]
    assert len(table.drop_duplicates(["task", "gain"])) == 4
    assert (table["n"] == 6).all()


def test_two_runs_of_one_seed_and_condition_are_an_error_and_not_averaged():
    runs = pd.concat([runs_table(), runs_table().iloc[:1]])
    with pytest.raises(ValueError, match="duplicate"):
        hypothesis_tests.trends(runs, [], "rank", SETTINGS)


@pytest.mark.parametrize("test", TABLES)
@settings(max_examples=6)
@given(seed=st.integers(0, 2**32 - 1))
def test_tables_do_not_depend_on_the_order_of_the_runs(test, seed):
    runs = runs_table(tasks=("2AF", "CXT"))
    shuffled = runs.iloc[generator(seed).permutation(len(runs))]
    keys = ["task", *(["measure"] if test != "losses" else ["level"])]
    found, expected = (
        TABLES[test](table, ["task"], "rank", SETTINGS).sort_values(keys, ignore_index=True)
        for table in (shuffled, runs)
    )
    pd.testing.assert_frame_equal(found, expected)


@settings(max_examples=6)
@given(seed=st.integers(0, 2**32 - 1))
def test_tables_of_names_depend_only_on_which_name_comes_first(seed):
    runs = runs_table(levels=("gaussian", "uniform", "soft_rank"), compare="structure")
    order = generator(seed).permutation(len(runs) - 1) + 1
    shuffled = runs.iloc[[0, *order]]
    keys = ["measure", "level"]
    found, expected = (
        hypothesis_tests.contrasts(table, [], "structure", SETTINGS).sort_values(keys, ignore_index=True)
        for table in (shuffled, runs)
    )
    # Equal p-values may be corrected in either order, with the same result.
    pd.testing.assert_frame_equal(found, expected)


@pytest.mark.parametrize("test", TABLES)
def test_the_runs_table_is_left_as_it_was(test):
    runs = runs_table()
    TABLES[test](runs, ["task"], "rank", SETTINGS)
    pd.testing.assert_frame_equal(runs, runs_table())


def test_two_ordered_conditions_have_a_contrast_but_no_trend():
    runs = runs_table(levels=(1, 300))
    trends = hypothesis_tests.trends(runs, [], "rank", SETTINGS)
    assert list(trends.columns) == list(hypothesis_tests.TREND_COLUMNS)
    assert len(trends) == 0
    assert len(hypothesis_tests.contrasts(runs, [], "rank", SETTINGS)) == 2


@pytest.mark.parametrize("test", TABLES)
def test_an_arm_whose_structure_takes_no_rank_is_not_lost(test):
    runs = runs_table(levels=(1.0, 1.25, 1.5), compare="gain")
    both = pd.concat([runs.assign(structure="gaussian", rank=pd.NA), runs.assign(structure="svd_truncation", rank=30)])
    table = TABLES[test](both.astype({"rank": "Int64"}), ["structure", "rank"], "gain", SETTINGS)
    assert set(table["structure"]) == {"gaussian", "svd_truncation"}


def test_a_seed_without_any_change_does_not_erase_the_effect_of_the_others():
    runs = runs_table()
    runs.loc[runs["seed"] == 0, "alignment"] = 1.0
    row = hypothesis_tests.trends(runs, [], "rank", SETTINGS).set_index("measure").loc["alignment"]
    assert np.isfinite(row[["p", "effect", "interval_low", "interval_high"]].astype(float)).all()


# Rows to which a parameter makes no difference


MATCHINGS = ("frobenius", "leading_eigenvalue")


def test_an_arm_of_two_ordered_conditions_has_a_contrast_but_no_trend_beside_arms_that_have_one():
    runs = pd.concat([runs_table(levels=(1, 2), tasks=("few",)), runs_table(levels=(1, 10, 20), tasks=("many",))])
    runs = runs.reset_index(drop=True)
    table = hypothesis_tests.trends(runs, ["task"], "rank", SETTINGS)
    alone = hypothesis_tests.trends(runs[runs["task"] == "many"], ["task"], "rank", SETTINGS)
    assert set(table["task"]) == {"many"}
    pd.testing.assert_frame_equal(table, alone)  # p corrected over the trends that there are
    found = hypothesis_tests.contrasts(runs, ["task"], "rank", SETTINGS)
    levels = found[["task", "level", "reference"]].drop_duplicates().to_numpy().tolist()
    assert levels == [["few", "1", "2"], ["many", "1", "20"]]


def runs_of_two_matchings(seeds=6):
    """Unstructured weights once, and two structures under each of two matchings."""
    null = runs_table(levels=("gaussian",), compare="structure", seeds=seeds).assign(matching=None)
    parts = [null]
    for place, matching in enumerate(MATCHINGS):
        structured = runs_table(levels=("dale", "chain"), compare="structure", seeds=seeds, slope=place + 1.0)
        parts.append(structured.assign(matching=matching, change=structured["change"] + 5 * place))
    return pd.concat(parts, ignore_index=True).astype({"matching": "string"})


@pytest.mark.parametrize("test", ["contrasts", "losses"])
def test_each_way_of_matching_is_compared_with_the_same_unstructured_runs(test):
    runs = runs_of_two_matchings()
    table = TABLES[test](runs, ["task", "matching"], "structure", SETTINGS)
    assert set(table["matching"]) == set(MATCHINGS)
    assert set(table["reference"]) == {"gaussian"}
    for matching in MATCHINGS:
        alone = runs[(runs["structure"] == "gaussian") | (runs["matching"] == matching)]
        expected = TABLES[test](alone.drop(columns="matching"), ["task"], "structure", SETTINGS)
        part = table[table["matching"] == matching].drop(columns=["matching", "p_holm"])
        pd.testing.assert_frame_equal(part.reset_index(drop=True), expected.drop(columns="p_holm"))


def test_effects_against_shared_unstructured_runs_by_hand():
    runs = runs_of_two_matchings()
    table = hypothesis_tests.contrasts(runs, ["task", "matching"], "structure", SETTINGS)
    values = {
        key: group.sort_values("seed")["change"].to_numpy()
        for key, group in runs.fillna({"matching": ""}).groupby(["structure", "matching"])
    }
    for row in table[table["measure"] == "change"].itertuples():
        differences = values[row.level, row.matching] - values["gaussian", ""]
        pairs = [(one + other) / 2 for one, other in itertools.combinations_with_replacement(differences, 2)]
        assert row.effect == pytest.approx(np.median(pairs))
    assert len(table) == 2 * 2 * 2


@pytest.mark.parametrize("test", ["contrasts", "losses"])
def test_every_structure_is_compared_with_the_null_of_its_own_size(test):
    groups = {300: ("gaussian", "cell_types", "dale"), 198: ("gaussian", "connectome"), 100: ("gaussian", "chain")}
    parts = {
        size: runs_table(levels=levels, compare="structure", slope=size / 100).assign(size=size)
        for size, levels in groups.items()
    }
    runs = pd.concat(parts.values(), ignore_index=True)
    table = TABLES[test](runs, ["task", "size"], "structure", SETTINGS)
    pairs = table[["size", "level", "reference"]].drop_duplicates().to_numpy().tolist()
    assert pairs == [[size, level, "gaussian"] for size, levels in groups.items() for level in levels[1:]]
    for size, part in parts.items():
        expected = TABLES[test](part, ["task", "size"], "structure", SETTINGS)
        found = table[table["size"] == size].reset_index(drop=True)
        pd.testing.assert_frame_equal(found.drop(columns="p_holm"), expected.drop(columns="p_holm"))


# What is said of the sample


@pytest.mark.parametrize("test", TABLES)
def test_seeds_with_a_run_that_has_not_converged_are_counted_and_stay(test):
    runs = runs_table(tasks=("2AF", "CXT"))
    lost = (runs["task"] == "CXT") & runs["seed"].isin([1, 4])
    runs.loc[lost, "converged"] = False
    table = TABLES[test](runs, ["task"], "rank", SETTINGS)
    assert set(table.loc[table["task"] == "CXT", "unconverged"]) == {2}
    assert set(table.loc[table["task"] == "2AF", "unconverged"]) == {0}
    plain = TABLES[test](runs_table(tasks=("2AF", "CXT")), ["task"], "rank", SETTINGS)
    pd.testing.assert_frame_equal(table.drop(columns="unconverged"), plain.drop(columns="unconverged"))


@pytest.mark.parametrize("test", ["contrasts", "losses"])
def test_only_runs_of_the_two_conditions_count_as_not_converged(test):
    runs = runs_table(levels=("gaussian", "a", "b"), compare="structure")
    runs.loc[(runs["structure"] == "b") & (runs["seed"] == 3), "converged"] = False
    table = TABLES[test](runs, [], "structure", SETTINGS).set_index("level")
    assert set(table.loc[["a"], "unconverged"]) == {0}
    assert set(table.loc[["b"], "unconverged"]) == {1}


@pytest.mark.parametrize("test", TABLES)
def test_seeds_that_are_left_out_or_have_no_floor_do_not_count_as_not_converged(test):
    runs = runs_table()
    runs.loc[runs["seed"] == 2, "converged"] = False
    runs.loc[(runs["seed"] == 2) & (runs["rank"] == 1), "diverged"] = True
    runs.loc[runs["seed"] == 5, "converged"] = pd.NA
    table = TABLES[test](runs, [], "rank", SETTINGS)
    left_out = table[table["level"] == "1"] if test != "trends" else table
    assert set(left_out["excluded"]) == {1}
    assert set(left_out["unconverged"]) == {0}


@pytest.mark.parametrize("test", TABLES)
def test_the_connectome_of_a_comparison_is_named_or_null(test):
    assert TABLES[test](runs_table(), [], "rank", SETTINGS)["connectome"].isna().all()
    runs = runs_table(tasks=("2AF", "CXT"))
    runs.loc[runs["task"] == "CXT", "connectome"] = "v1 (synthetic, not data): column"
    table = TABLES[test](runs, ["task"], "rank", SETTINGS)
    assert table["connectome"].dtype == "string"
    assert set(table.loc[table["task"] == "CXT", "connectome"]) == {"v1 (synthetic, not data): column"}
    assert table.loc[table["task"] == "2AF", "connectome"].isna().all()


def test_a_comparison_names_the_connectomes_of_its_two_conditions_alone():
    runs = runs_table(levels=("first", "second", "gaussian"), compare="structure")
    for name in ("first", "second"):
        runs.loc[runs["structure"] == name, "connectome"] = f"{name} (file): mine"
    runs = runs.sort_values("structure", key=lambda names: names != "first", kind="stable")
    table = hypothesis_tests.contrasts(runs, [], "structure", SETTINGS).drop_duplicates("level").set_index("level")
    assert table["connectome"].to_dict() == {
        "second": "first (file): mine; second (file): mine", "gaussian": "first (file): mine",
    }  # fmt: skip


def test_an_empty_table_keeps_the_type_of_its_connectomes():
    runs = runs_table(levels=("gaussian", "dale"), compare="structure")
    assert hypothesis_tests.trends(runs, [], "structure", SETTINGS)["connectome"].dtype == "string"


# Censored times and failed learners


def with_times(runs, lost=()):
    """The table with a time that grows with the rank; it did not come for the places in ``lost``."""
    runs = runs.assign(time=100.0 * runs["rank"].rank(method="dense") + runs["seed"])
    runs.loc[list(lost), "time"] = np.inf
    return runs


def test_a_time_that_did_not_come_is_the_longest():
    """The slowest seeds of the highest rank never came: they make the trend and do not break it."""
    runs = runs_table()
    lost = runs.index[(runs["rank"] == 300) & runs["seed"].isin([1, 3, 4])]
    settings_of = SETTINGS | {"measures": ["time"]}
    row, complete = (
        hypothesis_tests.trends(table, [], "rank", settings_of).iloc[0]
        for table in (with_times(runs, lost), with_times(runs))
    )
    assert (row["n"], row["excluded"], row["censored"]) == (6, 0, 3)
    columns = ["page_statistic", "p", "effect"]
    assert row[columns].tolist() == complete[columns].tolist()
    assert complete["censored"] == 0
    contrast = hypothesis_tests.contrasts(with_times(runs, lost), [], "rank", settings_of).iloc[0]
    assert contrast["p"] == 2 / 2**6 and contrast["censored"] == 3
    assert (contrast["effect"], contrast["interval_low"], contrast["cliffs_delta"]) == (-np.inf, -np.inf, -1)


def test_times_that_came_nowhere_differ_by_nothing():
    runs = with_times(runs_table(), runs_table().index)
    row = hypothesis_tests.contrasts(runs, [], "rank", SETTINGS | {"measures": ["time"]}).iloc[0]
    assert row[["p", "effect", "interval_low", "interval_high", "n", "censored"]].tolist() == [1, 0, 0, 0, 6, 6]


def test_a_diverged_run_keeps_a_time_that_did_not_come():
    runs = with_times(runs_table(), [0]).assign(diverged=lambda table: table.index == 0)
    table = hypothesis_tests.contrasts(runs, [], "rank", SETTINGS | {"measures": ["time", "change"]})
    assert table.set_index("measure")["n"].to_dict() == {"time": 6, "change": 5}


@pytest.mark.parametrize("test", TABLES)
def test_a_run_that_learned_nothing_is_neither_rich_nor_lazy(test):
    runs = runs_table()
    place = runs.index[(runs["rank"] == 300) & (runs["seed"] == 2)]
    lost = runs.assign(failed=runs.index.isin(place))
    lost.loc[place, ["change", "alignment"]] = [1e9, -1e9]
    found, expected = (TABLES[test](table, [], "rank", SETTINGS) for table in (lost, runs[runs["seed"] != 2]))
    if test == "losses":  # how well it learned is known
        assert set(found["n"]) == {6} and set(found["failed"]) == {0}
        return
    assert set(found["n"]) == {5} and set(found["excluded"]) == {1} and set(found["failed"]) == {1}
    columns = ["p", "effect", "interval_low", "interval_high"]
    pd.testing.assert_frame_equal(found[columns], expected[columns])
