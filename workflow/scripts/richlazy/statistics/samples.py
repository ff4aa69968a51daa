"""What a test is made on: values by seed and condition, who is left out, and where their data come from."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from richlazy.statistics.strata import of as arms_of

Settings = Mapping[str, Any]

# Columns that each table of tests shares, after the arms of its experiment.
SIZE_COLUMNS: dict[str, str] = {
    "n": "seeds that enter the test",
    "excluded": "seeds left out because one of the runs that are compared diverged, failed or has no value",
    "failed": "those of them of which a run learned nothing",
    "unconverged": "seeds that enter although a run of theirs has not converged",
    "censored": "seeds that enter with an infinite value: what is measured did not happen within the updates",
}

ORIGIN_COLUMNS: dict[str, str] = {
    "connectome": "where the connectomes in the comparison come from; null where there is none",
    "substitute": "data that stand in for those of the paper; null where there are none",
}


@dataclass(frozen=True)
class Sample:
    """What one measure is tested on in one arm.

    Attributes:
        arm: the parameters of the arm.
        measure: the measure.
        table: seeds (rows) by conditions (columns); nan where a run diverged, failed or has no value.
        runs: the runs of the arm.
        compare: the compared parameter.
    """

    arm: dict[str, Any]
    measure: str
    table: pd.DataFrame
    runs: pd.DataFrame
    compare: str

    def complete(self, levels: Sequence[Any]) -> tuple[pd.DataFrame, dict[str, Any]]:
        """Values of the seeds that have one in each of some conditions, with size and origin of this sample."""
        chosen = self.table[list(levels)]
        values = chosen.dropna()
        compared = self.runs[self.runs[self.compare].isin(levels)]
        return values, describe(compared, values, len(chosen))

    def pairs(self, extremes_only: bool) -> list[tuple[Any, Any]]:
        """Conditions and their reference: the largest of ordered values, the first of names."""
        levels = list(self.table.columns)
        if pd.api.types.is_numeric_dtype(self.table.columns):
            others = levels[:1] if extremes_only else levels[:-1]
            return [(level, levels[-1]) for level in others]
        return [(level, levels[0]) for level in levels[1:]]


def describe(runs: pd.DataFrame, values: pd.DataFrame, seeds: int) -> dict[str, Any]:
    """Size and origin of a sample, as the columns of every table of tests have them.

    Args:
        runs: those that are compared.
        values: of the seeds (its index) that enter the test.
        seeds: how many there are with those left out.
    """
    entering = runs["seed"].isin(values.index)
    return {
        "n": len(values),
        "excluded": seeds - len(values),
        "failed": runs.loc[~entering & failed(runs), "seed"].nunique(),
        "unconverged": runs.loc[entering & ~runs["converged"].fillna(True).astype(bool), "seed"].nunique(),
        "censored": int(np.isinf(values.to_numpy(float)).any(axis=1).sum()),
        **{column: _together(runs[entering], column) for column in ORIGIN_COLUMNS},
    }


def _together(runs: pd.DataFrame, column: str) -> str | None:
    """What a column of words says of some runs; tables of older publications may lack it."""
    return "; ".join(runs[column].dropna().unique()) or None if column in runs else None


def failed(runs: pd.DataFrame) -> pd.Series:
    """Which runs learned nothing; tables of models that are not judged so lack the column."""
    return runs["failed"].fillna(False).astype(bool) if "failed" in runs else pd.Series(False, runs.index)


def values_of(runs: pd.DataFrame, measure: str, settings: Settings) -> pd.Series:
    """Values of a measure; nan where a run has none.

    A run that diverged has none but times that did not come (``censored`` of the settings). One that learned nothing is
    neither rich nor lazy; it has all measures that do not say so (``of_failed``).
    """
    values = runs[measure].astype(float)
    if measure in settings["censored"]:
        return values
    values = values.where(~runs["diverged"].astype(bool) & np.isfinite(values))
    return values if measure in settings["of_failed"] else values.where(~failed(runs))


def of(
    runs: pd.DataFrame, names: Sequence[str], compare: str, measures: Sequence[str], settings: Settings
) -> Iterator[Sample]:
    """The sample of each measure in each arm."""
    for arm, places in arms_of(runs.to_dict("records"), names):
        group = runs.iloc[places]
        order = list(group[compare].unique())
        if pd.api.types.is_numeric_dtype(group[compare]):
            order.sort()
        for measure in measures:
            valued = group.assign(value=values_of(group, measure, settings))
            table = valued.pivot(index="seed", columns=compare, values="value")
            yield Sample(arm, measure, table[order], group, compare)
