"""How the networks of an experiment move during training, as a figure."""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter

from richlazy.figures import figure_style, line_figures
from richlazy.measures.quantities import PREDICTED

# Label of each quantity that is drawn, from top to bottom; of the alignments with the task those that fit its targets.
LABELS = {
    "kernel_alignment": "tangent kernel\nalignment\nwith the start",
    "kernel_task_alignment": "kernel-task\nalignment",
    "centred_kernel_alignment": "centred kernel\nalignment\nwith the classes",
    "kernel_effective_rank": "kernel\neffective rank",
    "leading_singular_value_change": "leading singular\nvalue of the\nchange",
    "second_singular_value_change": "second singular\nvalue of the\nchange",
}


def draw(
    runs: pd.DataFrame,
    curves: pd.DataFrame,
    arms: Sequence[str],
    compare: str,
    title: str,
    settings: Mapping[str, Any],
    pdf: str | Path,
    png: str | Path,
) -> None:
    """What was followed during training: a row of panels per quantity, a column per arm, a line per condition.

    Lines are medians over the seeds that were followed, bands reach from the lowest to the highest of them; dots are
    the iterations at which networks were measured. Dotted lines are what theory says, where it does.

    Args:
        runs: rows of runs.parquet.
        curves: rows of curves.parquet.
        arms: parameters whose combinations get a column of panels each.
        compare: the parameter whose values get a line each.
        title: heading of the figure.
        settings: group ``figures`` of the configuration.
        pdf, png: files to write.
    """
    courses = curves[curves["quantity"].isin(LABELS)]
    followed = runs[runs["run"].isin(courses["run"])]
    quantities = _quantities(followed, set(courses["quantity"]))
    colours = figure_style.colours_of(runs, compare)

    def draw_panel(axes: Axes, row: int, group: pd.DataFrame) -> None:
        course = courses[courses["quantity"] == quantities[row]]
        line_figures.draw_conditions(axes, course, group, compare, colours, "iteration", "value")
        predicted = curves[curves["quantity"] == quantities[row] + PREDICTED]
        line_figures.draw_theory(axes, predicted, group, compare, colours, "iteration", "value")
        _set_iterations(axes, courses["iteration"])
        is_last = row == len(quantities) - 1
        axes.tick_params(labelbottom=is_last)
        if is_last:
            axes.set_xlabel("iteration")

    labels = [LABELS[quantity] for quantity in quantities]
    line_figures.draw(runs, followed, arms, compare, title, settings, labels, 0.16, draw_panel, pdf, png)


def _quantities(runs: pd.DataFrame, measured: Collection[str]) -> list[str]:
    """Measured quantities that say something of runs: alignment with numbers as they are, with classes as centred."""
    numbers = figure_style.targets_are_numbers(runs)
    left_out = set()
    if not numbers.any():
        left_out.add("kernel_task_alignment")
    if numbers.all():
        left_out.add("centred_kernel_alignment")
    return [name for name in LABELS if name in measured and name not in left_out]


def _set_iterations(axes: Axes, iterations: pd.Series) -> None:
    """A logarithmic axis of iterations that shows 0 too, as far before the first of the others as it needs.

    It is linear where they are evenly spaced.
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
