"""Figure of how the networks of an experiment change during training."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter

from richlazy.figures import figure_style, line_panels
from richlazy.figures.figure_context import FigureContext
from richlazy.measures.base import PREDICTED

_LOSS = "loss"
# Of networks that learn tasks one after another: measured before the first and after each of them.
_AFTER_STAGES = "performance_on_task_"


def plot(context: FigureContext, runs: pd.DataFrame, curves: pd.DataFrame) -> None:
    """Plot loss and what was measured during training: a row of panels each, a column per arm, a line per condition.

    Lines show medians over the seeds that were followed, bands hold their middle half; dots mark the iterations at
    which networks were measured. Dotted lines show what theory says, where it says something, and a dashed line the
    lowest loss that any observer can reach. Upright lines are where networks went over to another task.

    Args:
        context: heading, arms, compared parameter, style and files, labels of quantities from top to bottom, and the
            options ``x`` and ``loss_axes``.
        runs: rows of runs.parquet.
        curves: rows of curves.parquet.
    """
    runs, x, compare = context.named(runs), context.option("x"), context.compare
    followed = runs[runs["run"].isin(curves.loc[curves["quantity"].isin(context.labels), "run"])]
    curves = line_panels.with_time(curves, followed, x)
    measured = curves[curves["quantity"].isin(context.labels)]
    quantities = _quantities(followed, [name for name in context.labels if (measured["quantity"] == name).any()])
    labels = [context.labels[quantity][0] for quantity in quantities]
    if (curves["quantity"] == _LOSS).any():
        quantities, labels = [_LOSS, *quantities], [figure_style.loss_label(followed), *labels]
    colours = figure_style.colours_of(runs, compare)
    linear = context.option("loss_axes") == "linear"
    switches = sorted(measured.loc[measured["quantity"].str.startswith(_AFTER_STAGES), "time"].unique())[1:-1]

    def plot_panel(axes: Axes, row: int, group: pd.DataFrame) -> None:
        quantity, is_last = quantities[row], row == len(quantities) - 1
        lines = line_panels.ConditionLines(compare, colours, x="time", dots=quantity != _LOSS)
        predicted = curves[(curves["quantity"] == quantity + PREDICTED) & curves["run"].isin(group["run"])]
        lines.plot(axes, curves[curves["quantity"] == quantity], group, "value")
        lines.plot_theory(axes, predicted, group, "value")
        if quantity == _LOSS:
            line_panels.plot_floor(axes, group)
            if not linear and line_panels.has_positive(axes):
                axes.set_yscale("log")
                if len(predicted):
                    line_panels.limit_losses(axes, curves.loc[curves["quantity"] == _LOSS, "value"])
        if x == line_panels.RESCALED:
            axes.set_xlim(0, 1.02 * measured["time"].max())
        else:
            _set_iterations(axes, measured["iteration"])
        for switch in switches:
            axes.axvline(switch, color="0.8", lw=0.8, zorder=0)
        axes.tick_params(labelbottom=is_last)
        if is_last:
            axes.set_xlabel(line_panels.time_label(x))

    line_panels.plot(context, followed, labels, 0.16, plot_panel, share=False if context.option("own_axes") else "row")


def _quantities(runs: pd.DataFrame, measured: Sequence[str]) -> list[str]:
    """Measured quantities that suit the targets: the centred alignment is for classes, the other one for numbers."""
    numbers = figure_style.targets_are_numbers(runs)
    left_out = set()
    if not numbers.any():
        left_out.add("kernel_task_alignment")
    if numbers.all():
        left_out.add("centred_kernel_alignment")
    return [name for name in measured if name not in left_out]


def _set_iterations(axes: Axes, iterations: pd.Series) -> None:
    """Make the axis of iterations logarithmic, with room for 0 before the first of the others.

    Evenly spaced iterations keep a linear axis.
    """
    first, last = int(iterations[iterations > 0].min()), int(iterations.max())
    places = sorted(iterations.unique())
    if len(places) > 2 and len(set(np.diff(places))) == 1:
        return
    axes.set_xscale("symlog", linthresh=first, linscale=0.4)
    axes.set_xlim(-0.15 * first, 1.1 * last)
    powers = [10**power for power in range(len(str(last))) if first <= 10**power <= last]
    ticks = powers if len(powers) > 1 else sorted({first, last})
    axes.xaxis.set_major_locator(FixedLocator([0, *ticks]))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda place, _: f"{place:,.0f}"))
    steps = (step * 10**power for power in range(len(str(last))) for step in range(2, 10))
    axes.xaxis.set_minor_locator(FixedLocator([step for step in steps if first <= step <= last]))
