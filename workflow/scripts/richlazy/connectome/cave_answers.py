"""What an answer of CAVE must hold before it is kept: columns, ids, sizes and positions that can be used.

A chunk that was kept is never asked for again, so one that no later stage can use would fail every later run.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from richlazy.connectome.assembly import cortical_position_um

POSITIONS = ["pt_position_x", "pt_position_y", "pt_position_z"]
# Depths in µm that a cell of cortex can have; others mean that positions came in another unit.
_PLAUSIBLE_UM = (-200.0, 1500.0)


@dataclass(frozen=True)
class Expected:
    """What the rows of a table must have.

    Attributes:
        ids: columns of whole numbers, none of them null.
        others: further columns.
        values: what is wrong with the values of rows that have them all, or None.
    """

    ids: tuple[str, ...]
    others: tuple[str, ...] = ()
    values: Callable[[pd.DataFrame], str | None] = lambda rows: None

    def problem(self, rows: pd.DataFrame) -> str | None:
        """What is wrong with an answer, as `gave … of table …` continues; None if it can be used."""
        lacking = [name for name in (*self.ids, *self.others) if name not in rows]
        if lacking:
            return f"no {' and no '.join(lacking)}"
        empty = [name for name in self.ids if rows[name].isna().any()]
        if empty:
            return f"rows without {' and '.join(empty)}"
        return self.values(rows) if len(rows) else None


def _no_positions(rows: pd.DataFrame) -> str | None:
    if rows[POSITIONS].isna().any(axis=None):
        return "rows without position"
    return implausible(cortical_position_um(*rows[POSITIONS].to_numpy(float).T)[1])


def implausible(depths: np.ndarray) -> str | None:
    """What depths (µm) outside cortex say of positions, as another unit or resolution makes them; None if all fit."""
    low, high = _PLAUSIBLE_UM
    if ((low < depths) & (depths < high)).all():
        return None
    return f"positions that are not in nm of minnie65 ({depths.min():.0f} to {depths.max():.0f} µm below pia)"


def _no_whole_sizes(rows: pd.DataFrame) -> str | None:
    sizes = pd.to_numeric(rows["size"], errors="coerce").astype("Float64")
    wrong = sizes.isna().any() or (sizes != sizes.round()).any()
    return "synapses whose size is no whole number of voxels" if wrong else None


CELL_TYPES = Expected(("id", "target_id"), ("classification_system", "cell_type"))
NUCLEI = Expected(("id",), ("pt_root_id", *POSITIONS), _no_positions)
PROOFREADING = Expected(("id",), ("pt_root_id", "valid_id", "status_axon", "status_dendrite"))
SYNAPSES = Expected(("id", "pre_pt_root_id", "post_pt_root_id"), ("size",), _no_whole_sizes)
