"""Verdicts on claims: their logic, their evidence, and the documents that show them."""

import itertools
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from richlazy.statistics import claims, hypothesis_tests, one_sided_tests
from richlazy.storage import parquet

SETTINGS = {"significance_level": 0.05, "minimum_seeds": 5}
CLAIM = {
    "id": "paper-claim", "paper": "Paper", "location": "Figure 1", "statement": "More rank, less change.",
    "experiment": "figure_1", "test": "trend", "direction": "decreasing", "measures": ["change"],
}  # fmt: skip


def trend_rows(*rows, **columns):
    """A table of trends; each row an (effect, corrected p), in as many tasks."""
    return pd.DataFrame(
        [
            {
                "task": f"T{place}", "measure": "change", "n": 10, "excluded": 0, "page_statistic": 1.0, "p": p / 2,
                "p_holm": p, "effect": effect, "interval_low": effect - 0.1, "interval_high": effect + 0.1,
            }
            for place, (effect, p) in enumerate(rows)
        ]
    ).assign(**columns)  # fmt: skip


def loss_rows(*rows, margin=0.005, **columns):
    """A table of losses; each row an (effect, half width of the interval, corrected p)."""
    return pd.DataFrame(
        [
            {
                "task": "CXT", "level": str(place), "reference": "300", "n": 10, "excluded": 0, "margin": margin,
                "p": p, "p_holm": p, "effect": effect, "interval_low": effect - half, "interval_high": effect + half,
            }
            for place, (effect, half, p) in enumerate(rows)
        ]
    ).assign(**columns)  # fmt: skip


def judged(table, claim=CLAIM, kind=None, **settings):
    """The row of one claim that is judged on one table."""
    kind = kind or claims.TESTS[claim["test"]]
    verdicts = claims.judge([claim], {"figure_1": {kind: table}}, SETTINGS | settings, "paper")
    assert list(verdicts.columns) == list(claims.CLAIM_COLUMNS)
    assert len(verdicts) == 1
    return verdicts.iloc[0]


# The verdict


@pytest.mark.parametrize(
    ("rows", "verdict", "counts"),
    [
        ([(-0.9, 0.001)], "supported", (1, 0, 0)),
        ([(-0.9, 0.001), (-0.5, 0.049)], "supported", (2, 0, 0)),
        ([(0.9, 0.001)], "contradicted", (0, 1, 0)),
        ([(0.9, 0.001), (0.8, 0.01)], "contradicted", (0, 2, 0)),
        ([(0.9, 0.001), (-0.1, 0.8)], "contradicted", (0, 1, 1)),
        ([(-0.9, 0.001), (0.9, 0.001)], "mixed", (1, 1, 0)),
        ([(-0.9, 0.001), (-0.2, 0.3)], "mixed", (1, 0, 1)),
        ([(-0.9, 0.001), (0.9, 0.001), (0.0, 1.0)], "mixed", (1, 1, 1)),
        ([(-0.2, 0.3)], "underpowered", (0, 0, 1)),
        ([(-0.2, 0.3), (0.3, 0.06)], "underpowered", (0, 0, 2)),
    ],
    ids=str,
)
def test_verdict_of_tests(rows, verdict, counts):
    row = judged(trend_rows(*rows))
    assert row["verdict"] == verdict
    assert (row["supporting"], row["contradicting"], row["undecided"]) == counts


def test_measures_that_disagree_are_mixed_and_never_averaged():
    strong, weak = trend_rows((-1.0, 1e-6)), trend_rows((0.3, 0.04), measure="other")
    row = judged(pd.concat([strong, weak]), CLAIM | {"measures": ["change", "other"]})
    assert row["verdict"] == "mixed"
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


def test_few_seeds_are_underpowered_whatever_they_show():
    for rows in ([(-0.9, 1e-9)], [(0.9, 1e-9)], [(-0.9, 1e-9), (0.9, 1e-9)]):
        assert judged(trend_rows(*rows, n=4))["verdict"] == "underpowered"
        assert judged(trend_rows(*rows, n=5))["verdict"] != "underpowered"
        assert judged(trend_rows(*rows, n=5), minimum_seeds=6)["verdict"] == "underpowered"


def test_one_test_with_few_seeds_makes_the_claim_underpowered():
    table = trend_rows((-0.9, 0.001), (-0.9, 0.001))
    table.loc[1, "n"] = 2
    assert judged(table)["verdict"] == "underpowered"


def test_significance_is_that_of_the_corrected_p_below_the_level():
    table = trend_rows((-0.9, 0.05))
    assert table["p"][0] < 0.05
    assert judged(table)["verdict"] == "underpowered"
    assert judged(table, significance_level=0.051)["verdict"] == "supported"


def test_an_experiment_without_results_is_not_run():
    table = {"figure_2": {"trends": trend_rows((-0.9, 0.001))}}
    for found in ({}, table, {"figure_1": {}}, {"figure_1": {"contrasts": trend_rows((-0.9, 0.001))}}):
        row = claims.judge([CLAIM], found, SETTINGS, "paper").iloc[0]
        assert row["verdict"] == "not run"
        assert (row["n"], row["supporting"], row["contradicting"], row["undecided"], row["evidence"]) == (
            0,
            0,
            0,
            0,
            "",
        )
        assert row[["effect", "interval_low", "interval_high", "p"]].isna().all()


def test_an_empty_table_is_not_run():
    assert judged(trend_rows((-0.9, 0.001)).iloc[:0])["verdict"] == "not run"


def test_tests_without_numbers_are_underpowered():
    """Too few seeds were left: the statistics hold a row without p and effect."""
    empty = dict.fromkeys(("p", "p_holm", "effect", "interval_low", "interval_high"), np.nan)
    row = judged(trend_rows((0.0, 1.0), n=1, **empty))
    assert row["verdict"] == "underpowered"
    assert row["undecided"] == 1


@given(
    st.lists(st.tuples(st.floats(-1, 1).filter(bool), st.floats(0, 1)), min_size=1, max_size=6),
    st.sampled_from([3, 10]),
)
def test_every_set_of_tests_has_one_verdict_that_follows_from_its_counts(rows, seeds):
    row = judged(trend_rows(*rows, n=seeds))
    supporting, contradicting, undecided = row["supporting"], row["contradicting"], row["undecided"]
    assert supporting + contradicting + undecided == len(rows)
    if seeds < 5 or supporting == contradicting == 0:
        expected = "underpowered"
    elif supporting == len(rows):
        expected = "supported"
    else:
        expected = "contradicted" if supporting == 0 else "mixed"
    assert row["verdict"] == expected
    assert expected in claims.VERDICTS


# Equivalence


EQUIVALENCE = CLAIM | {"test": "equivalence", "direction": "none"}
del EQUIVALENCE["measures"]


@pytest.mark.parametrize(
    ("row", "verdict"),
    [
        ((0.001, 0.001, 0.001), "supported"),
        ((-0.001, 0.001, 0.001), "supported"),
        ((0.004, 0.0005, 0.001), "supported"),
        ((0.02, 0.005, 1.0), "contradicted"),
        ((-0.02, 0.005, 1.0), "contradicted"),
        ((0.02, 0.03, 0.9), "underpowered"),
        ((0.0, 0.05, 0.9), "underpowered"),
        ((0.008, 0.004, 0.9), "underpowered"),
    ],
    ids=str,
)
def test_losses_agree_when_equivalent_and_contradict_when_wholly_outside_the_margin(row, verdict):
    assert judged(loss_rows(row), EQUIVALENCE)["verdict"] == verdict


def test_an_interval_across_zero_is_never_outside_the_margin():
    """Both of its ends are beyond the margin, but on two sides."""
    assert judged(loss_rows((0.0, 0.02, 1.0)), EQUIVALENCE)["contradicting"] == 0


def test_the_weakest_equivalence_is_the_largest_difference():
    row = judged(loss_rows((0.001, 0.001, 0.001), (-0.02, 0.005, 1.0), (0.003, 0.001, 0.01)), EQUIVALENCE)
    assert row["effect"] == -0.02
    assert row["verdict"] == "mixed"


# Bounds


BOUND = {key: value for key, value in CLAIM.items() if key != "direction"} | {"test": "bound", "at_most": 2}
BOOTSTRAP = {"confidence_level": 0.95, "bootstrap_resamples": 99}


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
    return judged(runs, BOUND | changes, "runs", **BOOTSTRAP)


def sign_test_by_enumeration(count, seeds):
    """Share of all patterns of sides in which at least so many seeds are on the first."""
    return np.mean([sum(pattern) >= count for pattern in itertools.product((0, 1), repeat=seeds)])


@given(st.lists(st.integers(0, 4), min_size=1, max_size=8), st.sampled_from(["at_most", "at_least"]))
def test_a_bound_is_a_sign_test_in_which_equal_values_agree(values, word):
    claim = {key: value for key, value in BOUND.items() if key != "at_most"} | {word: 2}
    row = judged(runs_of(values), claim, "runs", **BOOTSTRAP)
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
        ([[1, 1, 1, 1, 3]], "underpowered"),
        ([[1] * 4], "underpowered"),
        ([[2] * 5, [2] * 5], "underpowered"),  # corrected for two tests, five seeds cannot decide
        ([[2] * 6, [2] * 6], "supported"),
        ([[2] * 6, [3] * 6], "mixed"),
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
    assert first["evidence"] == "CXT 0.0 change at most 2: +0 [+0, +0], p 0.02, n 6"
    assert bounded(runs, where={"size": [300], "gain": [1, 2]})["verdict"] == "contradicted"


def test_diverged_runs_and_missing_values_do_not_enter_a_bound_and_are_counted():
    runs = runs_of([1, 1, 1, 1, 1, 9, np.nan, np.inf])
    runs.loc[5, "diverged"] = True
    runs.loc[0, "converged"] = False
    row = one_sided_tests.tests(BOUND, runs, SETTINGS | BOOTSTRAP).iloc[0]
    assert (row["n"], row["excluded"], row["unconverged"], row["p"]) == (5, 3, 1, 1 / 32)
    assert bounded(runs)["evidence"].endswith("p 0.03, n 5, 1 of them with a run that has not converged")
    runs["diverged"] = True
    assert bounded(runs)["verdict"] == "underpowered"


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
    found = one_sided_tests.tests(BOUND, runs, SETTINGS | BOOTSTRAP)
    assert found["rank"].fillna(-1).tolist() == [3, -1]
    assert found["p_holm"].tolist() == [1 / 32, 1 / 32]


# Which tests a claim is about


def test_measures_and_where_choose_the_rows():
    table = pd.concat(
        [
            trend_rows((-0.9, 0.01), (0.9, 0.01), gain=1.0),
            trend_rows((0.9, 0.01), (-0.9, 0.01), gain=1.5),
            trend_rows((0.9, 0.01), (0.9, 0.01), gain=1.0, measure="other"),
        ]
    )
    assert judged(table)["supporting"] == judged(table)["contradicting"] == 2
    assert judged(table, CLAIM | {"where": {"task": ["T0"], "gain": [1]}})["verdict"] == "supported"
    assert judged(table, CLAIM | {"where": {"task": ["T1"], "gain": [1.5]}})["supporting"] == 1
    assert judged(table, CLAIM | {"where": {"gain": [1.0, 1.5]}})["verdict"] == "mixed"
    both = {key: value for key, value in CLAIM.items() if key != "measures"}
    assert judged(table, both)["contradicting"] == 4


@pytest.mark.parametrize("where", [{"task": ["T9"]}, {"momentum": [0.9]}, {"task": []}], ids=str)
def test_a_claim_about_what_was_not_varied_is_not_run(where):
    assert judged(trend_rows((-0.9, 0.001)), CLAIM | {"where": where})["verdict"] == "not run"


def test_a_claim_reads_the_table_of_its_test():
    found = {"figure_1": {"trends": trend_rows((-0.9, 0.001)), "contrasts": trend_rows((0.9, 0.001))}}
    claim_rows = [CLAIM, CLAIM | {"test": "contrast", "direction": "lower"}]
    assert claims.judge(claim_rows, found, SETTINGS, "paper")["verdict"].tolist() == ["supported", "contradicted"]


def test_every_test_of_a_claim_names_a_table_of_the_workflow():
    assert claims.TESTS == {
        "trend": "trends", "contrast": "contrasts", "equivalence": "losses", "interaction": "interactions",
        "bound": "runs",
    }  # fmt: skip


def test_claims_keep_their_order_and_words():
    found = {"figure_1": {"trends": trend_rows((-0.9, 0.001))}}
    second = CLAIM | {"id": "paper-other", "experiment": "figure_2", "statement": "Else."}
    verdicts = claims.judge([second, CLAIM], found, SETTINGS, "quick")
    assert verdicts["id"].tolist() == ["paper-other", "paper-claim"]
    assert verdicts["statement"].tolist() == ["Else.", CLAIM["statement"]]
    assert verdicts["experiment"].tolist() == ["figure_2", "figure_1"]
    assert set(verdicts["scale"]) == {"quick"}


# Numbers and evidence


def test_the_numbers_are_those_of_the_test_that_favours_the_claim_least():
    table = trend_rows((-0.9, 0.001), (-0.4, 0.03), (-0.7, 0.01))
    table["n"] = [10, 9, 8]
    row = judged(table)
    assert row[["effect", "p", "n"]].tolist() == [-0.4, 0.03, 9]
    assert (row["interval_low"], row["interval_high"]) == pytest.approx((-0.5, -0.3))
    opposite = judged(table, CLAIM | {"direction": "increasing"})
    assert opposite[["effect", "p", "n"]].tolist() == [-0.9, 0.001, 10]


def test_evidence_lists_every_test_with_arm_measure_effect_interval_p_and_seeds():
    row = judged(trend_rows((-0.9, 0.001), (0.25, 0.3)))
    assert row["evidence"].split("; ") == [
        "T0 change: -0.9 [-1, -0.8], p 0.001, n 10",
        "T1 change: +0.25 [+0.15, +0.35], p 0.30, n 10",
    ]


def test_evidence_names_all_arms_and_leaves_out_those_without_a_value():
    table = trend_rows((-0.9, 0.001)).assign(gain=1.5, rank=None)
    table = table[["task", "gain", "rank", *table.columns[1:-2]]]
    assert judged(table)["evidence"].startswith("T0 1.5 change: ")


def test_evidence_of_losses_and_contrasts_names_both_conditions():
    assert judged(loss_rows((0.001, 0.001, 0.02)), EQUIVALENCE)["evidence"].startswith("CXT 0 against 300: +0.001 [")


def test_evidence_says_how_many_seeds_have_a_run_that_has_not_converged():
    table = trend_rows((-0.9, 0.001), (-0.8, 0.001))
    assert "converged" not in judged(table)["evidence"]
    table["unconverged"] = [0, 3]
    first, second = judged(table)["evidence"].split("; ")
    assert first == "T0 change: -0.9 [-1, -0.8], p 0.001, n 10"
    assert second == ("T1 change: -0.8 [-0.9, -0.7], p 0.001, n 10, 3 of them with a run that has not converged")


@pytest.mark.parametrize("where", [{"level": ["dale"]}, {"task": ["T9"]}], ids=str)
def test_evidence_of_an_experiment_that_lacks_what_a_claim_names_says_so(where):
    row = judged(trend_rows((-0.9, 0.001)), CLAIM | {"where": where})
    assert row["verdict"] == "not run"
    assert row["evidence"] == "figure_1 was run, but has no test with what this claim names"
    assert claims.judge([CLAIM], {}, SETTINGS, "paper")["evidence"].tolist() == [""]


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
    plain = claims.judge([CLAIM], {"figure_1": {"trends": table}}, SETTINGS, "quick")
    assert "onnectome" not in claims.as_markdown(plain) + claims.as_html(plain)
    table["connectome"] = pd.array(["mine (file): <b>cells</b> & more"], "string")
    named = claims.judge([CLAIM], {"figure_1": {"trends": table}}, SETTINGS, "quick")
    assert claims.as_markdown(named).endswith("Connectomes behind these tests:\n\n- mine (file): <b>cells</b> & more\n")
    assert "connectome mine (file): &lt;b&gt;cells&lt;/b&gt; &amp; more" in claims.as_html(named)
    assert "<b>cells" not in claims.as_html(named)


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
    settings = {"measures": ["change"], "confidence_level": 0.95, "bootstrap_resamples": 99, "loss_margin": 0.01}
    found = {
        "trends": hypothesis_tests.trends(runs, ["task"], "rank", settings),
        "contrasts": hypothesis_tests.contrasts(runs, ["task"], "rank", settings),
    }
    register = [
        CLAIM,
        CLAIM | {"id": "higher", "test": "contrast", "direction": "higher", "where": {"level": ["1"]}},
        CLAIM | {"id": "elsewhere", "experiment": "figure_9"},
    ]
    verdicts = claims.judge(register, {"figure_1": found}, SETTINGS, "quick")
    assert verdicts["verdict"].tolist() == ["supported", "supported", "not run"]
    parquet.save_table(tmp_path / "claims.parquet", verdicts, claims.CLAIM_COLUMNS)
    pd.testing.assert_frame_equal(parquet.load_table(tmp_path / "claims.parquet"), verdicts)
    assert parquet.meanings(tmp_path / "claims.parquet") == claims.CLAIM_COLUMNS


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
def verdicts():
    found = {"figure_1": {"trends": trend_rows((-0.9, 0.001), (-0.4, 0.3), (0.7, 0.01))}}
    return claims.judge(REGISTER, found, SETTINGS, "quick")


def test_summary_counts_every_verdict_once(verdicts):
    assert verdicts["verdict"].tolist() == ["mixed", "mixed", "underpowered", "not run", "contradicted"]
    assert claims.summary(verdicts) == "5 claims: 1 contradicted, 2 mixed, 1 underpowered, 1 not run."
    assert claims.summary(verdicts.iloc[:2]) == "2 claims: 2 mixed."


def test_markdown_holds_every_claim_with_its_verdict_and_evidence(verdicts):
    text = claims.as_markdown(verdicts)
    lines = text.splitlines()
    assert lines[0] == "# Claims, judged at scale “quick”"
    assert claims.summary(verdicts) in lines
    rows = [line for line in lines if line.startswith("| paper-")]
    assert len(rows) == len(verdicts)
    for line, row in zip(rows, verdicts.itertuples(), strict=True):
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        assert len(cells) == 7
        assert cells[0] == row.id
        assert cells[1] == f"{row.paper}, {row.location}"
        assert cells[2] == row.statement
        assert cells[3] == f"**{row.verdict}**"
        assert (cells[4:] == ["", "", ""]) == (row.verdict == "not run")
    evidence = [line for line in lines if line.startswith("- **")]
    assert evidence == [f"- **{row.id}**: {row.evidence}" for row in verdicts.itertuples() if row.evidence]
    assert text.endswith("\n")


def test_markdown_shows_effect_interval_p_and_seeds(verdicts):
    row = next(line for line in claims.as_markdown(verdicts).splitlines() if line.startswith("| paper-other-task"))
    assert row.endswith("| -0.4 [-0.5, -0.3] | 0.30 | 10 |")


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


def test_html_is_well_formed_and_holds_every_claim(verdicts):
    page = Page()
    page.feed(claims.as_html(verdicts))
    page.close()
    assert page.open == []
    assert page.headings == ["Claims, judged at scale “quick”"]
    header, *rows = page.cells
    assert header == ["claim", "verdict", "effect [interval]", "p", "n", "evidence"]
    assert len(rows) == len(verdicts)
    for cells, row in zip(rows, verdicts.itertuples(), strict=True):
        assert row.statement in cells[0]
        assert row.id in cells[0]
        assert f"{row.paper}, {row.location}" in cells[0]
        assert cells[1] == row.verdict
        assert cells[4] == (str(row.n) if row.n else "")
        for part in row.evidence.split("; "):
            assert part in cells[5]


def test_html_escapes_what_the_register_says(verdicts):
    text = claims.as_html(verdicts)
    page = Page()
    page.feed(text)
    assert not {"script", "i", "figure"} & set(page.tags)
    assert "&lt;script&gt;" in text
    assert "A &amp; B, &lt;Figure&gt;" in text


def test_html_escapes_the_evidence():
    table = trend_rows((-0.9, 0.001)).assign(task="<b>bold")
    text = claims.as_html(claims.judge([CLAIM], {"figure_1": {"trends": table}}, SETTINGS, "quick"))
    assert "&lt;b&gt;bold change: -0.9" in text
    assert "<b>" not in text


def test_html_is_one_file_that_loads_nothing(verdicts):
    text = claims.as_html(verdicts)
    assert "http" not in text
    assert "src=" not in text
    assert "<link" not in text


def test_every_verdict_has_a_style(verdicts):
    text = claims.as_html(verdicts)
    for verdict in claims.VERDICTS:
        assert f".{verdict.replace(' ', '-')}" in text.split("</style>")[0]


@pytest.mark.parametrize(
    ("p", "shown"), [(1.0, "1.00"), (0.04999, "0.05"), (0.0123, "0.01"), (0.00123, "0.001"), (0, "0")]
)
def test_probabilities_are_short(p, shown):
    assert judged(trend_rows((-0.9, p)))["evidence"].endswith(f"p {shown}, n 10")
