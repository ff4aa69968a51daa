"""One call each for the figures of networks that were trained and measured one by one."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from richlazy import wording
from richlazy.figures import figure_style, loss_figure, measure_figure
from richlazy.figures.figure_context import FigureContext
from richlazy.measures import registry
from richlazy.public.networks import TrainedNetwork
from richlazy.tables.experiment_tables import curves_table

# The style of figures, and the measures they show, as in config.yaml.
STYLE: dict[str, Any] = {
    "width_mm": 180.0,
    "font_size_pt": 7.0,
    "dot_colour": "#56B4E9",
    "median_colour": "#D55E00",
    "resolution_dpi": 160,
}
USUAL_MEASURES = ("weight_change_norm_recurrent", "representation_alignment", "kernel_alignment_recurrent")

Runs: TypeAlias = pd.DataFrame | Sequence[Mapping[str, Any]]


def plot_measures(
    runs: Runs,
    png: str | Path,
    *,
    compare: str,
    measures: Sequence[str] = USUAL_MEASURES,
    title: str = "",
    **style: Any,
) -> Path:
    """Draw measures, a dot for each network and a bar at the median of each value of a parameter.

    Args:
        runs: a row for each network: what ``measure`` gives, with its ``seed`` and the compared parameter.
        png: file to write.
        compare: column whose values stand beside each other.
        measures: columns, a row of panels each.
        title: heading.
        **style: what of ``figures`` in the configuration is to be different, such as ``resolution_dpi=100``.

    Returns:
        The file.

    Raises:
        ValueError: for a column that is not there, and for a measure without a label.
    """
    table = _table(runs, ("seed", compare, *measures))
    for name in measures:
        if name not in registry.TESTED:
            raise ValueError("measures" + wording.unknown("the measure", name, registry.TESTED))
    measure_figure.plot(_context(png, compare, title, style), table, list(measures))
    return Path(png)


def plot_losses(
    runs: Runs,
    networks: Sequence[TrainedNetwork],
    png: str | Path,
    *,
    compare: str,
    title: str = "",
    **style: Any,
) -> Path:
    """Draw the loss during training: medians over networks, their middle half, and the lowest loss there can be.

    Args:
        runs: as in ``plot_measures``.
        networks: of the rows, in the same order.
        png, compare, title, style: as in ``plot_measures``.

    Returns:
        The file.

    Raises:
        ValueError: for a column that is not there, and for another number of networks than rows.
    """
    table = _table(runs, ("seed", compare))
    if len(table) != len(networks):
        raise ValueError(f"networks: expected one for each of {len(table)} rows, got {len(networks)}")
    curves = curves_table([network.history for network in networks], list(table["run"]))
    loss_figure.plot(_context(png, compare, title, style), table, curves)
    return Path(png)


def _table(runs: Runs, needed: Sequence[str]) -> pd.DataFrame:
    """Rows of runs.parquet as far as figures look at them."""
    table = pd.DataFrame(runs).reset_index(drop=True)
    for column in needed:
        if column not in table:
            raise ValueError("runs" + wording.unknown("the column", column, table.columns))
    usual = {"task": "", "diverged": False, "connectome": None, "architecture": "recurrent", "bayes_loss": np.nan}
    absent = {column: value for column, value in usual.items() if column not in table}
    # By their place: what curves and rows have in common.
    known = table.assign(run=[str(place) for place in table.index], **absent)
    return known if "converged" in known else known.assign(converged=pd.Series(pd.NA, known.index, "boolean"))


def _context(png: str | Path, compare: str, title: str, style: Mapping[str, Any]) -> FigureContext:
    if unknown := style.keys() - STYLE.keys():
        raise ValueError("style" + wording.unknown("the setting", unknown.pop(), STYLE))
    heading, labels, roles = figure_style.as_written(title), registry.labels(), registry.roles()
    return FigureContext(heading, STYLE | dict(style), png, compare=compare, labels=labels, roles=roles)
