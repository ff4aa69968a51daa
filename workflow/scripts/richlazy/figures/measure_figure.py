"""Figure of the measures of change of an experiment."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from richlazy.figures import condition_dots, figure_style, line_panels, log_ticks, mean_lines, outcomes, spectrum_panel
from richlazy.figures.figure_context import FigureContext
from richlazy.measures.base import PREDICTED
from richlazy.statistics import strata

# An axis spans at least this share of its largest value: what differs by less looks alike.
_LEAST_SPAN = 0.1
# Entries of a legend that stand beside each other.
_ENTRIES = 4
_OWN_AXES = "each panel has a vertical axis of its own"
_DIRECTION = {1: " (lazier ↑)", -1: " (lazier ↓)", 0: ""}
# Panels that stand beside each other at most where there is one arm: of means, beside the legend, and of dots.
_MEANS_PER_ROW, _DOTS_PER_ROW = 2, 3


def plot(
    context: FigureContext,
    runs: pd.DataFrame,
    measures: Sequence[str],
    *,
    spectra: pd.DataFrame | None = None,
    spectrum: str | None = None,
) -> None:
    """Plot measures against the compared parameter, run by run, or as mean and spread (option ``show``).

    Args:
        context: heading, arms, compared parameter, style and files, and the options ``show``, ``overlay``,
            ``normalise`` and ``own_axes``.
        runs: rows of runs.parquet.
        measures: measures to show, each in a row of panels; a row shares its vertical axis.
        spectra: rows of spectra.parquet; they add a first row of panels with the spectrum of the initial weights.
        spectrum: which spectrum, a key of ``spectrum_panel.SPECTRA``.
    """
    runs, spectra = context.named(runs), None if spectra is None else context.named(spectra)
    as_means, overlay = context.option("show") == "mean_and_spread", context.option("overlay")
    labels = [_label(context, measure, runs) for measure in measures]
    runs = normalised(runs, context.option("normalise"), context.arms, context.compare, context.roles)
    groups, (blocks, columns) = figure_style.panels_of_arms(runs, [name for name in context.arms if name != overlay])
    colours = figure_style.colours_of(runs, context.compare) if spectra is not None else None
    if spectra is not None:
        labels.insert(0, spectrum_panel.SPECTRA[str(spectrum)][1])
    as_grid = len(groups) == 1 and spectra is None
    title = context.heading(runs)
    if as_grid and groups[0][0] not in title:
        title = f"{context.title} ({groups[0][0]})"
    rows = -(-len(labels) // (_MEANS_PER_ROW if as_means else _DOTS_PER_ROW)) if as_grid else len(labels)
    height = ((0.24 if as_grid else 0.17) * context.width * rows + 0.12 * context.width) * blocks + 0.45
    handles: dict[str, Any] = outcomes.marks(runs, measures, context.font_size, context.roles)
    if as_means:
        handles.pop(outcomes.UNCONVERGED, None)  # means make no difference between dots
    else:
        handles = condition_dots.marks(context, colours) | handles
        handles |= condition_dots.theories(runs, measures, context.font_size)
        handles |= spectrum_panel.mark() if spectra is not None else {}
    lines = 0 if as_means else -(-len(handles) // _ENTRIES)
    with context.page_with_footnote(height + 0.13 * lines, runs, lines_above=lines) as figure:
        whole: Any = figure.subfigures()
        whole.suptitle(title)
        if as_grid:
            panels = whole.subplots(rows, -(-len(labels) // rows), squeeze=False)
            drawn = _grid(panels, groups[0][1], labels)
        else:
            share = False if context.option("own_axes") else "row"
            panels = whole.subplots(len(labels) * blocks, columns, squeeze=False, sharey=share)
            drawn = figure_style.panels_by_arm(panels, groups, labels)
        counts: dict[Axes, str] = {}
        shown: dict[Axes, tuple[str, pd.Series]] = {}
        for column, group in drawn:
            if spectra is not None:
                spectrum_panel.plot(column[0], spectra, group, context.compare, str(spectrum), colours or {})
            for axes, measure in zip(column[len(labels) - len(measures) :], measures, strict=True):
                if as_means:
                    handles |= mean_lines.plot(context, axes, group, measure)
                else:
                    condition_dots.plot(context, axes, group, measure, colours)
                    condition_dots.plot_theory(context, axes, group, measure)
                shown[axes] = measure, group[measure]
                counts[axes] = outcomes.count(group, measure, context.roles)
            if not as_means:
                _name_conditions(column[len(labels) - len(measures) :], below_each=as_grid)
        for row in panels:
            _scale(row, shown)
            _tidy(row)
            outcomes.write_counts([(axes, counts[axes]) for axes in row if axes in counts], context.font_size)
        label = figure_style.parameter_label(context.compare, runs)
        if context.option("own_axes") and columns > 1:
            label = f"{label}\n{_OWN_AXES}"
        whole.supxlabel(label, fontsize=context.font_size)
        whole.align_ylabels(panels[:, 0])
        if as_means:
            name = figure_style.wrapped_parameter_label(overlay, runs) if overlay else ""
            line_panels.add_legend(figure, handles, name, figure_style.levels_of(runs, overlay) if overlay else [])
        elif handles:
            figure.legend(
                list(handles.values()),
                list(handles),
                loc="lower left",
                bbox_to_anchor=(0, context.foot(height + 0.13 * lines, runs)),
                ncols=_ENTRIES,
                frameon=False,
                borderaxespad=0,
                handletextpad=0.2,
            )


def _grid(panels: np.ndarray, runs: pd.DataFrame, labels: Sequence[str]) -> Iterator[tuple[np.ndarray, pd.DataFrame]]:
    """Panels of one arm in rows, with a label each; those that are left over are hidden."""
    for axes, label in zip(panels.flat, labels, strict=False):
        axes.set_ylabel(label)
    for axes in panels.flat[len(labels) :]:
        axes.set_visible(False)
    yield panels.flat[: len(labels)], runs


def normalised(
    runs: pd.DataFrame, measures: Sequence[str], arms: Sequence[str], compare: str, roles: outcomes.Roles
) -> pd.DataFrame:
    """Runs whose measures, and what theory says of them, are divided by their mean in the first condition of their arm.

    Where no run of that condition has a finite value, they are not known.
    """
    found = runs.copy()
    columns = {name: measure for measure in measures for name in (measure, measure + PREDICTED) if name in runs}
    for _, places in strata.of(runs.to_dict("records"), arms) if columns else ():
        group = runs.iloc[places]
        first = group[group[compare] == figure_style.levels_of(group, compare)[0]]
        for name, measure in columns.items():
            values = outcomes.counting(first, measure, roles)[name].astype(float)
            mean = values[np.isfinite(values)].mean()
            found.loc[group.index, name] = group[name] / (mean or np.nan)
    return found


def _scale(row: np.ndarray, shown: Mapping[Axes, tuple[str, pd.Series]]) -> None:
    """Make the axis that panels of a row share logarithmic where their values, by measure, call for it."""
    for axes in filter(shown.__contains__, row):
        alike = [values for other, (_, values) in shown.items() if _share_an_axis(axes, other)]
        if log_ticks.is_logarithmic(shown[axes][0], pd.concat(alike).astype(float)):
            axes.set_yscale("log")


def _share_an_axis(axes: Axes, other: Axes) -> bool:
    return other is axes or bool(axes.get_shared_y_axes().joined(axes, other))


def _tidy(row: np.ndarray) -> None:
    """Keep values of a row that differ by little close together, and leave panels without values unmarked."""
    for axes in row:
        sharing = [other for other in row if _share_an_axis(axes, other)]
        low = min(other.dataLim.intervaly[0] for other in sharing)
        high = max(other.dataLim.intervaly[1] for other in sharing)
        if not np.isfinite([low, high]).all():
            axes.set_yticks([])
        elif 0 < high - low < (least := _LEAST_SPAN * max(abs(low), abs(high))):
            middle = (low + high) / 2
            axes.set_ylim(middle - 0.55 * least, middle + 0.55 * least)


def _name_conditions(panels: np.ndarray, *, below_each: bool) -> None:
    """Name the conditions below each panel of an arm that has values, or the last one; others have no axes."""
    filled = [axes for axes in panels if np.isfinite(axes.dataLim.intervaly).all()] or list(panels)
    for axes in panels:
        axes.tick_params(labelbottom=axes in filled and (below_each or axes is filled[-1]))
        if axes not in filled:
            axes.set_frame_on(False)
            axes.tick_params(length=0)


def _label(context: FigureContext, measure: str, runs: pd.DataFrame) -> str:
    """Label of a measure; a loss has its unit too, which depends on the task."""
    label, sign = context.labels[measure]
    if measure in log_ticks.LOSSES:
        numbers = figure_style.targets_are_numbers(runs)
        if numbers.any():
            unit = "half squared\nerror" if numbers.all() else "nats per step, or\nhalf squared error"
        else:
            unit = "nats per step"
        label = f"{label}\n({unit})"
    if measure in context.option("normalise"):
        first = figure_style.levels_of(runs, context.compare)[0]
        label = f"{label}\nover that at {figure_style.with_name(context.compare, first)}"
    return label + _DIRECTION[sign]
