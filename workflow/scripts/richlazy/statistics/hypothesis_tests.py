"""Tests and effect sizes of an experiment. The unit is the seed; conditions of a seed are paired."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from richlazy.statistics import estimators
from richlazy.statistics.strata import of as arms_of

# Columns that each table shares, after the arms of its experiment.
_SAMPLE = {
    "n": "seeds that enter the test",
    "excluded": "seeds left out because one of the runs that are compared diverged or has no value",
    "unconverged": "seeds that enter although a run of theirs has not converged",
}

_ORIGIN = {"connectome": "where the connectomes in the comparison come from; null where there is none"}


TREND_COLUMNS: dict[str, str] = {
    "measure": "measure that is tested",
    **_SAMPLE,
    "page_statistic": "Page's L of the ordering in the direction of the effect",
    "p": "two-sided p of Page's exact test: twice the smaller of the two directions",
    "p_holm": "p after Holm's correction over the experiment",
    "effect": "mean over seeds of Kendall's tau between the compared parameter and the measure",
    "interval_low": "lower end of the bootstrap interval of the effect",
    "interval_high": "upper end of the bootstrap interval of the effect",
    **_ORIGIN,
}

CONTRAST_COLUMNS: dict[str, str] = {
    "measure": "measure that is tested",
    "level": "condition that is compared",
    "reference": "condition it is compared with",
    **_SAMPLE,
    "p": "two-sided p of Wilcoxon's exact signed-rank test",
    "p_holm": "p after Holm's correction over the experiment",
    "effect": "Hodges-Lehmann difference, level minus reference, in units of the measure",
    "interval_low": "lower end of the bootstrap interval of the effect",
    "interval_high": "upper end of the bootstrap interval of the effect",
    "standardised_effect": "mean difference over its standard deviation (Cohen's d_z)",
    "cliffs_delta": "share of pairs of runs in which the level is larger, minus the share in which it is smaller",
    **_ORIGIN,
}

LOSS_COLUMNS: dict[str, str] = {
    "level": "condition that is compared",
    "reference": "condition it is compared with",
    **_SAMPLE,
    "margin": "nats per step within which final losses count as comparable",
    "p": "larger p of two one-sided t-tests against the margin",
    "p_holm": "p after Holm's correction over the experiment",
    "effect": "mean difference of the final loss, level minus reference, nats per step",
    "interval_low": "lower end of the t interval of the effect",
    "interval_high": "upper end of the t interval of the effect",
    **_ORIGIN,
}


def trends(runs: pd.DataFrame, arms: Sequence[str], compare: str, settings: Mapping[str, Any]) -> pd.DataFrame:
    """Trend of every measure over the ordered values of the compared parameter, in every arm.

    Args:
        runs: the runs of one experiment, one row each.
        arms: parameters whose combinations are tested separately.
        compare: the compared parameter.
        settings: group ``statistics`` of the configuration.

    Returns:
        Columns ``arms`` and ``TREND_COLUMNS``; no rows where the compared parameter has no order, nor for arms in
        which it has fewer than three values, between which Page's test sees no trend but a contrast.
    """
    rows = []
    if pd.api.types.is_numeric_dtype(runs[compare]):
        for sample in _samples(runs, arms, compare, settings["measures"]):
            if len(sample.table.columns) < 3:
                continue
            values, description = sample.of(sample.table.columns)
            row = sample.arm | {"measure": sample.measure} | description
            if len(values) >= 2:
                row |= trend(values.to_numpy(), settings)
            rows.append(row)
    return finish(rows, [*arms, *TREND_COLUMNS])


def trend(values: np.ndarray, settings: Mapping[str, Any]) -> dict[str, float]:
    """Page's exact test and Kendall's tau with its interval, of values (seeds, ordered conditions)."""
    taus = estimators.rank_correlations(values)
    statistic, p, _ = estimators.page_trend(values)
    low, high = _interval(taus, np.mean, settings)
    return {"page_statistic": statistic, "p": p, "effect": taus.mean(), "interval_low": low, "interval_high": high}


def contrasts(runs: pd.DataFrame, arms: Sequence[str], compare: str, settings: Mapping[str, Any]) -> pd.DataFrame:
    """Paired differences of every measure between conditions, in every arm.

    Numbers compare their smallest value with the largest (the least with the most structured: full rank is the
    reference); names compare each with the first.

    Args and columns as for ``trends``, with ``CONTRAST_COLUMNS``.
    """
    rows = []
    for sample in _samples(runs, arms, compare, settings["measures"]):
        for level, reference in _pairs(sample.table, extremes_only=True):
            values, description = sample.of([level, reference])
            row = sample.arm | {"measure": sample.measure, "level": str(level), "reference": str(reference)}
            row |= description
            if len(values) >= 2:
                row |= _contrast(values[level].to_numpy(), values[reference].to_numpy(), settings)
            rows.append(row)
    return finish(rows, [*arms, *CONTRAST_COLUMNS])


def _contrast(level: np.ndarray, reference: np.ndarray, settings: Mapping[str, Any]) -> dict[str, float]:
    differences = level - reference
    spread = differences.std(ddof=1)
    low, high = _interval(differences, estimators.hodges_lehmann, settings)
    return {
        "p": float(stats.wilcoxon(differences, method="exact").pvalue) if differences.any() else 1.0,
        "effect": float(estimators.hodges_lehmann(differences)),
        "interval_low": low,
        "interval_high": high,
        "standardised_effect": float(differences.mean() / spread) if spread > 0 else np.nan,
        "cliffs_delta": estimators.cliffs_delta(level, reference),
    }


def losses(runs: pd.DataFrame, arms: Sequence[str], compare: str, settings: Mapping[str, Any]) -> pd.DataFrame:
    """Equivalence of the final losses of conditions, by two one-sided paired t-tests, in every arm.

    Args and columns as for ``trends``, with ``LOSS_COLUMNS``.
    """
    margin = settings["loss_margin"]
    rows = []
    for sample in _samples(runs, arms, compare, ["final_loss"]):
        for level, reference in _pairs(sample.table, extremes_only=False):
            values, description = sample.of([level, reference])
            row = sample.arm | {"level": str(level), "reference": str(reference), "margin": margin}
            row |= description
            if len(values) >= 2:
                differences = (values[level] - values[reference]).to_numpy()
                above = stats.ttest_1samp(differences, -margin, alternative="greater")
                below = stats.ttest_1samp(differences, margin, alternative="less")
                interval = stats.ttest_1samp(differences, 0).confidence_interval(settings["confidence_level"])
                row |= {"p": float(max(above.pvalue, below.pvalue)), "effect": float(differences.mean())}
                row |= {"interval_low": float(interval.low), "interval_high": float(interval.high)}
            rows.append(row)
    return finish(rows, [*arms, *LOSS_COLUMNS])


@dataclass(frozen=True)
class _Sample:
    """What one measure is tested on in one arm.

    Attributes:
        arm: the parameters of the arm.
        measure: the measure.
        table: seeds (rows) by conditions (columns); nan where a run diverged or has no value.
        runs: the runs of the arm.
        compare: the compared parameter.
    """

    arm: dict[str, Any]
    measure: str
    table: pd.DataFrame
    runs: pd.DataFrame
    compare: str

    def of(self, levels: Sequence[Any]) -> tuple[pd.DataFrame, dict[str, Any]]:
        """Values of the seeds that have one in each of some conditions, with size and origin of this sample."""
        values = self.table[list(levels)].dropna()
        runs = self.runs[self.runs[self.compare].isin(levels) & self.runs["seed"].isin(values.index)]
        return values, describe(runs, len(values), len(self.table))


def describe(runs: pd.DataFrame, entering: int, seeds: int) -> dict[str, Any]:
    """Size and origin of a sample, as the columns of every table of tests have them.

    Args:
        runs: those that enter the test.
        entering: how many seeds these are.
        seeds: how many there are with those left out.
    """
    return {
        "n": entering,
        "excluded": seeds - entering,
        "unconverged": runs.loc[~runs["converged"].fillna(True).astype(bool), "seed"].nunique(),
        "connectome": "; ".join(runs["connectome"].dropna().unique()) or None,
    }


def values_of(runs: pd.DataFrame, measure: str) -> pd.Series:
    """Values of a measure; nan where a run diverged or has none."""
    values = runs[measure].where(~runs["diverged"]).astype(float)
    return values.where(np.isfinite(values))


def _samples(runs: pd.DataFrame, names: Sequence[str], compare: str, measures: Sequence[str]) -> Iterator[_Sample]:
    """The sample of each measure in each arm."""
    for arm, places in arms_of(runs.to_dict("records"), names):
        group = runs.iloc[places]
        order = list(group[compare].unique())
        if pd.api.types.is_numeric_dtype(group[compare]):
            order.sort()
        for measure in measures:
            valued = group.assign(value=values_of(group, measure))
            table = valued.pivot(index="seed", columns=compare, values="value")
            yield _Sample(arm, measure, table[order], group, compare)


def _pairs(values: pd.DataFrame, extremes_only: bool) -> list[tuple[Any, Any]]:
    """Conditions and their reference: the largest of ordered values, the first of names."""
    levels = list(values.columns)
    if pd.api.types.is_numeric_dtype(values.columns):
        others = levels[:1] if extremes_only else levels[:-1]
        return [(level, levels[-1]) for level in others]
    return [(level, levels[0]) for level in levels[1:]]


def _interval(sample: np.ndarray, statistic: Callable[..., np.ndarray], settings: Mapping[str, Any]):
    return estimators.bootstrap_interval(
        sample, statistic, settings["confidence_level"], settings["bootstrap_resamples"], seed=0
    )


def finish(rows: list[dict[str, Any]], columns: list[str]) -> pd.DataFrame:
    """A table of tests with their p-values corrected as one family."""
    table = pd.DataFrame(rows).reindex(columns=columns)
    table["p_holm"] = estimators.holm(table["p"].astype(float))
    table["connectome"] = table["connectome"].astype("string")
    return table
