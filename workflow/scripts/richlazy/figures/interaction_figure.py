"""Figure of how the effect of the compared parameter changes over the numbers that an experiment sweeps."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from richlazy.experiments import parameters
from richlazy.figures import figure_style
from richlazy.figures.figure_context import FigureContext
from richlazy.statistics import interactions

# Inches of a row of panels, and of what stands above and below all of them.
_ROW, _AROUND = 1.25, 1.0


def plot(context: FigureContext, runs: pd.DataFrame, tests: pd.DataFrame, significance_level: float) -> None:
    """Plot the difference that the compared parameter makes over each swept parameter, with its test.

    A row of panels is a measure and shares its vertical axis; a column is a swept parameter in one combination of the
    others.

    Args:
        context: heading, arms, compared parameter, labels and roles of the measures, style and files.
        runs: rows of runs.parquet.
        tests: rows of interactions.parquet.
        significance_level: of the corrected p.
    """
    runs, tests = context.named(runs), context.named(tests)
    measures, columns = list(context.labels), _columns(tests, context.arms)
    with context.page(_ROW * len(measures) + _AROUND) as figure:
        panels = figure.subplots(len(measures), len(columns), squeeze=False, sharey="row", sharex="col")
        for place, (swept, arm) in enumerate(columns):
            group = runs[_is_of(runs, arm)].dropna(subset=[swept])
            rows = tests[_is_of(tests, arm) & (tests["swept"] == swept)].set_index("measure")
            for axes, measure in zip(panels[:, place], measures, strict=True):
                _plot_panel(context, axes, group, swept, measure, rows.loc[measure], significance_level)
            told = {name: value for name, value in arm.items() if runs[name].nunique() > 1}
            named = ", ".join(figure_style.with_name(name, value) for name, value in told.items())
            panels[0, place].set_title(
                "\n".join(filter(None, (named, panels[0, place].get_title()))), fontsize=context.font_size - 1
            )
            panels[-1, place].set_xlabel(figure_style.wrapped_parameter_label(swept, runs))
        for axes, measure in zip(panels[:, 0], measures, strict=True):
            axes.set_ylabel(context.labels[measure][0])
        figure.align_ylabels(panels[:, 0])
        lines = [
            f"Difference between the highest and the lowest {parameters.label(context.compare)}: "
            "thin, each seed; thick, the median",
            f"filled: its trend has p < {significance_level:g} after Holm's correction over the tests of the measure",
            *figure_style.origin_lines(runs),
        ]
        figure.supxlabel("\n".join(lines), fontsize=context.font_size)
        figure.suptitle(figure_style.heading(context.title, runs, context.arms))


def _columns(tests: pd.DataFrame, arms: Sequence[str]) -> list[tuple[str, dict[str, Any]]]:
    """Each swept parameter with each combination of the other arms in which it was tested, in their order."""
    found: dict[tuple[Any, ...], tuple[str, dict[str, Any]]] = {}
    for row in tests[["swept", *arms]].to_dict("records"):
        arm = {name: row[name] for name in arms if name != row["swept"] and not parameters.is_missing(row[name])}
        found.setdefault((row["swept"], *arm.items()), (row["swept"], arm))
    return list(found.values())


def _is_of(table: pd.DataFrame, arm: dict[str, Any]) -> pd.Series:
    """Rows of an arm; a row without a value belongs to every value."""
    kept = pd.Series(True, index=table.index)
    for name, value in arm.items():
        kept &= (table[name].isna() | (table[name] == value).fillna(False)).astype(bool)
    return kept


def _plot_panel(
    context: FigureContext,
    axes: Axes,
    group: pd.DataFrame,
    swept: str,
    measure: str,
    test: pd.Series,
    significance_level: float,
) -> None:
    values = sorted(group[swept].unique())
    apart, _ = interactions.differences(group, swept, values, context.compare, measure, context.roles)
    places = np.arange(len(values))
    colour = context.settings["median_colour"]
    axes.axhline(0, color="0.6", lw=0.6)
    finite = apart.replace([np.inf, -np.inf], np.nan)
    axes.plot(places, finite.to_numpy(float).T, color=context.settings["dot_colour"], lw=0.6, alpha=0.7)
    is_significant = pd.notna(test["p_holm"]) and test["p_holm"] < significance_level
    axes.plot(
        places,
        apart.dropna().median().replace([np.inf, -np.inf], np.nan).to_numpy(float),
        color=colour,
        lw=1.6,
        marker="o",
        markersize=context.font_size * 0.55,
        markerfacecolor=colour if is_significant else "white",
    )
    axes.set_xticks(places, [f"{value:g}" for value in values])
    axes.margins(x=0.08)
    tested = "no test" if pd.isna(test["p_holm"]) else f"τ = {test['effect']:.2f}, p = {test['p_holm']:.2g}"
    axes.set_title(f"{tested}, {int(test['n'])} seeds", fontsize=context.font_size - 1)
