"""Figure of the measures of change of an experiment."""

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection

from richlazy.figures import figure_style, schematic, spectrum_panel
from richlazy.figures.figure_context import FigureContext
from richlazy.measures.base import PREDICTED

# Measures in the unit of the loss, which depends on the task.
_LOSSES = ("final_loss", "probe_loss")
# What theory says of a measure stands beside its dots, from the column that ends in "_predicted", with this name.
_THEORY = {"kernel_alignment": "theory (Eqs. 7, 8)"}
_USUAL_THEORY = "theory, to first order"
# For these, theory says how they change with the gain. It is drawn in multiples of the value measured at the lowest
# gain, as in Schuessler et al. 2020, Figure 4a-c.
_SCALED = ("convergence_time", "weight_change_norm_recurrent", "gradient_norm_recurrent")
# Losses stand on a logarithmic axis where the largest is this many times the smallest.
_DECADES = 100
# Values that differ by less than this share are drawn as equal.
_SAME = 1e-6
_DIRECTION = {1: " (lazier ↑)", -1: " (lazier ↓)", 0: ""}


def plot(
    context: FigureContext,
    runs: pd.DataFrame,
    measures: Sequence[str],
    *,
    with_schematic: bool = False,
    spectra: pd.DataFrame | None = None,
    spectrum: str | None = None,
) -> None:
    """Plot measures against the compared parameter: a dot per run, a bar at the median, a diamond at the theory's mean.

    Args:
        context: heading, arms, compared parameter, style and files.
        runs: rows of runs.parquet.
        measures: measures to show, each in a row of panels.
        with_schematic: whether panel A, network and measures, stands on the left.
        spectra: rows of spectra.parquet; they add a first row of panels with the spectrum of the initial weights.
        spectrum: which spectrum, a key of ``spectrum_panel.SPECTRA``.
    """
    groups, (blocks, columns) = figure_style.panels_of_arms(runs, context.arms)
    colours = figure_style.colours_of(runs, context.compare) if spectra is not None else None
    labels = [_label(context, measure, runs) + _DIRECTION[context.labels[measure][1]] for measure in measures]
    if spectra is not None:
        labels.insert(0, spectrum_panel.SPECTRA[str(spectrum)][1])
    height = (0.16 * context.width * len(labels) + 0.12 * context.width) * blocks + 0.35
    with context.page_with_footnote(height, runs, mark=" (open circles)") as figure:
        right: Any
        if with_schematic:
            left, right = figure.subfigures(1, 2, width_ratios=(1, 2.1))
            schematic.plot(left.subplots(), context.font_size)
            left.suptitle("A", x=0.02, ha="left", fontweight="bold")
            right.suptitle("B", x=0.0, ha="left", fontweight="bold")
        else:
            right = figure.subfigures()
            right.suptitle(context.heading(runs))
        panels = right.subplots(len(labels) * blocks, columns, squeeze=False)
        theories: dict[str, PathCollection] = {}
        for column, group in figure_style.panels_by_arm(panels, groups, labels):
            if spectra is not None:
                spectrum_panel.plot(column[0], spectra, group, context.compare, str(spectrum), colours or {})
            for axes, measure in zip(column[len(labels) - len(measures) :], measures, strict=True):
                _plot_dots(context, axes, group, measure, colours)
                theories |= _plot_prediction(context, axes, group, measure)
                _keep_rounding_small(axes)
                axes.tick_params(labelbottom=axes is column[-1])
                if measure in _LOSSES and _spans_decades(runs[measure]):
                    axes.set_yscale("log")
        right.supxlabel(figure_style.parameter_label(context.compare, runs), fontsize=context.font_size)
        right.align_ylabels(panels[:, 0])
        if theories:  # in the room of the footnote
            figure.legend(
                list(theories.values()),
                list(theories),
                loc="lower left",
                ncols=len(theories),
                frameon=False,
                borderaxespad=0,
                handletextpad=0.2,
            )


def _plot_dots(
    context: FigureContext, axes: Axes, runs: pd.DataFrame, measure: str, colours: Mapping[Any, Any] | None
) -> None:
    """Plot a dot per run, open where training did not converge, and a bar at the median of each condition."""
    shown, levels = runs[~runs["diverged"]], figure_style.levels_of(runs, context.compare)
    order = {seed: place for place, seed in enumerate(sorted(runs["seed"].unique()))}
    of_bars = context.settings["median_colour"] if colours is None else "black"
    for place, level in enumerate(levels):
        at_level = shown[shown[context.compare] == level]
        # A seed keeps its place within every level, so that the eye can pair the runs.
        spread = (at_level["seed"].map(order) - (len(order) - 1) / 2) / max(len(order), 1) * 0.5
        colour = context.settings["dot_colour"] if colours is None else colours[level]
        fill = [colour if converged else "none" for converged in at_level["converged"].fillna(True)]
        axes.scatter(
            place + spread,
            at_level[measure],
            s=context.font_size * 1.3,
            c=fill,
            edgecolors=colour,
            linewidths=0.5,
            zorder=2,
        )
        known = at_level[measure].dropna()
        # What did not happen in most runs has an infinite median, which no panel holds.
        if len(known) and np.isfinite(median := known.median()):
            axes.hlines(median, place - 0.33, place + 0.33, colors=of_bars, lw=1.4, zorder=3)
    axes.set_xticks(range(len(levels)), [_tick(level, len(levels)) for level in levels])
    axes.set_xlim(-0.6, len(levels) - 0.4)
    if not np.isfinite(shown[measure].astype(float)).any():
        axes.set_yticks([])


def _plot_prediction(context: FigureContext, axes: Axes, runs: pd.DataFrame, measure: str) -> dict[str, PathCollection]:
    """Plot what theory says of a measure, as a mean over seeds; return its dots by the name of the theory."""
    compare = context.compare
    column, name = measure + PREDICTED, _THEORY.get(measure, _USUAL_THEORY)
    shown = runs[~runs["diverged"]]
    if column not in runs or shown[column].isna().all():  # published tables may lack it
        return {}
    means = shown.groupby(compare)[column].mean()
    levels = figure_style.levels_of(runs, compare)
    if measure in _SCALED and compare == "gain":
        measured = shown.groupby(compare)[measure].mean()
        means *= measured.get(levels[0], np.nan) / means.get(levels[0], np.nan)
        name = f"{name}, from the lowest gain on"
    places = [place + 0.43 for place in range(len(levels))]
    diamonds = axes.scatter(
        places,
        [means.get(level, np.nan) for level in levels],
        s=context.font_size * 1.5,
        marker="D",
        c="none",
        edgecolors="black",
        linewidths=0.7,
        zorder=4,
    )
    return {name: diamonds}


def _keep_rounding_small(axes: Axes) -> None:
    """Keep values that are equal but for rounding close together."""
    low, high = axes.dataLim.intervaly
    if 0 < high - low < _SAME * abs(high):
        axes.set_ylim(low - 1000 * _SAME * abs(high), high + 1000 * _SAME * abs(high))


def _label(context: FigureContext, measure: str, runs: pd.DataFrame) -> str:
    """Label of a measure; a loss has its unit too, which depends on the task."""
    label, _ = context.labels[measure]
    if measure not in _LOSSES:
        return label
    numbers = figure_style.targets_are_numbers(runs)
    if numbers.any():
        unit = "half squared\nerror" if numbers.all() else "nats per step, or\nhalf squared error"
    else:
        unit = "nats per step"
    return f"{label}\n({unit})"


def _spans_decades(values: pd.Series) -> bool:
    """Whether values call for a logarithmic axis: all are positive and the largest is over 100 times the smallest."""
    known = values[np.isfinite(values.astype(float))]
    return len(known) > 0 and known.min() > 0 and known.max() > _DECADES * known.min()


def _tick(level: Any, count: int) -> str:
    """A condition as it stands below the axis, its words below each other."""
    return textwrap.fill(figure_style.text_of(level), 12 if count < 5 else 9, break_long_words=False)
