"""Figure of the loss of networks whose change of recurrent weights is truncated (Schuessler et al. 2020, Figure 1).

Figure 1 (g-i) shows the singular values of the change, (j-l) the loss against the number of components kept.
"""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from richlazy.figures import figure_style, line_panels
from richlazy.figures.figure_context import FigureContext
from richlazy.figures.line_panels import ConditionLines

# The functional rank is the first at which the loss, over that without the change, is below this.
_FUNCTIONAL_SHARE = 0.05
_MARKED = f"{_FUNCTIONAL_SHARE:.0%}: below it from\nthe functional rank on"

# Column of the table, first rank, label of the row of panels, and label below it.
_ROWS = (
    ("singular_value", 1, "singular value\nof the change", "component"),
    ("relative_loss", 0, "loss over that\nwithout the change", "components kept"),
)


def plot(context: FigureContext, runs: pd.DataFrame, truncated: pd.DataFrame) -> None:
    """Plot singular values of the change, and loss against the number of components kept: a column of panels per arm.

    Lines show medians over the seeds, one for each condition; bands hold the middle half of them. A
    dashed line marks the 5 % below which the loss is at the functional rank.

    Args:
        context: heading, arms, compared parameter, style and files.
        runs: rows of runs.parquet.
        truncated: rows of truncations.parquet.
    """
    runs = context.named(runs)
    kept_none = truncated.loc[truncated["rank"] == 0, ["run", "loss"]]
    values = truncated.merge(kept_none, on="run", suffixes=("", "_none"))
    values["relative_loss"] = values["loss"] / values["loss_none"]
    values = values.rename(columns={"rank": "kept"})  # a parameter of runs has the same name
    lines = ConditionLines(context.compare, figure_style.colours_of(runs, context.compare), x="kept")

    def plot_panel(axes: Axes, row: int, group: pd.DataFrame) -> None:
        quantity, first, _, below = _ROWS[row]
        shown = values[values["kept"] >= first]
        lines.plot(axes, shown, group, quantity)
        axes.set_xlabel(below)
        axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
        if quantity == "singular_value":
            axes.set_ylim(bottom=0)
            return
        axes.axhline(_FUNCTIONAL_SHARE, color="0.4", lw=0.8, ls="--", label=_MARKED)
        drawn = shown["run"].isin(group.loc[~group["diverged"], "run"])
        if (shown.loc[drawn, quantity] > 0).any():
            axes.set_yscale("log")

    line_panels.plot(context, runs, [label for _, _, label, _ in _ROWS], 0.2, plot_panel)
