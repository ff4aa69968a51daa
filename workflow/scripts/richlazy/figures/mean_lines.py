"""Panel of a measure as mean and spread over a compared number, with the values of another parameter overlaid."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from richlazy.figures import condition_dots, figure_style, log_ticks, outcomes
from richlazy.figures.figure_context import FigureContext

_DASHES = (0, (3, 1.5))
_MEAN, _SINGLE = "mean ± 1 SD over seeds", "single network, no mean"
# A mean of fewer seeds is an open dot.
_ENOUGH = 5
_FEW = f"mean of fewer than\n{_ENOUGH} seeds"


def plot(context: FigureContext, axes: Axes, runs: pd.DataFrame, measure: str) -> dict[str, Any]:
    """Plot a line at the mean over seeds and a band of one standard deviation on each side of it.

    Means of few seeds are open dots. Where a condition has an infinite value it has no mean: the line breaks, finite
    values are small dots, infinite ones open triangles at the upper edge. Runs that failed are crosses, of which means
    count what tests do. What theory says is a dashed line in the colour of the runs, or a black one where it is the
    same for all.

    Args:
        context: heading, arms, compared parameter, style and files, and the option ``overlay``.
        axes: panel to plot in.
        runs: runs of an arm.
        measure: the measure.

    Returns:
        What the legend says, by its text.
    """
    compare = context.compare
    handles: dict[str, Any] = {}
    theories: list[tuple[Any, pd.Series]] = []
    for label, colour, mine in _overlaid(context, runs):
        counting = outcomes.counting(mine, measure, context.roles)
        of_level = counting.groupby(compare)[measure]
        whole = of_level.apply(lambda values: bool(np.isfinite(values.dropna()).all()))
        mean, spread = of_level.mean().where(whole), of_level.std().where(whole).fillna(0.0)
        at = mean.index.astype(float)
        axes.fill_between(at, mean - spread, mean + spread, color=colour, alpha=0.2, lw=0)
        (line,) = axes.plot(at, mean, color=colour, lw=1.2, marker="o", ms=2.2)
        if label:
            handles[label] = line
        handles[_MEAN] = figure_style.band("0.4", marker="o", ms=2.2)
        few = of_level.count().lt(_ENOUGH).to_numpy() & mean.notna().to_numpy()
        open_dot: dict[str, Any] = {"ls": "none", "marker": "o", "ms": 4, "mfc": "white"}
        if few.any():
            axes.plot(at[few], mean[few], color=colour, zorder=3, **open_dot)
            handles[_FEW] = Line2D([], [], color="0.4", **open_dot)
        broken = counting[~counting[compare].map(whole).fillna(True).astype(bool)]
        infinite = np.isinf(broken[measure])
        size = 0.35 * context.font_size
        axes.plot(broken.loc[~infinite, compare], broken.loc[~infinite, measure], ls="none", marker=".", color=colour)
        if (~infinite).any():
            handles[_SINGLE] = Line2D([], [], ls="none", marker=".", color="0.4")
        condition_dots.plot_infinite(axes, broken.loc[infinite, compare], colour, context.font_size)
        lost = mine[outcomes.failed(mine)]
        finite = lost[np.isfinite(lost[measure])]
        axes.plot(finite[compare], finite[measure], ls="none", marker="x", ms=size, mew=0.7, color=colour)
        predicted = condition_dots.predicted(counting, measure, compare)
        if len(predicted):
            theories.append((colour, predicted))
    levels = np.array(sorted(runs[compare].dropna().unique()), float)
    if log_ticks.span_a_decade(levels):
        axes.set_xscale("log")
        axes.set_xticks(levels, [figure_style.text_of(level) for level in levels])
        axes.set_xticks([], minor=True)
    one = len({tuple(predicted.round(9).items()) for _, predicted in theories}) == 1
    for colour, predicted in theories[:1] if one else theories:
        dashes: dict[str, Any] = {"color": "black" if one else colour, "lw": 0.9, "ls": _DASHES, "zorder": 4}
        axes.plot(predicted.index.astype(float), predicted, **dashes)
    if theories:
        handles[f"{condition_dots.theory_of(measure)}, mean"] = Line2D([], [], color="black", lw=0.9, ls=_DASHES)
    return handles


def _overlaid(context: FigureContext, runs: pd.DataFrame) -> Iterator[tuple[str, Any, pd.DataFrame]]:
    """Label, colour and runs of each line of a panel."""
    overlay = context.option("overlay")
    if overlay is None:
        yield "", context.settings["median_colour"], runs
        return
    for value, colour in figure_style.colours_of_overlaid(runs, overlay).items():
        yield figure_style.text_of(value), colour, runs[runs[overlay] == value]
