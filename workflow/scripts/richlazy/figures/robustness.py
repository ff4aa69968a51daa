"""Table of the effect of the rank of the initial weights, in every arm of several experiments."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from richlazy.experiments.parameters import RANK_ORDER
from richlazy.figures import figure_style

ROBUSTNESS_COLUMNS: dict[str, str] = {
    "experiment": "name of the experiment in the configuration",
    "title": "title of the experiment, with what all its arms have in common",
    "arm": "arm of the experiment, as text",
    "measure": "measure of the panel",
    "tested": "measure that was tested: that of the panel, or that of all weights in its place",
    "sign": "1 or -1: what the tested effect is multiplied by, so that positive is lazier with rank",
    "n": "seeds that enter the test",
    "excluded": "seeds left out because one of the runs that are compared diverged, failed or has no value",
    "unconverged": "seeds that enter although a run of theirs has not converged",
    "effect": "mean over seeds of Kendall's tau with the rank, positive where learning is lazier at higher rank",
    "interval_low": "lower end of the t interval of the effect",
    "interval_high": "upper end of the t interval of the effect",
    "p_holm": "p of Page's exact test after Holm's correction over the tests of the measure in the experiment",
}
# Panels if no measure of the figures says which side is lazier.
_USUAL = ("weight_change_norm_recurrent", "representation_alignment", "kernel_alignment_recurrent")


def panels(measures: Sequence[str], labels: Mapping[str, tuple[str, int]]) -> dict[str, int]:
    """The measures among these that say which side is lazier, the usual three if none does, each with that sign.

    Args:
        measures: of the figures.
        labels: of these and of the usual measures, with their signs (``registry.labels``).
    """
    directed = [measure for measure in measures if labels[measure][1]]
    return {measure: labels[measure][1] for measure in directed or _USUAL}


def of_all_weights(measure: str) -> str:
    """The measure of all weights that stands for one of the recurrent weights."""
    return measure.removesuffix("_recurrent")


def robustness(
    trends: Mapping[str, pd.DataFrame], comparisons: Mapping[str, Mapping[str, Any]], measures: Mapping[str, int]
) -> pd.DataFrame:
    """The effect of rank on each measure in each arm.

    Args:
        trends: trends.parquet by experiment.
        comparisons: experiments in the order of the rows, from ``grids.rank_comparisons``; those without trends are
            left out.
        measures: one panel each, with the sign with which it grows where learning is lazier. The measure of all weights
            replaces one that an experiment did not test.

    Returns:
        Columns ``ROBUSTNESS_COLUMNS``, sorted by experiment, arm and measure. Measures that an experiment tested in
        neither form have no rows.
    """
    parts = [
        _of_experiment(trends[name], {"experiment": name, **comparison}, measure, lazier)
        for name, comparison in comparisons.items()
        for measure, lazier in measures.items()
        if len(trends.get(name, ()))
    ]
    if not parts:
        return pd.DataFrame(columns=list(ROBUSTNESS_COLUMNS))
    table = pd.concat(parts, ignore_index=True)
    experiments, rows = list(comparisons), table.pop("place")
    # lexsort sorts by its last key first.
    order = np.lexsort((table["measure"].map(list(measures).index), rows, table["experiment"].map(experiments.index)))
    return table.iloc[order].reset_index(drop=True)


def _of_experiment(trends: pd.DataFrame, comparison: Mapping[str, Any], measure: str, lazier: int) -> pd.DataFrame:
    """Rows of one measure of an experiment, with the place of their arms."""
    tested = measure if (trends["measure"] == measure).any() else of_all_weights(measure)
    arms = list(comparison["arms"])
    keys = trends[arms].drop_duplicates(ignore_index=True)
    titles = keys.assign(arm=figure_style.arm_titles(keys) if arms else "", place=range(len(keys)))
    chosen = trends[trends["measure"] == tested].merge(titles, on=arms)
    sign = RANK_ORDER[comparison["compare"]] * lazier
    turned = np.sort(sign * chosen[["interval_low", "interval_high"]].to_numpy(float), axis=1)
    table = chosen.assign(
        experiment=comparison["experiment"],
        title=figure_style.heading(comparison["title"], keys, arms),
        measure=measure,
        tested=tested,
        sign=sign,
        effect=sign * chosen["effect"].astype(float),
        interval_low=turned[:, 0],
        interval_high=turned[:, 1],
    )
    return table[[*ROBUSTNESS_COLUMNS, "place"]]
