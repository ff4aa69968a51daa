"""Tests whether a measure is at most, or at least, a value that a claim states, in every condition that it names."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from richlazy.experiments.parameters import is_missing
from richlazy.statistics import estimators, samples


def conditions(runs: pd.DataFrame) -> list[str]:
    """Parameters that distinguish the conditions of an experiment: the task, and what varies besides the seed."""
    parameters = [name for name in runs.loc[:, :"seed"] if name not in ("run", "seed")]
    return [name for name in parameters if name == "task" or runs[name].nunique(dropna=False) > 1]


def tests(claim: Mapping[str, Any], runs: pd.DataFrame, settings: Mapping[str, Any]) -> pd.DataFrame:
    """Exact one-sided sign test of each measure of a claim against its bound, in every condition that it names.

    The test counts the seeds whose values keep to the bound; a value equal to the bound keeps to it. If the median
    were beyond the bound, each seed would keep to it with a probability of at most one half.

    Args:
        claim: an entry of claims.yaml with ``at_most`` or ``at_least``, a number or numbers by the values of a column.
        runs: the runs of its experiment, one row each, parameters first. Tables published before a measure existed
            lack its column.
        settings: ``confidence_level`` of group ``statistics`` of the configuration, and what ``samples.values_of``
            takes.

    Returns:
        One row per condition and measure: the parameters that vary; ``measure``; ``bound``, in words; the columns of
        ``samples.SIZE_COLUMNS``; ``p`` for the claim that the measure keeps to the bound and ``p_opposite`` for the
        claim that it does not; ``effect``, the median minus the bound, with its interval; origins.
    """
    names = conditions(runs)
    chosen = runs
    for column, values in claim.get("where", {}).items():
        chosen = chosen[chosen[column].isin(values)] if column in chosen else chosen.iloc[:0]
    groups = chosen.groupby(names, dropna=False, sort=False) if len(chosen) else []
    rows = [
        {name: None if is_missing(value) else value for name, value in zip(names, key, strict=True)}
        | {"measure": measure}
        | _test(*bound, group, measure, settings)
        for key, group in groups
        if (bound := _bound(claim, group)) is not None
        for measure in claim["measures"]
        if measure in group
    ]
    return pd.DataFrame(rows)


def _bound(claim: Mapping[str, Any], runs: pd.DataFrame) -> tuple[str, float] | None:
    """``at_most`` or ``at_least`` with its number for the runs of a condition; None where the claim names none."""
    word = "at_most" if "at_most" in claim else "at_least"
    if not isinstance(claim[word], Mapping):
        return word, float(claim[word])
    ((column, numbers),) = claim[word].items()
    value = runs[column].iloc[0] if column in runs else None
    return (word, float(numbers[value])) if value in numbers else None


def _test(word: str, bound: float, runs: pd.DataFrame, measure: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    """The test of one measure in one condition; nan where no seed has a value."""
    values = samples.values_of(runs, measure, settings).set_axis(runs["seed"]).to_frame().astype(float).dropna()
    row = {"bound": f"{word.replace('_', ' ')} {bound:g}"} | samples.describe(runs, values, runs["seed"].nunique())
    row |= dict.fromkeys(("p", "p_opposite", "effect", "interval_low", "interval_high"), np.nan)
    if len(values):
        sample = values.to_numpy()[:, 0]
        keeps = sample <= bound if word == "at_most" else sample >= bound
        row["p"] = _sign_test(keeps.sum(), len(sample))
        row["p_opposite"] = _sign_test((~keeps).sum(), len(sample))
        row["effect"] = float(np.median(sample)) - bound
        row["interval_low"], row["interval_high"] = (
            end - bound for end in estimators.median_interval(sample, settings["confidence_level"])
        )
    return row


def _sign_test(count: int, seeds: int) -> float:
    """Probability that at least ``count`` seeds fall on one side, if both sides are equally likely."""
    return float(stats.binomtest(int(count), seeds, 0.5, alternative="greater").pvalue)
