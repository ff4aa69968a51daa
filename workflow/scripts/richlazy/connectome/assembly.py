"""From cells and synapses to initial recurrent weights: the border between layers, the chosen cells, the matrix.

Every source of a connectome (CAVE, a file, a release, the synthetic stand-in) ends in the same two tables, cells
and connections. Whatever comes after them is here, so that a choice means the same for every source.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy import optimize, special

CELL_COLUMNS = {
    "cell": "number of the cell: nucleus id at CAVE, otherwise the id as given or, where that is no number, the row",
    "label": "the id of the cell as its source gives it",
    "root": "segmentation root id; null where the source has none",
    "cell_type": "name of the cell type; null where unknown",
    "sign": "1 excitatory, -1 inhibitory, null unknown",
    "x_um": "µm; position across the cortical surface",
    "depth_um": "µm; distance from the pia",
    "z_um": "µm; position across the cortical surface, in the direction of sectioning",
    "axon_proofreading": "how far the axon was proofread, in the words of the source; none where it was not",
    "dendrite_proofreading": "how far the dendrite was proofread, in the words of the source; none where it was not",
}
CONNECTION_COLUMNS = {
    "presynaptic": "number of the presynaptic cell",
    "postsynaptic": "number of the postsynaptic cell",
    "weight": "summed synapse size in units of the source, with the sign of the presynaptic cell",
    "synapses": "number of synapses of the connection; null where the source does not count them",
}
_CELL_TYPES = {
    "cell": "int64", "label": "string", "root": "Int64", "cell_type": "string", "sign": "Int8", "x_um": "Float64",
    "depth_um": "Float64", "z_um": "Float64", "axon_proofreading": "string", "dendrite_proofreading": "string",
}  # fmt: skip
_CONNECTION_TYPES = {"presynaptic": "int64", "postsynaptic": "int64", "weight": "float64", "synapses": "Int64"}

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


def cell_table(columns: Mapping[str, Any]) -> pd.DataFrame:
    """Cells with the columns, types and order of ``CELL_COLUMNS``, in ascending number; what is not given is null.

    Raises:
        ValueError: when a number stands twice, or a sign is neither 1 nor -1.
    """
    given = pd.DataFrame({name: np.asarray(values) if _plain(values) else values for name, values in columns.items()})
    unknown = set(given) - set(CELL_COLUMNS)
    if unknown:
        raise ValueError(f"cells have no column {', '.join(sorted(unknown))}; known are {', '.join(CELL_COLUMNS)}")
    for name in CELL_COLUMNS:
        if name not in given:
            given[name] = given["cell"].astype(str) if name == "label" else pd.NA
    cells = given[list(CELL_COLUMNS)].astype(_CELL_TYPES)
    _refuse_repeated(cells["cell"], "the cell table")
    if not cells["sign"].dropna().isin([1, -1]).all():
        raise ValueError("the sign of a cell must be 1, -1 or unknown")
    return cells.sort_values("cell", ignore_index=True)


def _plain(values: Any) -> bool:
    return isinstance(values, (list, tuple, range))


def _refuse_repeated(numbers: pd.Series, where: str) -> None:
    repeated = numbers[numbers.duplicated()].unique()
    if len(repeated):
        raise ValueError(
            f"{where} names {len(repeated)} cells more than once, first {repeated[0]}; keep one row per cell"
        )


def cortical_position_um(x_nm: Any, y_nm: Any, z_nm: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Positions in the MICrONS volume (minnie65) as (x, depth below the pia, z) in µm, from coordinates in nm.

    standard_transform turns the volume by 5 degrees about z, which levels the pia, and measures depth from there.
    """
    from standard_transform import minnie_ds  # takes over a second to import

    points = np.stack(np.broadcast_arrays(x_nm, y_nm, z_nm), axis=-1).astype(float)
    moved = np.asarray(minnie_ds.transform("nm").apply(points.reshape(-1, 3))).reshape(points.shape)
    return moved[..., 0], moved[..., 1], moved[..., 2]


def estimate_boundary(cells: pd.DataFrame, between: Sequence[str], method: str | float) -> float:
    """Depth of the border between the layers of two cell types, in µm.

    Args:
        cells: all candidates, proofread or not.
        between: two cell types, the shallower first.
        method: ``logistic``, where a logistic regression on depth gives either type the chance of one half;
            ``means``, midway between the mean depths; ``ranges``, midway between the centres of the ranges that
            hold the middle 98 % of each type; or the depth itself in µm.

    Raises:
        ValueError: for an unknown method, a type that no cell has, or types in the wrong order.
    """
    if isinstance(method, (int, float)) and not isinstance(method, bool):
        return float(method)
    if method not in BOUNDARIES:
        raise ValueError(f"unknown boundary {method!r}; choose one of {', '.join(BOUNDARIES)}, or a depth in µm")
    depths = []
    for name in between:
        depth = cells.loc[cells["cell_type"].eq(name).fillna(False), "depth_um"].dropna().to_numpy(float)
        if not len(depth):
            known = ", ".join(sorted(cells["cell_type"].dropna().unique())) or "none"
            raise ValueError(f"no cell of type {name} has a depth, so that its layer has no border; types are {known}")
        depths.append(depth)
    upper, lower = depths
    if upper.mean() >= lower.mean():
        raise ValueError(f"cells of type {between[0]} lie deeper than those of {between[1]}; name the shallower first")
    if method == "means":
        return float((upper.mean() + lower.mean()) / 2)
    if method == "ranges":
        return float(np.mean([np.percentile(depth, [1, 99]).mean() for depth in depths]))
    return _logistic_crossing(upper, lower)


def _logistic_crossing(upper: np.ndarray, lower: np.ndarray) -> float:
    """Depth at which the likeliest logistic curve gives the deeper type a chance of one half."""
    if upper.max() < lower.min():
        return float((upper.max() + lower.min()) / 2)  # no finite slope is likeliest; every steep one crosses here
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
        cells: all candidates, as ``CELL_COLUMNS`` says.
        connections: all connections among them; only ``by: strength`` needs them.
        selection: ``cells``, how many; ``by``, where ``boundary`` takes those nearest in depth to the border of
            ``estimate_boundary``, ``strength`` those with the largest summed size of connections in and out, and
            ``all`` every cell; ``axon`` and ``dendrite``, lists of the proofreading words that pass, or nothing.

    Returns:
        The chosen cells in ascending number, and the counts of every stage for selection.json. Equal candidates
        are taken by number.

    Raises:
        ValueError: when fewer cells are left than asked for, or ``all`` leaves another number.
    """
    by = selection["by"]
    if by not in SELECTIONS:
        raise ValueError(f"unknown selection {by!r}; choose one of {', '.join(SELECTIONS)}")
    _refuse_repeated(cells["cell"], "the cell table")
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
    """The cells of the lowest values, ties by number."""
    return cells.iloc[np.lexsort((cells["cell"].to_numpy(), values))[:count]]


def _strengths(numbers: pd.Series, connections: pd.DataFrame) -> np.ndarray:
    """Summed size of the connections of each cell, in and out."""
    sizes = connections["weight"].abs()
    total = sum(
        (sizes.groupby(connections[end]).sum().reindex(numbers).fillna(0.0).to_numpy())
        for end in ("presynaptic", "postsynaptic")
    )
    return np.asarray(total, dtype=float)


def composition(types: pd.Series) -> dict[str, int]:
    """Number of cells of each type, the largest first, ties by name."""
    counted = types.fillna("unknown").value_counts()
    return {str(name): int(counted[name]) for name in sorted(counted.index, key=lambda name: (-counted[name], name))}


def describe_stages(counts: Mapping[str, Any]) -> list[str]:
    """What each stage of a selection left, in words."""
    return [f"{counts[stage]:,} {words}" for stage, words in STAGES.items() if counts.get(stage) is not None]


def _wrong_number(counts: Mapping[str, Any], left: int, selection: Mapping[str, Any]) -> str:
    rules = [f"{part} in {', '.join(selection[part])}" for part in ("axon", "dendrite") if selection.get(part)]
    asked = f"the selection asks for {selection['cells']:,} cells, but {left:,} are left"
    stages = ", ".join(describe_stages(counts)) + (f" ({'; '.join(rules)})" if rules else "")
    if left > selection["cells"]:
        return f"{asked}: {stages}; with by: all, set selection.cells to {left}"
    return f"{asked}: {stages}; lower selection.cells to at most {left}, or relax the rules of the selection"


def connections_from_synapses(synapses: pd.DataFrame, cells: pd.DataFrame, signed: bool = False) -> pd.DataFrame:
    """Sum the sizes of all synapses between each ordered pair of cells, with the sign of the presynaptic cell.

    Sizes that are whole numbers are summed as such, so exactly. Autapses, synapses of cells outside the table and
    synapses from cells of unknown sign are left out.

    Args:
        synapses: ``presynaptic`` and ``postsynaptic`` (numbers of cells), ``size``, and optionally ``synapses``
            where a row stands for several or an unknown number (null); otherwise every row counts as one.
        cells: as ``CELL_COLUMNS`` says.
        signed: whether sizes carry their sign already.

    Raises:
        ValueError: when a size is not finite, or is negative though the sign comes from the cell.
    """
    size = synapses["size"]
    if size.isna().any() or not np.isfinite(size.to_numpy(float)).all():
        raise ValueError("the size of a synapse is missing or not finite; remove or mend its row")
    if not signed and (size < 0).any():
        raise ValueError("a synapse has a negative size, but its sign comes from the presynaptic cell; give sizes >= 0")
    whole = pd.api.types.is_integer_dtype(size) or ((size % 1 == 0).all() and (size.abs() < 2**53).all())
    table = pd.DataFrame(
        {
            "presynaptic": synapses["presynaptic"].astype("int64"),
            "postsynaptic": synapses["postsynaptic"].astype("int64"),
            "weight": size.astype("int64" if whole else "float64"),
            "synapses": synapses["synapses"].astype("Int64") if "synapses" in synapses else 1,
        }
    )
    sign = cells.set_index("cell")["sign"]
    if not signed:
        sign = sign.dropna()
    inside = table["presynaptic"].isin(sign.index) & table["postsynaptic"].isin(cells["cell"])
    pairs = table[inside & (table["presynaptic"] != table["postsynaptic"])].groupby(["presynaptic", "postsynaptic"])
    summed = pairs["weight"].sum().reset_index()
    # A sum of null counts is null and not zero.
    summed["synapses"] = pairs["synapses"].sum(min_count=1).to_numpy()
    if not signed:
        summed["weight"] = summed["weight"] * summed["presynaptic"].map(sign.astype("int64"))
    return summed[list(CONNECTION_COLUMNS)].astype(_CONNECTION_TYPES)


def weight_matrix(chosen: pd.DataFrame, connections: pd.DataFrame) -> np.ndarray:
    """Weights among the chosen cells, shape (n, n) in float64: ``W[i, j]`` is from cell j to cell i.

    Rows and columns stand in the order of ``chosen``. Connections of other cells are outside the selection and
    left out; the diagonal is zero.

    Raises:
        ValueError: when a cell or a connection stands twice, a weight is not finite, or no two cells are connected.
    """
    numbers = pd.Index(chosen["cell"])
    _refuse_repeated(chosen["cell"], "the selection")
    post, pre = (numbers.get_indexer(connections[end]) for end in ("postsynaptic", "presynaptic"))
    weight = connections["weight"].to_numpy(np.float64)
    inside = (post >= 0) & (pre >= 0) & (post != pre)
    post, pre, weight = post[inside], pre[inside], weight[inside]
    if not np.isfinite(weight).all():
        raise ValueError(f"{np.sum(~np.isfinite(weight))} connections among the chosen cells have no finite weight")
    if len(np.unique(post * len(numbers) + pre)) < len(post):
        raise ValueError("a connection stands twice among those of the chosen cells; sum its synapses first")
    if not weight.any():
        raise ValueError(
            f"the {len(numbers)} chosen cells have no connection among each other ({len(connections)} connections "
            "are known); check that cells and connections use the same ids"
        )
    weights = np.zeros((len(numbers), len(numbers)))
    weights[post, pre] = weight
    return weights


def describe_matrix(weights: np.ndarray) -> dict[str, Any]:
    """What there is to know of a matrix for weights.json: connections, their density and sizes by sign."""
    size = len(weights)
    signs = np.sign(weights)
    mixed = int(((signs > 0).any(axis=0) & (signs < 0).any(axis=0)).sum())
    return {
        "cells": size,
        "connections": int((weights != 0).sum()),
        "density": float((weights != 0).sum() / (size * (size - 1))),
        "excitatory_connections": int((weights > 0).sum()),
        "inhibitory_connections": int((weights < 0).sum()),
        "summed_excitation": float(weights[weights > 0].sum()),
        "summed_inhibition": float(weights[weights < 0].sum()),
        "cells_of_both_signs": mixed,
        "cells_without_connection": int((~(weights != 0).any(axis=0) & ~(weights != 0).any(axis=1)).sum()),
    }
