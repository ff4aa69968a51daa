"""A synthetic stand-in for the MICrONS V1 column, with its published statistics; not data.

With it the whole workflow runs where no connectome can be downloaded. Numbers of cells, depths and proofreading come
from the cell tables at versions 1300 and 1718; connection probabilities, synapses per connection and synapse sizes
come from 1,351 column cells at version 1718. The wiring itself is not in it: given cell classes, distance and the
number of partners of each cell, connections are independent.
"""

import numpy as np
import pandas as pd

from richlazy.connectome import assembly

NOTE = "synthetic stand-in, not data"

# Of each type: cells, sign, the median numbers of partners out and in (those of the column for types without their
# own), and the depth in µm that 0, 5, 50, 95 and 100 % of its cells lie above.
TYPES: dict[str, tuple[int, int, float, float, tuple[float, ...]]] = {
    "23P": (349, 1, 46, 64, (60, 94, 164, 242, 332)),
    "4P": (266, 1, 58, 46, (250, 258, 312, 367, 383)),
    "5P-IT": (137, 1, 40, 46, (347, 353, 400, 491, 504)),
    "5P-PT": (38, 1, 40, 46, (392, 419, 468, 507, 514)),
    "5P-NP": (10, 1, 40, 46, (437, 457, 518, 567, 580)),
    "6P-IT": (192, 1, 40, 46, (501, 515, 616, 710, 726)),
    "6P-CT": (143, 1, 40, 46, (515, 530, 620, 681, 699)),
    "6P-U": (28, 1, 40, 46, (505, 513, 628, 705, 715)),
    "WM-P": (20, 1, 40, 46, (727, 727, 732, 735, 735)),
    "Unsure E": (5, 1, 40, 46, (287, 296, 425, 465, 472)),
    "BC": (59, -1, 230, 158, (115, 153, 396, 650, 698)),
    "MC": (41, -1, 275, 160, (71, 108, 418, 563, 648)),
    "BPC": (33, -1, 39, 49, (132, 135, 317, 606, 641)),
    "NGC": (17, -1, 73, 41, (30, 35, 61, 537, 676)),
    "Unsure I": (13, -1, 100, 46, (500, 540, 605, 685, 695)),
}
_DEPTH_SHARES = (0.0, 0.05, 0.5, 0.95, 1.0)
# Presynaptic and postsynaptic sign: chance of a connection, synapses per connection, mean size of a synapse in voxels.
BLOCKS: dict[tuple[int, int], tuple[float, float, float]] = {
    (1, 1): (0.0226, 1.13, 7715.0),
    (1, -1): (0.0849, 1.72, 5746.0),
    (-1, 1): (0.1389, 2.70, 3561.0),
    (-1, -1): (0.1361, 2.61, 4469.0),
}
# Spread of the logarithm of synapse sizes, by the sign of the presynaptic cell.
SIZE_SPREAD = {1: 0.81, -1: 0.72}
# Synapses are detected at half the resolution in x and y, so that sizes are multiples of 4 voxels.
SIZE_STEP = 4
SMALLEST_SIZE = 52

# Proofread axons at version 1300, of 1,168 excitatory and 162 inhibitory cells: partially and fully extended.
PROOFREAD_AXONS = {1: (852, 84), -1: (154, 8)}

COLUMN_UM = {"x_um": (602.0, 735.0), "z_um": (806.0, 1021.0)}  # the column's extent across the surface
# Chosen here, as no source gives them: decay of the chance of a connection with distance, and the spread of the
# logarithm of partners out and in among cells of a type, by sign.
DISTANCE_UM = 200.0
PARTNER_SPREAD = {"out": {1: 0.8, -1: 0.5}, "in": {1: 0.4, -1: 0.4}}
LARGEST_CHANCE = 0.9


def generate(seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Draw a column.

    Args:
        seed: equal seeds give equal columns.

    Returns:
        Cells with the columns ``assembly.CELL_COLUMNS``, and one row per synapse: ``presynaptic``, ``postsynaptic`` and
        ``size`` in voxels of 4 x 4 x 40 nm.
    """
    rng = np.random.default_rng(seed)
    cells = _draw_cells(rng)
    return cells, _draw_synapses(cells, rng)


def _draw_cells(rng: np.random.Generator) -> pd.DataFrame:
    names, counts = list(TYPES), [TYPES[name][0] for name in TYPES]
    # Shuffled, so that the number of a cell says nothing about its type.
    types = rng.permutation(np.repeat(names, counts))
    signs = np.array([TYPES[name][1] for name in types])
    depths = np.array(
        [
            np.interp(share, _DEPTH_SHARES, TYPES[name][4])
            for share, name in zip(rng.random(len(types)), types, strict=True)
        ]
    )
    across = {name: rng.uniform(*extent, len(types)) for name, extent in COLUMN_UM.items()}
    axons = np.full(len(types), "none", dtype=object)
    for sign, (partially, fully) in PROOFREAD_AXONS.items():
        proofread = rng.choice(np.flatnonzero(signs == sign), partially + fully, replace=False)
        axons[proofread[:partially]] = "axon_partially_extended"
        axons[proofread[partially:]] = "axon_fully_extended"
    dendrites = np.where(rng.random(len(types)) < 0.5, "dendrite_clean", "dendrite_extended")
    columns = {
        "cell": np.arange(1, len(types) + 1),
        "cell_type": types,
        "sign": signs,
        "depth_um": depths,
        "axon_proofreading": axons,
        "dendrite_proofreading": dendrites,
    }
    return assembly.cell_table(columns | across)


def _draw_synapses(cells: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    signs = cells["sign"].to_numpy(int)
    chances = _chances(cells, rng)
    pre, post = np.nonzero(rng.random(chances.shape, dtype=np.float32) < chances)
    numbers, means, spreads = np.empty(len(pre)), np.empty(len(pre)), np.empty(len(pre))
    for (source, target), (_, synapses, size) in BLOCKS.items():
        block = (signs[pre] == source) & (signs[post] == target)
        numbers[block] = 1 + rng.poisson(synapses - 1, block.sum())
        means[block], spreads[block] = size, SIZE_SPREAD[source]
    which = np.repeat(np.arange(len(pre)), numbers.astype(int))
    spread = spreads[which]
    sizes = rng.lognormal(np.log(means[which]) - spread**2 / 2, spread)
    sizes = np.maximum(SIZE_STEP * np.round(sizes / SIZE_STEP), SMALLEST_SIZE).astype(np.int64)
    cell = cells["cell"].to_numpy()
    return pd.DataFrame({"presynaptic": cell[pre[which]], "postsynaptic": cell[post[which]], "size": sizes})


def _chances(cells: pd.DataFrame, rng: np.random.Generator) -> np.ndarray:
    """Chance of a connection from the cell of each row to that of each column, float32."""
    signs, types = cells["sign"].to_numpy(int), cells["cell_type"].to_numpy(str)
    places = cells[["x_um", "depth_um", "z_um"]].to_numpy(np.float32)
    squared = (places**2).sum(axis=1)
    distances = np.sqrt(np.maximum(squared[:, None] + squared - 2 * places @ places.T, 0))
    chances = np.exp(-distances / np.float32(DISTANCE_UM))
    for axis, side, place in ((0, "out", 2), (1, "in", 3)):
        typical = np.array([TYPES[name][place] for name in types])
        spreads = np.where(signs == 1, PARTNER_SPREAD[side][1], PARTNER_SPREAD[side][-1])
        partners = typical * rng.lognormal(0.0, spreads)
        chances *= np.expand_dims(partners.astype(np.float32), 1 - axis)
    np.fill_diagonal(chances, 0)
    for (source, target), (wanted, _, _) in BLOCKS.items():
        block = np.ix_(signs == source, signs == target)
        values = chances[block]
        # The bound takes from the largest, which the others make up for.
        for _ in range(8):
            values = np.minimum(values * (wanted / values.mean()), LARGEST_CHANCE)
        chances[block] = values
    return chances
