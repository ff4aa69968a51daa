"""Verdicts on the claims of the papers, from the statistics and the runs of the experiments."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from richlazy import wording
from richlazy.statistics import estimators, hypothesis_tests, one_sided_tests, verdicts
from richlazy.statistics.hypothesis_tests import Margin
from richlazy.statistics.verdicts import Judgement

# Tests that a claim can name, and the table that each reads: one of the statistics, or the runs.
TESTS = {
    "trend": "trends",
    "contrast": "contrasts",
    "equivalence": "runs",
    "interaction": "interactions",
    "bound": "runs",
}

CLAIM_COLUMNS: dict[str, str] = {
    "id": "identifier of the claim in its register",
    "paper": "paper that makes the claim",
    "location": "figure or section",
    "statement": "the claim in our own words",
    "experiment": "experiment that tests it",
    "scale": "set of results on which it is judged",
    "tasks": "tasks of the tests, which may be fewer than the claim is about; empty where a test names none",
    "connectome": "where the connectomes behind the tests come from; empty where there is none",
    "substitute": "data behind the tests that stand in for those of the paper; empty where there are none",
    "verdict": ", ".join(verdicts.VERDICTS[:-1]) + f" or {verdicts.VERDICTS[-1]}",
    "supporting": "tests that agree with the claim, after Holm's correction over the claim or as its conjunction",
    "contradicting": "tests that show the opposite after that correction",
    "undecided": "tests that show neither",
    "measure": "measure of the test that favours the claim least: that of the largest p, or one of too few seeds",
    "contrast": "with what that test compares it: another condition, or a bound; empty for a trend",
    "margin": "difference within which that test counts conditions as equivalent, in units of the measure; null for "
    "others",
    "effect": "effect of that test",
    "effect_is": "what that effect is",
    "interval_low": "lower end of the interval of that effect",
    "interval_high": "upper end of the interval of that effect",
    "relative_effect": "difference that the effect is, over the median of the reference (of a trend: highest minus "
    "lowest condition, over the larger of their medians); null for bounds",
    "p": "largest p of the tests for the claim, which is that of their conjunction",
    "n": "seeds of that test",
    "repeats": "verdicts on the claim at levels of the loss, and where the experiment was repeated, by what differs",
    "evidence": "every test: arm, measure, effect with interval, corrected p, seeds",
}

_EFFECTS = {
    "trend": "Kendall's tau",
    "interaction": "Kendall's tau",
    "contrast": "difference",
    "equivalence": "difference",
    "bound": "median minus bound",
}

Claim = Mapping[str, Any]
Tables = Mapping[str, pd.DataFrame]


def judge(
    register: Sequence[Claim],
    tables: Mapping[str, Tables],
    comparisons: Mapping[str, Mapping[str, Any]],
    settings: Mapping[str, Any],
    scale: str,
) -> pd.DataFrame:
    """Judge every claim.

    Args:
        register: entries of claims.yaml of all papers.
        tables: statistics and runs of each experiment that was run, by the names in ``TESTS``.
        comparisons: of each experiment ``compare`` and ``arms``, and ``repeats``: the experiment that it repeats, and
            what differs, where it does (``grids.comparisons``).
        settings: group ``statistics`` of the configuration, with what ``registry.roles`` says of measures.
        scale: name of the set of results.

    Returns:
        One row per claim, columns ``CLAIM_COLUMNS``.
    """
    rows = [_judged(claim, tables, comparisons, settings) | {"scale": scale} for claim in register]
    for claim, row in zip(register, rows, strict=True):
        levels = tables.get(claim["experiment"], {}).get(TESTS[claim["test"]])
        again = {
            f"at {level.replace('_', ' ')}": _judged(at_level, tables, comparisons, settings)["verdict"]
            for level in settings["levels"]
            if (at_level := _at_level(claim, level, levels)) is not None
        }
        again |= {
            of["repeats"]["as"]: _judged({**claim, "experiment": name}, tables, comparisons, settings)["verdict"]
            for name, of in comparisons.items()
            if of.get("repeats", {}).get("experiment") == claim["experiment"]
        }
        row["repeats"] = "; ".join(f"{label}: {word}" for label, word in again.items())
    return pd.DataFrame(rows, columns=list(CLAIM_COLUMNS))


def _at_level(claim: Claim, level: str, table: pd.DataFrame | None) -> Claim | None:
    """The same claim about networks at a level of their loss, where all its measures were tested there; or None."""
    if claim["test"] not in ("trend", "contrast") or table is None or "measures" not in claim:
        return None
    there = {measure: f"{measure}_at_{level}" for measure in claim["measures"]}
    if not set(there.values()) <= set(table["measure"]):
        return None
    direction = claim["direction"]
    if isinstance(direction, Mapping):
        direction = {there[measure]: word for measure, word in direction.items()}
    return {**claim, "measures": list(there.values()), "direction": direction}


def _judged(
    claim: Claim,
    tables: Mapping[str, Tables],
    comparisons: Mapping[str, Mapping[str, Any]],
    settings: Mapping[str, Any],
) -> dict[str, Any]:
    """A row of the table of claims, but for what is not of the claim alone."""
    known = tables.get(claim["experiment"], {})
    table = known.get(TESTS[claim["test"]])
    tests = [] if table is None else _tests(claim, table, known.get("runs"), comparisons, settings)
    judgements = [verdicts.judgement(claim, row, settings) for row in tests]
    row = _row(claim, judgements, settings["significance_level"])
    if table is not None and not judgements:
        row["evidence"] = f"{claim['experiment']} was run, but has no test with what this claim names"
    return row


def _tests(
    claim: Claim,
    table: pd.DataFrame,
    runs: pd.DataFrame | None,
    comparisons: Mapping[str, Mapping[str, Any]],
    settings: Mapping[str, Any],
) -> list[pd.Series]:
    """Tests of a claim: its rows in a table of statistics, or what is tested of the runs for it alone.

    A parameter that the experiment does not vary names no arm of its tests; the runs say whether it has the value.
    """
    if claim["test"] == "bound":
        return [row for _, row in one_sided_tests.tests(claim, table, settings).iterrows()]
    chosen = _equivalences(claim, table, comparisons, settings) if claim["test"] == "equivalence" else table
    if "measures" in claim:
        chosen = chosen[chosen["measure"].isin(claim["measures"])]
    for column, values in claim.get("where", {}).items():
        if column in chosen:
            chosen = chosen[chosen[column].isin(values)]
        elif runs is None or column not in runs or not runs[column].isin(values).all():
            return []
    return [row for _, row in chosen.iterrows()]


def _equivalences(
    claim: Claim,
    runs: pd.DataFrame,
    comparisons: Mapping[str, Mapping[str, Any]],
    settings: Mapping[str, Any],
) -> pd.DataFrame:
    """Tests of the equivalence of conditions: of final losses, or of the measures that the claim names."""
    of, margins = comparisons[claim["experiment"]], margins_of(claim, settings["comparable_loss"])
    known = {measure: margin for measure, margin in margins.items() if measure in runs}
    return hypothesis_tests.equivalences(runs, of["arms"], of["compare"], known, settings)


def margins_of(claim: Claim, comparable_loss: float) -> dict[str, Margin]:
    """Margin of each measure of a claim of equivalence; without measures it is about final losses."""
    if "measures" not in claim:
        return {"final_loss": hypothesis_tests.share_to_learn(comparable_loss)}
    margin = claim["margin"]
    return {measure: margin[measure] if isinstance(margin, Mapping) else margin for measure in claim["measures"]}


def _row(claim: Claim, judgements: Sequence[Judgement], significance_level: float) -> dict[str, Any]:
    verdict = verdicts.verdict(judgements, significance_level)
    shown = range(len(judgements))
    row: dict[str, Any] = {key: claim[key] for key in ("id", "paper", "location", "statement", "experiment")}
    row |= {
        "tasks": _joined(judgements, "task"),
        "connectome": _joined(judgements, "connectome"),
        "substitute": _joined(judgements, "substitute"),
        "verdict": verdict.word,
        "supporting": verdict.outcomes.count(1),
        "contradicting": verdict.outcomes.count(-1),
        "undecided": verdict.outcomes.count(0),
        "n": 0,
        "measure": "",
        "contrast": "",
        "effect_is": _EFFECTS[claim["test"]] if judgements else "",
        "evidence": "; ".join(
            evidence(judgements[place], verdict.p[place], verdict.outcomes[place], verdict.turns.get(place))
            for place in shown
        ),
    }
    if judgements:
        weakest = max(judgements, key=_doubt)
        measure, *compared = _identity(weakest.row)["measure":]
        row |= {"measure": measure, "contrast": " ".join(compared), "margin": weakest.row.get("margin", np.nan)}
        row |= {key: float(weakest.row[key]) for key in ("effect", "interval_low", "interval_high")}
        row["p"] = float(np.max([one.p_for for one in judgements]))
        row |= {"relative_effect": relative(weakest), "n": int(weakest.row["n"])}
    return row


def _doubt(test: Judgement) -> tuple[bool, float, float, float]:
    """How little a test favours its claim: by its p, among equals by that of the opposite, and by its effect.

    One of too few seeds, which decides the verdict, favours it least.
    """
    p_for, p_against = (1.0 if np.isnan(p) else p for p in (test.p_for, test.p_against))
    return not test.decides, p_for, -p_against, -test.favour


def _joined(judgements: Iterable[Judgement], column: str) -> str:
    """What a column of words says of all tests, each thing once."""
    known = (one.row.get(column) for one in judgements)
    return "; ".join(wording.notes(text for text in known if not pd.isna(text)))


def difference(test: Judgement) -> float:
    """Difference between conditions that the effect of a test is, in the unit of its measure; nan for a bound."""
    return float(test.row.get("difference", np.nan) if test.kind in ("trend", "interaction") else test.row["effect"])


def relative(test: Judgement) -> float:
    """The same over the median of the reference; nan where there is none."""
    reference = test.row.get("reference_median", np.nan)
    return (
        difference(test) / abs(reference) if reference and np.isfinite(reference) and test.kind != "bound" else np.nan
    )


def _identity(row: pd.Series) -> pd.Series:
    """What tells a test from others: its arm, its measure, and with what it compares that."""
    identity = row.loc[:"n"].iloc[:-1].dropna().astype(str)
    if "reference" in identity:
        identity["reference"] = f"against {identity['reference']}"
    return identity


def evidence(test: Judgement, p: float, outcome: int, turned: str | None) -> str:
    """A test in a line: what was tested, effect with interval, corrected p, seeds, and what to know of them."""
    row, tested = test.row, not np.isnan(test.row["effect"])  # it is infinite where the measure mostly is
    ends = f"[{signed(row['interval_low'])}, {signed(row['interval_high'])}]"
    numbers = f"{signed(row['effect'])} {ends}" if tested else "not tested"
    parts = [f"{' '.join(_identity(row))}: {numbers}"]
    if np.isfinite(relative(test)):
        share = percent(relative(test))
        of_trend = test.kind in ("trend", "interaction")
        parts.append(f"{signed(difference(test))} ({share}) from lowest to highest" if of_trend else share)
    opposite = f", of the opposite {probability(test.p_against)}" if outcome < 0 else ""
    if test.kind == "equivalence":
        parts.append(f"margin {row['margin']:.2g}")
    parts += [f"p {probability(p)}{opposite}"] * tested + [f"n {row['n']}"]
    if turned:
        parts.append(
            f"without the {turned} condition {signed(row[f'effect_without_{turned}'])}, "
            f"p {probability(row[f'p_without_{turned}'])}"
        )
    if outcome == 0 and np.isfinite(row.get("detectable", np.nan)):
        found = "shown within" if test.kind == "equivalence" else "found"
        parts.append(f"could have {found} {row['detectable']:.2g}")
    notes = {
        "failed": "{} left out that learned nothing",
        "censored": "{} where it did not happen",
        "unconverged": "{} of them with a run that has not converged",
    }
    parts += [text.format(int(row[name])) for name, text in notes.items() if row.get(name)]
    return ", ".join(parts)


def signed(value: float, digits: int = 3) -> str:
    """A number with its sign and some digits; what is 0 but for rounding is 0."""
    return f"{0.0 if abs(value) < estimators.ROUNDING else value:+.{digits}g}"


def percent(share: float) -> str:
    """A share with its sign as per cent."""
    return f"{signed(100 * share, 2)} %" if abs(share) < 0.0995 else f"{100 * share:+.0f} %"


def probability(p: float) -> str:
    """A probability, short, but with the digits that tell it from the usual level."""
    return f"{p:.1g}" if p < 0.01 else f"{p:.{3 if p < 0.1 else 2}f}"


def summary(table: pd.DataFrame) -> str:
    """How many claims have each verdict, in a sentence."""
    counts = table["verdict"].value_counts()
    parts = [f"{counts[word]} {word}" for word in verdicts.VERDICTS if word in counts]
    return f"{wording.counted(len(table), 'claim')}: {', '.join(parts)}."
