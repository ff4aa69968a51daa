"""The synthetic stand-in: its statistics are the published ones, over several seeds."""

import numpy as np
import pandas as pd
import pytest

from richlazy.connectome import assembly, cell_selection, synthetic_connectome

SEEDS = (0, 1, 2, 3)
SELECTION = {
    "cells": 198, "by": "boundary", "boundary": "logistic", "between": ["23P", "4P"],
    "axon": ["axon_partially_extended", "axon_fully_extended"], "dendrite": ["dendrite_clean", "dendrite_extended"],
}  # fmt: skip
# MICrONS V1 column at version 1718: chance of a connection, synapses per connection, mean size of a synapse.
PUBLISHED = {
    (1, 1): (0.0226, 1.13, 7715), (1, -1): (0.0849, 1.72, 5746),
    (-1, 1): (0.1389, 2.70, 3561), (-1, -1): (0.1361, 2.61, 4469),
}  # fmt: skip


@pytest.fixture(scope="module", params=SEEDS)
def column(request):
    """Cells, synapses, and connections of one seed."""
    cells, synapses = synthetic_connectome.generate(request.param)
    return cells, synapses, assembly.connections_from_synapses(synapses, cells)


def partners(cells, connections, end):
    return connections[end].value_counts().reindex(cells["cell"], fill_value=0)


def test_the_cells_are_those_of_the_column(column):
    cells = column[0]
    assert list(cells) == list(assembly.CELL_COLUMNS)
    assert len(cells) == 1351
    assert ((cells["sign"] == 1).sum(), (cells["sign"] == -1).sum()) == (1188, 163)
    assert cells["root"].isna().all()  # no id that a real cell could have
    assert cells[["x_um", "z_um"]].apply(np.ptp).tolist() == pytest.approx([133, 215], rel=0.03)
    assert cells["depth_um"].between(0, 800).all()
    # The number of a cell tells nothing about it.
    assert abs(np.corrcoef(cells["cell"], cells["depth_um"].astype(float))[0, 1]) < 0.1


def test_density_and_partners_are_those_of_the_column(column):
    cells, synapses, connections = column
    assert len(connections) / (1351 * 1350) == pytest.approx(0.0432, rel=0.03)
    assert len(synapses) / len(connections) == pytest.approx(1.86, rel=0.03)
    outgoing, incoming = (partners(cells, connections, end) for end in ("presynaptic", "postsynaptic"))
    # Published: median 40 (5 % 7.5, 95 % 180, largest 620) and median 46 (largest 358).
    assert np.median(outgoing) == pytest.approx(40, rel=0.3)
    assert np.percentile(outgoing, 5) == pytest.approx(7.5, abs=3)
    assert np.percentile(outgoing, 95) == pytest.approx(180, rel=0.35)
    assert 350 < outgoing.max() < 1200
    assert np.median(incoming) == pytest.approx(46, rel=0.2)
    assert 200 < incoming.max() < 700
    # A heavy tail: independent connections of one chance would spread by the root of their mean.
    assert outgoing.std() > 5 * np.sqrt(outgoing.mean())
    # Types differ as published: 230 and 275 partners of BC and MC, 39 of BPC.
    by_type = outgoing.groupby(cells.set_index("cell")["cell_type"]).median()
    assert by_type["BC"] > 4 * by_type["BPC"] and by_type["MC"] > 4 * by_type["BPC"]


@pytest.mark.parametrize("block", PUBLISHED)
def test_blocks_have_the_published_statistics(column, block):
    cells, _, connections = column
    signs = cells.set_index("cell")["sign"]
    source, target = block
    chance, per_connection, size = PUBLISHED[block]
    pairs = (signs == source).sum() * ((signs == target).sum() - (source == target))
    inside = (connections["presynaptic"].map(signs) == source) & (connections["postsynaptic"].map(signs) == target)
    found = connections[inside]
    assert len(found) / pairs == pytest.approx(chance, rel=0.08)
    assert found["synapses"].mean() == pytest.approx(per_connection, rel=0.05)
    assert found["weight"].abs().sum() / found["synapses"].sum() == pytest.approx(size, rel=0.06)


def test_sizes_are_multiples_of_four_with_the_published_spread(column):
    cells, synapses, _ = column
    assert (synapses["size"] % 4 == 0).all() and synapses["size"].min() >= 52
    signs = synapses["presynaptic"].map(cells.set_index("cell")["sign"])
    # Published means and standard deviations of single synapses: 6,852 and 6,620, 3,665 and 3,030.
    for sign, mean, spread in ((1, 6852, 6620), (-1, 3665, 3030)):
        sizes = synapses.loc[signs == sign, "size"]
        assert sizes.mean() == pytest.approx(mean, rel=0.1)
        assert sizes.std() == pytest.approx(spread, rel=0.15)
        # Log-normal: the logarithm is symmetric, the size is not.
        assert abs(np.log(sizes).skew()) < 0.15 < 1.5 < sizes.skew()


def test_connections_are_more_likely_nearby(column):
    cells, _, connections = column
    places = cells.set_index("cell")[["x_um", "depth_um", "z_um"]].astype(float)
    ends = (places.loc[connections[end]].to_numpy() for end in ("presynaptic", "postsynaptic"))
    connected = np.linalg.norm(np.subtract(*ends), axis=1)
    rng = np.random.default_rng(0)
    pairs = places.to_numpy()[rng.integers(0, 1351, (2, 20_000))]
    assert np.median(connected) < 0.8 * np.median(np.linalg.norm(pairs[0] - pairs[1], axis=1))
    assert not (connections["presynaptic"] == connections["postsynaptic"]).any()


def test_the_selection_of_the_paper_can_be_made(column):
    cells, _, connections = column
    chosen, counts = cell_selection.select_cells(cells, None, SELECTION)
    assert counts["axon_rule"] == counts["dendrite_rule"] == 1098
    assert counts["boundary_um"] == pytest.approx(253.3, abs=4)
    assert counts["inhibitory"] == pytest.approx(20, abs=15)
    assert counts["composition"]["4P"] + counts["composition"]["23P"] > 140
    weights = assembly.weight_matrix(chosen, connections)
    for column_of_cell, sign in zip(weights.T, chosen["sign"], strict=True):
        assert (column_of_cell * sign >= 0).all()
    # Denser than the column as a whole, because its cells are close.
    assert 0.05 < (weights != 0).sum() / (198 * 197) < 0.12


def test_equal_seeds_give_equal_columns_and_others_differ():
    (cells, synapses), (same_cells, same_synapses) = (synthetic_connectome.generate(5) for _ in range(2))
    pd.testing.assert_frame_equal(cells, same_cells)
    pd.testing.assert_frame_equal(synapses, same_synapses)
    other_cells, other_synapses = synthetic_connectome.generate(6)
    assert not np.array_equal(cells["depth_um"], other_cells["depth_um"])
    both = pd.merge(*(table.drop_duplicates(["presynaptic", "postsynaptic"]) for table in (synapses, other_synapses)),
                    on=["presynaptic", "postsynaptic"])  # fmt: skip
    assert len(both) < 0.2 * len(synapses)
