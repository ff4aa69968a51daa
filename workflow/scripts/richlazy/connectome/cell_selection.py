"""The choice of the cells that become units, and the border between two layers on which it can rest."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy import optimize, special

from richlazy.connectome.assembly import refuse_repeated

SELECTIONS = ("boundary", "strength", "all")
BOUNDARIES = ("logistic", "means", "ranges")

# Stages of a selection in their order, with the words of an error or a figure.
STAGES = {
    "candidates": "candidates",
    "with_sign": "with known sign",
    "with_depth": "with known depth",
    "axon_rule": "after the axon rule",
    "dendrite_rule": "after the dendrite rule",
    "chosen": "chosen",
}


def estimate_boundary(cells: pd.DataFrame, between: Sequence[str], method: str | float) -> float:
    """Depth of the border between the layers of two cell types, in µm.

    Args:
        cells: all candidates, proofread or not.
        between: two cell types, the shallower first.
        method: how the border is found. ``logistic``: where a logistic regression on depth gives each type a chance
            of one half. ``means``: midway between the mean depths. ``ranges``: midway between the centres of the
            ranges that hold the middle 98 % of each type. A number: that depth in µm.

    Raises:
        ValueError: if the method is unknown, no cell has one of the types, or the deeper type comes first.
    """
    if isinstance(method, (int, float)) and not isinstance(method, bool):
        return float(method)
    if method not in BOUNDARIES:
        raise ValueError(f"unknown boundary {method!r}; choose one of {', '.join(BOUNDARIES)}, or a depth in µm")
    upper, lower = _depths(cells, between[0]), _depths(cells, between[1])
    if upper.mean() >= lower.mean():
        raise ValueError(f"cells of type {between[0]} lie deeper than those of {between[1]}; name the shallower first")
    if method == "means":
        return float((upper.mean() + lower.mean()) / 2)
    if method == "ranges":
        return float(np.mean([np.percentile(depth, [1, 99]).mean() for depth in (upper, lower)]))
    return _logistic_crossing(upper, lower)


def _depths(cells: pd.DataFrame, cell_type: str) -> np.ndarray:
    """Known depths of the cells of a type, in µm."""
    depths = cells.loc[cells["cell_type"].eq(cell_type).fillna(False), "depth_um"].dropna().to_numpy(float)
    if not len(depths):
        known = ", ".join(sorted(cells["cell_type"].dropna().unique())) or "none"
        raise ValueError(f"no cell of type {cell_type} has a depth, so that its layer has no border; types are {known}")
    return depths


def _logistic_crossing(upper: np.ndarray, lower: np.ndarray) -> float:
    """Depth at which the logistic curve of largest likelihood gives the deeper type a chance of one half."""
    if upper.max() < lower.min():
        # The likelihood grows with the slope without end, and every steep curve crosses here.
        return float((upper.max() + lower.min()) / 2)
    depth, side = np.r_[upper, lower], np.r_[-np.ones(len(upper)), np.ones(len(lower))]
    centre, scale = depth.mean(), depth.std()
    standard = np.c_[np.ones(len(depth)), (depth - centre) / scale]

    def loss(parameters):
        margin = side * (standard @ parameters)
        return np.logaddexp(0, -margin).sum(), -(standard.T @ (side * special.expit(-margin)))

    fit = optimize.minimize(loss, [0.0, 1.0], jac=True, method="BFGS", options={"gtol": 1e-8})
    intercept, slope = fit.x
    return float(centre - scale * intercept / slope)


def select_cells(
    cells: pd.DataFrame, connections: pd.DataFrame | None, selection: Mapping[str, Any]
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Choose the cells that become units, and count what every stage leaves.

    Args:
        cells: all candidates, with the columns ``assembly.CELL_COLUMNS``.
        connections: all connections among them; only ``by: strength`` needs them.
        selection: ``cells``: number of cells to choose. ``by``: ``boundary`` takes those nearest in depth to the
            border of ``estimate_boundary``, ``strength`` those with the largest summed size of connections in and
            out, ``all`` every cell. ``axon`` and ``dendrite``: proofreading words that pass; without them all pass.

    Returns:
        The chosen cells in ascending number, and the counts of every stage for selection.json. Of equal candidates
        the lowest numbers are chosen.

    Raises:
        ValueError: if fewer cells are left than asked for, or ``all`` leaves another number.
    """
    by = selection["by"]
    if by not in SELECTIONS:
        raise ValueError(f"unknown selection {by!r}; choose one of {', '.join(SELECTIONS)}")
    refuse_repeated(cells["cell"], "the cell table")
    counts: dict[str, Any] = {"by": by, "candidates": len(cells)}
    eligible = cells[cells["sign"].notna()]
    counts["with_sign"] = len(eligible)
    if by == "boundary":
        eligible = eligible[eligible["depth_um"].notna()]
        counts["with_depth"] = len(eligible)
    for part in ("axon", "dendrite"):
        words = selection.get(part)
        if words:
            _require_words(cells[f"{part}_proofreading"], part)
            eligible = eligible[eligible[f"{part}_proofreading"].isin(list(words))]
            counts[f"{part}_rule"] = len(eligible)
    wanted = selection["cells"]
    if len(eligible) < wanted or (by == "all" and len(eligible) != wanted):
        raise ValueError(_wrong_number(counts, len(eligible), selection))
    boundary = None
    if by == "boundary":
        boundary = estimate_boundary(cells, selection["between"], selection["boundary"])
        eligible = _first(eligible, (eligible["depth_um"] - boundary).abs().to_numpy(float), wanted)
    elif by == "strength":
        if connections is None:
            raise ValueError("selection by strength needs the connections of all candidates")
        eligible = _first(eligible, -_strengths(eligible["cell"], connections), wanted)
    chosen = eligible.sort_values("cell", ignore_index=True)
    depths = chosen["depth_um"].dropna()
    return chosen, counts | {
        "chosen": len(chosen),
        "boundary_um": boundary,
        "depth_um": [float(depths.min()), float(depths.max())] if len(depths) else None,
        "excitatory": int((chosen["sign"] == 1).sum()),
        "inhibitory": int((chosen["sign"] == -1).sum()),
        "composition": composition(chosen["cell_type"]),
    }


def _require_words(words: pd.Series, part: str) -> None:
    if words.isna().all():
        raise ValueError(
            f"no cell says how far its {part} was proofread, but selection.{part} asks for it; "
            f"name the column in format.{part}_proofreading, or remove selection.{part}"
        )


def _first(cells: pd.DataFrame, values: np.ndarray, count: int) -> pd.DataFrame:
    """Cells with the lowest values, ties by number."""
    return cells.iloc[np.lexsort((cells["cell"].to_numpy(), values))[:count]]


def _strengths(numbers: pd.Series, connections: pd.DataFrame) -> np.ndarray:
    """Summed size of the connections of each cell, in and out."""
    sizes = connections["weight"].abs()
    outgoing = sizes.groupby(connections["presynaptic"]).sum().reindex(numbers).fillna(0.0)
    incoming = sizes.groupby(connections["postsynaptic"]).sum().reindex(numbers).fillna(0.0)
    return outgoing.to_numpy(float) + incoming.to_numpy(float)


def composition(types: pd.Series) -> dict[str, int]:
    """Number of cells of each type, the largest first, ties by name."""
    counted = types.fillna("unknown").value_counts()
    return {str(name): int(counted[name]) for name in sorted(counted.index, key=lambda name: (-counted[name], name))}


def describe_stages(counts: Mapping[str, Any]) -> list[str]:
    """How many cells each stage of a selection left, in words."""
    return [f"{counts[stage]:,} {words}" for stage, words in STAGES.items() if counts.get(stage) is not None]


def _wrong_number(counts: Mapping[str, Any], left: int, selection: Mapping[str, Any]) -> str:
    rules = [f"{part} in {', '.join(selection[part])}" for part in ("axon", "dendrite") if selection.get(part)]
    asked = f"the selection asks for {selection['cells']:,} cells, but {left:,} are left"
    stages = ", ".join(describe_stages(counts)) + (f" ({'; '.join(rules)})" if rules else "")
    if left > selection["cells"]:
        return f"{asked}: {stages}; with by: all, set selection.cells to {left}"
    return f"{asked}: {stages}; lower selection.cells to at most {left}, or relax the rules of the selection"
