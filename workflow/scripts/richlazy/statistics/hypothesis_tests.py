"""Tests and effect sizes of an experiment. The unit is the seed; conditions of a seed are paired."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from richlazy.statistics import estimators, samples
from richlazy.statistics.samples import Sample

_FAMILY = "p after Holm's correction over the tests of the measure in the experiment"
_DETECTABLE = "effect that a t-test of so many seeds with their spread would find with a probability of 0.8"


TREND_COLUMNS: dict[str, str] = {
    "measure": "measure that is tested",
    **samples.SIZE_COLUMNS,
    "conditions": "ordered values of the compared parameter",
    "page_statistic": "Page's L of the ordering in the direction of the effect",
    "p": "two-sided p of Page's exact test: twice the smaller of the two directions",
    "p_holm": _FAMILY,
    "effect": "mean over seeds of Kendall's tau between the compared parameter and the measure",
    "interval_low": "lower end of the t interval of the effect",
    "interval_high": "upper end of the t interval of the effect",
    "detectable": _DETECTABLE,
    "difference": "Hodges-Lehmann difference, highest minus lowest condition, in units of the measure",
    "reference_median": "median of the measure in the lowest or the highest condition, whichever is larger",
    "effect_without_lowest": "the effect without the lowest value of the compared parameter",
    "p_without_lowest": "two-sided p of Page's exact test of it; of two values that are left, of the signed-rank test",
    "effect_without_highest": "the effect without the highest value of the compared parameter",
    "p_without_highest": "likewise",
    **samples.ORIGIN_COLUMNS,
}

CONTRAST_COLUMNS: dict[str, str] = {
    "measure": "measure that is tested",
    "level": "condition that is compared",
    "reference": "condition it is compared with",
    **samples.SIZE_COLUMNS,
    "p": "two-sided p of Wilcoxon's exact signed-rank test",
    "p_holm": _FAMILY,
    "effect": "Hodges-Lehmann difference, level minus reference, in units of the measure",
    "interval_low": "lower end of the interval of the effect, which inverts the test",
    "interval_high": "upper end of the interval of the effect",
    "reference_median": "median of the measure in the reference",
    "detectable": _DETECTABLE,
    "standardised_effect": "mean difference over its standard deviation (Cohen's d_z)",
    "cliffs_delta": "share of pairs of runs in which the level is larger, minus the share in which it is smaller",
    **samples.ORIGIN_COLUMNS,
}

EQUIVALENCE_COLUMNS: dict[str, str] = {
    "measure": "measure that is tested",
    "level": "condition that is compared",
    "reference": "condition it is compared with",
    **samples.SIZE_COLUMNS,
    "margin": "difference within which conditions count as equivalent, in units of the measure",
    "p": "larger p of two one-sided signed-rank tests against the margin",
    "p_holm": _FAMILY,
    "p_opposite": "two-sided p of the signed-rank test that the difference lies beyond the margin",
    "effect": "Hodges-Lehmann difference, level minus reference, in units of the measure",
    "interval_low": "lower end of the interval of the effect; equivalence is its lying within the margin",
    "interval_high": "upper end of the interval of the effect",
    "reference_median": "median of the measure in the reference",
    "detectable": "margin in which so many seeds with their spread would show equivalence with a probability of 0.8",
    **samples.ORIGIN_COLUMNS,
}

Settings = Mapping[str, Any]


def trends(runs: pd.DataFrame, arms: Sequence[str], compare: str, settings: Settings) -> pd.DataFrame:
    """Trend of every measure over the ordered values of the compared parameter, in every arm.

    Args:
        runs: the runs of one experiment, one row each.
        arms: parameters whose combinations are tested separately.
        compare: the compared parameter.
        settings: group ``statistics`` of the configuration, with ``censored`` and ``of_failed``, the measures of which
            infinite values are kept, and those that networks which learned nothing have (``registry.roles``).

    Returns:
        Columns ``arms`` and ``TREND_COLUMNS``; no rows where the compared parameter has no order, nor for arms in
        which it has fewer than three values, between which Page's test sees no trend but a contrast.
    """
    rows = []
    if pd.api.types.is_numeric_dtype(runs[compare]):
        for sample in samples.of(runs, arms, compare, settings["measures"], settings):
            levels = sample.table.columns
            if len(levels) < 3:
                continue
            values, description = sample.complete(levels)
            ordered = ", ".join(f"{level:g}" for level in levels)
            row = sample.arm | {"measure": sample.measure, "conditions": ordered} | description
            if len(values) >= 2:
                row |= trend(values.to_numpy(), settings)
            rows.append(row)
    return finish(rows, [*arms, *TREND_COLUMNS])


def trend(values: np.ndarray, settings: Settings) -> dict[str, float]:
    """Page's exact test and Kendall's tau with its interval, of values (seeds, ordered conditions).

    The same without the lowest and without the highest condition says whether the effect hangs on one of them alone.
    """
    taus = estimators.rank_correlations(values)
    statistic, p, _ = estimators.page_trend(values)
    low, high = estimators.tau_interval(taus, values.shape[1], settings["confidence_level"])
    row = {"page_statistic": statistic, "p": p, "effect": taus.mean(), "interval_low": low, "interval_high": high}
    row["detectable"] = estimators.detectable(taus, settings["significance_level"])
    row["difference"] = estimators.hodges_lehmann(estimators.differences(values[:, -1], values[:, 0]))
    row["reference_median"] = float(max(np.median(values[:, [0, -1]], axis=0), key=abs))
    for end, part in {"lowest": values[:, 1:], "highest": values[:, :-1]}.items():
        row[f"effect_without_{end}"] = estimators.rank_correlations(part).mean()
        row[f"p_without_{end}"] = _trend_of_part(part)
    return row


def _trend_of_part(values: np.ndarray) -> float:
    """Two-sided p of a trend over some conditions, or of the difference between two."""
    if values.shape[1] > 2:
        return estimators.page_trend(values)[1]
    return estimators.two_sided(*estimators.signed_rank_test(estimators.differences(values[:, 1], values[:, 0])))


def contrasts(runs: pd.DataFrame, arms: Sequence[str], compare: str, settings: Settings) -> pd.DataFrame:
    """Paired differences of every measure between conditions, in every arm.

    Numbers compare their smallest value with the largest, which is the reference, such as full rank; names compare
    each with the first.

    Args and columns as for ``trends``, with ``CONTRAST_COLUMNS``.
    """

    def test(sample: Sample, level: np.ndarray, reference: np.ndarray) -> dict[str, float]:
        return _contrast(level, reference, settings)

    rows = _paired(samples.of(runs, arms, compare, settings["measures"], settings), True, test)
    return finish(rows, [*arms, *CONTRAST_COLUMNS])


def _contrast(level: np.ndarray, reference: np.ndarray, settings: Settings) -> dict[str, float]:
    differences = estimators.differences(level, reference)
    with np.errstate(invalid="ignore"):
        spread = differences.std(ddof=1)
        standardised = differences.mean() / spread if spread > 0 else np.nan
    low, high = estimators.signed_rank_interval(differences, settings["confidence_level"])
    return {
        "p": estimators.two_sided(*estimators.signed_rank_test(differences)),
        "effect": estimators.hodges_lehmann(differences),
        "interval_low": low,
        "interval_high": high,
        "reference_median": float(np.median(reference)),
        "detectable": estimators.detectable(differences, settings["significance_level"]),
        "standardised_effect": float(standardised),
        "cliffs_delta": estimators.cliffs_delta(level, reference),
    }


# A margin in the unit of a measure, or how to find it from the runs of an arm.
Margin = float | Callable[[pd.DataFrame], float]


def share_to_learn(share: float) -> Margin:
    """Margin of final losses: a share of what there is to learn, the loss of a guess less the lowest one.

    Where no lowest loss is known it is taken to be 0; over the runs of an arm it is a median.
    """
    return lambda runs: share * float((runs["guess_loss"] - runs["bayes_loss"].fillna(0.0)).dropna().median())


def equivalences(
    runs: pd.DataFrame, arms: Sequence[str], compare: str, margins: Mapping[str, Margin], settings: Settings
) -> pd.DataFrame:
    """Whether measures are the same in all conditions within margins, by two one-sided paired tests, in every arm.

    Every value of a number is compared with the largest, every name with the first.

    Args and columns as for ``trends``, with ``EQUIVALENCE_COLUMNS``; ``margins`` by measure.
    """

    def test(sample: Sample, level: np.ndarray, reference: np.ndarray) -> dict[str, float]:
        margin = margins[sample.measure]
        return _equivalence(level, reference, margin(sample.runs) if callable(margin) else margin, settings)

    rows = _paired(samples.of(runs, arms, compare, list(margins), settings), False, test)
    return finish(rows, [*arms, *EQUIVALENCE_COLUMNS])


def _equivalence(level: np.ndarray, reference: np.ndarray, margin: float, settings: Settings) -> dict[str, float]:
    differences = estimators.differences(level, reference)
    decided: dict[str, float] = {}  # nothing where no margin is known
    if np.isfinite(margin):
        above_low, below_low = estimators.signed_rank_test(differences, -margin)
        above_high, below_high = estimators.signed_rank_test(differences, margin)
        decided = {"p": max(above_low, below_high), "p_opposite": estimators.two_sided(above_high, below_low)}
    low, high = estimators.signed_rank_interval(differences, 1 - 2 * settings["significance_level"])
    return {
        "margin": margin,
        **decided,
        "effect": estimators.hodges_lehmann(differences),
        "interval_low": low,
        "interval_high": high,
        "reference_median": float(np.median(reference)),
        # Each of two one-sided tests misses with 0.1, so that both find it with 0.8.
        "detectable": estimators.detectable(differences, 2 * settings["significance_level"], power=0.9),
    }


def losses(runs: pd.DataFrame, arms: Sequence[str], compare: str, settings: Settings) -> pd.DataFrame:
    """Equivalence of the final losses of conditions within ``comparable_loss``; as ``equivalences``."""
    return equivalences(runs, arms, compare, {"final_loss": share_to_learn(settings["comparable_loss"])}, settings)


def _paired(
    compared: Iterable[Sample],
    extremes_only: bool,
    test: Callable[[Sample, np.ndarray, np.ndarray], dict[str, float]],
) -> list[dict[str, Any]]:
    """A test of each sample between each condition and its reference."""
    rows = []
    for sample in compared:
        for level, reference in sample.pairs(extremes_only):
            values, description = sample.complete([level, reference])
            row = sample.arm | {"measure": sample.measure, "level": str(level), "reference": str(reference)}
            row |= description
            if len(values) >= 2:
                row |= test(sample, values[level].to_numpy(), values[reference].to_numpy())
            rows.append(row)
    return rows


def finish(rows: list[dict[str, Any]], columns: list[str]) -> pd.DataFrame:
    """A table of tests, the p-values of each measure corrected as one family."""
    table = pd.DataFrame(rows).reindex(columns=columns)
    table["p_holm"] = np.nan
    for _, family in table.groupby("measure"):
        table.loc[family.index, "p_holm"] = estimators.holm(family["p"].astype(float))
    return table.astype(dict.fromkeys(samples.ORIGIN_COLUMNS, "string"))
