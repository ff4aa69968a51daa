"""What became of the runs of a figure, and how every figure shows it: who is left out, marks, counts and their legend.

A run that diverged is counted and not drawn. One that failed, which has learned nothing, is drawn as a cross and left
out of medians and means of all measures that say whether learning was rich or lazy. What did not happen in training,
such as convergence, is infinite in the tables: it is larger than all that did, and drawn as an open triangle at the
upper edge of its panel; runs that diverged or failed have such times too. Tests count the same runs
(``statistics.samples.values_of``).
"""

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from richlazy import wording

# Measures that runs which failed or diverged have too, by ``registry.roles``: ``censored`` and ``of_failed``.
Roles = Mapping[str, Sequence[str]]

# What the legend calls the marks.
UNCONVERGED, FAILED, NEVER = "not converged", "failed to learn", "not reached in training"
# What a panel says of infinite values of a measure.
_NEVER_OF = {
    "kernel_task_alignment_iterations": "did not align",
    "functional_rank": "at no rank that was tried",
}
_USUALLY_NEVER = "did not converge"

_GREY = "0.35"
# Of the letters of the figure.
_SIZE = 0.9
_GAP = 3.0


def failed(runs: pd.DataFrame) -> pd.Series:
    """Whether each run has learned nothing, without having diverged; tables of older versions do not say it."""
    known = runs["failed"].astype("boolean") if "failed" in runs else pd.Series(False, index=runs.index)
    return known.fillna(False).astype(bool) & ~runs["diverged"]


def learned(runs: pd.DataFrame) -> pd.DataFrame:
    """Runs that medians are taken of: those that neither diverged nor failed."""
    return runs[~runs["diverged"] & ~failed(runs)]


def drawn(runs: pd.DataFrame, measure: str, roles: Roles) -> pd.DataFrame:
    """Runs of which a value of a measure is drawn: those that did not diverge, and those that did have its times."""
    times = runs[measure].notna() & (measure in roles.get("censored", ()))
    return runs[~runs["diverged"] | times]


def counting(runs: pd.DataFrame, measure: str, roles: Roles) -> pd.DataFrame:
    """Runs that medians and means of a measure are taken of, and tests."""
    shown = drawn(runs, measure, roles)
    keeps_failed = any(measure in roles.get(role, ()) for role in ("censored", "of_failed"))
    return shown if keeps_failed else shown[~failed(shown)]


def count(runs: pd.DataFrame, measure: str | None = None, roles: Roles = MappingProxyType({})) -> str:
    """How many runs a panel counts, and what it leaves out or cannot show.

    Args:
        runs: runs of the panel.
        measure: the measure that it shows; None for a panel of curves.
        roles: of measures.
    """
    shown = learned(runs) if measure is None else counting(runs, measure, roles)
    lost = runs.drop(shown.index)
    parts = {"failed": int(failed(lost).sum()), "diverged": int(lost["diverged"].sum())}
    number = len(shown)
    if measure is not None:
        values = shown[measure].astype(float)
        number = int(values.notna().sum())
        parts |= {"not known": len(shown) - number}
        parts |= {_NEVER_OF.get(measure, _USUALLY_NEVER): int(np.isinf(values).sum())}
    among = {"failed": int(failed(shown).sum()), "diverged": int(shown["diverged"].sum())}
    with_lost = [f"{of} {what}" for what, of in among.items() if of]
    counted = wording.counted(number, "network") + (f" ({', '.join(with_lost)})" if with_lost else "")
    return "; ".join([counted, *(f"{of} {what}" for what, of in parts.items() if of)])


def write_counts(row: Iterable[tuple[Axes, str]], font_size: float) -> None:
    """Write what ``count`` says above each panel of a row, below its title; titles stay on one line.

    Two parts of a count stand in a line.
    """
    size, texts = _SIZE * font_size, []
    for axes, text in row:
        parts = text.split("; ")
        texts.append((axes, ["; ".join(parts[place : place + 2]) for place in range(0, len(parts), 2)]))
    for axes, lines in texts:
        axes.annotate(
            "\n".join(lines),
            (1, 1),
            (0, _GAP),
            xycoords="axes fraction",
            textcoords="offset points",
            ha="right",
            va="bottom",
            fontsize=size,
            color=_GREY,
        )
    highest = max((len(lines) for _, lines in texts), default=0)
    for axes, _ in texts:
        if axes.get_title():
            axes.set_title(axes.get_title(), pad=1.5 * _GAP + 1.25 * size * highest)


def marks(
    runs: pd.DataFrame, measures: Sequence[str], font_size: float, roles: Roles = MappingProxyType({})
) -> dict[str, Line2D]:
    """Marks that occur in a figure of measures, by what they mean.

    Args:
        runs: runs of the figure.
        measures: measures that it shows.
        font_size: of the figure, in points.
        roles: of measures.
    """
    shown = learned(runs)
    unconverged = shown["converged"].notna() & ~shown["converged"].fillna(True).astype(bool)
    infinite = [np.isinf(drawn(runs, measure, roles)[measure].astype(float)).any() for measure in measures]
    occurring = {
        UNCONVERGED: ("o", unconverged.any()),
        FAILED: ("x", failed(runs).any()),
        NEVER: ("^", any(infinite)),
    }
    return {text: mark(marker, font_size) for text, (marker, occurs) in occurring.items() if occurs}


def mark(marker: str, font_size: float = 7.0) -> Line2D:
    """An open mark, or a cross, in a legend."""
    return Line2D([], [], ls="none", marker=marker, color="0.2", markerfacecolor="none", ms=0.55 * font_size, mew=0.7)
