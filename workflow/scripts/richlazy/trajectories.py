"""How the tangent kernels of an experiment move during training, as a figure."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter

from richlazy import figure_style
from richlazy.figure_style import MM_PER_INCH

# Label of each quantity that is drawn, from top to bottom; of the alignments with the task those that fit its targets.
LABELS = {
    "kernel_alignment": "tangent kernel\nalignment\nwith the start",
    "kernel_task_alignment": "kernel-task\nalignment",
    "centred_kernel_alignment": "centred kernel\nalignment\nwith the classes",
    "kernel_effective_rank": "kernel\neffective rank",
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
    the iterations at which the kernel was measured.

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
    quantities = _quantities(followed)
    colours = figure_style.colours_of(runs, compare)
    groups, (blocks, columns) = figure_style.panels_of_arms(followed, arms)
    with mpl.rc_context(figure_style.style(settings)):
        width = settings["width_mm"] / MM_PER_INCH
        height = (0.16 * width * len(quantities) + 0.12 * width) * blocks + 0.35
        figure, panels = plt.subplots(
            len(quantities) * blocks, columns, figsize=(width, height), squeeze=False,
            layout=figure_style.room_for_footnote(settings, height, followed),
        )  # fmt: skip
        for axes in panels.flat:
            axes.set_visible(False)
        handles: dict[str, Any] = {}
        for index, (name, group) in enumerate(groups):
            block, column = divmod(index, columns)
            course = courses.merge(group.loc[~group["diverged"], ["run", "seed", compare]], on="run")
            for row, quantity in enumerate(quantities):
                axes = panels[block * len(quantities) + row, column]
                axes.set_visible(True)
                _draw_course(axes, course[course["quantity"] == quantity], group, compare, colours)
                _set_iterations(axes, courses["iteration"])
                axes.tick_params(labelbottom=row == len(quantities) - 1)
                if row == 0:
                    axes.set_title(figure_style.wrapped_title(name, len(groups)))
                if row == len(quantities) - 1:
                    axes.set_xlabel("iteration")
                if column == 0:
                    axes.set_ylabel(LABELS[quantity])
                handles |= {label: handle for handle, label in zip(*axes.get_legend_handles_labels(), strict=True)}
        figure.align_ylabels(panels[:, 0])
        figure.legend(
            list(handles.values()), list(handles), loc="outside right center", frameon=False,
            title=figure_style.wrapped_parameter_label(compare, runs),
        )  # fmt: skip
        figure.suptitle(figure_style.heading(title, followed, arms))
        figure_style.footnote(figure, followed)
        figure_style.save(figure, pdf, png, settings)


def _quantities(runs: pd.DataFrame) -> list[str]:
    """Quantities that say something of runs: alignment with numbers as they are, with classes as centred."""
    numbers = figure_style.targets_are_numbers(runs)
    left_out = set()
    if not numbers.any():
        left_out.add("kernel_task_alignment")
    if numbers.all():
        left_out.add("centred_kernel_alignment")
    return [name for name in LABELS if name not in left_out]


def _draw_course(
    axes: Axes, course: pd.DataFrame, runs: pd.DataFrame, compare: str, colours: Mapping[Any, Any]
) -> None:
    """One quantity in one arm."""
    for level in figure_style.levels_of(runs, compare):
        table = course[course[compare] == level].pivot(index="iteration", columns="seed", values="value")
        axes.fill_between(table.index, table.min(axis=1), table.max(axis=1), color=colours[level], alpha=0.2, lw=0)
        axes.plot(
            table.index, table.median(axis=1), color=colours[level], lw=1.2, marker="o", ms=2.2,
            label=figure_style.text_of(level),
        )  # fmt: skip


def _set_iterations(axes: Axes, iterations: pd.Series) -> None:
    """A logarithmic axis of iterations that shows 0 too, as far before the first of the others as it needs."""
    first, last = int(iterations[iterations > 0].min()), int(iterations.max())
    axes.set_xscale("symlog", linthresh=first, linscale=0.4)
    axes.set_xlim(-0.15 * first, 1.1 * last)
    powers = [10**power for power in range(len(str(last))) if first <= 10**power <= last]
    ticks = powers if len(powers) > 1 else sorted({first, last})
    axes.xaxis.set_major_locator(FixedLocator([0, *ticks]))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda place, _: f"{place:,.0f}"))
    steps = (step * 10**power for power in range(len(str(last))) for step in range(2, 10))
    axes.xaxis.set_minor_locator(FixedLocator([step for step in steps if first <= step <= last]))
