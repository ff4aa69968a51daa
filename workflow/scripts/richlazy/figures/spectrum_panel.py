"""Panel with the spectrum of the initial weights, above the measures of an experiment."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from richlazy.figures import figure_style

# Spectra of the initial recurrent weights: column of spectra.parquet, and label.
SPECTRA = {
    "eigenvalues": ("eigenvalue_modulus", "eigenvalues at start\n$|\\lambda_i|\\,/\\,|\\lambda_1|$"),
    "singular_values": ("singular_value", "singular values\nat start\n$s_i\\,/\\,s_1$"),
}


def plot(
    axes: Axes,
    spectra: pd.DataFrame,
    runs: pd.DataFrame,
    compare: str,
    spectrum: str,
    colours: Mapping[Any, Any],
) -> None:
    """Plot magnitudes over the largest against their place: a line at the median over seeds, a band over all seeds.

    Args:
        axes: panel to plot in.
        spectra: rows of spectra.parquet.
        runs: runs of an arm.
        compare: the compared parameter; each of its values is a line.
        spectrum: which spectrum, a key of ``SPECTRA``.
        colours: colour of each value of the compared parameter.
    """
    # Recurrent weights belong to every task, so their rows name none.
    of_every_task = spectra["task"].isna() if "task" in spectra else pd.Series(True, index=spectra.index)
    of_task = list(spectra.loc[:, "task":"structure"])[:-1] if "task" in spectra else []
    without_task = spectra[of_every_task].drop(columns=of_task)
    rows = pd.concat([_rows_of(part, runs, compare) for part in (without_task, spectra[~of_every_task])])
    column, _ = SPECTRA[spectrum]
    for level in figure_style.levels_of(runs, compare):
        table = rows[rows[compare] == level].pivot(index="index", columns="seed", values=column)
        table = table / table.max()
        place = table.index / len(table)
        axes.fill_between(place, table.min(axis=1), table.max(axis=1), color=colours[level], alpha=0.25, lw=0)
        axes.plot(place, table.median(axis=1), color=colours[level], lw=1.1, label=figure_style.text_of(level))
    axes.set(xlim=(0, 1), ylim=(0, 1.02), xticks=[0, 0.5, 1], yticks=[0, 0.5, 1])
    axes.set_xlabel("index $i/N$", labelpad=1)
    crowded = {"loc": "upper left", "bbox_to_anchor": (1.01, 1.0)} if rows[compare].nunique() > 4 else {}
    axes.legend(**{"frameon": False, "loc": "upper right", "borderaxespad": 0, "handlelength": 1.2} | crowded)


def mark() -> dict[str, Any]:
    """What lines and bands are, for the legend of a figure."""
    return {"spectrum: median and range over seeds": figure_style.band("0.4")}


def _rows_of(spectra: pd.DataFrame, runs: pd.DataFrame, compare: str) -> pd.DataFrame:
    """Spectra of the weights that runs start with; an option of a task leaves them as they are."""
    shared = [name for name in spectra.columns if name in runs.columns and name != "connectome"]
    return spectra.merge(runs[list(dict.fromkeys([*shared, compare]))].drop_duplicates(), on=shared)
