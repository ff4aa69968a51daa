"""Figure of the loss during training, in every condition of an experiment."""

from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from richlazy.figures import figure_style, line_panels
from richlazy.figures.figure_context import FigureContext

_FLOOR = "Bayes floor"
# Where theory is drawn too, losses are shown down to this share of the largest.
_SHOWN = 1e4


def plot(context: FigureContext, runs: pd.DataFrame, curves: pd.DataFrame) -> None:
    """Plot the loss of every condition, and the lowest loss that any observer can reach.

    The loss is a cross-entropy, or half the squared error where the targets are numbers. Lines show medians over
    seeds, bands reach from the lowest to the highest seed, dotted lines show what theory says.

    Args:
        context: heading, arms, compared parameter, style and files.
        runs: rows of runs.parquet.
        curves: rows of curves.parquet.
    """
    compare = context.compare
    losses = curves[curves["quantity"].isin(["loss", "loss_predicted"])]
    colours = figure_style.colours_of(runs, compare)
    groups, (rows, columns) = figure_style.panels_of_arms(runs, context.arms)
    with context.page_with_footnote(context.width * (0.3 * rows + 0.12), runs) as figure:
        panels = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True)
        handles: dict[str, Any] = {}
        for (axes,), group in figure_style.panels_by_arm(panels, groups, [_label(runs)]):
            of_arm = losses.merge(group[["run", "seed", compare]], on="run")
            for level in figure_style.levels_of(group, compare):
                label = figure_style.text_of(level)
                handles |= _plot_condition(axes, of_arm[of_arm[compare] == level], colours[level], label)
            floor = group["bayes_loss"].iloc[0]
            if pd.notna(floor) and floor > 1e-6:
                axes.axhline(floor, color="0.2", lw=0.9, ls="--", label=_FLOOR)
            axes.set(xscale="log", yscale="log")
            handles |= line_panels.labelled_lines(axes)
        for axes in panels[-1]:
            axes.set_xlabel("iteration")
        if figure_style.EXPANSION in handles:  # without noise the loss falls to the smallest numbers there are
            axes.set_ylim(losses["value"].max() / _SHOWN, 2 * losses["value"].max())
        conditions_first = sorted(handles, key=lambda label: label in (_FLOOR, figure_style.EXPANSION))
        line_panels.add_legend(figure, {label: handles[label] for label in conditions_first}, compare, runs)
        figure.suptitle(context.heading(runs))


def _plot_condition(axes: Axes, curves: pd.DataFrame, colour: Any, label: str) -> dict[str, Line2D]:
    """Plot the loss in one condition; return what the legend says of theory, by its label."""
    loss, predicted = _by_seed(curves, "loss"), _by_seed(curves, "loss_predicted")
    legend = {}
    if len(predicted):
        axes.plot(predicted.index, predicted.median(axis=1), color=colour, lw=0.9, ls=":")
        legend[figure_style.EXPANSION] = Line2D([], [], color="0.2", lw=0.9, ls=":")
    axes.fill_between(loss.index, loss.min(axis=1), loss.max(axis=1), color=colour, alpha=0.2, lw=0)
    marker = "o" if len(loss) == 1 else None
    axes.plot(loss.index, loss.median(axis=1), color=colour, lw=1.2, label=label, marker=marker, ms=3)
    return legend


def _by_seed(curves: pd.DataFrame, quantity: str) -> pd.DataFrame:
    """One quantity, shape (iterations, seeds)."""
    return curves[curves["quantity"] == quantity].pivot(index="iteration", columns="seed", values="value")


def _label(runs: pd.DataFrame) -> str:
    numbers = figure_style.targets_are_numbers(runs)
    if numbers.any():
        return "half squared error" if numbers.all() else "loss (nats per step,\nor half squared error)"
    return "cross-entropy\n(nats per step)"
