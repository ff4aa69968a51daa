"""Figures of lines: a row of panels for each quantity, a column for each arm, a line for each condition."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from richlazy.figures import figure_style
from richlazy.figures.figure_context import FigureContext

# Plots the panel of one arm: axes, number of its row of panels, runs of the arm.
Panel = Callable[[Axes, int, pd.DataFrame], None]


def plot(
    context: FigureContext, runs: pd.DataFrame, labels: Sequence[str], row_height: float, plot_panel: Panel
) -> None:
    """Plot a page of panels with titles, labels, legend and footnote; the caller plots what is inside a panel.

    Args:
        context: heading, arms, compared parameter, style and files.
        runs: the runs that are drawn.
        labels: label of the vertical axis of each row of panels.
        row_height: height of a row of panels as a share of the width of the page.
        plot_panel: plots one panel and gives its lines a label.
    """
    groups, (blocks, columns) = figure_style.panels_of_arms(runs, context.arms)
    height = (row_height * context.width * len(labels) + 0.12 * context.width) * blocks + 0.35
    with context.page_with_footnote(height, runs) as figure:
        panels = figure.subplots(len(labels) * blocks, columns, squeeze=False)
        handles: dict[str, Any] = {}
        for column, group in figure_style.panels_by_arm(panels, groups, labels):
            for row, axes in enumerate(column):
                plot_panel(axes, row, group)
                handles |= labelled_lines(axes)
        figure.align_ylabels(panels[:, 0])
        add_legend(figure, handles, context.compare, runs)
        figure.suptitle(context.heading(runs))


def labelled_lines(axes: Axes) -> dict[str, Any]:
    """Lines of a panel by their labels."""
    return {label: line for line, label in zip(*axes.get_legend_handles_labels(), strict=True)}


def add_legend(figure: Figure, handles: Mapping[str, Any], compare: str, runs: pd.DataFrame) -> None:
    """Add one legend to the right of all panels, under the name of the compared parameter."""
    title = figure_style.wrapped_parameter_label(compare, runs)
    figure.legend(list(handles.values()), list(handles), loc="outside right center", frameon=False, title=title)


@dataclass(frozen=True)
class ConditionLines:
    """One line for each condition of an experiment.

    Attributes:
        compare: the compared parameter; each of its values is a condition.
        colours: colour of each of these values.
        x: column on the horizontal axis.
    """

    compare: str
    colours: Mapping[Any, Any]
    x: str

    def plot(self, axes: Axes, values: pd.DataFrame, runs: pd.DataFrame, y: str) -> None:
        """Plot dots joined at the median over seeds, and a band from the lowest to the highest seed.

        Args:
            axes: panel to plot in.
            values: rows with the columns ``run``, ``x`` and ``y``.
            runs: runs of an arm; those that diverged are left out.
            y: column on the vertical axis.
        """
        for level, table in self._by_seed(values, runs, y):
            colour, label = self.colours[level], figure_style.text_of(level)
            axes.fill_between(table.index, table.min(axis=1), table.max(axis=1), color=colour, alpha=0.2, lw=0)
            axes.plot(table.index, table.median(axis=1), color=colour, lw=1.2, marker="o", ms=2.2, label=label)

    def plot_theory(self, axes: Axes, values: pd.DataFrame, runs: pd.DataFrame, y: str) -> None:
        """Plot the median over seeds as a dotted line; without values nothing is drawn."""
        if values.empty:
            return
        for level, table in self._by_seed(values, runs, y):
            axes.plot(table.index, table.median(axis=1), color=self.colours[level], lw=0.9, ls=":")
        axes.plot([], [], color="0.2", lw=0.9, ls=":", label=figure_style.EXPANSION)

    def _by_seed(self, values: pd.DataFrame, runs: pd.DataFrame, y: str) -> Iterator[tuple[Any, pd.DataFrame]]:
        """Each condition of an arm with its values, shape (places, seeds)."""
        of_arm = values.merge(runs.loc[~runs["diverged"], ["run", "seed", self.compare]], on="run")
        for level in figure_style.levels_of(runs, self.compare):
            yield level, of_arm[of_arm[self.compare] == level].pivot(index=self.x, columns="seed", values=y)
