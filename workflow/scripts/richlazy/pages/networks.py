"""The networks of an experiment as a page shows them: a row each, the medians of every condition, and what to chart."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from richlazy.figures import figure_style, outcomes
from richlazy.measures.base import PREDICTED
from richlazy.pages import words

# From this many numbers on a compared parameter has an axis of numbers.
_NUMBERS = 7
# Significant digits of values.
_DIGITS = 6


@dataclass(frozen=True)
class Asked:
    """What the configuration asks of an experiment, as ``page_plan.described`` gives it.

    Attributes:
        name, title, source: of the experiment.
        arms: parameters that make the arms, a panel each.
        compare: the parameter that is compared within a panel.
        measures: measures that are drawn.
        paper_shows: what the paper shows, in a sentence; empty where no paper is behind it.
        options: group ``figure`` of the experiment.
        figures: names of its figures, in their order.
        networks: how many networks it asks for.
    """

    name: str
    title: str
    source: str
    arms: Sequence[str]
    compare: str
    measures: Sequence[str]
    figures: Sequence[str]
    networks: int
    paper_shows: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Networks:
    """The networks of an experiment.

    Attributes:
        rows: a record for each network: ``panel``, ``condition``, ``seed``, ``state``, ``path``, the overlaid
            parameter where there is one, and every measure; a value that was not reached in training is ``inf``.
        medians: a record for each panel and condition (and overlaid value): ``n`` networks and the median of every
            measure, ``<measure>_predicted`` where there is a theory.
        panels: titles of the panels, in order.
        conditions: values of the compared parameter, in order.
        measures: measures with any value.
        overlay: the overlaid parameter, or none.
        numeric: whether the compared parameter has an axis of numbers.
    """

    rows: list[dict[str, Any]]
    medians: list[dict[str, Any]]
    panels: list[str]
    conditions: list[Any]
    measures: list[str]
    overlay: str | None
    numeric: bool


def of(asked: Asked, runs: pd.DataFrame, roles: outcomes.Roles) -> Networks:
    """Networks of an experiment.

    Args:
        asked: what the configuration asks of it.
        runs: rows of runs.parquet.
        roles: of measures (``registry.roles``).
    """
    overlay = asked.options.get("overlay")
    measures = [name for name in asked.measures if name in runs and runs[name].notna().any()]
    groups, _ = figure_style.panels_of_arms(runs, [name for name in asked.arms if name != overlay])
    conditions = [_plain(value) for value in figure_style.levels_of(runs, asked.compare)]
    of_networks = {"condition": asked.compare} | ({"overlaid": overlay} if overlay else {})
    rows, medians = [], []
    for title, group in groups:
        states = _states(group)
        shown = {
            name: group[name].where(group.index.isin(outcomes.drawn(group, name, roles).index)) for name in measures
        }
        for place, run in enumerate(group.to_dict("records")):
            own = {key: _plain(run[name]) for key, name in of_networks.items()}
            row = {"panel": title, **own, "seed": int(run["seed"]), "state": states[place], "path": str(run["network"])}
            rows.append(row | {name: _plain(shown[name].iloc[place]) for name in measures})
        for values, mine in group.groupby(list(of_networks.values()), sort=False, dropna=False):
            row = {"panel": title, **dict(zip(of_networks, map(_plain, values), strict=True))}
            medians.append(row | _medians(mine, measures, roles))
    panels = [title for title, _ in groups]
    medians.sort(key=lambda row: (panels.index(row["panel"]), conditions.index(row["condition"])))
    is_number = pd.api.types.is_numeric_dtype(runs[asked.compare])
    numeric = bool(is_number) and len(conditions) >= _NUMBERS
    return Networks(rows, medians, panels, conditions, measures, overlay, numeric)


def _medians(runs: pd.DataFrame, measures: Sequence[str], roles: outcomes.Roles) -> dict[str, Any]:
    found: dict[str, Any] = {"n": len(outcomes.learned(runs))}
    for name in measures:
        counting = outcomes.counting(runs, name, roles)
        for column in (name, name + PREDICTED):
            if column in counting and counting[column].notna().any():
                found[column] = _plain(counting[column].astype(float).median())
    return found


def _states(runs: pd.DataFrame) -> list[str]:
    """What became of each network, as the legends of figures say it."""
    converged = runs["converged"].astype("boolean").fillna(True).astype(bool)
    choices = [runs["diverged"].astype(bool), outcomes.failed(runs), ~converged]
    return [str(word) for word in np.select(choices, ["diverged", outcomes.FAILED, outcomes.UNCONVERGED], "converged")]


def _plain(value: Any) -> Any:
    """A value as JSON has it: numbers to six digits, None where it is missing, and ``inf`` as a word."""
    if pd.isna(value):
        return None
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, (int, np.integer)):
        return int(value)
    if isinstance(value, (float, np.floating)):
        return float(f"{value:.{_DIGITS}g}") if np.isfinite(value) else str(float(value))
    return figure_style.text_of(value)


def plain_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of a table as JSON has it."""
    return {name: _plain(value) for name, value in row.items()}


def summary(
    networks: Networks, labels: Mapping[str, tuple[str, int]], compare: str
) -> tuple[list[str], list[list[str]]]:
    """Head and rows of the table that says in words what the chart shows: medians of every condition."""
    with_panels = len(networks.panels) > 1
    head = [*(["panel"] if with_panels else []), words.parameter(compare)]
    head += [words.parameter(networks.overlay)] if networks.overlay else []
    head += ["networks", *(words.measure(name, labels) for name in networks.measures)]
    rows = []
    for row in networks.medians:
        cells = [row["panel"]] if with_panels else []
        cells += [row[key] for key in ("condition", "overlaid") if key in row]
        cells += [row["n"], *(row.get(name) for name in networks.measures)]
        rows.append([_written(cell) for cell in cells])
    return head, rows


def _written(value: Any) -> str:
    if value is None:
        return "\N{EN DASH}"
    if value == "inf":
        return "not reached"
    return f"{value:.3g}" if isinstance(value, float) else figure_style.text_of(value)
