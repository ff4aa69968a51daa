"""From the tests of a claim to one word: the rules, each a sentence, and what a test says for and against a claim."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from richlazy.statistics import estimators, smallest_p

# Every verdict and its rule. The first rule that fits decides, in this order.
RULES: dict[str, str] = {
    "not run": "The experiment has not been run, or has no test with what the claim names.",
    "too few runs": "A test has fewer seeds than `statistics.minimum_seeds`, or so few that no outcome is significant.",
    "conflicting": "After Holm's correction over the claim, some tests agree and some show the opposite.",
    "contradicted": "After Holm's correction some tests show the opposite, and none agrees.",
    "not monotone": "Without its lowest or its highest condition a trend turns against the claim, significantly after "
    "Holm's correction, while the rest of it goes the other way.",
    "supported": "Every test agrees at the significance level: the claim is their conjunction, so that none needs "
    "correction (intersection-union test).",
    "partly supported": "After Holm's correction some tests agree, the others decide nothing.",
    "negligible effect": "No test agrees, and every interval lies within the stated bound: `statistics.negligible_tau` "
    "of a trend, `statistics.negligible_share` of the median of the reference of a contrast.",
    "undecided": "Nothing of the above; except for bounds the evidence says how large an effect could have been found.",
}
# As summaries list them, from what favours a claim to what says nothing of it.
VERDICTS = (
    "supported",
    "partly supported",
    "not monotone",
    "negligible effect",
    "conflicting",
    "contradicted",
    "undecided",
    "too few runs",
    "not run",
)

_SIGNS = {"increasing": 1, "higher": 1, "decreasing": -1, "lower": -1}


@dataclass(frozen=True)
class Judgement:
    """What one test says of a claim.

    Attributes:
        row: of a table of tests.
        kind: of the test, as claims name it.
        p_for, p_against: of the claim, and of its opposite.
        favour: how much the effect favours the claim: Kendall's tau, or a difference over the median of the reference
            or over the margin, where these are known.
        turns: of a trend, p of each of its parts that turns against the claim, by the condition without which it does.
        is_negligible: whether the interval lies within the stated bound.
        decides: whether so many seeds can be significant.
    """

    row: pd.Series
    kind: str
    p_for: float
    p_against: float
    favour: float
    turns: Mapping[str, float]
    is_negligible: bool
    decides: bool


def judgement(claim: Mapping[str, Any], row: pd.Series, settings: Mapping[str, Any]) -> Judgement:
    """What a test says of a claim.

    Args:
        claim: entry of claims.yaml.
        row: one of its tests.
        settings: group ``statistics`` of the configuration.
    """
    kind = claim["test"]
    turns: dict[str, float] = {}
    is_negligible = False
    if kind in ("bound", "equivalence"):
        p_for, p_against = row["p"], row["p_opposite"]
        nearer = -abs(row["effect"]) if kind == "equivalence" else row["effect"]
        favour = -row["effect"] if "at_most" in claim else nearer
        favour /= _unit(row.get("margin"))
    else:
        direction = claim["direction"]
        # A claim about several measures has a direction for each.
        sign = _SIGNS[direction[row["measure"]] if isinstance(direction, Mapping) else direction]
        favour = 0.0 if abs(row["effect"]) < estimators.ROUNDING else sign * row["effect"]
        p_for, p_against = (row["p"] if favour > 0 else 1.0), (row["p"] if favour < 0 else 1.0)
        favour /= _unit(row.get("reference_median")) if kind == "contrast" else 1.0
        turns = _turns(row, sign) if kind == "trend" else {}
        bound = _negligible(row, kind, settings)
        is_negligible = bool(max(abs(row["interval_low"]), abs(row["interval_high"])) <= bound)
    return Judgement(row, kind, p_for, p_against, favour, turns, is_negligible, _decides(row, kind, settings))


def _unit(size: float | None) -> float:
    """Size of what a difference is a share of; 1 where it is 0 or not known."""
    return 1.0 if size is None or size == 0 or np.isnan(size) else abs(size)


def _turns(row: pd.Series, sign: int) -> dict[str, float]:
    """Parts of a trend without an extreme condition that go against a claim while the other part goes with it."""
    parts = {end: row.get(f"effect_without_{end}", np.nan) for end in ("lowest", "highest")}
    turned = {end: effect for end, effect in parts.items() if sign * effect < 0}
    if not any(sign * effect > 0 for effect in parts.values()):
        return {}
    return {end: float(row[f"p_without_{end}"]) for end in turned}


def _negligible(row: pd.Series, kind: str, settings: Mapping[str, Any]) -> float:
    if kind == "contrast":
        return settings["negligible_share"] * abs(row.get("reference_median", np.nan))
    return settings["negligible_tau"]


def _decides(row: pd.Series, kind: str, settings: Mapping[str, Any]) -> bool:
    """Whether the test has the fewest seeds that are asked for, and its smallest possible p is significant."""
    seeds = int(row["n"])
    if kind in ("trend", "interaction"):
        smallest = smallest_p.of_trend(seeds, len(row["conditions"].split(", ")))
    else:
        smallest = smallest_p.of_contrast(seeds) if kind == "contrast" else smallest_p.one_sided(seeds)
    return seeds >= settings["minimum_seeds"] and smallest < settings["significance_level"]


@dataclass(frozen=True)
class Verdict:
    """The word for all tests of a claim, and what each test came to.

    Attributes:
        word: one of ``VERDICTS``.
        outcomes: of each test: 1 agrees, -1 shows the opposite, 0 neither.
        p: of each test for the claim. Like outcomes as the rule of the word reads them: after Holm's correction over
            the claim, or uncorrected where a conjunction supports it.
        turns: tests of which a part turns against the claim, by their place: the condition without which it does.
    """

    word: str
    outcomes: Sequence[int]
    p: Sequence[float]
    turns: Mapping[int, str]


def verdict(judgements: Sequence[Judgement], significance_level: float) -> Verdict:
    """One word for the tests of a claim, by the first of ``RULES`` that fits; nothing is averaged."""
    for_claim = estimators.holm([one.p_for for one in judgements])
    against = estimators.holm([one.p_against for one in judgements])
    agree, oppose = for_claim < significance_level, against < significance_level
    outcomes = [int(yes) - int(no) for yes, no in zip(agree, oppose, strict=True)]
    turned = _significant_turns(judgements, significance_level)
    if not judgements:
        word = "not run"
    elif not all(one.decides for one in judgements):
        word = "too few runs"
    elif oppose.any():
        word = "conflicting" if agree.any() else "contradicted"
    elif turned:
        word = "not monotone"
    elif all(one.p_for < significance_level for one in judgements):
        word = "supported"
        outcomes, for_claim = [1] * len(judgements), np.array([one.p_for for one in judgements])
    elif agree.any():
        word = "partly supported"
    else:
        word = "negligible effect" if all(one.is_negligible for one in judgements) else "undecided"
    return Verdict(word, outcomes, for_claim.tolist(), turned)


def _significant_turns(judgements: Sequence[Judgement], significance_level: float) -> dict[int, str]:
    """Tests of which a part turns against the claim, significantly after Holm's correction over all such parts."""
    parts = [(place, end, p) for place, one in enumerate(judgements) for end, p in one.turns.items()]
    corrected = estimators.holm([p for *_, p in parts])
    return {place: end for (place, end, _), p in zip(parts, corrected, strict=True) if p < significance_level}
