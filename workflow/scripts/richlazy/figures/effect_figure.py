"""Figure of the effect of the compared parameter on every tested measure, with its interval."""

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from matplotlib.figure import Figure, SubFigure
from matplotlib.lines import Line2D

from richlazy import wording
from richlazy.experiments import parameters
from richlazy.figures import figure_style
from richlazy.figures.figure_context import FigureContext

# Panels that stand beside each other.
_PANELS = 5


def plot(context: FigureContext, trends: pd.DataFrame, contrasts: pd.DataFrame, settings: Mapping[str, Any]) -> None:
    """Plot the effect of the compared parameter on every tested measure, in every arm; lazier is always right.

    Between three numbers or more the effect is Kendall's tau. Between names, and between two numbers, it is the
    Hodges-Lehmann difference, of names from the reference, of numbers from the smaller. Axes of measures that fall as
    learning gets lazier run backwards; measures without any effect have no panel. Filled dots are significant after
    correction; intervals are not corrected.

    Args:
        context: heading, arms, compared parameter, style and files.
        trends: rows of trends.parquet.
        contrasts: rows of contrasts.parquet.
        settings: ``significance_level`` of the corrected p, and ``confidence_level`` of the intervals.
    """
    trends, contrasts = _known(context.named(trends)), _larger_minus_smaller(_known(context.named(contrasts)))
    arms = list(context.arms)
    rest = contrasts if trends.empty else _outside(contrasts, trends, arms)
    tables = [table for table in (trends, rest) if len(table)]
    everything = pd.concat(tables)
    names = arms if len(trends) or _are_between_numbers(contrasts) else [*arms, "level"]
    everything = everything.assign(label=figure_style.arm_titles(everything[names]) if names else "")
    samples = _samples(everything)
    everything["most"] = everything.groupby("label")["n"].transform("max")
    everything["label"] = [f"{label} ({samples[label]})".strip() for label in everything["label"]]
    parts = []
    for place, table in enumerate(tables):
        lines = [_meaning(context, table, is_trend=table is trends)]
        if place == len(tables) - 1:
            lines += figure_style.origin_lines(everything)
        labelled = everything.iloc[: len(table)] if place == 0 else everything.iloc[-len(table) :]
        parts.append((labelled, table is trends, lines))
    heights = [_height(context, table) + 0.13 * len(lines) for table, _, lines in parts]
    with context.page(sum(heights) + 0.5) as figure:
        subfigures = figure.subfigures(len(parts), 1, height_ratios=heights, squeeze=False)[:, 0]
        for subfigure, (table, is_trend, lines) in zip(subfigures, parts, strict=True):
            _plot_intervals(context, subfigure, table, is_trend, settings["significance_level"])
            subfigure.supxlabel("\n".join(lines), fontsize=context.font_size)
        figure.suptitle(figure_style.heading(context.title, everything, names))
        _add_legend(context, figure, settings, rest.loc[rest["n"] > 1, "n"].min(), bool(len(trends)))


def _known(table: pd.DataFrame) -> pd.DataFrame:
    """Tests of the measures that have an effect in some arm; all of them where no measure has one."""
    known = table.loc[table["effect"].notna(), "measure"].unique()
    return table[table["measure"].isin(known)] if len(known) else table


def _outside(contrasts: pd.DataFrame, trends: pd.DataFrame, arms: Sequence[str]) -> pd.DataFrame:
    """Contrasts of arms without a trend."""
    tested = set(_arm_keys(trends, arms))
    return contrasts[[key not in tested for key in _arm_keys(contrasts, arms)]]


def _arm_keys(table: pd.DataFrame, arms: Sequence[str]) -> list[tuple[Any, ...]]:
    rows = table.to_dict("records")
    return [tuple(None if parameters.is_missing(row[name]) else row[name] for name in arms) for row in rows]


def _are_between_numbers(contrasts: pd.DataFrame) -> bool:
    return bool(pd.to_numeric(contrasts["level"], errors="coerce").notna().all())


def _larger_minus_smaller(contrasts: pd.DataFrame) -> pd.DataFrame:
    """Contrasts between numbers as the larger minus the smaller; those between names as they are."""
    if contrasts.empty or not _are_between_numbers(contrasts):
        return contrasts
    turned = contrasts["level"].astype(float) < contrasts["reference"].astype(float)
    found = contrasts.copy()
    found.loc[turned, ["effect", "level", "reference"]] = contrasts.loc[turned, ["effect", "reference", "level"]].values
    found["effect"] = found["effect"].astype(float).mask(turned, -contrasts["effect"].astype(float))
    found["interval_low"] = contrasts["interval_low"].mask(turned, -contrasts["interval_high"])
    found["interval_high"] = contrasts["interval_high"].mask(turned, -contrasts["interval_low"])
    return found


def _meaning(context: FigureContext, table: pd.DataFrame, is_trend: bool) -> str:
    """What the horizontal axis shows."""
    label = parameters.label(context.compare)
    undirected = "; larger, where neither side is lazier" * any(not context.labels[one][1] for one in table["measure"])
    if is_trend:
        return f"effect of {label} (Kendall's τ; right: lazier as it grows{undirected})"
    if not _are_between_numbers(table):
        references = table["reference"].unique()
        reference = str(references[0]) if len(references) == 1 else "the reference"
        return f"difference from {reference} (Hodges-Lehmann; right: lazier than it{undirected})"
    pairs = table[["level", "reference"]].drop_duplicates().to_numpy()
    levels = f"{pairs[0, 0]} minus {pairs[0, 1]}" if len(pairs) == 1 else "largest minus smallest"
    return f"difference by {label}: {levels} (Hodges-Lehmann; right: lazier as it grows{undirected})"


def _samples(table: pd.DataFrame) -> dict[str, str]:
    """How many seeds the tests of each row of panels count at most, and how many these leave out."""
    found = {}
    for label, rows in table.groupby("label", sort=False):
        most = int(rows["n"].max())
        excluded = int(rows.loc[rows["n"] == most, "excluded"].max())
        found[str(label)] = wording.counted(most, "seed") + f"; {excluded} left out" * bool(excluded)
    return found


def _meaning_of_intervals(confidence: float, fewest: float, of_trends: bool) -> str:
    """What the lines are. ``fewest``: seeds of a contrast, nan where there is none.

    Few of them cannot give an interval of any confidence (``estimators.signed_rank_interval``). That of a trend does
    not invert its test (workflow/docs/statistics.md).
    """
    of_tau = " (of τ: Student's t)" * of_trends
    meaning, within_reach = f"{confidence:.0%} interval{of_tau}, not corrected", 1 - 2.0 ** (1 - fewest)
    return f"{meaning} (of {fewest:.0f} seeds: {within_reach:.0%} at most)" if within_reach < confidence else meaning


def _add_legend(
    context: FigureContext, figure: Figure, settings: Mapping[str, Any], fewest: float, of_trends: bool
) -> None:
    """Explain dots and lines, of contrasts with so many seeds at the fewest."""
    colour, level = context.settings["median_colour"], settings["significance_level"]
    dot: dict[str, Any] = {"marker": "o", "ls": "none", "mec": colour, "mew": 0.8, "ms": context.font_size * 0.7}
    handles = {
        f"p < {level:g} after Holm's correction": Line2D([], [], mfc=colour, **dot),
        "not significant": Line2D([], [], mfc="white", **dot),
        _meaning_of_intervals(settings["confidence_level"], fewest, of_trends): Line2D([], [], color=colour),
    }
    figure.legend(list(handles.values()), list(handles), loc="outside lower center", ncols=3, frameon=False)


def _plot_intervals(
    context: FigureContext, figure: SubFigure, table: pd.DataFrame, is_trend: bool, significance_level: float
) -> None:
    """Plot a panel for each measure, and in it a row for each label of the table.

    A test of fewer seeds than the row has at most says so.
    """
    rows = list(dict.fromkeys(table["label"]))[::-1]
    lines = _lines_of_panels(table)
    panels = figure.subplots(len(lines), len(lines[0]), squeeze=False, sharey=True)
    colour = context.settings["median_colour"]
    for axes in panels.flat[sum(map(len, lines)) :]:
        axes.set_visible(False)
    for axes, measure in zip(panels.flat, itertools.chain.from_iterable(lines), strict=False):
        label, sign = context.labels[measure]
        axes.axvline(0, color="0.6", lw=0.6, zorder=1)
        for _, row in table[table["measure"] == measure].iterrows():
            place = rows.index(row["label"])
            fill = colour if row["p_holm"] < significance_level else "white"
            axes.hlines(place, row["interval_low"], row["interval_high"], color=colour, lw=1.2)
            if row["n"] < row["most"]:
                at: dict[str, Any] = {"xytext": (0, 2.5), "textcoords": "offset points", "ha": "center", "va": "bottom"}
                size = 0.7 * context.font_size
                axes.annotate(f"n {row['n']:.0f}", (row["effect"], place), **at, fontsize=size, color="0.4")
            axes.scatter(
                row["effect"],
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
            axes.locator_params(axis="x", nbins=4 if panels.shape[1] < 4 else 2)
        axes.xaxis.set_inverted(sign < 0)
        if table.loc[table["measure"] == measure, "effect"].isna().all():
            axes.set_xticks([])
            centre: dict[str, Any] = {"transform": axes.transAxes, "ha": "center", "va": "center"}
            axes.text(0.5, 0.5, "too few\nseeds", fontsize=context.font_size, color="0.4", **centre)
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
