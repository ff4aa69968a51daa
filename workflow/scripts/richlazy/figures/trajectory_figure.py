"""Figure of how the networks of an experiment change during training."""

from collections.abc import Collection

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter

from richlazy.figures import figure_style, line_panels
from richlazy.figures.context import FigureContext
from richlazy.figures.line_panels import ConditionLines
from richlazy.measures.quantities import PREDICTED

# Label of each quantity, from top to bottom. The targets of a task decide which alignment with the task is drawn.
LABELS = {
    "kernel_alignment": "tangent kernel\nalignment\nwith the start",
    "kernel_task_alignment": "kernel-task\nalignment",
    "centred_kernel_alignment": "centred kernel\nalignment\nwith the classes",
    "kernel_effective_rank": "kernel\neffective rank",
    "leading_singular_value_change": "leading singular\nvalue of the\nchange",
    "second_singular_value_change": "second singular\nvalue of the\nchange",
}


def plot(context: FigureContext, runs: pd.DataFrame, curves: pd.DataFrame) -> None:
    """Plot what was measured during training: a row of panels per quantity, a column per arm, a line per condition.

    Lines show medians over the seeds that were followed, bands reach from the lowest to the highest seed; dots mark
    the iterations at which networks were measured. Dotted lines show what theory says, where it says something.

    Args:
        context: heading, arms, compared parameter, style and files.
        runs: rows of runs.parquet.
        curves: rows of curves.parquet.
    """
    measured = curves[curves["quantity"].isin(LABELS)]
    followed = runs[runs["run"].isin(measured["run"])]
    quantities = _quantities(followed, set(measured["quantity"]))
    lines = ConditionLines(context.compare, figure_style.colours_of(runs, context.compare), x="iteration")

    def plot_panel(axes: Axes, row: int, group: pd.DataFrame) -> None:
        lines.plot(axes, measured[measured["quantity"] == quantities[row]], group, "value")
        lines.plot_theory(axes, curves[curves["quantity"] == quantities[row] + PREDICTED], group, "value")
        _set_iterations(axes, measured["iteration"])
        is_last = row == len(quantities) - 1
        axes.tick_params(labelbottom=is_last)
        if is_last:
            axes.set_xlabel("iteration")

    line_panels.plot(context, followed, [LABELS[quantity] for quantity in quantities], 0.16, plot_panel)


def _quantities(runs: pd.DataFrame, measured: Collection[str]) -> list[str]:
    """Measured quantities that suit the targets: the centred alignment is for classes, the other one for numbers."""
    numbers = figure_style.targets_are_numbers(runs)
    left_out = set()
    if not numbers.any():
        left_out.add("kernel_task_alignment")
    if numbers.all():
        left_out.add("centred_kernel_alignment")
    return [name for name in LABELS if name in measured and name not in left_out]


def _set_iterations(axes: Axes, iterations: pd.Series) -> None:
    """Make the axis of iterations logarithmic, with room for 0 before the first of the others.

    Evenly spaced iterations keep a linear axis.
    """
    first, last = int(iterations[iterations > 0].min()), int(iterations.max())
    places = sorted(iterations.unique())
    if len(places) > 3 and len(set(np.diff(places))) == 1:
        return
    axes.set_xscale("symlog", linthresh=first, linscale=0.4)
    axes.set_xlim(-0.15 * first, 1.1 * last)
    powers = [10**power for power in range(len(str(last))) if first <= 10**power <= last]
    ticks = powers if len(powers) > 1 else sorted({first, last})
    axes.xaxis.set_major_locator(FixedLocator([0, *ticks]))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda place, _: f"{place:,.0f}"))
    steps = (step * 10**power for power in range(len(str(last))) for step in range(2, 10))
    axes.xaxis.set_minor_locator(FixedLocator([step for step in steps if first <= step <= last]))
