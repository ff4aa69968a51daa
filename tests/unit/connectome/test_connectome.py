"""Connectomes: the border between layers, the chosen cells, and the matrix, on real cells where they are at hand."""

import collections
import csv
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from richlazy.connectome import assembly, cell_selection
from richlazy.storage import parquet

EM = Path(__file__).parents[4] / "shared" / "data" / "em"
needs = {
    name: pytest.mark.skipif(not (EM / name).is_dir(), reason=f"the real cells in {EM / name} are not here")
    for name in ("minnie65_cells", "pinky100")
}
AXON = ["axon_partially_extended", "axon_fully_extended"]
NEAR_BORDER = {"cells": 198, "by": "boundary", "boundary": "logistic", "between": ["23P", "4P"], "axon": AXON}


def cells_of(count, **columns):
    return assembly.cell_table({"cell": range(1, count + 1), "sign": [1] * count, **columns})


def synapses_of(*rows):
    return pd.DataFrame(rows, columns=["presynaptic", "postsynaptic", "size"])


# The contract


def test_cells_have_the_columns_and_types_of_the_contract():
    cells = assembly.cell_table({"cell": [2**60 + 1, 5], "label": ["a", "b"], "sign": [1, -1]})
    assert list(cells) == list(assembly.CELL_COLUMNS)
    assert cells["cell"].tolist() == [5, 2**60 + 1]  # ascending, and exact
    assert cells["label"].tolist() == ["b", "a"]
    assert cells["sign"].tolist() == [-1, 1]
    assert cells["root"].isna().all() and cells["depth_um"].isna().all()


def test_tables_of_the_contract_survive_a_file(tmp_path):
    cells = cells_of(3, depth_um=[1.0, None, 3.0], root=pd.array([2**60 + 1, None, 7], dtype="Int64"))
    connections = assembly.connections_from_synapses(synapses_of((1, 2, 8)), cells)
    for name, table, meanings in (
        ("cells", cells, assembly.CELL_COLUMNS),
        ("connections", connections, assembly.CONNECTION_COLUMNS),
    ):
        parquet.save_table(tmp_path / f"{name}.parquet", table, meanings)
        pd.testing.assert_frame_equal(parquet.load_table(tmp_path / f"{name}.parquet"), table)


def test_repeated_cells_and_impossible_signs_are_refused():
    with pytest.raises(ValueError, match="names 1 cells more than once, first 3"):
        assembly.cell_table({"cell": [3, 1, 3]})
    with pytest.raises(ValueError, match="sign of a cell must be 1, -1 or unknown"):
        assembly.cell_table({"cell": [1], "sign": [2]})
    with pytest.raises(ValueError, match="cells have no column colour"):
        assembly.cell_table({"cell": [1], "colour": ["red"]})


def test_depth_is_that_of_the_standard_transform():
    pia_nm = np.array([183013.0 * 4, 83535.0 * 4, 40_000.0])
    x, depth, z = assembly.cortical_position_um(*pia_nm)
    assert depth == pytest.approx(0, abs=1e-9)  # the point that defines the surface
    assert z == pytest.approx(40.0, rel=1e-12)
    # The rotation keeps distances.
    other = pia_nm + np.array([3_000.0, 4_000.0, 0.0])
    x2, depth2, _ = assembly.cortical_position_um(*other)
    assert math.hypot(x2 - x, depth2 - depth) == pytest.approx(5.0, rel=1e-12)
    x3, y3, z3 = np.random.default_rng(0).uniform(2e5, 1.2e6, (3, 50))
    sine, cosine = math.sin(math.radians(5)), math.cos(math.radians(5))
    pia = sine * 183013 * 4 + cosine * 83535 * 4
    expected = np.array([cosine * x3 - sine * y3, sine * x3 + cosine * y3 - pia, z3]) / 1000
    np.testing.assert_allclose(assembly.cortical_position_um(x3, y3, z3), expected, atol=1e-8)


# The border between layers


def layers(upper, lower):
    types = ["upper"] * len(upper) + ["lower"] * len(lower)
    return cells_of(len(types), cell_type=types, depth_um=[*upper, *lower])


@given(st.integers(0, 1000))
def test_the_crossing_of_two_mirrored_layers_is_their_middle(seed):
    offsets = np.random.default_rng(seed).normal(60, 40, 30)
    cells = layers(250 - offsets, 250 + offsets)
    if offsets.mean() <= 0:
        return
    for method in ("logistic", "means", "ranges"):
        assert cell_selection.estimate_boundary(cells, ["upper", "lower"], method) == pytest.approx(250, abs=1e-4)


@given(seed=st.integers(0, 1000), shift=st.floats(-500, 500), scale=st.floats(0.1, 10))
def test_a_border_moves_with_the_depths(seed, shift, scale):
    rng = np.random.default_rng(seed)
    upper, lower = rng.normal(160, 50, 40), rng.normal(310, 40, 25)
    for method in cell_selection.BOUNDARIES:
        here = cell_selection.estimate_boundary(layers(upper, lower), ["upper", "lower"], method)
        moved = layers(shift + scale * upper, shift + scale * lower)
        there = cell_selection.estimate_boundary(moved, ["upper", "lower"], method)
        assert there == pytest.approx(shift + scale * here, rel=1e-5, abs=1e-3)


def test_the_logistic_crossing_has_no_better_neighbour():
    rng = np.random.default_rng(3)
    upper, lower = rng.normal(170, 50, 60), rng.normal(310, 40, 45)
    found = cell_selection.estimate_boundary(layers(upper, lower), ["upper", "lower"], "logistic")

    def loss(middle, slope):
        return np.logaddexp(0, slope * (upper - middle)).sum() + np.logaddexp(0, -slope * (lower - middle)).sum()

    # Brute force over a grid of middles and slopes.
    middles, slopes = np.linspace(200, 280, 161), np.geomspace(0.01, 0.2, 80)
    table = np.array([[loss(middle, slope) for slope in slopes] for middle in middles])
    best = middles[np.unravel_index(table.argmin(), table.shape)[0]]
    assert found == pytest.approx(best, abs=0.5)


def test_layers_that_do_not_overlap_meet_in_the_middle_of_the_gap():
    assert cell_selection.estimate_boundary(layers([100, 200], [260, 400]), ["upper", "lower"], "logistic") == 230


def test_a_border_may_be_a_depth():
    assert cell_selection.estimate_boundary(cells_of(1), ["upper", "lower"], 300) == 300.0


def test_borders_that_cannot_be_found_are_refused():
    cells = layers([100, 200], [300, 400])
    with pytest.raises(ValueError, match="unknown boundary 'median'; choose one of logistic, means, ranges"):
        cell_selection.estimate_boundary(cells, ["upper", "lower"], "median")
    with pytest.raises(ValueError, match=r"no cell of type 4P has a depth.*types are lower, upper"):
        cell_selection.estimate_boundary(cells, ["upper", "4P"], "means")
    with pytest.raises(ValueError, match="lower lie deeper than those of upper; name the shallower first"):
        cell_selection.estimate_boundary(cells, ["lower", "upper"], "means")


# Selection


@given(seed=st.integers(0, 500), wanted=st.integers(1, 12))
def test_the_nearest_cells_are_chosen(seed, wanted):
    rng = np.random.default_rng(seed)
    depths = rng.integers(0, 30, 20).astype(float)  # many ties
    cells = cells_of(20, depth_um=depths).sample(frac=1, random_state=seed)
    chosen, counts = cell_selection.select_cells(
        cells, None, {"cells": wanted, "by": "boundary", "boundary": 15, "between": ["a", "b"]}
    )
    expected = sorted(range(20), key=lambda place: (abs(depths[place] - 15), place))[:wanted]
    assert chosen["cell"].tolist() == sorted(place + 1 for place in expected)
    assert counts["chosen"] == wanted == counts["excitatory"] + counts["inhibitory"]
    assert counts["depth_um"] == [min(depths[expected]), max(depths[expected])]


def test_every_stage_is_counted():
    cells = cells_of(
        6, depth_um=[1, 2, 3, 4, 5, None], axon_proofreading=["yes", "yes", "no", "yes", "yes", "yes"],
        dendrite_proofreading=["yes", "no", "yes", "yes", "yes", "yes"], cell_type=["a", "a", "a", "b", None, "b"],
    )  # fmt: skip
    cells.loc[4, "sign"] = pd.NA
    cells.loc[3, "sign"] = -1
    rule = {"cells": 2, "by": "boundary", "boundary": 0, "between": ["a", "b"], "axon": ["yes"], "dendrite": ["yes"]}
    chosen, counts = cell_selection.select_cells(cells, None, rule)
    assert chosen["cell"].tolist() == [1, 4]
    assert counts == {
        "by": "boundary", "candidates": 6, "with_sign": 5, "with_depth": 4, "axon_rule": 3, "dendrite_rule": 2,
        "chosen": 2, "boundary_um": 0.0, "depth_um": [1.0, 4.0], "excitatory": 1, "inhibitory": 1,
        "composition": {"a": 1, "b": 1},
    }  # fmt: skip
    with pytest.raises(ValueError) as refusal:
        cell_selection.select_cells(cells, None, rule | {"cells": 3})
    assert str(refusal.value) == (
        "the selection asks for 3 cells, but 2 are left: 6 candidates, 5 with known sign, 4 with known depth, "
        "3 after the axon rule, 2 after the dendrite rule (axon in yes; dendrite in yes); "
        "lower selection.cells to at most 2, or relax the rules of the selection"
    )


def test_the_strongest_cells_are_chosen_and_ties_go_by_number():
    cells = cells_of(5)
    cells.loc[0, "sign"] = -1
    connections = assembly.connections_from_synapses(
        synapses_of((1, 2, 10), (2, 3, 1), (4, 5, 10), (5, 3, 1), (3, 4, 2)), cells
    )
    # Strengths 10, 11, 4, 12, 11.
    for wanted, expected in ((1, [4]), (2, [2, 4]), (3, [2, 4, 5]), (4, [1, 2, 4, 5])):
        chosen, _ = cell_selection.select_cells(cells, connections, {"cells": wanted, "by": "strength"})
        assert chosen["cell"].tolist() == expected
    with pytest.raises(ValueError, match="by strength needs the connections"):
        cell_selection.select_cells(cells, None, {"cells": 1, "by": "strength"})


def test_all_takes_every_cell_or_none():
    assert len(cell_selection.select_cells(cells_of(5), None, {"cells": 5, "by": "all"})[0]) == 5
    with pytest.raises(ValueError, match=r"5 candidates, 5 with known sign; with by: all, set selection\.cells to 5"):
        cell_selection.select_cells(cells_of(5), None, {"cells": 4, "by": "all"})


def test_impossible_selections_are_refused():
    with pytest.raises(ValueError, match="unknown selection 'depth'; choose one of boundary, strength, all"):
        cell_selection.select_cells(cells_of(2), None, {"cells": 1, "by": "depth"})
    with pytest.raises(ValueError, match=r"no cell says how far its axon.*format\.axon_proofreading"):
        cell_selection.select_cells(cells_of(2), None, {"cells": 1, "by": "all", "axon": ["clean"]})
    with pytest.raises(ValueError, match="the cell table names 1 cells more than once, first 2"):
        cell_selection.select_cells(pd.concat([cells_of(2), cells_of(2)[1:]]), None, {"cells": 1, "by": "all"})


# Connections and matrix

edges = st.lists(st.tuples(st.integers(1, 6), st.integers(1, 8), st.integers(0, 2**40)), min_size=1, max_size=60)


@given(edges=edges, signs=st.lists(st.sampled_from([1, -1, None]), min_size=6, max_size=6))
def test_connections_are_the_signed_sums_of_their_synapses(edges, signs):
    cells = assembly.cell_table({"cell": range(1, 7), "sign": pd.array(signs, dtype="Int8")})
    sums, numbers = collections.Counter(), collections.Counter()
    for pre, post, size in edges:
        # Cells 7 and 8 are outside the table; a cell of unknown sign has no signed connections.
        if pre != post and post <= 6 and signs[pre - 1] is not None:
            sums[pre, post] += signs[pre - 1] * size
            numbers[pre, post] += 1
    found = assembly.connections_from_synapses(synapses_of(*edges), cells)
    assert list(found) == list(assembly.CONNECTION_COLUMNS)
    pairs = list(zip(found["presynaptic"], found["postsynaptic"], strict=True))
    assert pairs == sorted(numbers)
    assert found["weight"].tolist() == [sums[pair] for pair in pairs]
    assert found["synapses"].tolist() == [numbers[pair] for pair in pairs]
    if any(sums.values()):
        weights = assembly.weight_matrix(cells, found)
        expected = np.zeros((6, 6))
        for (pre, post), size in sums.items():
            expected[post - 1, pre - 1] = size
        assert np.array_equal(weights, expected)


def test_whole_sizes_are_summed_exactly():
    # Float32 sums, and float64 sums of these numbers in another order, would be off.
    sizes = [2**53 - 1] + [1] * 9
    synapses = pd.DataFrame({"presynaptic": 1, "postsynaptic": 2, "size": pd.array(sizes, dtype="int64")})
    found = assembly.connections_from_synapses(synapses, cells_of(2))
    assert int(found["weight"].iloc[0]) == 2**53 + 8
    third = pd.DataFrame({"presynaptic": 1, "postsynaptic": 2, "size": np.full(3, 1 / 3)})
    assert assembly.connections_from_synapses(third, cells_of(2))["weight"].iloc[0] == pytest.approx(1.0)


def test_unknown_numbers_of_synapses_stay_unknown():
    synapses = synapses_of((1, 2, 3), (1, 2, 4)).assign(synapses=pd.array([None, None], dtype="Int64"))
    found = assembly.connections_from_synapses(synapses, cells_of(2))
    assert found["weight"].tolist() == [7.0]
    assert found["synapses"].isna().all()


def test_signed_sizes_keep_their_sign():
    found = assembly.connections_from_synapses(synapses_of((1, 2, -3), (1, 3, 4)), cells_of(3), signed=True)
    assert found["weight"].tolist() == [-3, 4]
    with pytest.raises(ValueError, match="negative size, but its sign comes from the presynaptic cell"):
        assembly.connections_from_synapses(synapses_of((1, 2, -3)), cells_of(3))
    with pytest.raises(ValueError, match="missing or not finite"):
        assembly.connections_from_synapses(synapses_of((1, 2, np.inf)), cells_of(3))


def test_the_matrix_follows_the_order_of_the_chosen_cells():
    chosen = cells_of(3).iloc[[2, 0]]
    connections = assembly.connections_from_synapses(synapses_of((1, 3, 5), (3, 2, 7), (2, 1, 9)), cells_of(3))
    assert assembly.weight_matrix(chosen, connections).tolist() == [[0, 5], [0, 0]]


def connections_of(*rows):
    return pd.DataFrame(rows, columns=["presynaptic", "postsynaptic", "weight"])


@pytest.mark.parametrize(
    ("rows", "refusal"),
    [
        ([], "3 chosen cells have no connection among each other"),
        ([(1, 9, 5.0)], "3 chosen cells have no connection among each other"),
        ([(1, 1, 5.0)], "3 chosen cells have no connection among each other"),
        ([(1, 2, 0.0)], "3 chosen cells have no connection among each other"),
        ([(1, 2, np.nan), (2, 1, np.inf), (1, 3, 1.0)], "2 connections among the chosen cells have no finite weight"),
        ([(1, 2, 1.0), (1, 2, 1.0)], "a connection stands twice"),
    ],
)
def test_impossible_matrices_are_refused(rows, refusal):
    with pytest.raises(ValueError, match=refusal):
        assembly.weight_matrix(cells_of(3), connections_of(*rows))


def test_weights_of_cells_outside_the_selection_do_not_matter():
    weights = assembly.weight_matrix(cells_of(2), connections_of((1, 2, 4.0), (1, 3, np.nan), (3, 1, 1.0)))
    assert weights.tolist() == [[0, 0], [4, 0]]
    with pytest.raises(ValueError, match="the selection names 1 cells more than once"):
        assembly.weight_matrix(pd.concat([cells_of(2), cells_of(1)]), connections_of((1, 2, 4.0)))


def test_a_matrix_is_described_by_what_is_in_it():
    weights = np.array([[0, -2.0, 3, 0], [1, 0, 0, 0], [0, 5, 0, 0], [0, 0, 0, 0]])
    assert assembly.describe_matrix(weights) == {
        "cells": 4, "connections": 4, "density": 4 / 12, "excitatory_connections": 3, "inhibitory_connections": 1,
        "summed_excitation": 9.0, "summed_inhibition": -2.0, "cells_of_both_signs": 1, "cells_without_connection": 1,
    }  # fmt: skip


# Real cells: the table of shared/cave.md, section 6


@pytest.fixture(scope="module")
def column():
    """The V1 column at materialization 1300."""
    raw = pd.read_feather(EM / "minnie65_cells" / "cell_info_1300.feather")
    raw = raw[raw["coarse_cell_type_manual"].isin(["E", "I", "UNCLEAR"])]
    x, depth, z = assembly.cortical_position_um(*(raw[f"pt_position_{axis}"].to_numpy() for axis in "xyz"))
    return assembly.cell_table(
        {
            "cell": raw["pt_root_id"].to_numpy(), "cell_type": raw["cell_type_manual"].to_numpy(),
            "sign": raw["coarse_cell_type_manual"].map({"E": 1, "I": -1}).astype("Int8").array,
            "x_um": x, "depth_um": depth, "z_um": z,
            "axon_proofreading": raw["proofreading_strategy"].replace("", "none").to_numpy(),
        }
    )  # fmt: skip


@needs["minnie65_cells"]
def test_the_selection_of_the_column_is_that_of_the_table(column):
    chosen, counts = cell_selection.select_cells(column, None, NEAR_BORDER)
    assert counts["candidates"] == 1331
    assert counts["with_sign"] == counts["with_depth"] == 1330
    assert counts["axon_rule"] == 1098
    assert counts["boundary_um"] == pytest.approx(253.3, abs=0.05)
    assert (counts["excitatory"], counts["inhibitory"]) == (178, 20)
    assert counts["composition"] == {"4P": 99, "23P": 79, "BC": 10, "MC": 6, "BPC": 4}
    assert [round(depth) for depth in counts["depth_um"]] == [210, 297]
    far = (chosen["depth_um"] - counts["boundary_um"]).abs()
    assert far.max() == pytest.approx(43.9, abs=0.05)
    # No tie decides: the next cell is half a micrometre further away.
    others = column[~column["cell"].isin(chosen["cell"]) & column["axon_proofreading"].isin(AXON)]
    gap = (others["depth_um"] - counts["boundary_um"]).abs().min() - far.max()
    assert gap == pytest.approx(0.55, abs=0.01)


@needs["minnie65_cells"]
@pytest.mark.parametrize(
    ("method", "boundary", "balance", "overlap", "depths"),
    [("means", 238.9, (177, 21), 166, [196, 282]), ("ranges", 252.3, (178, 20), 195, [208, 296])],
)
def test_other_borders_give_the_other_rows_of_the_table(column, method, boundary, balance, overlap, depths):
    first, _ = cell_selection.select_cells(column, None, NEAR_BORDER)
    chosen, counts = cell_selection.select_cells(column, None, NEAR_BORDER | {"boundary": method})
    assert counts["boundary_um"] == pytest.approx(boundary, abs=0.05)
    assert (counts["excitatory"], counts["inhibitory"]) == balance
    assert len(set(first["cell"]) & set(chosen["cell"])) == overlap
    assert [round(depth) for depth in counts["depth_um"]] == depths


@needs["minnie65_cells"]
def test_fully_extended_axons_are_too_few(column):
    with pytest.raises(ValueError, match=r"asks for 198 cells, but 92 are left: 1,331 candidates.*at most 92"):
        cell_selection.select_cells(column, None, NEAR_BORDER | {"axon": ["axon_fully_extended"]})
    _, counts = cell_selection.select_cells(column, None, NEAR_BORDER | {"axon": ["axon_fully_extended"], "cells": 92})
    assert (counts["excitatory"], counts["inhibitory"]) == (84, 8)
    assert [round(depth) for depth in counts["depth_um"]] == [79, 639]


@needs["pinky100"]
def test_connections_of_pyramidal_cells_are_the_sums_of_their_synapses():
    path = EM / "pinky100" / "soma_subgraph_synapses_spines_v185.csv"
    with path.open(newline="") as stream:
        rows = [
            (int(row["pre_root_id"]), int(row["post_root_id"]), int(row["cleft_vx"])) for row in csv.DictReader(stream)
        ]
    sums = collections.Counter()
    for pre, post, size in rows:
        sums[pre, post] += size
    assert (len(rows), len(sums)) == (1961, 1736)
    numbers = collections.Counter(collections.Counter(row[:2] for row in rows).values())
    assert numbers == {1: 1547, 2: 160, 3: 24, 4: 3, 5: 2}
    between = {pair: size for pair, size in sums.items() if pair[0] != pair[1]}
    assert len(between) == 1734  # two cells connect to themselves
    cells = assembly.cell_table({"cell": np.unique([row[:2] for row in rows])})
    for sign in (1, -1):
        found = assembly.connections_from_synapses(synapses_of(*rows), cells.assign(sign=sign))
        pairs = zip(found["presynaptic"], found["postsynaptic"], strict=True)
        assert dict(zip(pairs, found["weight"], strict=True)) == {pair: sign * size for pair, size in between.items()}
    weights = assembly.weight_matrix(cells, found)
    assert weights.sum() == -sum(between.values())
    assert not np.diag(weights).any()
