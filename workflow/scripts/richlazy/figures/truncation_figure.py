"""Loss of networks whose change of recurrent weights is truncated, as a table and a figure (Schuessler et al. 2020).

Figure 1 (g-i) shows the singular values of the change, (j-l) the loss against the number of components that are kept.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from richlazy.figures import figure_style, line_figures

COLUMNS: dict[str, str] = {
    "run": "identity of the run, as in runs.parquet",
    "rank": "components of the change of the recurrent weights that are kept, the largest first",
    "loss": "loss on the probe with these, final input and readout weights; null where it is not finite",
    "singular_value": "singular value of the last of them; null at rank 0",
}

# The functional rank is the first at which the loss, over that without the change, is below this.
_FUNCTIONAL_SHARE = 0.05

# Column of the table, first rank and label of each row of panels.
_ROWS = {
    "singular_value": (1, "singular value\nof the change", "component"),
    "relative_loss": (0, "loss over that\nwithout the change", "components kept"),
}


def table(truncated: Mapping[str, Mapping[str, Any]]) -> pd.DataFrame:
    """Long table with columns ``COLUMNS``.

    Args:
        truncated: truncation.json of each run, by run; one whose weights are not finite has no ranks and gets no rows.
    """
    parts = [
        pd.DataFrame(
            {
                "run": run,
                "rank": np.array(course["ranks"], int),
                "loss": np.array(course["losses"], float),
                "singular_value": np.array([None, *course["singular_values"]][: len(course["ranks"])], float),
            }
        )
        for run, course in truncated.items()
    ]
    return pd.concat(parts, ignore_index=True).astype({"run": "string"})


def draw(
    runs: pd.DataFrame,
    truncated: pd.DataFrame,
    arms: Sequence[str],
    compare: str,
    title: str,
    settings: Mapping[str, Any],
    pdf: str | Path,
    png: str | Path,
) -> None:
    """Singular values of the change, and loss against the number of components kept: a column of panels per arm.

    Lines are medians over the seeds, one for each condition; bands reach from the lowest to the highest of them. A
    dashed line stands at the 5 % below which the loss is at the functional rank.

    Args:
        runs: rows of runs.parquet.
        truncated: rows of truncations.parquet.
        arms, compare, title, settings, pdf, png: as ``trajectories.draw`` takes them.
    """
    courses = truncated.merge(truncated.loc[truncated["rank"] == 0, ["run", "loss"]], on="run", suffixes=("", "_none"))
    courses["relative_loss"] = courses["loss"] / courses["loss_none"]
    courses = courses.rename(columns={"rank": "kept"})  # a parameter of runs has the same name
    colours = figure_style.colours_of(runs, compare)
    rows = list(_ROWS.items())

    def draw_panel(axes: Axes, row: int, group: pd.DataFrame) -> None:
        quantity, (first, _, below) = rows[row]
        course = courses[courses["kept"] >= first]
        line_figures.draw_conditions(axes, course, group, compare, colours, "kept", quantity)
        axes.set_xlabel(below)
        axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
        if quantity == "singular_value":
            axes.set_ylim(bottom=0)
            return
        axes.axhline(_FUNCTIONAL_SHARE, color="0.4", lw=0.8, ls="--")
        drawn = course["run"].isin(group.loc[~group["diverged"], "run"])
        if (course.loc[drawn, quantity] > 0).any():
            axes.set_yscale("log")

    labels = [label for _, (_, label, _) in rows]
    line_figures.draw(runs, runs, arms, compare, title, settings, labels, 0.2, draw_panel, pdf, png)
