"""Cells of the V1 column from three tables of CAVE (types, nuclei, proofreading), and synapses between them.

Cells have the number of their nucleus, which is the same in every version; segmentation roots change.
"""

import pandas as pd

from richlazy.connectome.assembly import cell_table, cortical_position_um
from richlazy.connectome.cave_answers import CELL_TYPES, NUCLEI, POSITIONS, PROOFREADING, implausible

_TYPES = ("target_id", *CELL_TYPES.others)
_NOT_PROOFREAD = "none"  # of versions from 1078 on; before them the word was `non`


def cells_from_tables(
    cell_types: pd.DataFrame, nuclei: pd.DataFrame, proofreading: pd.DataFrame, datastack: str
) -> tuple[pd.DataFrame, dict[str, int]]:
    """Candidate cells, one row each, and how many rows each step left out.

    Args:
        cell_types: ``target_id`` (nucleus), ``classification_system`` (carries the class), ``cell_type``.
        nuclei: ``id``, ``pt_root_id`` (0 outside the segmentation), ``pt_position_x``, ``_y``, ``_z`` in nm.
        proofreading: ``pt_root_id``, ``valid_id`` and either words in ``status_axon`` and ``status_dendrite``
            (`proofreading_status_public_release`) or truth values there and words in ``strategy_axon`` and
            ``strategy_dendrite`` (`proofreading_status_and_strategy`).
        datastack: where the tables come from; depth is known for minnie65 only.

    Returns:
        Cells in ascending order of nucleus with the columns ``assembly.CELL_COLUMNS``, and the counts.

    Raises:
        ValueError: if the volume is another one, a column is missing, positions have another unit, or no cell is left.
    """
    if not datastack.startswith("minnie65"):
        raise ValueError(f"the depth of cells is known for minnie65 only, not for datastack {datastack}; name another")
    _require(cell_types, "the table of cell types", *_TYPES)
    _require(nuclei, "the table of nuclei", *NUCLEI.ids, *NUCLEI.others)
    once = cell_types[list(_TYPES)].drop_duplicates("target_id", keep=False)
    somata = nuclei[[*NUCLEI.ids, *NUCLEI.others]]
    placed = once.merge(somata, left_on="target_id", right_on="id", validate="one_to_one")
    rooted = placed[placed["pt_root_id"].fillna(0) != 0]
    # Two somata of one root are merged in the segmentation, and so are their synapses.
    single = rooted.drop_duplicates("pt_root_id", keep=False)
    sign = _sign(single["classification_system"])
    kept = single[sign.notna()].sort_values("target_id", ignore_index=True)
    if kept.empty:
        raise ValueError("no excitatory or inhibitory cell is left of the table of cell types; name another table")
    words, counts = _proofreading(proofreading)
    x, depth, z = cortical_position_um(*kept[POSITIONS].to_numpy(float).T)
    if problem := implausible(depth):
        raise ValueError(f"the table of nuclei has {problem}; name another table of CAVE")
    proofread = {part: kept["pt_root_id"].map(words[part]).fillna(_NOT_PROOFREAD) for part in ("axon", "dendrite")}
    cells = cell_table(
        {
            "cell": kept["target_id"],
            "root": kept["pt_root_id"],
            "cell_type": kept["cell_type"],
            "sign": _sign(kept["classification_system"]),
            "x_um": x,
            "depth_um": depth,
            "z_um": z,
            "axon_proofreading": proofread["axon"],
            "dendrite_proofreading": proofread["dendrite"],
        }
    )
    return cells, {
        "typed": len(cell_types),
        "typed_repeatedly": len(cell_types) - len(once),
        "without_nucleus": len(once) - len(placed),
        "outside_segmentation": len(placed) - len(rooted),
        "merged": len(rooted) - len(single),
        "unclear": len(single) - len(kept),
        "cells": len(cells),
        "proofread": int(kept["pt_root_id"].isin(words.index).sum()),
        **counts,
    }


def synapses_between(synapses: pd.DataFrame, cells: pd.DataFrame) -> pd.DataFrame:
    """Synapses with the numbers of their cells in place of segmentation roots.

    Args:
        synapses: ``pre_pt_root_id``, ``post_pt_root_id``, ``size``.
        cells: ``cell``, ``root``.

    Returns:
        ``presynaptic``, ``postsynaptic`` and ``size`` of the synapses with both ends on these cells.
    """
    cell_of_root = cells.set_index("root")["cell"]
    inside = synapses["pre_pt_root_id"].isin(cell_of_root.index) & synapses["post_pt_root_id"].isin(cell_of_root.index)
    kept = synapses[inside]
    return pd.DataFrame(
        {
            "presynaptic": cell_of_root.loc[kept["pre_pt_root_id"]].to_numpy(),
            "postsynaptic": cell_of_root.loc[kept["post_pt_root_id"]].to_numpy(),
            "size": kept["size"].to_numpy("int64"),
        }
    )


def _require(table: pd.DataFrame, what: str, *columns: str) -> None:
    lacking = [column for column in columns if column not in table]
    if lacking:
        raise ValueError(f"{what} lacks {', '.join(lacking)}; name a table of CAVE that has them")


def _sign(systems: pd.Series) -> pd.Series:
    """Sign of each cell by its class, null if the class is unclear; names of types differ between versions."""
    sign = pd.Series(pd.NA, systems.index, dtype="Int8")
    sign[systems.str.contains("excitatory", na=False).astype(bool)] = 1
    sign[systems.str.contains("inhibitory", na=False).astype(bool)] = -1
    return sign


def _proofreading(table: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, int]]:
    """How far axon and dendrite of each segmentation root were proofread, in the words of the table."""
    _require(table, "the table of proofreading", *PROOFREADING.others)
    # A root that changed after proofreading may contain other cells by now.
    present = table[(table["pt_root_id"] == table["valid_id"]).fillna(False).astype(bool)]
    words = pd.DataFrame({"root": present["pt_root_id"].astype("Int64")})
    for part in ("axon", "dendrite"):
        status = present[f"status_{part}"]
        if pd.api.types.is_bool_dtype(status):
            _require(table, "the table of proofreading", f"strategy_{part}")
            word = present[f"strategy_{part}"].where(status.fillna(False).astype(bool), _NOT_PROOFREAD)
        else:
            word = status.replace({"non": _NOT_PROOFREAD})
        words[part] = word.astype("string").fillna(_NOT_PROOFREAD)
    distinct = words.drop_duplicates()
    unambiguous = distinct.drop_duplicates("root", keep=False)
    return unambiguous.set_index("root"), {
        "proofreading_changed_since": len(table) - len(present),
        "proofreading_contradictory": distinct["root"].nunique() - len(unambiguous),
    }
