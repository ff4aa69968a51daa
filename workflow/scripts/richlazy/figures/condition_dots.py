"""Panel of a measure with a dot for each run, beside each other by condition, and what theory says of them."""

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from richlazy.figures import figure_style, outcomes
from richlazy.figures.figure_context import FigureContext
from richlazy.measures.base import PREDICTED

# What theory says of a measure stands beside its dots, from the column that ends in "_predicted", with this name.
_THEORY = {"kernel_alignment": "theory (Eqs. 7, 8)"}
_USUAL_THEORY = "theory, to first order"
# Letters below the panels of a page that have room side by side.
_LETTERS_OF_TICKS = 110


def theory_of(measure: str) -> str:
    """Name of the theory of a measure."""
    return _THEORY.get(measure, _USUAL_THEORY)


def plot(
    context: FigureContext, axes: Axes, runs: pd.DataFrame, measure: str, colours: Mapping[Any, Any] | None
) -> None:
    """Plot a dot per run and a bar at the median of each condition.

    Dots are open where training did not converge, crosses where it failed, and open triangles at the upper edge where
    the value is infinite.

    Args:
        context: heading, arms, compared parameter, style and files.
        axes: panel to plot in.
        runs: runs of an arm.
        measure: the measure.
        colours: colour of each condition; None for those of the settings.
    """
    levels = figure_style.levels_of(runs, context.compare)
    shown = outcomes.drawn(runs, measure, context.roles).assign(failed=outcomes.failed)
    seeds = sorted(runs["seed"].unique())
    # In the order of their numbers they would draw lines that say nothing.
    order = dict(zip(seeds, np.random.default_rng(0).permutation(len(seeds)).tolist(), strict=True))
    of_bars = context.settings["median_colour"] if colours is None else "black"
    size = context.font_size * 1.3
    for place, level in enumerate(levels):
        at_level = shown[shown[context.compare] == level]
        colour = context.settings["dot_colour"] if colours is None else colours[level]
        values = at_level[measure].astype(float)
        # A seed keeps its place within every level, so that the eye can pair the runs.
        spread = place + (at_level["seed"].map(order) - (len(order) - 1) / 2) / max(len(order), 1) * 0.5
        lost, infinite = at_level["failed"], np.isinf(values)
        usual = ~lost & ~infinite
        converged = at_level.loc[usual, "converged"].fillna(True)
        axes.scatter(
            spread[usual],
            values[usual],
            s=size,
            c=[colour if done else "none" for done in converged],
            edgecolors=colour,
            linewidths=0.5,
            zorder=2,
        )
        if (lost & ~infinite).any():
            crosses = lost & ~infinite
            axes.scatter(spread[crosses], values[crosses], s=size, marker="x", color=colour, linewidths=0.8, zorder=2)
        plot_infinite(axes, spread[infinite & ~lost], colour, context.font_size)
        plot_infinite(axes, spread[infinite & lost], colour, context.font_size, marker="x")
        known = outcomes.counting(at_level, measure, context.roles)[measure].astype(float).dropna()
        median = known.median() if len(known) else np.nan
        ends = [place - 0.33, place + 0.33]
        if np.isinf(median):
            axes.plot(
                ends, [1, 1], color=of_bars, lw=1.4, zorder=3, clip_on=False, transform=axes.get_xaxis_transform()
            )
        elif not np.isnan(median):
            axes.hlines(median, ends[0], ends[1], colors=of_bars, lw=1.4, zorder=3)
    panel = axes.get_subplotspec()
    letters = _LETTERS_OF_TICKS // (len(levels) * (panel.get_gridspec().ncols if panel else 1))
    axes.set_xticks(range(len(levels)), [_tick(level, letters) for level in levels])
    axes.set_xlim(-0.6, len(levels) - 0.4)


def plot_infinite(axes: Axes, places: pd.Series, colour: Any, font_size: float, marker: str = "^") -> None:
    """Plot marks at the upper edge of a panel, for values that are infinite."""
    if places.empty:
        return
    axes.plot(
        places,
        np.ones(len(places)),
        ls="none",
        marker=marker,
        ms=0.5 * font_size,
        mfc="white",
        mec=colour,
        mew=0.7,
        zorder=4,
        clip_on=False,
        transform=axes.get_xaxis_transform(),
    )


def plot_theory(context: FigureContext, axes: Axes, runs: pd.DataFrame, measure: str) -> None:
    """Plot a diamond beside the dots of each condition: what theory says of a measure, as a median, as bars are."""
    medians = predicted(outcomes.counting(runs, measure, context.roles), measure, context.compare, "median")
    if medians.empty:
        return
    levels = figure_style.levels_of(runs, context.compare)
    axes.scatter(
        [place + 0.43 for place in range(len(levels))],
        [medians.get(level, np.nan) for level in levels],
        s=context.font_size * 1.5,
        marker="D",
        c="none",
        edgecolors="black",
        linewidths=0.7,
        zorder=4,
    )


def theories(runs: pd.DataFrame, measures: Sequence[str], font_size: float) -> dict[str, Line2D]:
    """Diamonds for the legend of a figure of some measures, by the names of their theories."""
    known = [measure for measure in measures if len(predicted(runs, measure))]
    return {f"{theory_of(measure)}, median": outcomes.mark("D", font_size) for measure in known}


def marks(context: FigureContext, colours: Mapping[Any, Any] | None) -> dict[str, Line2D]:
    """Dots and bars for the legend; ``colours`` as in ``plot``."""
    dot, bar = ("0.4", "black") if colours else (context.settings["dot_colour"], context.settings["median_colour"])
    return {
        "a network": Line2D([], [], ls="none", marker="o", color=dot, ms=0.55 * context.font_size),
        "median over seeds": Line2D([], [], color=bar, lw=1.4),
    }


def predicted(runs: pd.DataFrame, measure: str, by: str = "run", statistic: str = "mean") -> pd.Series:
    """What theory says of a measure, as the same statistic over runs as what is measured; empty without a theory.

    Args:
        runs: rows of runs.parquet.
        measure: the measure.
        by: the parameter whose values have a number each.
        statistic: ``mean`` or ``median``.
    """
    column = measure + PREDICTED
    if column not in runs or runs[column].isna().all():  # published tables may lack it
        return pd.Series(dtype=float)
    return runs.astype({column: float}).groupby(by)[column].agg(statistic)


def _tick(level: Any, letters: int) -> str:
    """A condition as it stands below the axis, its words below each other where more letters have no room."""
    return textwrap.fill(figure_style.text_of(level), max(letters, 1), break_long_words=False)
