"""From cells and synapses to initial recurrent weights: the tables of cells and connections, and the matrix.

Every source of a connectome (CAVE, a file, a release, the synthetic stand-in) ends in the same two tables. Everything
after them is shared, so that a choice means the same for every source.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

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
    "cell": "int64",
    "label": "string",
    "root": "Int64",
    "cell_type": "string",
    "sign": "Int8",
    "x_um": "Float64",
    "depth_um": "Float64",
    "z_um": "Float64",
    "axon_proofreading": "string",
    "dendrite_proofreading": "string",
}
_CONNECTION_TYPES = {"presynaptic": "int64", "postsynaptic": "int64", "weight": "float64", "synapses": "Int64"}


def cell_table(columns: Mapping[str, Any]) -> pd.DataFrame:
    """Cells with the columns, types and order of ``CELL_COLUMNS``, in ascending number. Missing columns are null.

    Raises:
        ValueError: if a number stands twice, or a sign is neither 1 nor -1.
    """
    given = pd.DataFrame({name: np.asarray(values) if _plain(values) else values for name, values in columns.items()})
    unknown = set(given) - set(CELL_COLUMNS)
    if unknown:
        raise ValueError(f"cells have no column {', '.join(sorted(unknown))}; known are {', '.join(CELL_COLUMNS)}")
    for name in CELL_COLUMNS:
        if name not in given:
            given[name] = given["cell"].astype(str) if name == "label" else pd.NA
    cells = given[list(CELL_COLUMNS)].astype(_CELL_TYPES)
    refuse_repeated(cells["cell"], "the cell table")
    if not cells["sign"].dropna().isin([1, -1]).all():
        raise ValueError("the sign of a cell must be 1, -1 or unknown")
    return cells.sort_values("cell", ignore_index=True)


def _plain(values: Any) -> bool:
    return isinstance(values, (list, tuple, range))


def refuse_repeated(numbers: pd.Series, where: str) -> None:
    """Raise ValueError if a number of a cell stands twice; ``where`` names the table."""
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


def connections_from_synapses(synapses: pd.DataFrame, cells: pd.DataFrame, signed: bool = False) -> pd.DataFrame:
    """Sum the sizes of all synapses between each ordered pair of cells, with the sign of the presynaptic cell.

    Whole sizes give exact sums. Autapses, synapses of cells outside the table and synapses from cells of unknown
    sign are left out.

    Args:
        synapses: ``presynaptic`` and ``postsynaptic`` (numbers of cells), and ``size``. An optional column
            ``synapses`` says how many synapses a row stands for, null for an unknown number; without it, each row
            is one synapse.
        cells: table with the columns ``CELL_COLUMNS``.
        signed: whether sizes already carry their sign.

    Raises:
        ValueError: if a size is not finite, or is negative although the sign comes from the cell.
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

    Rows and columns follow the order of ``chosen``. Connections of other cells are left out; the diagonal is zero.

    Raises:
        ValueError: if a cell or a connection stands twice, a weight is not finite, or no two cells are connected.
    """
    numbers = pd.Index(chosen["cell"])
    refuse_repeated(chosen["cell"], "the selection")
    post, pre = numbers.get_indexer(connections["postsynaptic"]), numbers.get_indexer(connections["presynaptic"])
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
    """Connections of a matrix, their density and their sizes by sign, for weights.json."""
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
