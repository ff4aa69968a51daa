"""Verdicts on claims: their logic, their evidence, and the documents that show them."""

import itertools
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from richlazy.statistics import claim_documents, claims, hypothesis_tests, one_sided_tests, verdicts
from richlazy.storage import parquet

ROOT = Path(__file__).parents[3]
SETTINGS = {
    "significance_level": 0.05, "confidence_level": 0.95, "minimum_seeds": 5, "comparable_loss": 0.05,
    "negligible_tau": 0.2, "negligible_share": 0.05, "censored": ["time"], "of_failed": ["final_loss"],
    "levels": ["shared_loss"],
}  # fmt: skip
CLAIM = {
    "id": "paper-claim", "paper": "Paper", "location": "Figure 1", "statement": "More rank, less change.",
    "experiment": "figure_1", "test": "trend", "direction": "decreasing", "measures": ["change"],
}  # fmt: skip


def trend_rows(*rows, **columns):
    """A table of trends; each row an (effect, p), in as many tasks; without an extreme condition they are the same."""
    return pd.DataFrame(
        [
            {
                "task": f"T{place}", "measure": "change", "n": 10, "excluded": 0, "page_statistic": 1.0, "p": p,
                "conditions": "1, 30, 100, 300",
                "effect": effect, "interval_low": effect - 0.1, "interval_high": effect + 0.1, "detectable": 0.4,
                "difference": effect / 2, "reference_median": 2.0,
                **{f"effect_without_{end}": effect for end in ("lowest", "highest")},
                **{f"p_without_{end}": p for end in ("lowest", "highest")},
            }
            for place, (effect, p) in enumerate(rows)
        ]
    ).assign(**columns)  # fmt: skip


COMPARISONS = {"figure_1": {"compare": "rank", "arms": ["task"]}}


def judged(table, claim=CLAIM, kind=None, **settings):
    """The row of one claim that is judged on one table."""
    kind = kind or claims.TESTS[claim["test"]]
    found = claims.judge([claim], {"figure_1": {kind: table}}, COMPARISONS, SETTINGS | settings, "paper")
    assert list(found.columns) == list(claims.CLAIM_COLUMNS)
    assert len(found) == 1
    return found.iloc[0]


# The verdict


@pytest.mark.parametrize(
    ("rows", "verdict", "counts"),
    [
        ([(-0.9, 0.001)], "supported", (1, 0, 0)),
        ([(-0.9, 0.001), (-0.5, 0.049)], "supported", (2, 0, 0)),
        # Each alone would not survive a correction: the claim is their conjunction, and needs none.
        ([(-0.9, 0.04), (-0.5, 0.04), (-0.5, 0.04)], "supported", (3, 0, 0)),
        ([(0.9, 0.001)], "contradicted", (0, 1, 0)),
        ([(0.9, 0.001), (0.8, 0.01)], "contradicted", (0, 2, 0)),
        ([(0.9, 0.001), (-0.1, 0.8)], "contradicted", (0, 1, 1)),
        ([(-0.9, 0.001), (0.9, 0.001)], "conflicting", (1, 1, 0)),
        ([(-0.9, 0.001), (0.9, 0.001), (0.0, 1.0)], "conflicting", (1, 1, 1)),
        ([(-0.9, 0.001), (-0.2, 0.3)], "partly supported", (1, 0, 1)),
        ([(-0.9, 0.001), (0.3, 0.04)], "partly supported", (1, 0, 1)),  # .04 is .08 of two
        ([(-0.9, 0.03), (-0.2, 0.3)], "undecided", (0, 0, 2)),  # .03 is .06 of two
        ([(-0.2, 0.3)], "undecided", (0, 0, 1)),
        ([(-0.2, 0.3), (0.3, 0.06)], "undecided", (0, 0, 2)),
        ([(-0.05, 0.3)], "negligible effect", (0, 0, 1)),
        ([(-0.05, 0.3), (0.1, 0.9)], "negligible effect", (0, 0, 2)),
        ([(-0.05, 0.3), (-0.11, 0.9)], "undecided", (0, 0, 2)),
    ],
    ids=str,
)
def test_verdict_of_tests(rows, verdict, counts):
    row = judged(trend_rows(*rows))
    assert row["verdict"] == verdict
    assert (row["supporting"], row["contradicting"], row["undecided"]) == counts


def test_measures_that_disagree_are_conflicting_and_never_averaged():
    strong, weak = trend_rows((-1.0, 1e-6)), trend_rows((0.3, 0.02), measure="other")
    row = judged(pd.concat([strong, weak]), CLAIM | {"measures": ["change", "other"]})
    assert row["verdict"] == "conflicting"
    assert (row["supporting"], row["contradicting"]) == (1, 1)
    assert row["effect"] == 0.3  # the test that favours the claim least


@pytest.mark.parametrize(
    ("direction", "verdict"),
    [("increasing", "contradicted"), ("decreasing", "supported"), ("higher", "contradicted"), ("lower", "supported")],
)
def test_direction_decides_what_agrees(direction, verdict):
    assert judged(trend_rows((-0.9, 0.01)), CLAIM | {"direction": direction})["verdict"] == verdict


def test_a_direction_for_each_measure():
    table = pd.concat([trend_rows((-0.9, 0.01)), trend_rows((0.8, 0.01), measure="alignment")])
    joint = CLAIM | {"measures": ["change", "alignment"]}
    assert judged(table, joint | {"direction": {"change": "decreasing", "alignment": "increasing"}})["verdict"] == (
        "supported"
    )
    assert judged(table, joint | {"direction": {"change": "increasing", "alignment": "decreasing"}})["verdict"] == (
        "contradicted"
    )


def test_few_seeds_are_too_few_runs_whatever_they_show():
    for rows in ([(-0.9, 1e-9)], [(0.9, 1e-9)], [(-0.9, 1e-9), (0.9, 1e-9)]):
        assert judged(trend_rows(*rows, n=4))["verdict"] == "too few runs"
        assert judged(trend_rows(*rows, n=5))["verdict"] != "too few runs"
        assert judged(trend_rows(*rows, n=5), minimum_seeds=6)["verdict"] == "too few runs"


def test_one_test_with_few_seeds_leaves_the_claim_with_too_few_runs():
    table = trend_rows((-0.9, 0.001), (-0.9, 0.001))
    table.loc[1, "n"] = 2
    assert judged(table)["verdict"] == "too few runs"


def test_a_contrast_of_five_seeds_can_decide_nothing_and_one_of_six_can():
    contrast = CLAIM | {"test": "contrast", "direction": "lower"}
    for seeds, word in ((5, "too few runs"), (6, "supported")):
        assert judged(trend_rows((-0.9, 2 / 2**seeds), n=seeds), contrast)["verdict"] == word


@pytest.mark.parametrize(("test", "enough"), [("contrast", 6), ("bound", 5), ("equivalence", 5), ("trend", 2)])
def test_so_many_seeds_as_can_reach_the_level_decide(test, enough):
    """All seeds agree with a probability of 1 / 2^n, in either direction 2 / 2^n; a trend has many orders."""
    claim = CLAIM | {"test": test, "at_most": 1}
    for seeds in range(2, 9):
        row = trend_rows((-0.9, 0.01), n=seeds, p_opposite=1.0).iloc[0]
        found = verdicts.judgement(claim, row, SETTINGS | {"minimum_seeds": 2})
        assert found.decides == (seeds >= enough), seeds


@pytest.mark.parametrize(("direction", "sign"), [("increasing", 1), ("decreasing", -1), ("higher", 1), ("lower", -1)])
def test_a_test_favours_a_claim_as_much_as_its_effect(direction, sign):
    for effect in (-0.9, 0.4):
        found = verdicts.judgement(CLAIM | {"direction": direction}, trend_rows((effect, 0.01)).iloc[0], SETTINGS)
        assert found.favour == sign * effect


def test_significance_is_p_below_the_level():
    table = trend_rows((-0.9, 0.05))
    assert judged(table)["verdict"] == "undecided"
    assert judged(table, significance_level=0.051)["verdict"] == "supported"


def test_an_experiment_without_results_is_not_run():
    table = {"figure_2": {"trends": trend_rows((-0.9, 0.001))}}
    for found in ({}, table, {"figure_1": {}}, {"figure_1": {"contrasts": trend_rows((-0.9, 0.001))}}):
        row = claims.judge([CLAIM], found, COMPARISONS, SETTINGS, "paper").iloc[0]
        assert row["verdict"] == "not run"
        counts = row[["n", "supporting", "contradicting", "undecided", "evidence"]].tolist()
        assert counts == [0, 0, 0, 0, ""]
        assert row[["effect", "interval_low", "interval_high", "p"]].isna().all()


def test_an_empty_table_is_not_run():
    assert judged(trend_rows((-0.9, 0.001)).iloc[:0])["verdict"] == "not run"


def test_tests_without_numbers_are_too_few_runs():
    """Too few seeds were left: the statistics hold a row without p and effect."""
    empty = dict.fromkeys(set(trend_rows((0.0, 1.0)).columns[5:]) - {"conditions"}, np.nan)
    row = judged(trend_rows((0.0, 1.0), n=1, **empty))
    assert row["verdict"] == "too few runs"
    assert row["undecided"] == 1
    assert row["evidence"] == "T0 change: not tested, n 1"


def test_an_infinite_effect_was_tested():
    """As of networks that never learn beside others that do."""
    row = judged(trend_rows((-np.inf, 0.001), interval_low=-np.inf, interval_high=-5.0))
    assert row["verdict"] == "supported"
    assert row["evidence"].startswith("T0 change: -inf [-inf, -5], ") and "p 0.001, n 10" in row["evidence"]


ROWS = st.lists(st.tuples(st.floats(-1, 1).filter(bool), st.floats(0, 1)), min_size=1, max_size=6)


@given(ROWS, st.sampled_from([3, 10]))
def test_every_set_of_tests_has_one_verdict_that_follows_from_its_outcomes(rows, seeds):
    row = judged(trend_rows(*rows, n=seeds))
    supporting, contradicting, undecided = row["supporting"], row["contradicting"], row["undecided"]
    assert supporting + contradicting + undecided == len(rows)
    assert row["verdict"] in verdicts.VERDICTS
    expected = "undecided"
    if seeds < 5:
        expected = "too few runs"
    elif contradicting:
        expected = "conflicting" if supporting else "contradicted"
    elif all(effect < 0 and p < 0.05 for effect, p in rows):
        expected = "supported"
    elif supporting:
        expected = "partly supported"
    elif all(effect - 0.1 >= -0.2 and effect + 0.1 <= 0.2 for effect, _ in rows):
        expected = "negligible effect"
    assert row["verdict"] == expected


@given(ROWS, st.randoms(use_true_random=False))
def test_the_verdict_does_not_depend_on_the_order_of_the_tests(rows, random):
    shuffled = random.sample(rows, len(rows))
    columns = ["verdict", "supporting", "contradicting", "p"]
    one, other = (judged(trend_rows(*of))[columns].tolist() for of in (rows, shuffled))
    assert one == other


@given(ROWS)
def test_the_opposite_claim_has_the_opposite_verdict(rows):
    opposite = {
        "supported": {
            "contradicted",
            "undecided",
            "negligible effect",
        },  # a conjunction needs no correction, its opposite does
        "contradicted": {"supported", "partly supported"},
        "partly supported": {"contradicted"},
        "conflicting": {"conflicting"},
        "negligible effect": {"negligible effect", "supported"},
        "undecided": {"undecided", "supported"},
    }
    word = judged(trend_rows(*rows))["verdict"]
    assert judged(trend_rows(*rows), CLAIM | {"direction": "increasing"})["verdict"] in opposite[word]


# Shapes


def u_shape(lowest, highest, p=0.3, p_part=0.001):
    """A trend that is undecided; without its lowest and without its highest condition it has these effects."""
    table = trend_rows((-0.3, p))
    table[["effect_without_lowest", "effect_without_highest"]] = [lowest, highest]
    return table.assign(p_without_lowest=p_part, p_without_highest=0.5)


def test_a_trend_that_turns_against_the_claim_is_not_monotone():
    row = judged(u_shape(0.7, -0.4))
    assert row["verdict"] == "not monotone"
    assert ", without the lowest condition +0.7, p 0.001" in row["evidence"]
    # Even where the whole goes the claimed way.
    assert judged(u_shape(0.7, -0.4, p=0.001))["verdict"] == "not monotone"
    assert judged(u_shape(0.7, -0.4), CLAIM | {"direction": "increasing"})["verdict"] != "not monotone"


@pytest.mark.parametrize(("lowest", "highest"), [(0.7, 0.2), (-0.7, -0.4), (0.7, 0.0)])
def test_a_trend_without_two_directions_is_no_turn(lowest, highest):
    assert judged(u_shape(lowest, highest))["verdict"] == "undecided"


def test_a_turn_is_corrected_over_the_turns_of_the_claim():
    three = pd.concat([u_shape(0.7, -0.4, p_part=p).assign(task=f"T{p}") for p in (0.02, 0.3, 0.4)])
    assert judged(u_shape(0.7, -0.4, p_part=0.02))["verdict"] == "not monotone"
    assert judged(three)["verdict"] == "undecided"


def families(shape, repetitions, tasks=3, seeds=10, noise=1.0, rng=None):
    """Verdicts of a claim that all tasks fall, on tables made of runs with a shape and independent noise."""
    rng = rng or np.random.default_rng(11)
    found = []
    for _ in range(repetitions):
        samples = [np.asarray(shape) + noise * rng.standard_normal((seeds, len(shape))) for _ in range(tasks)]
        rows = [
            {"task": f"T{task}", "measure": "change", "n": seeds, "conditions": ", ".join(map(str, range(len(shape))))}
            | hypothesis_tests.trend(values, SETTINGS)
            for task, values in enumerate(samples)
        ]
        judgements = [verdicts.judgement(CLAIM, row, SETTINGS) for _, row in pd.DataFrame(rows).iterrows()]
        found.append(verdicts.verdict(judgements, SETTINGS["significance_level"]).word)
    return np.array(found)


def test_permuted_labels_are_called_an_effect_as_often_as_the_level_says():
    """1,000 families without effect: "contradicted", "conflicting" and "partly supported" come from at most 5 % of
    two-sided tests after Holm's correction, and "supported" would need all three tests."""
    found = families([0, 0, 0, 0], 1000)
    wrong = np.isin(found, ["partly supported", "contradicted", "conflicting"]).mean()
    assert 0.02 <= wrong <= 0.065  # exact tests are discrete: a little below the level
    assert (found == "supported").mean() <= 0.005
    assert (found == "not monotone").mean() <= 0.06


def test_a_planted_effect_is_found_and_its_opposite_contradicted():
    assert (families([3, 2, 1, 0], 60) == "supported").mean() > 0.9
    assert (families([0, 1, 2, 3], 60) == "contradicted").mean() > 0.9


def test_a_planted_u_shape_is_called_not_monotone():
    assert (families([1.5, 0, 0.75, 1.5], 60, noise=0.5) == "not monotone").mean() > 0.9


def test_a_tight_null_is_negligible_and_a_wide_one_undecided():
    contrast = CLAIM | {"test": "contrast", "direction": "lower"}

    def row(noise, seeds=20):
        rng = np.random.default_rng(1)
        rows = [
            {"task": "T", "rank": rank, "seed": seed, "change": 1 + noise * rng.standard_normal(), "diverged": False,
             "converged": True, "connectome": None}
            for seed in range(seeds) for rank in (1, 300)
        ]  # fmt: skip
        settings = SETTINGS | {"measures": ["change"]}
        return judged(hypothesis_tests.contrasts(pd.DataFrame(rows), ["task"], "rank", settings), contrast)

    assert row(0.01)["verdict"] == "negligible effect"
    wide = row(0.5)
    assert wide["verdict"] == "undecided"
    assert ", could have found " in wide["evidence"]


def test_every_verdict_has_a_rule_of_one_sentence():
    assert sorted(verdicts.RULES) == sorted(verdicts.VERDICTS)
    for rule in verdicts.RULES.values():
        assert rule[0].isupper() and rule.endswith(".") and ". " not in rule
    documented = (ROOT / "workflow/docs/statistics.md").read_text()
    for word, rule in verdicts.RULES.items():
        assert f"| {word} | {rule} |" in documented


# Equivalence


EQUIVALENCE = CLAIM | {"test": "equivalence"}
del EQUIVALENCE["measures"], EQUIVALENCE["direction"]


def paired(*differences, measure="final_loss", seeds=8):
    """Runs of one task in which each condition differs so much, and a little by seed, from that of the largest rank."""
    rng = np.random.default_rng(5)
    base = rng.standard_normal(seeds)
    rows = [
        {
            "task": "CXT", "rank": rank, "seed": seed, "diverged": False, "converged": True, "connectome": None,
            "guess_loss": 0.13, "bayes_loss": 0.03, measure: base[seed] + difference + 1e-4 * rng.standard_normal(),
        }
        for rank, difference in enumerate([*differences, 0.0])
        for seed in range(seeds)
    ]  # fmt: skip
    return pd.DataFrame(rows)


@pytest.mark.parametrize(
    ("differences", "verdict"),
    [
        ([0.001], "supported"),
        ([-0.004], "supported"),
        ([0.02], "contradicted"),
        ([-0.02], "contradicted"),
        ([0.005], "undecided"),
        ([0.001, -0.002, 0.003], "supported"),
        ([0.001, -0.02, 0.003], "conflicting"),
        ([0.001, 0.005], "partly supported"),
    ],
    ids=str,
)
def test_losses_agree_when_equivalent_and_contradict_when_wholly_outside_the_margin(differences, verdict):
    assert judged(paired(*differences), EQUIVALENCE, "runs")["verdict"] == verdict


def test_a_wide_spread_shows_neither_equivalence_nor_a_difference():
    runs = paired(0.0)
    runs.loc[runs["rank"] == 0, "final_loss"] += np.linspace(-0.1, 0.1, 8)
    assert judged(runs, EQUIVALENCE, "runs")["verdict"] == "undecided"


def test_the_weakest_equivalence_is_the_largest_difference():
    row = judged(paired(0.001, -0.02, 0.003), EQUIVALENCE, "runs")
    assert row["effect"] == pytest.approx(-0.02, abs=1e-3)


def test_the_equivalence_of_measures_has_a_margin_for_each():
    both = paired(0.04, measure="change").assign(alignment=paired(0.04)["final_loss"])
    claim = EQUIVALENCE | {"measures": ["change", "alignment"]}
    assert judged(both, claim | {"margin": 0.05}, "runs")["verdict"] == "supported"
    assert judged(both, claim | {"margin": {"change": 0.05, "alignment": 0.01}}, "runs")["verdict"] == "conflicting"
    one = claim | {"margin": 0.05, "where": {"level": ["0"]}}
    evidence = judged(both, one, "runs")["evidence"]
    assert evidence.startswith("CXT change 0 against 1: +0.04 [") and ", margin 0.05, p " in evidence


def test_what_is_0_but_for_rounding_neither_agrees_nor_opposes():
    settings = SETTINGS | {"negligible_tau": 0.1, "negligible_share": 0.1}
    row = pd.Series(
        {"measure": "change", "effect": -5.6e-18, "p": 0.6, "interval_low": -0.2, "interval_high": 0.2, "n": 9}
    )
    found = verdicts.judgement(CLAIM | {"test": "contrast", "direction": "lower"}, row, settings)
    assert (found.p_for, found.p_against, found.favour) == (1.0, 1.0, 0.0)


def test_claims_of_absence_can_be_supported():
    """A reversed contrast cannot: it asks for an effect on the other side."""
    assert (
        judged(paired(0.001, measure="change"), EQUIVALENCE | {"measures": ["change"], "margin": 0.01}, "runs")[
            "verdict"
        ]
        == "supported"
    )


# Bounds


BOUND = {key: value for key, value in CLAIM.items() if key != "direction"} | {"test": "bound", "at_most": 2}


def runs_of(*samples, **columns):
    """A table of runs of one task; each sample the values of the seeds at a gain, 0 for the first."""
    return pd.DataFrame(
        [
            {
                "run": f"gain~{gain}/seed~{seed}", "task": "CXT", "rank": pd.NA, "gain": float(gain), "size": 300,
                "seed": seed, "connectome": pd.NA, "diverged": False, "converged": True, "change": value,
            }
            for gain, sample in enumerate(samples)
            for seed, value in enumerate(sample)
        ]
    ).assign(**columns)  # fmt: skip


def bounded(runs, **changes):
    return judged(runs, BOUND | changes, "runs")


def sign_test_by_enumeration(count, seeds):
    """Share of all patterns of sides in which at least so many seeds are on the first."""
    return np.mean([sum(pattern) >= count for pattern in itertools.product((0, 1), repeat=seeds)])


@given(st.lists(st.integers(0, 4), min_size=1, max_size=8), st.sampled_from(["at_most", "at_least"]))
def test_a_bound_is_a_sign_test_in_which_equal_values_agree(values, word):
    claim = {key: value for key, value in BOUND.items() if key != "at_most"} | {word: 2}
    row = judged(runs_of(values), claim, "runs")
    keeps = sum(value <= 2 if word == "at_most" else value >= 2 for value in values)
    p, opposite = (sign_test_by_enumeration(count, len(values)) for count in (keeps, len(values) - keeps))
    assert row["p"] == pytest.approx(p, rel=1e-12)
    assert (row["supporting"], row["contradicting"]) == (p < 0.05, opposite < 0.05)
    assert row["effect"] == np.median(values) - 2
    assert row["interval_low"] <= row["effect"] <= row["interval_high"]
    assert row["n"] == len(values)


@pytest.mark.parametrize(
    ("samples", "verdict"),
    [
        ([[2] * 5], "supported"),
        ([[3] * 5], "contradicted"),
        ([[1, 1, 1, 1, 3]], "undecided"),
        ([[1] * 4], "too few runs"),
        ([[2] * 5, [2] * 5], "supported"),  # a conjunction: five seeds decide two tests as they decide one
        ([[2] * 5, [1, 1, 1, 1, 3]], "undecided"),  # but one of two tests is not significant after correction
        ([[2] * 6, [1, 1, 1, 1, 3, 3]], "partly supported"),
        ([[2] * 6, [3] * 6], "conflicting"),
    ],
    ids=str,
)
def test_verdict_of_a_bound(samples, verdict):
    assert bounded(runs_of(*samples))["verdict"] == verdict


def test_a_bound_is_corrected_over_the_tests_of_its_claim_alone():
    runs = runs_of([2] * 6, [3] * 6, [9] * 6)
    everywhere = bounded(runs)
    assert (everywhere["supporting"], everywhere["contradicting"], everywhere["effect"]) == (1, 2, 7)
    first = bounded(runs, where={"gain": [0]})
    assert (first["verdict"], first["p"], first["effect"]) == ("supported", 1 / 64, 0)
    assert first["evidence"] == "CXT 0.0 change at most 2: +0 [+0, +0], p 0.016, n 6"
    assert bounded(runs, where={"size": [300], "gain": [1, 2]})["verdict"] == "contradicted"


def test_diverged_runs_and_missing_values_do_not_enter_a_bound_and_are_counted():
    runs = runs_of([1, 1, 1, 1, 1, 9, np.nan, np.inf])
    runs.loc[5, "diverged"] = True
    runs.loc[0, "converged"] = False
    row = one_sided_tests.tests(BOUND, runs, SETTINGS).iloc[0]
    assert (row["n"], row["excluded"], row["unconverged"], row["p"]) == (5, 3, 1, 1 / 32)
    assert bounded(runs)["evidence"].endswith("p 0.031, n 5, 1 of them with a run that has not converged")
    runs["diverged"] = True
    assert bounded(runs)["verdict"] == "too few runs"


def test_a_bound_may_differ_by_task():
    runs = pd.concat([runs_of([2] * 6), runs_of([4] * 6).assign(task="2AF"), runs_of([9] * 6).assign(task="DMS")])
    of_tasks = {"task": {"CXT": 2, "2AF": 4}}
    row = bounded(runs, at_most=of_tasks)
    assert (row["verdict"], row["supporting"]) == ("supported", 2)  # the claim names no bound for DMS
    assert "2AF change at most 4: +0 [+0, +0]" in row["evidence"]
    assert bounded(runs, at_most={"task": {"CXT": 1, "2AF": 4}})["verdict"] == "conflicting"


def test_conditions_of_a_bound_keep_the_order_of_the_runs():
    runs = pd.concat([runs_of([1] * 6).assign(task=task) for task in ("DMS", "2AF", "CXT")])
    assert one_sided_tests.tests(BOUND, runs, SETTINGS)["task"].tolist() == ["DMS", "2AF", "CXT"]


def test_a_time_that_did_not_come_breaks_a_bound():
    runs = runs_of([1.0] * 8).rename(columns={"change": "time"})
    runs.loc[[2, 5], "time"] = np.inf
    row = bounded(runs, measures=["time"])
    assert (row["n"], row["verdict"]) == (8, "undecided")
    assert row["evidence"].endswith("2 where it did not happen")


@pytest.mark.parametrize(
    ("columns", "changes"),
    [({}, {"measures": ["younger"]}), ({}, {"where": {"momentum": [0.9]}}), ({}, {"where": {"gain": [7]}})],
    ids=str,
)
def test_a_bound_that_the_runs_cannot_decide_is_not_run(columns, changes):
    row = bounded(runs_of([1] * 6, **columns), **changes)
    assert row["verdict"] == "not run"
    assert row["evidence"] == "figure_1 was run, but has no test with what this claim names"


def test_conditions_with_missing_parameters_are_tested_and_typed_tables_too():
    runs = runs_of([1] * 6, [1] * 6).astype({"rank": "Int64", "gain": "Float64", "change": "Float64"})
    runs.loc[:5, "rank"] = 3
    found = one_sided_tests.tests(BOUND, runs, SETTINGS)
    assert found["rank"].fillna(-1).tolist() == [3, -1]
    assert found["p"].tolist() == [1 / 64, 1 / 64]


# Which tests a claim is about


def test_measures_and_where_choose_the_rows():
    table = pd.concat(
        [
            trend_rows((-0.9, 0.008), (0.9, 0.008), gain=1.0),
            trend_rows((0.9, 0.008), (-0.9, 0.008), gain=1.5),
            trend_rows((0.9, 0.008), (0.9, 0.008), gain=1.0, measure="other"),
        ]
    )
    assert judged(table)["supporting"] == judged(table)["contradicting"] == 2
    assert judged(table, CLAIM | {"where": {"task": ["T0"], "gain": [1]}})["verdict"] == "supported"
    assert judged(table, CLAIM | {"where": {"task": ["T1"], "gain": [1.5]}})["supporting"] == 1
    assert judged(table, CLAIM | {"where": {"gain": [1.0, 1.5]}})["verdict"] == "conflicting"
    both = {key: value for key, value in CLAIM.items() if key != "measures"}
    assert judged(table, both)["contradicting"] == 4


@pytest.mark.parametrize("where", [{"task": ["T9"]}, {"momentum": [0.9]}, {"task": []}], ids=str)
def test_a_claim_about_what_was_not_varied_is_not_run(where):
    assert judged(trend_rows((-0.9, 0.001)), CLAIM | {"where": where})["verdict"] == "not run"


@pytest.mark.parametrize(("momentum", "verdict"), [([0.9, 0.9], "supported"), ([0.9, 0.5], "not run")], ids=str)
def test_a_claim_about_a_value_that_all_runs_have_is_judged_by_their_tests(momentum, verdict):
    tables = {"trends": trend_rows((-0.9, 0.001)), "runs": pd.DataFrame({"momentum": momentum})}
    claim = CLAIM | {"where": {"momentum": [0.9]}}
    assert claims.judge([claim], {"figure_1": tables}, COMPARISONS, SETTINGS, "paper").iloc[0]["verdict"] == verdict


def test_a_claim_reads_the_table_of_its_test():
    found = {"figure_1": {"trends": trend_rows((-0.9, 0.001)), "contrasts": trend_rows((0.9, 0.001))}}
    claim_rows = [CLAIM, CLAIM | {"test": "contrast", "direction": "lower"}]
    assert claims.judge(claim_rows, found, COMPARISONS, SETTINGS, "paper")["verdict"].tolist() == [
        "supported",
        "contradicted",
    ]


def test_every_test_of_a_claim_names_a_table_of_the_workflow():
    assert claims.TESTS == {
        "trend": "trends", "contrast": "contrasts", "equivalence": "runs", "interaction": "interactions",
        "bound": "runs",
    }  # fmt: skip


def test_claims_keep_their_order_and_words():
    tables = {"figure_1": {"trends": trend_rows((-0.9, 0.001))}}
    second = CLAIM | {"id": "paper-other", "experiment": "figure_2", "statement": "Else."}
    found = claims.judge([second, CLAIM], tables, COMPARISONS, SETTINGS, "quick")
    assert found["id"].tolist() == ["paper-other", "paper-claim"]
    assert found["statement"].tolist() == ["Else.", CLAIM["statement"]]
    assert found["experiment"].tolist() == ["figure_2", "figure_1"]
    assert set(found["scale"]) == {"quick"}


# Numbers and evidence


def test_the_numbers_are_those_of_the_test_that_favours_the_claim_least():
    table = trend_rows((-0.9, 0.001), (-0.4, 0.03), (-0.7, 0.01))
    table["n"] = [10, 9, 8]
    row = judged(table)
    assert row[["measure", "contrast", "effect", "p", "n"]].tolist() == ["change", "", -0.4, 0.03, 9]
    assert (row["effect_is"], row["relative_effect"]) == ("Kendall's tau", -0.1) and np.isnan(row["margin"])
    assert (row["interval_low"], row["interval_high"]) == pytest.approx((-0.5, -0.3))
    opposite = judged(table, CLAIM | {"direction": "increasing"})
    assert opposite[["effect", "p", "n"]].tolist() == [-0.9, 1, 10]


def test_of_all_tests_the_one_of_the_largest_p_favours_a_claim_least_whatever_its_effect():
    row = judged(trend_rows((-0.3, 0.001), (-0.9, 0.03)))
    assert row[["effect", "p"]].tolist() == [-0.9, 0.03]
    opposite = judged(trend_rows((0.3, 0.001), (0.9, 0.03), (-0.2, 0.04)))  # both p of the opposite are 1 for the claim
    assert opposite[["effect", "p"]].tolist() == [0.3, 1]


def test_a_test_of_too_few_seeds_favours_a_claim_least():
    table = trend_rows((-0.9, 0.001), (0.5, 0.001), n=[SETTINGS["minimum_seeds"] - 1, 10])
    row = judged(table)
    assert row[["verdict", "effect", "p", "n"]].tolist() == ["too few runs", -0.9, 1, SETTINGS["minimum_seeds"] - 1]


def test_seeds_of_which_no_order_of_the_conditions_is_significant_are_too_few_for_a_trend():
    claim = CLAIM | {"test": "trend"}
    for conditions, fewest in (("1, 30, 300", 3), ("1, 30, 100, 300", 2)):  # 2 / 6^2 is .056, 2 / 24^2 is .003
        rows = [trend_rows((-0.9, 0.06), n=n, conditions=conditions).iloc[0] for n in (1, 2, 3)]
        found = [verdicts.judgement(claim, row, SETTINGS | {"minimum_seeds": 1}).decides for row in rows]
        assert found == [n >= fewest for n in (1, 2, 3)]


def test_differences_of_equal_p_are_compared_as_shares_of_the_reference_or_the_margin():
    of_tests = {"test": "contrast", "direction": "lower", "measures": ["change", "other"]}
    table = pd.concat([trend_rows((-50.0, 0.01)), trend_rows((-0.5, 0.01), measure="other")])
    table["reference_median"] = [1000.0, 1.0]
    row = claims.judge([CLAIM | of_tests], {"figure_1": {"contrasts": table}}, COMPARISONS, SETTINGS, "quick").iloc[0]
    assert row[["measure", "effect"]].tolist() == ["change", -50.0]
    found = [
        verdicts.judgement(
            CLAIM | {"test": "equivalence"}, trend_rows((0.2, 0.01), p_opposite=1.0, margin=margin).iloc[0], SETTINGS
        ).favour
        for margin in (0.4, 2.0)
    ]
    assert found == pytest.approx([-0.5, -0.1])


@pytest.mark.parametrize(
    ("share", "shown"),
    [
        (0.994, "+99 %"),
        (0.996, "+100 %"),
        (0.0996, "+10 %"),
        (0.0994, "+9.9 %"),
        (-6.4e-17, "+0 %"),
        (1.0, "+100 %"),
        (-1.0, "-100 %"),
        (-0.045, "-4.5 %"),
        (12.34, "+1234 %"),
    ],
)
def test_shares_are_per_cent_without_powers_of_ten(share, shown):
    assert claims.percent(share) == shown


def test_the_meaning_of_the_column_names_every_verdict_once():
    *others, last = verdicts.VERDICTS
    assert claims.CLAIM_COLUMNS["verdict"] == f"{', '.join(others)} or {last}"


def test_evidence_lists_every_test_with_arm_measure_effect_interval_p_and_seeds():
    row = judged(trend_rows((-0.9, 0.001), (0.25, 0.3)))
    assert row["evidence"].split("; ") == [
        "T0 change: -0.9 [-1, -0.8], -0.45 (-22 %) from lowest to highest, p 0.002, n 10",
        "T1 change: +0.25 [+0.15, +0.35], +0.125 (+6.2 %) from lowest to highest, p 1.00, n 10, could have found 0.4",
    ]


def test_what_is_zero_but_for_rounding_is_shown_as_zero():
    row = judged(trend_rows((-5.6e-18, 0.9)))
    assert row["evidence"].startswith("T0 change: +0 [-0.1, +0.1]")


def test_evidence_names_all_arms_and_leaves_out_those_without_a_value():
    table = trend_rows((-0.9, 0.001)).assign(gain=1.5, rank=None)
    table = table[["task", "gain", "rank", *table.columns[1:-2]]]
    assert judged(table)["evidence"].startswith("T0 1.5 change: ")


def test_evidence_of_losses_and_contrasts_names_both_conditions():
    found = judged(paired(0.001), EQUIVALENCE, "runs")["evidence"]
    assert found.startswith("CXT final_loss 0 against 1: +0.00")


def test_evidence_says_how_many_seeds_have_a_run_that_has_not_converged():
    table = trend_rows((-0.9, 0.001), (-0.8, 0.001))
    assert "converged" not in judged(table)["evidence"]
    table["unconverged"] = [0, 3]
    first, second = judged(table)["evidence"].split("; ")
    assert first.endswith("p 0.001, n 10")
    assert second.endswith("p 0.001, n 10, 3 of them with a run that has not converged")


def test_evidence_says_who_was_left_out_and_whose_time_did_not_come():
    table = trend_rows((-0.9, 0.001)).assign(failed=2, censored=1, unconverged=0)
    found = judged(table)["evidence"]
    assert found.endswith("n 10, 2 left out that learned nothing, 1 where it did not happen")


@pytest.mark.parametrize("where", [{"level": ["dale"]}, {"task": ["T9"]}], ids=str)
def test_evidence_of_an_experiment_that_lacks_what_a_claim_names_says_so(where):
    row = judged(trend_rows((-0.9, 0.001)), CLAIM | {"where": where})
    assert row["verdict"] == "not run"
    assert row["evidence"] == "figure_1 was run, but has no test with what this claim names"
    assert claims.judge([CLAIM], {}, COMPARISONS, SETTINGS, "paper")["evidence"].tolist() == [""]


def test_the_connectomes_behind_a_claim_are_named_once():
    table = trend_rows((-0.9, 0.001), (-0.9, 0.001), (-0.9, 0.001), (-0.9, 0.001))
    assert judged(table)["connectome"] == ""
    origins = [pd.NA, "a (cave): cells", "b (synthetic, not data): drawn; a (cave): cells", None]
    table["connectome"] = pd.array(origins, "string")
    assert judged(table)["connectome"] == "a (cave): cells; b (synthetic, not data): drawn"
    only_null = CLAIM | {"where": {"task": ["T0", "T3"]}}
    assert judged(table, only_null)["connectome"] == ""
    assert judged(table, CLAIM | {"where": {"task": ["T1"]}})["connectome"] == "a (cave): cells"


def test_documents_name_the_connectomes():
    table = trend_rows((-0.9, 0.001))
    plain = claims.judge([CLAIM], {"figure_1": {"trends": table}}, COMPARISONS, SETTINGS, "quick")
    assert "onnectome" not in claim_documents.as_markdown(plain) + claim_documents.as_html(plain)
    table["connectome"] = pd.array(["mine (file): <b>cells</b> & more"], "string")
    named = claims.judge([CLAIM], {"figure_1": {"trends": table}}, COMPARISONS, SETTINGS, "quick")
    assert claim_documents.as_markdown(named).endswith(
        "Connectomes behind these tests:\n\n- mine (file): <b>cells</b> & more\n"
    )
    assert "connectome mine (file): &lt;b&gt;cells&lt;/b&gt; &amp; more" in claim_documents.as_html(named)
    assert "<b>cells" not in claim_documents.as_html(named)


def test_verdicts_from_real_statistics_can_be_saved_with_all_meanings(tmp_path):
    rng = np.random.default_rng(0)
    runs = pd.DataFrame(
        [
            {
                "task": "CXT", "rank": rank, "seed": seed, "diverged": False, "final_loss": 0.3,
                "converged": not (rank == 30 and seed == 4), "connectome": pd.NA,
                "change": -float(np.log(rank)) + 0.01 * rng.standard_normal(),
            }
            for rank in (1, 30, 300)
            for seed in range(6)
        ]
    )  # fmt: skip
    settings = SETTINGS | {"measures": ["change"]}
    found = {
        "trends": hypothesis_tests.trends(runs, ["task"], "rank", settings),
        "contrasts": hypothesis_tests.contrasts(runs, ["task"], "rank", settings),
    }
    register = [
        CLAIM,
        CLAIM | {"id": "higher", "test": "contrast", "direction": "higher", "where": {"level": ["1"]}},
        CLAIM | {"id": "elsewhere", "experiment": "figure_9"},
    ]
    judged_claims = claims.judge(register, {"figure_1": found}, COMPARISONS, SETTINGS, "quick")
    assert judged_claims["verdict"].tolist() == ["supported", "supported", "not run"]
    parquet.save_table(tmp_path / "claims.parquet", judged_claims, claims.CLAIM_COLUMNS)
    pd.testing.assert_frame_equal(parquet.load_table(tmp_path / "claims.parquet"), judged_claims)
    assert parquet.meanings(tmp_path / "claims.parquet") == claims.CLAIM_COLUMNS


# The same claim elsewhere


def test_a_claim_is_judged_at_levels_of_the_loss_and_in_repetitions_too():
    at_level = trend_rows((0.9, 0.001), measure="change_at_shared_loss")
    again = {"compare": "rank", "arms": ["task"], "repeats": {"experiment": "figure_1", "as": "longer"}}
    tables = {
        "figure_1": {"trends": pd.concat([trend_rows((-0.9, 0.001)), at_level])},
        "figure_1_long": {"trends": trend_rows((-0.2, 0.4))},
    }
    comparisons = COMPARISONS | {
        "figure_1_long": again,
        "figure_1_other": again | {"repeats": {**again["repeats"], "as": "else"}},
    }
    row = claims.judge([CLAIM], tables, comparisons, SETTINGS, "paper").iloc[0]
    assert row["verdict"] == "supported"
    assert row["repeats"] == "at shared loss: contradicted; longer: undecided; else: not run"
    table = claims.judge([CLAIM], tables, comparisons, SETTINGS, "paper")
    text = claim_documents.as_markdown(table)
    assert "| claim | as judged above | at shared loss | longer | else |" in text
    assert "| paper-claim | supported | contradicted | undecided | not run |" in text
    assert "at shared loss: contradicted" in claim_documents.as_html(table)


def test_verdicts_on_substitute_data_say_so_in_every_document():
    table = trend_rows((-0.9, 0.001)).assign(substitute="v1dd (release) for the MICrONS V1 column")
    found = claims.judge([CLAIM], {"figure_1": {"trends": table}}, COMPARISONS, SETTINGS, "paper")
    for text in (claim_documents.as_markdown(found), claim_documents.as_html(found)):
        assert "(substitute: v1dd (release) for the MICrONS V1 column)" in text


# Documents


REGISTER = [
    CLAIM,
    CLAIM | {"id": "paper-opposite", "direction": "increasing"},
    CLAIM | {"id": "paper-other-task", "where": {"task": ["T1"]}},
    CLAIM | {"id": "paper-not-run", "experiment": "figure_9"},
    CLAIM | {
        "id": "paper-<i>html</i>", "statement": 'A < B & "C" > <script>alert(1)</script>', "paper": "A & B",
        "location": "<Figure>", "where": {"task": ["T2"]},
    },
]  # fmt: skip


@pytest.fixture
def table():
    found = {"figure_1": {"trends": trend_rows((-0.9, 0.001), (-0.4, 0.3), (0.7, 0.01))}}
    return claims.judge(REGISTER, found, COMPARISONS, SETTINGS, "quick")


def test_summary_counts_every_verdict_once(table):
    assert table["verdict"].tolist() == ["conflicting", "conflicting", "undecided", "not run", "contradicted"]
    assert claims.summary(table) == "5 claims: 2 conflicting, 1 contradicted, 1 undecided, 1 not run."
    assert claims.summary(table.iloc[:2]) == "2 claims: 2 conflicting."


def test_markdown_holds_every_claim_with_its_verdict_and_evidence(table):
    text = claim_documents.as_markdown(table)
    lines = text.splitlines()
    assert lines[0] == "# Claims, judged at scale “quick”"
    assert claims.summary(table) in lines
    rows = [line for line in lines if line.startswith("| paper-")]
    assert len(rows) == len(table)
    for line, row in zip(rows, table.itertuples(), strict=True):
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        assert len(cells) == 7
        assert cells[0] == row.id
        assert cells[1] == f"{row.paper}, {row.location}"
        assert cells[2] == row.statement
        assert cells[3].startswith(f"**{row.verdict}**")
        tasks = row.tasks.replace("_", " ").split("; ") if row.tasks else []
        assert cells[3].endswith(f" on {', '.join(tasks)}" if tasks else "**")
        assert (cells[4:] == ["", "", ""]) == (row.verdict == "not run")
    evidence = [line for line in lines if line.startswith("- **")]
    assert evidence == [f"- **{row.id}**: {row.evidence}" for row in table.itertuples() if row.evidence]
    assert text.endswith("\n")


def test_markdown_shows_effect_interval_p_and_seeds(table):
    row = next(
        line for line in claim_documents.as_markdown(table).splitlines() if line.startswith("| paper-other-task")
    )
    assert row.endswith("| change: τ -0.4 [-0.5, -0.3], -10 % | 0.30 | 10 |")


class Page(HTMLParser):
    """Text of a page by element; fails on elements that are not closed in their order."""

    VOID = frozenset({"meta", "br"})

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.open, self.cells, self.tags, self.headings = [], [], [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        if tag not in self.VOID:
            self.open.append(tag)
        if tag == "tr":
            self.cells.append([])
        if tag in ("td", "th"):
            self.cells[-1].append("")

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if {"td", "th"} & set(self.open):
            self.cells[-1][-1] += data
        if "h1" in self.open:
            self.headings.append(data)


def test_html_is_well_formed_and_holds_every_claim(table):
    page = Page()
    page.feed(claim_documents.as_html(table))
    page.close()
    assert page.open == []
    assert page.headings == ["Claims, judged at scale “quick”"]
    header, *rows = page.cells
    assert header == ["claim", "verdict", "effect [interval]", "p", "n", "evidence"]
    assert len(rows) == len(table)
    for cells, row in zip(rows, table.itertuples(), strict=True):
        assert row.statement in cells[0]
        assert row.id in cells[0]
        assert f"{row.paper}, {row.location}" in cells[0]
        tasks = row.tasks.replace("_", " ").replace(";", ",")
        assert cells[1] == row.verdict + (f" on {tasks}" if tasks else "")
        assert cells[4] == (str(row.n) if row.n else "")
        for part in row.evidence.split("; "):
            assert part in cells[5]


def test_html_escapes_what_the_register_says(table):
    text = claim_documents.as_html(table)
    page = Page()
    page.feed(text)
    assert not {"script", "i", "figure"} & set(page.tags)
    assert "&lt;script&gt;" in text
    assert "A &amp; B, &lt;Figure&gt;" in text


def test_html_escapes_the_evidence():
    table = trend_rows((-0.9, 0.001)).assign(task="<em>bold")
    text = claim_documents.as_html(
        claims.judge([CLAIM], {"figure_1": {"trends": table}}, COMPARISONS, SETTINGS, "quick")
    )
    assert "&lt;em&gt;bold change: -0.9" in text
    assert "<em>" not in text


def test_html_is_one_file_that_loads_nothing(table):
    text = claim_documents.as_html(table)
    assert "http" not in text
    assert "src=" not in text
    assert "<link" not in text


def test_every_verdict_has_a_style(table):
    text = claim_documents.as_html(table)
    for verdict in verdicts.VERDICTS:
        assert f".{verdict.replace(' ', '-')}" in text.split("</style>")[0]


@pytest.mark.parametrize(
    ("p", "shown"),
    [
        (1.0, "1.00"),
        (0.0996, "0.100"),
        (0.052, "0.052"),
        (0.0123, "0.012"),
        (0.01, "0.010"),
        (0.00123, "0.001"),
        (0, "0"),
    ],
)
def test_probabilities_are_short(p, shown):
    assert (
        judged(trend_rows((-0.9, p)))["evidence"].split(" from lowest to highest, ")[1].startswith(f"p {shown}, n 10")
    )
