"""Figure of the loss during training, in every condition of an experiment."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from richlazy.figures import figure_style, line_panels, outcomes
from richlazy.figures.figure_context import FigureContext

# Linear axes end when this many times the slowest convergence has passed.
_AFTER = 1.25


def plot(context: FigureContext, runs: pd.DataFrame, curves: pd.DataFrame) -> None:
    """Plot the loss of every condition, and the lowest loss that any observer can reach.

    The loss is a cross-entropy, or half the squared error where the targets are numbers. Lines show medians over
    seeds, bands hold their middle half, dotted lines show what theory says. With ``loss_axes: linear`` every panel has
    a time of its own, which ends soon after the slowest of its networks has converged.

    Args:
        context: heading, arms, compared parameter, style and files, and the options ``x`` and ``loss_axes``.
        runs: rows of runs.parquet.
        curves: rows of curves.parquet.
    """
    runs, linear = context.named(runs), context.option("loss_axes") == "linear"
    losses = line_panels.with_time(curves, runs, context.option("x"))
    measured, predicted = (losses[losses["quantity"] == name] for name in ("loss", "loss_predicted"))
    colours = figure_style.colours_of(runs, context.compare)
    lines = line_panels.ConditionLines(context.compare, colours, x="time", dots=False)

    def plot_panel(axes: Axes, row: int, group: pd.DataFrame) -> None:
        known = predicted[predicted["run"].isin(group["run"])]
        lines.plot(axes, measured, group, "value")
        lines.plot_theory(axes, known, group, "value")
        line_panels.plot_floor(axes, group)
        axes.tick_params(labelbottom=True)
        axes.set_xlabel(line_panels.time_label(context.option("x")))
        if linear:
            axes.set(xlim=(0, _end(measured, group, context.option("x"))), ylim=(0, None))
            return
        if line_panels.has_positive(axes):
            axes.set(yscale="log", xscale="linear" if context.option("loss_axes") == "semilogarithmic" else "log")
        if len(known):
            line_panels.limit_losses(axes, losses["value"])

    label = figure_style.loss_label(runs)
    own = context.option("own_axes")
    line_panels.plot(context, runs, [label], 0.2, plot_panel, share=not own, share_time=not linear)


def _end(losses: pd.DataFrame, runs: pd.DataFrame, x: str) -> float:
    """Where a linear axis of time ends: soon after the slowest convergence, or at the end of training."""
    of_runs = losses[losses["run"].isin(runs["run"])]
    last = float(of_runs["time"].max())
    if "convergence_iterations" not in runs:
        return last
    learned = outcomes.learned(runs)
    times = learned["convergence_iterations"].astype(float) * learned["run"].map(line_panels.time_of_updates(runs, x))
    slowest = times.max()
    return min(last, _AFTER * slowest) if np.isfinite(slowest) else last
