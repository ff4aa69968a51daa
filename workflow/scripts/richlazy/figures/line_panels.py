"""Figures of lines: a row of panels for each quantity, a column for each arm, a line for each condition."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from richlazy.figures import figure_style, outcomes
from richlazy.figures.figure_context import FigureContext

# Plots the panel of one arm: axes, number of its row of panels, runs of the arm.
Panel = Callable[[Axes, int, pd.DataFrame], None]

FLOOR = "Bayes floor"
# Where theory is drawn too, losses are shown down to this share of the largest.
_SHOWN = 1e4
_MEDIAN = "median and middle half\nof the seeds"
# Widths of the lines of the first and the last condition: lines that lie on each other are all seen.
_WIDTHS = 1.9, 0.9


def plot(
    context: FigureContext,
    runs: pd.DataFrame,
    labels: Sequence[str],
    row_height: float,
    plot_panel: Panel,
    share: Any = False,
    share_time: bool = False,
) -> None:
    """Plot a page of panels with titles, counts, labels, legend and footnote; the caller plots what is inside a panel.

    Args:
        context: heading, arms, compared parameter, style and files.
        runs: the runs that are drawn.
        labels: label of the vertical axis of each row of panels.
        row_height: height of a row of panels as a share of the width of the page.
        plot_panel: plots one panel and gives its lines a label.
        share: vertical axes that are shared, as ``sharey`` of matplotlib.
        share_time: whether all panels share their horizontal axis.
    """
    groups, (blocks, columns) = figure_style.panels_of_arms(runs, context.arms)
    height = (row_height * context.width * len(labels) + 0.12 * context.width) * blocks + 0.35
    with context.page_with_footnote(height, runs) as figure:
        panels = figure.subplots(len(labels) * blocks, columns, squeeze=False, sharey=share, sharex=share_time)
        handles: dict[str, Any] = {}
        counts: dict[Axes, str] = {}
        for column, group in figure_style.panels_by_arm(panels, groups, labels):
            for row, axes in enumerate(column):
                plot_panel(axes, row, group)
                handles |= labelled_lines(axes)
            if len(outcomes.learned(group)):
                handles[_MEDIAN] = figure_style.band("0.4")
            counts[column[0]] = outcomes.count(group)
        for row in panels:
            outcomes.write_counts([(axes, counts[axes]) for axes in row if axes in counts], context.font_size)
        figure.align_ylabels(panels[:, 0])
        levels = figure_style.levels_of(runs, context.compare)
        add_legend(figure, handles, figure_style.wrapped_parameter_label(context.compare, runs), levels)
        figure.suptitle(context.heading(runs))


def labelled_lines(axes: Axes) -> dict[str, Any]:
    """Lines of a panel by their labels."""
    return {label: line for line, label in zip(*axes.get_legend_handles_labels(), strict=True)}


def add_legend(figure: Figure, handles: Mapping[str, Any], title: str, levels: Sequence[Any]) -> None:
    """Add one legend to the right of all panels: conditions under the name of their parameter, then all else."""
    conditions = [figure_style.text_of(level) for level in levels]
    names = sorted(handles, key=lambda label: label not in conditions)
    figure.legend([handles[name] for name in names], names, loc="outside right center", frameon=False, title=title)


def limit_losses(axes: Axes, losses: pd.Series) -> None:
    """End an axis of losses at a share of the largest: without noise theory falls to the smallest numbers."""
    axes.set_ylim(losses.max() / _SHOWN, 2 * losses.max())


def plot_floor(axes: Axes, runs: pd.DataFrame) -> None:
    """Plot the lowest loss that any observer of the trials of an arm can reach, where it is known and not 0.

    Networks that learn tasks one after another have another floor in each stage, and none is plotted.
    """
    floor = float(runs["bayes_loss"].astype(float).iloc[0]) if "bayes_loss" in runs else np.nan
    if floor > 1e-6 and not learn_in_stages(runs):
        axes.axhline(floor, color="0.2", lw=0.9, ls="--", label=FLOOR)


def learn_in_stages(runs: pd.DataFrame) -> bool:
    """Whether networks learned several tasks one after another."""
    return "first_task_performance" in runs and bool(runs["first_task_performance"].notna().any())


@dataclass(frozen=True)
class ConditionLines:
    """One line for each condition of an experiment.

    Attributes:
        compare: the compared parameter; each of its values is a condition.
        colours: colour of each of these values.
        x: column on the horizontal axis.
        dots: whether dots mark the places of values.
    """

    compare: str
    colours: Mapping[Any, Any]
    x: str
    dots: bool = True

    def plot(self, axes: Axes, values: pd.DataFrame, runs: pd.DataFrame, y: str) -> None:
        """Plot the median over seeds, and a band that holds the middle half of them.

        Runs that failed are thin lines of their own with a cross at their end.

        Args:
            axes: panel to plot in.
            values: rows with the columns ``run``, ``x`` and ``y``.
            runs: runs of an arm; those that diverged are left out.
            y: column on the vertical axis.
        """
        marker: dict[str, Any] = {"marker": "o", "ms": 2.2} if self.dots else {}
        widths = dict(zip(self.colours, np.linspace(*_WIDTHS, len(self.colours)), strict=True))
        for level, table in self._by_seed(values, outcomes.learned(runs), runs, y):
            colour, label = self.colours[level], figure_style.text_of(level)
            low, median, high = _quartiles(table)
            if not table.empty:
                axes.fill_between(table.index, low, high, color=colour, alpha=0.2, lw=0)
            of_one: dict[str, Any] = {"marker": "o", "ms": 3}
            drawn = of_one if len(table) == 1 else marker
            axes.plot(table.index, median, color=colour, lw=widths[level], label=label, **drawn)
        lost = runs[outcomes.failed(runs)]
        if lost.empty:
            return
        for level, table in self._by_seed(values, lost, runs, y):
            for _, course in table.items():
                known = course.dropna()
                axes.plot(known.index, known, color=self.colours[level], lw=0.5, alpha=0.7)
                axes.plot(known.index[-1:], known.iloc[-1:], color=self.colours[level], ls="none", marker="x", ms=3.5)
        axes.plot([], [], ls="none", marker="x", ms=3.5, color="0.2", label=outcomes.FAILED)

    def plot_theory(self, axes: Axes, values: pd.DataFrame, runs: pd.DataFrame, y: str) -> None:
        """Plot the median over seeds as a dotted line; without values nothing is drawn."""
        if values.empty:
            return
        for level, table in self._by_seed(values, outcomes.learned(runs), runs, y):
            axes.plot(table.index, _quartiles(table)[1], color=self.colours[level], lw=0.9, ls=":")
        axes.plot([], [], color="0.2", lw=0.9, ls=":", label=figure_style.EXPANSION)

    def _by_seed(
        self, values: pd.DataFrame, chosen: pd.DataFrame, runs: pd.DataFrame, y: str
    ) -> Iterator[tuple[Any, pd.DataFrame]]:
        """Each condition of an arm with the values of some of its runs, shape (places, seeds)."""
        of_arm = values.merge(chosen[["run", "seed", self.compare]], on="run")
        for level in figure_style.levels_of(runs, self.compare):
            yield level, of_arm[of_arm[self.compare] == level].pivot(index=self.x, columns="seed", values=y)


def has_positive(axes: Axes) -> bool:
    """Whether a panel has anything that logarithmic axes can show."""
    return bool(np.isfinite(axes.dataLim.minpos).all())


def _quartiles(table: pd.DataFrame) -> tuple[pd.Series, ...]:
    """Lower quartile, median and upper quartile over the seeds of a table (places, seeds); nan where there is none."""
    shares = (0.25, 0.5, 0.75)
    if table.empty:
        return tuple(pd.Series(np.nan, index=table.index) for _ in shares)
    return tuple(table.quantile(share, axis=1) for share in shares)


RESCALED = "rescaled_learning_time"
_LABELS = {"iterations": "iteration", RESCALED: "rescaled learning time $\\beta^2\\tau$"}


def time_label(x: str) -> str:
    """Label of a horizontal axis of training."""
    return _LABELS[x]


def time_of_updates(runs: pd.DataFrame, x: str) -> pd.Series:
    """What an update of each run is on a horizontal axis of training, by the path of the run.

    Rescaled learning time is beta^2 times learning rate times updates, with beta = 1 / (1 - gain^2), the time in which
    linear networks of all gains learn alike (Schuessler et al. 2020, section 3).
    """
    if x == RESCALED:
        factor = runs["learning_rate"].astype(float) / (1 - runs["gain"].astype(float) ** 2) ** 2
    else:
        factor = pd.Series(np.ones(len(runs)), index=runs.index)
    return pd.Series(factor.to_numpy(), index=pd.Index(runs["run"]))


def with_time(curves: pd.DataFrame, runs: pd.DataFrame, x: str) -> pd.DataFrame:
    """Curves of some runs, with the horizontal axis of training as column ``time``."""
    known = curves[curves["run"].isin(runs["run"])]
    return known.assign(time=known["iteration"] * known["run"].map(time_of_updates(runs, x)).to_numpy())
