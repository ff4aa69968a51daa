"""Tests whether a measure is at most, or at least, a value that a claim states, in every condition that it names."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from richlazy.experiments.parameters import is_missing
from richlazy.statistics.estimators import bootstrap_interval, holm
from richlazy.statistics.hypothesis_tests import describe


def conditions(runs: pd.DataFrame) -> list[str]:
    """Parameters that distinguish the conditions of an experiment: the task, and what varies besides the seed."""
    parameters = [name for name in runs.loc[:, :"seed"] if name not in ("run", "seed")]
    return [name for name in parameters if name == "task" or runs[name].nunique(dropna=False) > 1]


def tests(claim: Mapping[str, Any], runs: pd.DataFrame, settings: Mapping[str, Any]) -> pd.DataFrame:
    """Exact one-sided sign test of each measure of a claim against its bound, in every condition that it names.

    The test counts the seeds whose values keep to the bound; a value equal to the bound keeps to it. If the median
    were beyond the bound, each seed would keep to it with a probability of at most one half.

    Args:
        claim: an entry of claims.yaml with ``at_most`` or ``at_least``.
        runs: the runs of its experiment, one row each, parameters first. Tables published before a measure existed
            lack its column.
        settings: ``confidence_level`` and ``bootstrap_resamples`` of group ``statistics`` of the configuration.

    Returns:
        One row per condition and measure: the parameters that vary; ``measure``; ``bound``, in words; ``n``,
        ``excluded``, ``unconverged`` as in the tables of statistics; ``p`` for the claim that the measure keeps to
        the bound and ``p_opposite`` for the claim that it does not, both also with Holm's correction over the claim
        (``p_holm``, ``p_opposite_holm``); ``effect``, the median minus the bound, with its bootstrap interval;
        ``connectome``.
    """
    names = conditions(runs)
    chosen = runs
    for column, values in claim.get("where", {}).items():
        chosen = chosen[chosen[column].isin(values)] if column in chosen else chosen.iloc[:0]
    groups = chosen.groupby(names, dropna=False, sort=False) if len(chosen) else []
    rows = [
        {name: None if is_missing(value) else value for name, value in zip(names, key, strict=True)}
        | {"measure": measure}
        | _test(claim, group, measure, settings)
        for key, group in groups
        for measure in claim["measures"]
        if measure in group
    ]
    table = pd.DataFrame(rows)
    for p in ("p", "p_opposite") if rows else ():
        table[f"{p}_holm"] = holm(table[p])
    return table


def _test(claim: Mapping[str, Any], runs: pd.DataFrame, measure: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    """The test of one measure in one condition; nan where no seed has a value."""
    word = "at_most" if "at_most" in claim else "at_least"
    bound = float(claim[word])
    values = runs[measure].where(~runs["diverged"].astype(bool)).to_numpy(float, na_value=np.nan)
    finite = np.isfinite(values)
    sample, enter = values[finite], runs[finite]
    keeps = sample <= bound if word == "at_most" else sample >= bound
    row = {"bound": f"{word.replace('_', ' ')} {bound:g}"} | describe(enter, len(sample), len(values))
    row |= dict.fromkeys(("p", "p_opposite", "effect", "interval_low", "interval_high"), np.nan)
    if len(sample):
        row["p"] = _sign_test(keeps.sum(), len(sample))
        row["p_opposite"] = _sign_test((~keeps).sum(), len(sample))
        row["effect"] = float(np.median(sample)) - bound
        how = (settings["confidence_level"], settings["bootstrap_resamples"])
        row["interval_low"], row["interval_high"] = bootstrap_interval(sample - bound, np.median, *how, seed=0)
    return row


def _sign_test(count: int, seeds: int) -> float:
    """Probability that at least ``count`` seeds fall on one side, if both sides are equally likely."""
    return float(stats.binomtest(int(count), seeds, 0.5, alternative="greater").pvalue)
