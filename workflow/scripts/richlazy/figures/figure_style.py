"""What the figures of an experiment share: style, words, colours, and the note below the panels."""

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from richlazy import wording
from richlazy.experiments import parameters
from richlazy.figures import outcomes
from richlazy.statistics import strata

MM_PER_INCH = 25.4

# The weights that have the structure and the rank, by architecture.
_STRUCTURED_WEIGHTS = {"recurrent": "$W_h$", "feedforward": "$W_1$"}

# Colours of named conditions, distinct without colour vision; the reference, which comes first, is grey.
REFERENCE_COLOUR = "#7F7F7F"
# Labels of what theory says begin with this.
THEORY = "theory"
# Label of the curve that theory predicts.
EXPANSION = f"{THEORY}, to third order"
_CONDITION_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")

# Letters of titles of panels that have room side by side.
_LETTERS_OF_TITLES = 64
# A row holds the panels of at most this many arms.
_PANELS_PER_ROW = 4


def style(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters of matplotlib for a figure."""
    size = settings["font_size_pt"]
    return {
        "font.family": "DejaVu Sans",
        "font.size": size,
        "axes.titlesize": size + 1,
        "axes.labelsize": size,
        "xtick.labelsize": size - 0.5,
        "ytick.labelsize": size - 0.5,
        "legend.fontsize": size - 0.5,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.linewidth": 0.6,
        "axes.formatter.useoffset": False,
        "xtick.major.width": 0.6,
        "ytick.major.width": 0.6,
        "pdf.fonttype": 42,
        "svg.hashsalt": "richlazy",
    }


def panels_of_arms(runs: pd.DataFrame, names: Sequence[str]) -> tuple[list[tuple[str, pd.DataFrame]], tuple[int, int]]:
    """Title and runs of each arm in the order of the panels, and the numbers of rows and columns of panels.

    If the arms are all combinations of the values of two parameters, they make a grid: each task, or each value of the
    second parameter, has a column, and each value of the other a row. Other arms keep their order, in rows about
    equally full.
    """
    found = strata.of(runs.to_dict("records"), names)
    arms = pd.DataFrame([arm for arm, _ in found])
    titles = arm_titles(arms) if len(names) else [""]
    groups = [(title, runs.iloc[places]) for title, (_, places) in zip(titles, found, strict=True)]
    telling = [name for name in names if arms[name].nunique(dropna=False) > 1]
    if len(telling) != 2:
        return groups, rows_and_columns(len(groups))
    of_rows, of_columns = telling[::-1] if telling[0] == "task" else telling
    row, column = (pd.factorize(arms[name], use_na_sentinel=False)[0] for name in (of_rows, of_columns))
    rows, columns = int(row.max()) + 1, int(column.max()) + 1
    if columns > _PANELS_PER_ROW or len(groups) != rows * columns:
        return groups, rows_and_columns(len(groups))
    return [groups[place] for place in np.lexsort((column, row))], (rows, columns)


def panels_by_arm(
    panels: np.ndarray, groups: Sequence[tuple[str, pd.DataFrame]], labels: Sequence[str]
) -> Iterator[tuple[np.ndarray, pd.DataFrame]]:
    """Each arm with its column of panels, under its title; panels that no arm needs are hidden.

    Args:
        panels: axes, shape (blocks * len(labels), columns); a block of panels holds one row of arms.
        groups: title and runs of each arm, from ``panels_of_arms``.
        labels: label of the vertical axis of each panel of an arm, written at the left end of a row.
    """
    for axes in panels.flat:
        axes.set_visible(False)
    rows, columns = len(labels), panels.shape[1]
    for place, (title, group) in enumerate(groups):
        block, column = divmod(place, columns)
        of_arm = panels[block * rows : (block + 1) * rows, column]
        of_arm[0].set_title(wrapped_title(title, columns))
        for axes, label in zip(of_arm, labels, strict=True):
            axes.set_visible(True)
            if column == 0:
                axes.set_ylabel(label)
        yield of_arm, group


def rows_and_columns(arms: int) -> tuple[int, int]:
    """Numbers of rows and columns for the panels of some arms, the rows about equally full."""
    rows = -(-arms // _PANELS_PER_ROW)
    return rows, -(-arms // rows)


def arm_titles(arms: pd.DataFrame) -> list[str]:
    """Title of each arm (a row): the parameters that distinguish it, or its task if it is the only one."""
    telling = [name for name in arms if arms[name].nunique(dropna=False) > 1]
    chosen = arms[telling or list(arms)]
    return [
        ", ".join(with_name(name, row[name]) for name in chosen if pd.notna(row[name])) for _, row in chosen.iterrows()
    ]


def wrapped_title(title: str, columns: int) -> str:
    """Title of a panel, wrapped to fit beside others in a row; a parameter and its value stay on one line."""
    parts = [part.replace(" ", "\N{NO-BREAK SPACE}") for part in title.split(", ")]
    return textwrap.fill(", ".join(parts), min(60, _LETTERS_OF_TITLES // columns))


def heading(title: str, table: pd.DataFrame, arms: Sequence[str]) -> str:
    """Title of a figure, with the parameters that all its arms share."""
    shared = [name for name in arms if table[name].nunique(dropna=False) == 1 and pd.notna(table[name].iloc[0])]
    if not shared or len(shared) == len(arms):
        return title
    return f"{title} ({', '.join(with_name(name, table[name].iloc[0]) for name in shared)})"


def with_name(name: str, value: Any) -> str:
    """A parameter with its value; values that speak for themselves stand alone."""
    return text_of(value) if name == "level" else parameters.title(name).format(text_of(value))


def text_of(value: Any) -> str:
    """A value of a parameter as the axes show it."""
    return f"{value:g}" if isinstance(value, float) else str(value).replace("_", " ")


def levels_of(runs: pd.DataFrame, compare: str) -> list[Any]:
    levels = list(runs[compare].unique())
    return sorted(levels) if _is_ordered(runs, compare) else levels


def _is_ordered(runs: pd.DataFrame, compare: str) -> bool:
    return pd.api.types.is_numeric_dtype(runs[compare])


def colours_of(runs: pd.DataFrame, compare: str) -> dict[Any, Any]:
    """Colour of each condition: numbers along a scale, names in distinct colours."""
    levels = levels_of(runs, compare)
    if _is_ordered(runs, compare):
        return dict(zip(levels, mpl.colormaps["viridis"](np.linspace(0, 0.85, len(levels))), strict=True))
    others = (_CONDITION_COLOURS[place % len(_CONDITION_COLOURS)] for place in range(len(levels) - 1))
    return dict(zip(levels, (REFERENCE_COLOUR, *others), strict=True))


def colours_of_overlaid(runs: pd.DataFrame, parameter: str) -> dict[Any, Any]:
    """Colour of each value of a parameter whose values share a panel, none of which is the reference."""
    values = levels_of(runs, parameter)
    return dict(zip(values, distinct_colours(len(values)), strict=True))


def distinct_colours(count: int) -> list[str]:
    """Colours that are distinct without colour vision, from the first again after the last."""
    return [_CONDITION_COLOURS[place % len(_CONDITION_COLOURS)] for place in range(count)]


def band(colour: Any, **line: Any) -> tuple[Patch, Line2D]:
    """A line in its band, for a legend."""
    return Patch(color=colour, alpha=0.25, lw=0), Line2D([], [], color=colour, lw=1.2, **line)


def footnote(figure: Figure, runs: pd.DataFrame) -> None:
    """Write below the panels how many runs diverged, failed or did not converge, and where connectomes come from."""
    total, diverged = len(runs), int(runs["diverged"].sum())
    failed = int(outcomes.failed(runs).sum())
    learned = outcomes.learned(runs)
    unconverged = int((~learned["converged"]).sum()) if runs["converged"].notna().all() else None
    text = f"{total} runs; {diverged} diverged"
    if failed:
        text += f"; {failed} failed to learn"
    if diverged or failed:
        text += " (these count only where a panel says so)"
    if unconverged is not None:
        text += f"; {unconverged} not converged"
    lines = [*origin_lines(runs), text]
    figure.text(0.995, 0.005, "\n".join(lines), ha="right", va="bottom", color="0.35", linespacing=1.25)


def as_written(text: str) -> str:
    """Text of a user as it stands, in which matplotlib would read formulas between dollar signs."""
    return text.replace("$", r"\$")


def origin_lines(table: pd.DataFrame) -> list[str]:
    """Where the connectomes of a figure come from, wrapped to the width of the page."""
    notes = wording.notes(table["connectome"].dropna())
    return [as_written(line) for note in sorted(notes) for line in textwrap.wrap(f"connectome {note}", 120)]


def foot(font_size: float, height: float, runs: pd.DataFrame, lines_above: int = 0) -> float:
    """Height that the footnote of a page needs, and some free lines above it, as a share of that of the page.

    Args:
        font_size: of the page, in points.
        height: of the page, in inches.
        runs: runs of the figure.
        lines_above: free lines.
    """
    lines = 1 + len(origin_lines(runs)) + 1.2 * lines_above
    return (0.3 + 1.25 * lines) * font_size / 72 / height


def parameter_label(parameter: str, runs: pd.DataFrame) -> str:
    """Label of a parameter, with the symbol of the weights if all runs have the same architecture."""
    # The first published tables hold recurrent networks only, and have no column for it.
    kinds = set(runs["architecture"]) if "architecture" in runs else {"recurrent"}
    weights = _STRUCTURED_WEIGHTS[kinds.pop()] if len(kinds) == 1 else "weights"
    return parameters.label(parameter).replace("initial weights", f"initial {weights}")


def wrapped_parameter_label(parameter: str, runs: pd.DataFrame) -> str:
    """Label of a parameter, wrapped for the head of a legend."""
    return parameter_label(parameter, runs).replace(" of ", "\nof ")


def targets_are_numbers(runs: pd.DataFrame) -> pd.Series:
    """Whether each run learns numbers rather than classes: those of its task have a loss but no accuracy.

    Where no run of its task has a loss on the probe, all diverged or older than this column, linear teachers alone do.
    """
    numbers = pd.Series(runs["condition_number"].notna() if "condition_number" in runs else False, index=runs.index)
    if {"probe_loss", "accuracy"} <= set(runs.columns):
        probed = runs["probe_loss"].notna()
        of_task, known = (
            (which.groupby(runs["task"]).transform("any")) for which in (probed & runs["accuracy"].isna(), probed)
        )
        numbers = numbers.where(~known, of_task)
    return numbers.astype(bool)


def loss_label(runs: pd.DataFrame) -> str:
    """Label of the loss that some runs were trained with, with its unit."""
    numbers = targets_are_numbers(runs)
    if numbers.any():
        return "half squared error" if numbers.all() else "loss (nats per step,\nor half squared error)"
    return "cross-entropy\n(nats per step)"
