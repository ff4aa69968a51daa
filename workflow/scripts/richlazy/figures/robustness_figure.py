"""Forest plot of the effect of rank in every arm of several experiments."""

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from richlazy.figures.figure_context import FigureContext
from richlazy.figures.figure_style import as_written

TITLE = "Does learning become lazier with the rank, or effective rank, of the initial weights?"
_AXIS = "Kendall's τ with the rank, or with how slowly singular values decay (right: lazier at higher rank)"

# Colours that stay apart without colour vision: the expected direction, the reversed one, and neither.
_LAZIER, _RICHER, _NEITHER = "#0072B2", "#D55E00", "#7F7F7F"
_ROUNDING = 1e-9
_BAND = "#F2F2F2"
# Letters are about this wide and lines this high, in font sizes.
_LETTER, _LINE = 0.56, 1.75
# Letters of a heading, and of the name of an arm, in a line.
_HEADING, _ARM = 84, 40
# Numbers stand above the panels too where these have more lines.
_TALL = 40


@dataclass(frozen=True)
class _Line:
    """Something that stands beside the panels.

    Attributes:
        top: lines above it.
        height: lines that it takes.
        text: what stands on the left.
        rows: rows of the table that it stands for; None for the heading of an experiment.
        experiment: the experiment.
    """

    top: int
    height: int
    text: str
    rows: pd.DataFrame | None
    experiment: str


def plot(context: FigureContext, rows: pd.DataFrame, measures: Sequence[str], settings: Mapping[str, Any]) -> None:
    """Plot a row for each arm under the heading of its experiment, and a panel for each measure.

    Right is lazier at higher rank. Filled markers are significant, another colour is a reversed effect, squares are
    measures of all weights. The page grows with its rows.

    Args:
        context: heading, style and files.
        rows: table of ``robustness.robustness``.
        measures: measures to show, each in a panel of its own.
        settings: ``significance_level`` of the corrected p, and ``confidence_level`` of the intervals.
    """
    significance_level = settings["significance_level"]
    lines = _lines(rows)
    arms = [line for line in lines if line.rows is not None]
    total = lines[-1].top + lines[-1].height if lines else 1
    em = context.font_size / 72
    numbers_above = 1.3 * (total > _TALL)
    above = (4.2 + numbers_above + 1.4 * max(context.labels[measure][0].count("\n") + 1 for measure in measures)) * em
    width, below = context.width, 9 * em
    height = total * _LINE * em + above + below
    with context.page(height, layout=None) as figure:
        left = (_longest([line.text for line in arms], at_least=8) * _LETTER + 2.5) * em / width
        right = 1 - (_longest([_seeds(line.rows)[0] for line in arms], at_least=5) * _LETTER + 1.5) * em / width
        bottom, top = below / height, 1 - above / height
        page = figure.add_axes((0, bottom, 1, top - bottom), xlim=(0, 1), ylim=(total, 0))
        page.axis("off")
        _write(page, lines, 0.8 * em / width, right + 1.2 * em / width)
        gap = 1.2 * em / width
        step = (right - left + gap) / len(measures)
        for place, measure in enumerate(measures):
            axes = figure.add_axes((left + place * step, bottom, step - gap, top - bottom), ylim=(total, 0))
            _plot_panel(axes, lines, measure, significance_level, context.font_size)
            if total > _TALL:
                axes.tick_params(labeltop=True)
            axes.set_title(context.labels[measure][0], pad=0.4 * context.font_size)
        figure.text((left + right) / 2, 5.2 * em / height, _AXIS, ha="center", va="bottom")
        figure.text(0.5, 1 - 0.8 * em / height, context.title, ha="center", va="top", fontsize=context.font_size + 2)
        figure.text(right + gap, top + 0.6 * em / height, "seeds", va="bottom", color="0.35")
        _add_legend(figure, rows, settings, context.font_size)


def _lines(rows: pd.DataFrame) -> list[_Line]:
    """Headings and arms from above, and how many lines each of them takes."""
    found: list[_Line] = []
    top = 0
    for name, of_one in rows.groupby("experiment", sort=False):
        entries: list[tuple[str, pd.DataFrame | None]] = [
            (as_written(textwrap.fill(of_one["title"].iloc[0], _HEADING)), None),
            *((textwrap.fill(arm, _ARM), part) for arm, part in of_one.groupby("arm", sort=False)),
        ]
        for text, part in entries:
            height = text.count("\n") + 1
            found.append(_Line(top, height, text, part, str(name)))
            top += height
    return found


def _write(page: Axes, lines: list[_Line], left: float, right: float) -> None:
    """Headings with the names of their experiments, names of arms, seeds; every second experiment on a grey ground."""
    names = list(dict.fromkeys(line.experiment for line in lines))
    for line in lines:
        middle = line.top + line.height / 2
        if names.index(line.experiment) % 2 == 0:
            page.axhspan(line.top, line.top + line.height, color=_BAND, lw=0)
        if line.rows is None:
            page.text(left, middle, line.text, va="center_baseline", fontweight="bold")
            continue
        page.text(left * 2.5, middle, line.text, va="center_baseline", linespacing=1.1)
        note, is_marked = _seeds(line.rows)
        page.text(right, middle, note, va="center_baseline", color="black" if is_marked else "0.45")
    if not lines:
        page.text(0.5, 0.5, "no arm in which the rank has three values", ha="center", va="center", color="0.35")


def _longest(texts: list[str], at_least: int) -> int:
    """Letters of the longest line of some texts."""
    return max([at_least, *(len(line) for text in texts for line in text.split("\n"))])


def _seeds(rows: pd.DataFrame) -> tuple[str, bool]:
    """Seeds of an arm, and whether some of them did not converge or were left out."""
    fewest, most = int(rows["n"].min()), int(rows["n"].max())
    unconverged, excluded = int(rows["unconverged"].max()), int(rows["excluded"].max())
    parts = [f"{most}" if fewest == most else f"{fewest} to {most}"]
    of_these = [f"{unconverged} not converged"] * bool(unconverged)
    beside = [f"{excluded} left out"] * bool(excluded)
    return "; ".join([*parts, *of_these, *beside]), bool(of_these or beside)


def _plot_panel(axes: Axes, lines: list[_Line], measure: str, significance_level: float, size: float) -> None:
    axes.patch.set_visible(False)
    for line in lines:
        if line.rows is None:
            continue
        axes.vlines([-1, -0.5, 0.5, 1], line.top, line.top + line.height, colors="0.85", lw=0.5, zorder=1)
        axes.vlines(0, line.top, line.top + line.height, colors="0.55", lw=0.7, zorder=1)
        middle = line.top + line.height / 2
        for _, row in line.rows[line.rows["measure"] == measure].iterrows():
            colour = colour_of(row["effect"])
            fill = colour if row["p_holm"] < significance_level else "white"
            axes.hlines(middle, row["interval_low"], row["interval_high"], colors=colour, lw=1.3, zorder=2)
            axes.scatter(
                row["effect"],
                middle,
                s=size * 2.4,
                c=fill,
                edgecolors=colour,
                linewidths=0.9,
                marker=_marker(row),
                zorder=3,
            )
    axes.set(xlim=(-1.12, 1.12), xticks=[-1, -0.5, 0, 0.5, 1], xticklabels=["−1", "", "0", "", "1"], yticks=[])
    axes.spines["left"].set_visible(False)


def colour_of(effect: float) -> str:
    """Colour of an effect: that of the expected direction, of the reversed one, or of neither."""
    if not abs(effect) > _ROUNDING:
        return _NEITHER
    return _LAZIER if effect > 0 else _RICHER


def _marker(row: Any) -> str:
    return "o" if row["tested"] == row["measure"] else "s"


def _add_legend(figure: Figure, rows: pd.DataFrame, settings: Mapping[str, Any], size: float) -> None:
    """Explain colours, filling, shapes and lines."""
    shape: dict[str, Any] = {"ls": "", "ms": size * 0.65, "mew": 0.9}
    significant = f"p < {settings['significance_level']:g} after Holm"

    def entry(colour: str, label: str, is_filled: bool = True, marker: str = "o") -> Line2D:
        return Line2D([], [], marker=marker, mec=colour, mfc=colour if is_filled else "white", label=label, **shape)

    entries = [
        entry(_LAZIER, f"lazier with rank, {significant}"),
        entry(_LAZIER, "lazier, not significant", is_filled=False),
        entry(_RICHER, f"richer with rank (reversed), {significant}"),
        entry(_RICHER, "richer, not significant", is_filled=False),
    ]
    if not rows.empty and any(colour_of(effect) == _NEITHER for effect in rows["effect"]):
        entries.append(entry(_NEITHER, "neither: τ is 0 or not known", is_filled=False))
    interval = f"{settings['confidence_level']:.0%} interval, not corrected"
    entries.append(Line2D([], [], color="0.3", lw=1.3, label=interval))
    if (rows["tested"] != rows["measure"]).any():
        entries.append(entry("0.3", "square: of all weights", is_filled=False, marker="s"))
    figure.legend(
        handles=entries,
        loc="lower center",
        ncols=3,
        frameon=False,
        handletextpad=0.2,
        columnspacing=1.5,
        borderaxespad=0.4,
    )
