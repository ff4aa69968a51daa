"""Loss of networks whose change of recurrent weights is truncated, as a table and a figure (Schuessler et al. 2020).

Figure 1 (g-i) shows the singular values of the change, (j-l) the loss against the number of components that are kept.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from richlazy import figure_style
from richlazy.figure_style import MM_PER_INCH

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
    groups, (blocks, columns) = figure_style.panels_of_arms(runs, arms)
    with mpl.rc_context(figure_style.style(settings)):
        width = settings["width_mm"] / MM_PER_INCH
        height = (0.2 * width * len(_ROWS) + 0.12 * width) * blocks + 0.35
        figure, panels = plt.subplots(
            len(_ROWS) * blocks, columns, figsize=(width, height), squeeze=False,
            layout=figure_style.room_for_footnote(settings, height, runs),
        )  # fmt: skip
        for axes in panels.flat:
            axes.set_visible(False)
        handles: dict[str, Any] = {}
        for index, (name, group) in enumerate(groups):
            block, column = divmod(index, columns)
            course = courses.merge(group.loc[~group["diverged"], ["run", "seed", compare]], on="run")
            for row, (quantity, (first, label, below)) in enumerate(_ROWS.items()):
                axes = panels[block * len(_ROWS) + row, column]
                axes.set_visible(True)
                _draw_panel(axes, course[course["kept"] >= first], quantity, group, compare, colours)
                axes.set_xlabel(below)
                if row == 0:
                    axes.set_title(figure_style.wrapped_title(name, len(groups)))
                if column == 0:
                    axes.set_ylabel(label)
                handles |= {text: handle for handle, text in zip(*axes.get_legend_handles_labels(), strict=True)}
        figure.align_ylabels(panels[:, 0])
        figure.legend(
            list(handles.values()), list(handles), loc="outside right center", frameon=False,
            title=figure_style.wrapped_parameter_label(compare, runs),
        )  # fmt: skip
        figure.suptitle(figure_style.heading(title, runs, arms))
        figure_style.footnote(figure, runs)
        figure_style.save(figure, pdf, png, settings)


def _draw_panel(
    axes: Axes, course: pd.DataFrame, quantity: str, runs: pd.DataFrame, compare: str, colours: Mapping[Any, Any]
) -> None:
    """One quantity in one arm."""
    for level in figure_style.levels_of(runs, compare):
        values = course[course[compare] == level].pivot(index="kept", columns="seed", values=quantity)
        axes.fill_between(values.index, values.min(axis=1), values.max(axis=1), color=colours[level], alpha=0.2, lw=0)
        axes.plot(
            values.index, values.median(axis=1), color=colours[level], lw=1.2, marker="o", ms=2.2,
            label=figure_style.text_of(level),
        )  # fmt: skip
    if quantity == "relative_loss":
        axes.axhline(_FUNCTIONAL_SHARE, color="0.4", lw=0.8, ls="--")
        if (course[quantity] > 0).any():
            axes.set_yscale("log")
    else:
        axes.set_ylim(bottom=0)
    axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
