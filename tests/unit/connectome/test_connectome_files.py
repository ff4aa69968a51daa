"""Connectomes from files: read exactly as declared, refused in one sentence."""

import hashlib
import itertools
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from richlazy.connectome import assembly, cell_selection, imported_files

EM = Path(__file__).parents[4] / "shared" / "data" / "em"
needs = {
    name: pytest.mark.skipif(not (EM / name).is_dir(), reason=f"the real connectome in {EM / name} is not here")
    for name in ("larva_brain", "v1dd_l23_l4", "minnie65_cells")
}
EDGES = {"connections": "edge_list", "presynaptic": "from", "postsynaptic": "to", "weight": "size", "sign": "positive"}
MATRIX = {"connections": "matrix", "rows": "presynaptic", "sign": "weights"}
CLASSES = {"cell": "id", "class": "kind", "excitatory": ["E"], "inhibitory": ["I"]}
LARGE = 864691136274724621  # beyond 2^53, where a floating-point number would be even


def write(path, text):
    path.write_text(text)
    return path


@pytest.fixture
def edges(tmp_path):
    """Synapses 1 -> 2 (twice), 2 -> 3, 3 -> 1, of sizes 4, 6, 10, 8."""
    return write(tmp_path / "edges.csv", "from,to,size\n1,2,4\n1,2,6\n2,3,10\n3,1,8\n")


@pytest.fixture
def kinds(tmp_path):
    return write(tmp_path / "cells.csv", "id,kind,type,depth\n3,E,4P,300\n1,E,23P,150.5\n2,I,BC,\n")


def weights_of(connections_path, cells_path, form):
    cells, connections, counts = imported_files.read(connections_path, cells_path, form)
    return assembly.weight_matrix(cells, connections), cells, counts


# Edge lists


def test_an_edge_list_is_summed_by_pair(edges):
    weights, cells, counts = weights_of(edges, None, EDGES)
    assert cells["cell"].tolist() == [1, 2, 3]
    assert cells["label"].tolist() == ["1", "2", "3"]
    assert weights.tolist() == [[0, 0, 8], [10, 0, 0], [0, 10, 0]]
    assert counts["rows"] == 4 and counts["connections"] == 3
    assert counts["synapses"] is None  # nobody said that a row is a synapse


def test_rows_count_as_synapses_where_this_is_declared(edges):
    _, connections, counts = imported_files.read(edges, None, EDGES | {"each_row": "synapse"})
    assert connections["synapses"].tolist() == [2, 1, 1]
    assert counts["synapses"] == 4


def test_without_weights_every_row_counts_one(edges):
    form = {key: value for key, value in EDGES.items() if key != "weight"}
    _, connections, _ = imported_files.read(edges, None, form)
    assert connections["weight"].tolist() == [2, 1, 1] == connections["synapses"].tolist()


def test_signs_come_from_the_class(edges, kinds):
    form = EDGES | CLASSES | {"sign": "cell_class", "cell_type": "type", "depth_um": "depth"}
    weights, cells, counts = weights_of(edges, kinds, form)
    assert weights.tolist() == [[0, 0, 8], [10, 0, 0], [0, -10, 0]]
    assert cells["cell_type"].tolist() == ["23P", "BC", "4P"]
    assert cells["depth_um"].tolist() == [150.5, pd.NA, 300]
    assert cells["sign"].tolist() == [1, -1, 1]
    assert counts["cells_of_unknown_sign"] == 0


def test_a_class_in_neither_list_has_no_sign(edges, kinds):
    form = EDGES | CLASSES | {"sign": "cell_class"}
    kinds.write_text(kinds.read_text().replace("2,I", "2,glia") + "4,I,BC,\n")
    cells, connections, counts = imported_files.read(edges, kinds, form)
    assert cells["sign"].isna().tolist() == [False, True, False, False]
    assert counts["cells_of_unknown_sign"] == 1
    assert not (connections["presynaptic"] == 2).any()


def test_weights_may_carry_their_sign(edges):
    edges.write_text("from,to,size\n1,2,4\n2,1,-6\n2,3,-1\n3,1,2\n3,2,-5\n")
    weights, cells, counts = weights_of(edges, None, EDGES | {"sign": "weights"})
    assert weights.tolist() == [[0, -6, 2], [4, 0, -5], [0, -1, 0]]
    assert cells["sign"].tolist() == [1, -1, -1]  # the third by its sum
    assert counts["cells_of_both_signs"] == 1


def test_rows_of_cells_outside_the_table_are_counted(edges, kinds):
    edges.write_text(edges.read_text() + "9,1,5\n2,8,5\n8,9,5\n1,1,7\n")
    _, connections, counts = imported_files.read(edges, kinds, EDGES | {"cell": "id"})
    assert counts["rows_of_unknown_cells"] == 3
    assert counts["autapses"] == 1
    assert len(connections) == 3


def test_rows_of_the_cell_table_can_be_kept_by_their_values(edges, tmp_path):
    cells = write(tmp_path / "more.csv", "id,column,kind\n1,True,E\n1,False,E\n2,True,I\n3,True,glia\n")
    form = EDGES | {"cell": "id", "keep": {"column": [True], "kind": ["E", "I"]}}
    found, _, _ = imported_files.read(edges, cells, form)
    assert found["cell"].tolist() == [1, 2]
    with pytest.raises(ValueError, match=r"more\.csv: no row has column in maybe, as format\.keep asks"):
        imported_files.read(edges, cells, EDGES | {"cell": "id", "keep": {"column": ["maybe"]}})


def test_raw_coordinates_of_the_volume_become_depths(edges, tmp_path):
    cells = write(tmp_path / "cells.csv", "id,px,py,pz\n1,183013,83535,10\n2,183013,100000,10\n3,150000,83535,10\n")
    form = EDGES | {"cell": "id", "position": "minnie65_voxels", "x": "px", "y": "py", "z": "pz"}
    found, _, _ = imported_files.read(edges, cells, form)
    raw = pd.read_csv(cells)
    _, depth, _ = assembly.cortical_position_um(raw["px"] * 4, raw["py"] * 4, raw["pz"] * 40)
    np.testing.assert_allclose(found["depth_um"].to_numpy(float), depth, rtol=1e-12)
    np.testing.assert_allclose(found["z_um"].to_numpy(float), 0.4, rtol=1e-12)
    with pytest.raises(ValueError, match=r"minnie65_nm needs the names of columns in format\.y, format\.z"):
        imported_files.read(edges, cells, EDGES | {"cell": "id", "position": "minnie65_nm", "x": "px"})


# Exact ids


@pytest.mark.parametrize("kind", [".csv", ".csv.gz", ".parquet", ".feather"])
def test_ids_beyond_two_to_the_53_stay_apart(tmp_path, kind):
    ids = [LARGE, LARGE + 1, LARGE + 2]
    table = pd.DataFrame({"from": ids, "to": ids[1:] + ids[:1], "size": [1, 2, 3]})
    named = pd.DataFrame({"id": ids, "root": pd.array([LARGE, None, 5], dtype="Int64"), "kind": ["E", "I", "E"]})
    paths = []
    for name, frame in (("edges", table), ("cells", named.drop(columns="root"))):
        paths.append(tmp_path / (name + kind))
        if kind.startswith(".csv"):
            frame.to_csv(paths[-1], index=False)
        else:
            getattr(frame, f"to_{kind[1:]}")(paths[-1])
    for form, cells_path in ((EDGES, None), (EDGES | CLASSES | {"sign": "cell_class"}, paths[1])):
        cells, connections, _ = imported_files.read(paths[0], cells_path, form)
        assert cells["cell"].tolist() == ids
        assert cells["label"].tolist() == [str(label) for label in ids]
        assert connections["postsynaptic"].tolist() == ids[1:] + ids[:1]
        assert connections["weight"].abs().tolist() == [1, 2, 3]


@pytest.mark.parametrize("kind", ["parquet", "feather"])
def test_whole_numbers_with_gaps_stay_whole(tmp_path, kind):
    table = pd.DataFrame({"from": pd.array([LARGE, LARGE + 1, None], dtype="Int64"), "to": 1, "size": 1.0})
    getattr(table, f"to_{kind}")(tmp_path / f"gaps.{kind}")
    with pytest.raises(ValueError, match="column from lacks 1 ids; every row needs one"):
        imported_files.read(tmp_path / f"gaps.{kind}", None, EDGES)
    getattr(table[:2], f"to_{kind}")(tmp_path / f"whole.{kind}")
    cells, _, _ = imported_files.read(tmp_path / f"whole.{kind}", None, EDGES)
    assert cells["cell"].tolist() == [1, LARGE, LARGE + 1]


def test_ids_that_were_floating_point_numbers_are_taken_where_they_are_exact(tmp_path):
    edges = write(tmp_path / "edges.csv", "from,to,size\n29.0,2506050.0,1\n")
    cells = write(tmp_path / "cells.csv", "id\n29\n2506050\n")
    found, connections, _ = imported_files.read(edges, cells, EDGES | {"cell": "id"})
    assert found["cell"].tolist() == [29, 2506050]
    assert connections["weight"].tolist() == [1.0]


@pytest.mark.parametrize("lossy", ["8.64691136274724e17", "864691136274724608.0", "8.64691136274724E+17"])
def test_ids_that_have_lost_digits_are_refused(tmp_path, lossy):
    edges = write(tmp_path / "edges.csv", f"from,to,size\n1,{lossy},1\n")
    with pytest.raises(ValueError, match=r"column to holds ids such as 8.*have lost digits; export them as"):
        imported_files.read(edges, None, EDGES)
    pd.DataFrame({"from": [1], "to": [float(lossy)], "size": [1]}).to_parquet(tmp_path / "edges.parquet")
    with pytest.raises(ValueError, match="have lost digits"):
        imported_files.read(tmp_path / "edges.parquet", None, EDGES)


@pytest.mark.parametrize(("first", "second"), [("AVAL", "AVAR"), ("007", "7"), ("99999999999999999999", "5")])
def test_ids_that_are_no_whole_numbers_become_rows_with_labels(tmp_path, first, second):
    edges = write(tmp_path / "edges.csv", f"from,to,size\n{first},{second},3\n{second},{first},5\n")
    cells, connections, _ = imported_files.read(edges, None, EDGES)
    assert cells["cell"].tolist() == [0, 1]
    assert set(cells["label"]) == {first, second}
    label = cells.set_index("cell")["label"]
    found = {label[row.presynaptic]: row.weight for row in connections.itertuples()}
    assert found == {first: 3.0, second: 5.0}


@given(ids=st.lists(st.integers(-(2**63), 2**63 - 1), min_size=2, max_size=6, unique=True))
def test_every_whole_number_survives_a_csv(tmp_path_factory, ids):
    path = tmp_path_factory.mktemp("ids") / "edges.csv"
    path.write_text("from,to,size\n" + "".join(f"{a},{b},1\n" for a, b in itertools.pairwise(ids)))
    cells, _, _ = imported_files.read(path, None, EDGES)
    assert cells["cell"].tolist() == sorted(ids)


# Matrices


@pytest.fixture
def matrix():
    return np.array([[0, 2.5, 0], [-1, 0, -4], [0, 3, 0]])


@pytest.mark.parametrize("kind", ["npy", "npz", "csv", "csv.gz"])
@pytest.mark.parametrize("rows", ["presynaptic", "postsynaptic"])
def test_a_matrix_is_turned_as_declared(tmp_path, matrix, kind, rows):
    path = tmp_path / f"weights.{kind}"
    held = matrix if rows == "presynaptic" else matrix.T
    if kind == "npz":
        np.savez(path, held)
    elif kind == "npy":
        np.save(path, held)
    else:
        np.savetxt(path, held, delimiter=",")
    weights, cells, counts = weights_of(path, None, MATRIX | {"rows": rows})
    assert np.array_equal(weights, matrix.T)
    assert cells["cell"].tolist() == [0, 1, 2]
    assert cells["sign"].tolist() == [1, -1, 1]
    assert counts["connections"] == 4


def test_cells_of_a_matrix_stand_in_the_order_of_its_rows(tmp_path, matrix):
    np.save(tmp_path / "weights.npy", matrix)
    cells_path = write(tmp_path / "cells.csv", "id,kind\n30,E\n10,I\n20,E\n")
    weights, cells, _ = weights_of(tmp_path / "weights.npy", cells_path, MATRIX | CLASSES)
    assert cells["cell"].tolist() == [10, 20, 30]
    assert cells["sign"].tolist() == [-1, 1, 1]
    assert np.array_equal(weights, matrix.T[np.ix_([1, 2, 0], [1, 2, 0])])


def test_the_diagonal_is_left_out_and_counted(tmp_path, matrix):
    np.save(tmp_path / "weights.npy", matrix + np.diag([-9.0, 0, 7]))
    weights, cells, counts = weights_of(tmp_path / "weights.npy", None, MATRIX)
    assert counts["autapses"] == 2
    assert np.array_equal(weights, matrix.T)
    assert cells["sign"].tolist() == [1, -1, 1]


# Mistakes


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"presynaptic": "pre"}, r"edges\.csv has no column 'pre' \(format\.presynaptic\):.*are from, to, size$"),
        ({"weight": "sizes"}, r"no column 'sizes' \(format\.weight\): did you mean 'size'\?"),
        ({"postsynaptic": None}, "edge_list needs the names of its columns presynaptic and postsynaptic"),
        ({"connections": "list"}, "format.connections must be edge_list or matrix, not 'list'"),
        ({"sign": None}, "where the signs come from: weights, cell_class, connection_class, positive, not None"),
        ({"sign": "cell_class"}, r"cell_class needs a cell table \(cells\) and .* in format\.class"),
        ({"cell": None}, r"needs format\.cell, the column of the ids that the edges use"),
        ({"cell": "idd"}, r"cells\.csv has no column 'idd' \(format\.cell\): did you mean 'id'\?"),
        ({"cell": "depth"}, r"column depth lacks 1 ids"),
        ({"cell": "type"}, r"none of its 4 rows joins two cells of the cell table; check that format\.cell \(type\)"),
        ({"depth_um": "type"}, "column type must hold numbers"),
        ({"sign": "weights", "class": "kind", "excitatory": ["E"], "inhibitory": ["I"]}, "another sign"),
        ({"sign": "cell_class", "class": "kind", "excitatory": ["exc"], "inhibitory": []}, "it holds E, I"),
        ({"sign": "cell_class", "class": "kind", "excitatory": ["E"], "inhibitory": ["E"]}, "both name E; remove one"),
        ({"position": "minnie65_mm"}, "format.position must be one of minnie65_nm, minnie65_voxels, not 'minnie65_mm'"),
    ],
)  # fmt: skip
def test_mistakes_in_the_format_are_one_sentence(edges, kinds, change, refusal):
    form = EDGES | {"cell": "id"} | change
    with_cells = change.get("sign") != "cell_class" or "class" in change
    with pytest.raises(ValueError, match=refusal) as raised:
        imported_files.read(edges, kinds if with_cells else None, form)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        ("from,to,size\n1,2,\n1,3,inf\n", "2 weights are missing or not finite"),
        ("from,to,size\n1,2,big\n", "column size must hold numbers"),
        ("from,to,size\n1,2,-3\n1,3,4\n", "1 weights are negative, but format.sign is positive; write sign: weights"),
        ("from,to,size\n1,,3\n", "column to lacks 1 ids"),
        ("from,to,size\n", "has no rows"),
        ("", "cannot be read as a table"),
        ('from,to,size\n1,2,3,4,"5\n', "row 1 has 5 fields, the header 3"),
    ],
)
def test_mistakes_in_an_edge_list_are_one_sentence(edges, text, refusal):
    edges.write_text(text)
    with pytest.raises(ValueError, match=refusal) as raised:
        imported_files.read(edges, None, EDGES)
    assert "\n" not in str(raised.value)


def test_repeated_cells_are_refused(edges, kinds):
    kinds.write_text(kinds.read_text() + "3,E,4P,310\n")
    with pytest.raises(ValueError, match=r"cells\.csv: 1 cells stand more than once, first 3; keep one row per cell"):
        imported_files.read(edges, kinds, EDGES | {"cell": "id"})


@pytest.mark.parametrize("name", ["gone.csv", "gone.npy"])
def test_missing_files_are_named(tmp_path, name):
    form = EDGES if name.endswith("csv") else MATRIX
    with pytest.raises(ValueError, match=rf"the file .*{name} does not exist; check its path"):
        imported_files.read(tmp_path / name, None, form)


@pytest.mark.parametrize(
    ("name", "form"), [("a.xlsx", EDGES), ("a.npy", EDGES), ("a.mat", EDGES), ("a.parquet", MATRIX)]
)
def test_unknown_kinds_of_file_are_refused(tmp_path, name, form):
    with pytest.raises(ValueError, match=rf"{name} must end in \.\w+, "):
        imported_files.read(write(tmp_path / name, "x"), None, form)


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("a.parquet", EDGES),
        ("a.feather", EDGES),
        ("a.csv.gz", EDGES),
        ("a.npy", MATRIX),
        ("a.npz", MATRIX),
        ("a.csv", MATRIX),
    ],
)
def test_broken_files_are_refused_in_one_sentence(tmp_path, name, form):
    with pytest.raises(ValueError, match=rf"{name} cannot be read as a (table|matrix): \w") as raised:
        imported_files.read(write(tmp_path / name, "not,what\nit,says\n"), None, form)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("name", ["a.parquet", "a.feather", "a.csv", "a.csv.gz", "m.npy", "m.npz", "m.csv.gz"])
def test_files_with_damage_anywhere_are_read_or_refused_in_one_sentence(tmp_path, name):
    """Bits turned, bytes lost to zero, files cut short: what decompresses and parses fails in two dozen ways."""
    path, form = tmp_path / name, EDGES if name.startswith("a") else MATRIX
    edges = pd.DataFrame({"from": [1, 2, 3], "to": [2, 3, 1], "size": [4, 5, 6]})
    weights = np.arange(9.0).reshape(3, 3)
    savers = {
        "a.parquet": edges.to_parquet, "a.feather": edges.to_feather, "m.npy": lambda to: np.save(to, weights),
        "m.npz": lambda to: np.savez_compressed(to, weights),
        "m.csv.gz": lambda to: np.savetxt(to, weights, delimiter=","),
    }  # fmt: skip
    savers.get(name, lambda to: edges.to_csv(to, index=False))(path)
    imported_files.read(path, None, form)
    content, rng = path.read_bytes(), np.random.default_rng(0)
    for number in range(150):
        place = int(rng.integers(len(content)))
        damaged = [
            content[:place],
            content[:place] + bytes([content[place] ^ 1 << int(rng.integers(8))]) + content[place + 1 :],
            content[:place] + bytes(4) + content[place + 4 :],
        ][number % 3]
        path.write_bytes(damaged)
        try:
            imported_files.read(path, None, form)
        except ValueError as error:
            assert "\n" not in str(error) and name in str(error)


def test_a_matrix_that_says_it_is_larger_than_memory_is_refused(tmp_path):
    path = tmp_path / "large.npy"
    np.save(path, np.ones((3, 3)))
    path.write_bytes(path.read_bytes().replace(b"(3, 3), }" + b" " * 20, b"(1000000000, 1000000000), }  "))
    with pytest.raises(ValueError, match="more numbers than fit into memory"):
        imported_files.read(path, None, MATRIX)


@pytest.mark.parametrize(
    ("values", "refusal"),
    [
        (np.ones((2, 3)), r"must hold a square matrix, but its shape is \(2, 3\)"),
        (np.ones((2, 2, 2)), r"its shape is \(2, 2, 2\)"),
        (np.array([[0, np.nan, 1], [np.inf, 0, 0], [0, 0, 0]]), "2 weights are missing or not finite"),
        (np.ones((3, 3), dtype=complex), "type complex128; a matrix of weights needs real numbers"),
        (np.full((3, 3), "a"), "needs real numbers"),
        (np.ones((4, 4)), "a matrix of 4 cells, but the cell table has 3 rows"),
        (np.full((3, 3), None), "cannot be read as a matrix: it holds Python objects and no numbers"),
    ],
)
def test_mistakes_in_a_matrix_are_one_sentence(tmp_path, kinds, values, refusal):
    path = tmp_path / "weights.npy"
    np.save(path, values, allow_pickle=values.dtype == object)
    with pytest.raises(ValueError, match=refusal):
        imported_files.read(path, kinds, MATRIX | {"cell": "id"})


def test_a_matrix_needs_its_orientation_and_one_array(tmp_path, matrix):
    np.savez(tmp_path / "two.npz", first=matrix, second=matrix)
    with pytest.raises(ValueError, match=r"it holds 2 arrays \(first, second\), not one"):
        imported_files.read(tmp_path / "two.npz", None, MATRIX)
    with pytest.raises(ValueError, match="whether rows of the matrix are presynaptic or postsynaptic, not None"):
        imported_files.read(tmp_path / "two.npz", None, MATRIX | {"rows": None})


def test_negative_weights_need_the_right_declaration(tmp_path, matrix):
    np.save(tmp_path / "weights.npy", matrix)
    with pytest.raises(ValueError, match=r"2 weights are negative, but format\.sign is positive"):
        imported_files.read(tmp_path / "weights.npy", None, MATRIX | {"sign": "positive"})


def test_a_turned_matrix_contradicts_the_classes(tmp_path, matrix):
    np.save(tmp_path / "weights.npy", matrix)
    cells = write(tmp_path / "cells.csv", "id,kind\n1,E\n2,I\n3,E\n")
    with pytest.raises(
        ValueError, match=r"of 3 cells, first 1, have another sign than their class; check format\.rows"
    ):
        imported_files.read(tmp_path / "weights.npy", cells, MATRIX | CLASSES | {"rows": "postsynaptic"})


# Real connectomes


@needs["v1dd_l23_l4"]
def test_the_matrix_of_the_v1dd_volume():
    folder = EM / "v1dd_l23_l4"
    form = MATRIX | {"cell": "pt_root_id", "cell_type": "cell_type", "class": "sign", "excitatory": [1],
                     "inhibitory": [-1], "depth_um": "y_um"}  # fmt: skip
    cells, connections, _ = imported_files.read(folder / "23_4.npy", folder / "derived_nodes_23_4.csv", form)
    chosen, stages = cell_selection.select_cells(cells, None, {"cells": 198, "by": "all"})
    weights = assembly.weight_matrix(chosen, connections)
    assert (stages["excitatory"], stages["inhibitory"]) == (146, 52)
    assert (weights != 0).sum() / (198 * 197) == pytest.approx(0.143, abs=5e-4)
    # Ours is from column to row, so that every column has one sign; theirs is from row to column.
    for column, sign in zip(weights.T, chosen["sign"], strict=True):
        assert (column * sign >= 0).all()
    raw, roots = np.load(folder / "23_4.npy"), pd.read_csv(folder / "derived_nodes_23_4.csv")["pt_root_id"]
    order = np.argsort(roots.to_numpy())
    assert chosen["cell"].tolist() == sorted(roots)
    assert np.array_equal(weights, raw.T[np.ix_(order, order)])
    # Without the cell table, signs follow from the weights, and the order is that of the file.
    cells, connections, _ = imported_files.read(folder / "23_4.npy", None, MATRIX)
    assert np.array_equal(assembly.weight_matrix(cells, connections), raw.T)
    assert (cells["sign"] == 1).sum() == 146


@needs["larva_brain"]
def test_the_brain_of_the_larva():
    folder = EM / "larva_brain"
    form = EDGES | {"presynaptic": "source", "postsynaptic": "target", "weight": "weight", "cell": "node_id",
                    "cell_type": "super_class"}  # fmt: skip
    cells, connections, counts = imported_files.read(folder / "edgelist.csv.gz", folder / "nodes.csv.gz", form)
    assert (counts["rows"], counts["rows_of_unknown_cells"]) == (110_677, 0)
    raw = pd.read_csv(folder / "edgelist.csv.gz")
    raw = raw[raw["source"] != raw["target"]]
    assert len(connections) == len(raw) == 110_677 - counts["autapses"]
    assert connections["weight"].sum() == raw["weight"].sum()
    expected = raw.assign(source=raw["source"].astype(int), target=raw["target"].astype(int))
    expected = expected.set_index(["source", "target"])["weight"].to_dict()
    pairs = zip(connections["presynaptic"], connections["postsynaptic"], strict=True)
    assert dict(zip(pairs, connections["weight"], strict=True)) == expected
    chosen, _ = cell_selection.select_cells(cells, connections, {"cells": 200, "by": "strength"})
    strengths = (raw.groupby("source")["weight"].sum()).add(raw.groupby("target")["weight"].sum(), fill_value=0)
    assert strengths[chosen["cell"].to_numpy(float)].min() >= strengths.drop(chosen["cell"].to_numpy(float)).max()


@needs["minnie65_cells"]
def test_the_cell_table_of_the_column_keeps_its_roots(tmp_path):
    raw = pd.read_feather(EM / "minnie65_cells" / "cell_info_1300.feather")
    column = raw[raw["coarse_cell_type_manual"].isin(["E", "I"])]
    roots = column["pt_root_id"].to_list()
    edges = tmp_path / "edges.parquet"
    pd.DataFrame({"from": roots[:-1], "to": roots[1:], "size": 4}).to_parquet(edges)
    form = EDGES | {
        "sign": "cell_class", "cell": "pt_root_id", "class": "coarse_cell_type_manual", "excitatory": ["E"],
        "inhibitory": ["I"], "cell_type": "cell_type_manual", "keep": {"coarse_cell_type_manual": ["E", "I"]},
        "position": "minnie65_nm", "x": "pt_position_x", "y": "pt_position_y", "z": "pt_position_z",
        "axon_proofreading": "proofreading_strategy",
    }  # fmt: skip
    cells, connections, _ = imported_files.read(edges, EM / "minnie65_cells" / "cell_info_1300.feather", form)
    assert cells["cell"].tolist() == sorted(roots)
    assert len(connections) == len(roots) - 1 == 1329
    rule = {"cells": 198, "by": "boundary", "boundary": "logistic", "between": ["23P", "4P"],
            "axon": ["axon_partially_extended", "axon_fully_extended"]}  # fmt: skip
    _, counts = cell_selection.select_cells(cells, None, rule)
    assert (counts["axon_rule"], counts["excitatory"], counts["inhibitory"]) == (1098, 178, 20)


# Origin


def test_the_origin_names_files_by_checksum_and_not_by_folder(tmp_path):
    edges = write(tmp_path / "edges.csv", "from,to,size\n1,2,4\n")
    settings = {
        "source": "release",
        "format": EDGES,
    }
    origin = imported_files.describe_origin({"connections": edges, "cells": None}, settings, {"rows": 1})
    assert origin["files"] == {
        "connections": {
            "file": "edges.csv", "sha256": hashlib.sha256(edges.read_bytes()).hexdigest()
        }
    }  # fmt: skip
    assert str(tmp_path) not in str(origin)
    assert origin["counts"] == {"rows": 1}
