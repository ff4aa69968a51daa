"""Figure of the effect of the compared parameter on every tested measure, with its interval."""

import itertools
from collections.abc import Sequence
from typing import Any

import pandas as pd
from matplotlib.figure import SubFigure

from richlazy.experiments import parameters
from richlazy.figures import figure_style
from richlazy.figures.figure_context import FigureContext

# Panels that stand beside each other.
_PANELS = 7


def plot(context: FigureContext, trends: pd.DataFrame, contrasts: pd.DataFrame, significance_level: float) -> None:
    """Plot the effect of the compared parameter on every tested measure, in every arm.

    Between three numbers or more the effect is Kendall's tau, drawn so that the right side means lazier at larger
    values. Between names, and between two numbers, it is the Hodges-Lehmann difference from the reference. Filled
    dots are significant after correction.

    Args:
        context: heading, arms, compared parameter, style and files.
        trends: rows of trends.parquet.
        contrasts: rows of contrasts.parquet.
        significance_level: of the corrected p.
    """
    arms = list(context.arms)
    rest = contrasts if trends.empty else _outside(contrasts, trends, arms)
    tables = [table for table in (trends, rest) if len(table)]
    everything = pd.concat(tables)
    names = arms if len(trends) or _are_between_numbers(contrasts) else [*arms, "level"]
    everything = everything.assign(label=figure_style.arm_titles(everything[names]) if names else "")
    parts = []
    for place, table in enumerate(tables):
        lines = [_meaning(context, table, is_trend=table is trends)]
        if place == len(tables) - 1:
            lines += [_sample_note(everything, significance_level), *figure_style.origin_lines(everything)]
        labelled = everything.iloc[: len(table)] if place == 0 else everything.iloc[-len(table) :]
        parts.append((labelled, table is trends, lines))
    heights = [_height(context, table) + 0.13 * len(lines) for table, _, lines in parts]
    with context.page(sum(heights) + 0.3) as figure:
        subfigures = figure.subfigures(len(parts), 1, height_ratios=heights, squeeze=False)[:, 0]
        for subfigure, (table, is_trend, lines) in zip(subfigures, parts, strict=True):
            _plot_intervals(context, subfigure, table, is_trend, significance_level)
            subfigure.supxlabel("\n".join(lines), fontsize=context.font_size)
        figure.suptitle(figure_style.heading(context.title, everything, names))


def _outside(contrasts: pd.DataFrame, trends: pd.DataFrame, arms: Sequence[str]) -> pd.DataFrame:
    """Contrasts of arms without a trend."""
    tested = set(_arm_keys(trends, arms))
    return contrasts[[key not in tested for key in _arm_keys(contrasts, arms)]]


def _arm_keys(table: pd.DataFrame, arms: Sequence[str]) -> list[tuple[Any, ...]]:
    rows = table.to_dict("records")
    return [tuple(None if parameters.is_missing(row[name]) else row[name] for name in arms) for row in rows]


def _are_between_numbers(contrasts: pd.DataFrame) -> bool:
    return bool(pd.to_numeric(contrasts["level"], errors="coerce").notna().all())


def _meaning(context: FigureContext, table: pd.DataFrame, is_trend: bool) -> str:
    """What the horizontal axis shows."""
    label = parameters.label(context.compare)
    if is_trend:
        undirected = any(context.labels[measure][1] == 0 for measure in table["measure"])
        right = "lazier as it grows" + "; larger, where neither side is lazier" * undirected
        return f"effect of {label} (Kendall's τ; right: {right})"
    if not _are_between_numbers(table):
        return "difference from the reference (Hodges-Lehmann)"
    pairs = table[["level", "reference"]].drop_duplicates().to_numpy()
    levels = f"{pairs[0, 0]} minus {pairs[0, 1]}" if len(pairs) == 1 else "smallest minus largest"
    return f"difference by {label}: {levels} (Hodges-Lehmann)"


def _sample_note(table: pd.DataFrame, significance_level: float) -> str:
    fewest, most = int(table["n"].min()), int(table["n"].max())
    sample = f"{most}" if fewest == most else f"{fewest} to {most}"
    return f"filled: p < {significance_level:g} after Holm's correction; n = {sample} seeds"


def _plot_intervals(
    context: FigureContext, figure: SubFigure, table: pd.DataFrame, is_trend: bool, significance_level: float
) -> None:
    """Plot a panel for each measure, and in it a row for each label of the table."""
    rows = list(dict.fromkeys(table["label"]))[::-1]
    lines = _lines_of_panels(table)
    panels = figure.subplots(len(lines), len(lines[0]), squeeze=False, sharey=True, sharex=is_trend)
    colour = context.settings["median_colour"]
    for axes in panels.flat[sum(map(len, lines)) :]:
        axes.set_visible(False)
    for axes, measure in zip(panels.flat, itertools.chain.from_iterable(lines), strict=False):
        label, sign = context.labels[measure]
        sign = (sign or 1) if is_trend else 1
        axes.axvline(0, color="0.6", lw=0.6)
        for _, row in table[table["measure"] == measure].iterrows():
            place = rows.index(row["label"])
            ends = sorted((sign * row["interval_low"], sign * row["interval_high"]))
            fill = colour if row["p_holm"] < significance_level else "white"
            axes.hlines(place, *ends, color=colour, lw=1.2)
            axes.scatter(
                sign * row["effect"],
                place,
                s=context.font_size * 2.2,
                c=fill,
                edgecolors=colour,
                linewidths=0.8,
                zorder=3,
            )
        axes.set_title(label, fontsize=context.font_size)
        axes.set_ylim(-0.5, len(rows) - 0.5)
        if is_trend:
            axes.set_xlim(-1.1, 1.1)
        else:
            axes.locator_params(axis="x", nbins=5)
        axes.xaxis.set_tick_params(labelbottom=True)
    panels[0, 0].set_yticks(range(len(rows)), rows)


def _lines_of_panels(table: pd.DataFrame) -> list[list[str]]:
    """Measures in lines of equal length, of which each holds as many panels as have room for their titles."""
    measures = list(dict.fromkeys(table["measure"]))
    count = -(-len(measures) // _PANELS)
    length = -(-len(measures) // count)
    return [measures[first : first + length] for first in range(0, len(measures), length)]


def _height(context: FigureContext, table: pd.DataFrame) -> float:
    """Height of the panels of a table, in inches."""
    titles = [max(context.labels[measure][0].count("\n") + 1 for measure in line) for line in _lines_of_panels(table)]
    return sum(0.19 * table["label"].nunique() + 0.4 + 0.14 * title for title in titles)
