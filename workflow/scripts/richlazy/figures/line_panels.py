"""Figures of lines: a row of panels for each quantity, a column for each arm, a line for each condition."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

from richlazy.figures import figure_style
from richlazy.figures.figure_style import MM_PER_INCH

# Draws the panel of one arm in a row of panels: axes, number of the row, runs of the arm.
Panel = Callable[[Axes, int, pd.DataFrame], None]


def draw(
    runs: pd.DataFrame,
    shown: pd.DataFrame,
    arms: Sequence[str],
    compare: str,
    title: str,
    settings: Mapping[str, Any],
    labels: Sequence[str],
    row_height: float,
    draw_panel: Panel,
    pdf: str | Path,
    png: str | Path,
) -> None:
    """A figure whose panels another function draws, with titles, labels, legend and footnote.

    Args:
        runs: all runs of an experiment.
        shown: those of them that are drawn.
        arms: parameters whose combinations get a column of panels each.
        compare: the parameter whose values get a line each.
        title: heading of the figure.
        settings: group ``figures`` of the configuration.
        labels: of the vertical axis of each row of panels.
        row_height: height of a row over the width of the figure.
        draw_panel: draws one panel, lines with labels.
        pdf, png: files to write.
    """
    groups, (blocks, columns) = figure_style.panels_of_arms(shown, arms)
    with mpl.rc_context(figure_style.style(settings)):
        width = settings["width_mm"] / MM_PER_INCH
        height = (row_height * width * len(labels) + 0.12 * width) * blocks + 0.35
        figure, panels = plt.subplots(
            len(labels) * blocks, columns, figsize=(width, height), squeeze=False,
            layout=figure_style.room_for_footnote(settings, height, shown),
        )  # fmt: skip
        for axes in panels.flat:
            axes.set_visible(False)
        handles: dict[str, Any] = {}
        for index, (name, group) in enumerate(groups):
            block, column = divmod(index, columns)
            for row, label in enumerate(labels):
                axes = panels[block * len(labels) + row, column]
                axes.set_visible(True)
                draw_panel(axes, row, group)
                if row == 0:
                    axes.set_title(figure_style.wrapped_title(name, len(groups)))
                if column == 0:
                    axes.set_ylabel(label)
                handles |= {text: handle for handle, text in zip(*axes.get_legend_handles_labels(), strict=True)}
        figure.align_ylabels(panels[:, 0])
        figure.legend(
            list(handles.values()), list(handles), loc="outside right center", frameon=False,
            title=figure_style.wrapped_parameter_label(compare, runs),
        )  # fmt: skip
        figure.suptitle(figure_style.heading(title, shown, arms))
        figure_style.footnote(figure, shown)
        figure_style.save(figure, pdf, png, settings)


def draw_conditions(
    axes: Axes,
    values: pd.DataFrame,
    runs: pd.DataFrame,
    compare: str,
    colours: Mapping[Any, Any],
    place: str,
    value: str,
) -> None:
    """A line of dots at the median over seeds for each condition, and a band from the lowest to the highest seed.

    Args:
        axes: where they are drawn.
        values: rows with the columns run, ``place`` and ``value``.
        runs: those of an arm; those that diverged are not drawn.
        compare: the compared parameter.
        colours: of its values.
        place, value: columns on the horizontal and the vertical axis.
    """
    for level, table in _by_seed(values, runs, compare, place, value):
        axes.fill_between(table.index, table.min(axis=1), table.max(axis=1), color=colours[level], alpha=0.2, lw=0)
        axes.plot(
            table.index, table.median(axis=1), color=colours[level], lw=1.2, marker="o", ms=2.2,
            label=figure_style.text_of(level),
        )  # fmt: skip


def draw_theory(
    axes: Axes,
    values: pd.DataFrame,
    runs: pd.DataFrame,
    compare: str,
    colours: Mapping[Any, Any],
    place: str,
    value: str,
) -> None:
    """A dotted line for each condition; arguments as for ``draw_conditions``, no values where theory is silent."""
    if values.empty:
        return
    for level, table in _by_seed(values, runs, compare, place, value):
        axes.plot(table.index, table.median(axis=1), color=colours[level], lw=0.9, ls=":")
    axes.plot([], [], color="0.2", lw=0.9, ls=":", label=figure_style.EXPANSION)


def _by_seed(
    values: pd.DataFrame, runs: pd.DataFrame, compare: str, place: str, value: str
) -> Iterator[tuple[Any, pd.DataFrame]]:
    """Each condition of an arm with its values, (places, seeds); without runs that diverged."""
    of_arm = values.merge(runs.loc[~runs["diverged"], ["run", "seed", compare]], on="run")
    for level in figure_style.levels_of(runs, compare):
        yield level, of_arm[of_arm[compare] == level].pivot(index=place, columns="seed", values=value)
