"""How the effect of the compared parameter changes over another parameter that an experiment sweeps."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from richlazy.statistics import estimators, hypothesis_tests, samples
from richlazy.statistics.strata import of as arms_of

INTERACTION_COLUMNS: dict[str, str] = {
    "swept": "parameter over whose values the difference is ordered",
    **hypothesis_tests.TREND_COLUMNS,
    "effect": "mean over seeds of Kendall's tau between the swept parameter and the difference of the measure between "
    "the highest and the lowest value of the compared parameter",
}


def interactions(runs: pd.DataFrame, arms: Sequence[str], compare: str, settings: Mapping[str, Any]) -> pd.DataFrame:
    """Test, for every swept parameter, whether the difference that the compared parameter makes has a trend over it.

    The difference is taken for each seed, between the highest and the lowest value of the compared parameter in an
    arm (networks of another size have another highest rank).

    Args:
        runs: the runs of one experiment, one row each.
        arms: parameters whose combinations are tested separately.
        compare: the compared parameter.
        settings: group ``statistics`` of the configuration.

    Returns:
        Columns ``arms`` and ``INTERACTION_COLUMNS``; the column of the swept parameter is null. There are rows only
        where the compared parameter is a number and another parameter takes three numbers.
    """
    rows = []
    for swept in arms if pd.api.types.is_numeric_dtype(runs[compare]) else []:
        if not pd.api.types.is_numeric_dtype(runs[swept]):
            continue
        others = [name for name in arms if name != swept]
        for arm, places in arms_of(runs.to_dict("records"), others):
            group = runs.iloc[places].dropna(subset=[swept])
            values = sorted(group[swept].unique())
            for measure in settings["measures"] if len(values) >= 3 else []:
                rows.append(_row(group, swept, values, compare, measure, settings) | arm)
    return hypothesis_tests.finish(rows, [*arms, *INTERACTION_COLUMNS])


def _row(
    group: pd.DataFrame, swept: str, values: list[Any], compare: str, measure: str, settings: Mapping[str, Any]
) -> dict[str, Any]:
    """One test: sample, Page's exact test and Kendall's tau."""
    apart, compared = differences(group, swept, values, compare, measure, settings)
    complete = apart.dropna()
    row = {"swept": swept, "measure": measure, "conditions": ", ".join(f"{value:g}" for value in values)}
    row |= samples.describe(compared, complete, len(apart))
    return row | (hypothesis_tests.trend(complete.to_numpy(), settings) if len(complete) >= 2 else {})


def differences(
    group: pd.DataFrame, swept: str, values: list[Any], compare: str, measure: str, settings: Mapping[str, Any]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Difference of a measure between the highest and the lowest value of the compared parameter.

    Args:
        group: runs of one arm.
        swept: the swept parameter.
        values: of it.
        compare: the compared parameter.
        measure: the measure.
        settings: with ``censored`` and ``of_failed``; see ``samples.values_of``.

    Returns:
        Seeds (rows) by ``values`` (columns), nan where one of the two runs has no value; and the runs of the extremes.
    """
    extremes = group[swept].map(group.groupby(swept)[compare].agg(["min", "max"]).to_dict("index").get)
    low, high = ([is_at[end] for is_at in extremes] for end in ("min", "max"))
    values_of_runs = group.assign(value=samples.values_of(group, measure, settings))
    tables = [
        values_of_runs[group[compare] == level].pivot(index="seed", columns=swept, values="value")[values]
        for level in (low, high)
    ]
    at_high, at_low = tables[1].align(tables[0])
    apart = estimators.differences(at_high.to_numpy(), at_low.to_numpy())
    found = pd.DataFrame(apart, index=at_low.index, columns=values)
    return found, group[(group[compare] == low) | (group[compare] == high)]
