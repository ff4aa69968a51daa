"""Connectomes as people have them: each kind of file is read as declared, or refused in a sentence that mends it."""

import gzip

import networkx
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import io, sparse

from richlazy.connectome import assembly, first_look, imported_files

EDGES = {"connections": "edge_list", "presynaptic": "from", "postsynaptic": "to", "weight": "size", "sign": "positive"}
MATRIX = {"connections": "matrix", "rows": "presynaptic", "sign": "positive"}
CLASSES = {"cell": "id", "class": "kind", "excitatory": ["E"], "inhibitory": ["I"], "sign": "cell_class"}
THREE = {"by": "all", "cells": 3}
# Cells A, B, C: A -> B 0.5, B -> C 2, C -> A 1.25
EXPECTED = np.array([[0, 0, 1.25], [0.5, 0, 0], [0, 2, 0]])


def write(folder, name, content, encoding="utf-8"):
    path = folder / name
    data = content if isinstance(content, bytes) else content.encode(encoding)
    path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    return path


def weights_of(connections, form, cells=None):
    """Matrix of all cells, and counts."""
    found, edges, counts = imported_files.read(connections, cells, form)
    return assembly.weight_matrix(found, edges), found, counts


def refused(connections, form, cells=None, selection=THREE):
    """The sentence with which files are refused before any job; the job refuses them too."""
    found = first_look.look(connections, cells, form, selection)
    assert found.problem and "\n" not in found.problem and not found.summary
    return found.problem


# Files of text


@pytest.mark.parametrize("name", ["e.csv", "e.tsv", "e.txt", "e.csv.gz"])
@pytest.mark.parametrize("separator", [",", "\t", ";", " ", "   "])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_an_edge_list_is_read_whatever_separates_its_fields(tmp_path, name, separator, encoding):
    lines = [["from", "to", "size"], ["A", "B", "0.5"], ["B", "C", "2"], ["C", "A", "1.25"]]
    path = write(tmp_path, name, "\n".join(map(separator.join, lines)) + "\n", encoding)
    weights, cells, _ = weights_of(path, EDGES)
    assert cells["label"].tolist() == ["A", "B", "C"]
    assert np.array_equal(weights, EXPECTED)


@pytest.mark.parametrize("separator", [";", "\t", " "])
def test_decimal_commas_are_numbers_where_they_are_declared(tmp_path, separator):
    text = "from,to,size\nA,B,0.5\nB,C,2\nC,A,1.25\n".replace(",", separator).replace(".", ",")
    path = write(tmp_path, "edges.csv", text)
    weights, _, _ = weights_of(path, EDGES | {"decimal": "comma"})
    assert np.array_equal(weights, EXPECTED)
    assert "where commas are decimal marks, write format.decimal: comma" in refused(path, EDGES)
    matrix = write(tmp_path, "m.csv", "0;0,5;0\n0;0;2\n1,25;0;0\n".replace(";", separator))
    weights, _, _ = weights_of(matrix, MATRIX | {"decimal": "comma"})
    assert np.array_equal(weights, EXPECTED)
    assert "row 1, column 2 holds '0,5', no number; where commas are decimal marks, write" in refused(matrix, MATRIX)


def test_comments_and_the_line_of_excel_before_a_table_are_passed_over(tmp_path):
    path = write(tmp_path, "edges.csv", "sep=;\n# of a colleague\n\nfrom;to;size\nA;B;0.5\nB;C;2\nC;A;1.25\n")
    assert np.array_equal(weights_of(path, EDGES)[0], EXPECTED)


def test_a_table_without_a_line_of_names_has_numbered_columns(tmp_path):
    path = write(tmp_path, "edges.txt", "1 2 0.5\n2 3 2\n3 1 1.25\n")
    form = EDGES | {"header": False, "presynaptic": 1, "postsynaptic": 2, "weight": 3}
    assert np.array_equal(weights_of(path, form)[0], EXPECTED)
    assert "its first line holds numbers; if they are data, write header: false" in refused(path, EDGES)


def test_rows_with_more_fields_than_the_header_are_refused(tmp_path):
    path = write(tmp_path, "edges.csv", "from,to,size\n1,2,0,5\n2,1,1,25\n3,1,2,5\n")
    assert refused(path, EDGES).startswith(
        "edges.csv: row 1 has 4 fields, the header 3; where commas are decimal marks"
    )
    later = "from,to,size\n" + "1,2,5\n" * 3000 + "1,2,0,5\n"
    assert refused(write(tmp_path, "late.csv", later), EDGES).startswith(
        "late.csv: row 3001 has 4 fields, the header 3"
    )


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_columns_of_one_name_are_refused(tmp_path, kind):
    path = tmp_path / f"edges.{kind}"
    if kind == "csv":
        path.write_text("from,to,size,size\n1,2,4,9\n2,1,3,9\n")
    else:
        import pyarrow as pa
        from pyarrow import parquet

        parquet.write_table(pa.table([[1], [2], [4], [9]], names=["from", "to", "size", "size"]), path)
    assert f"edges.{kind}: 2 columns are named 'size'; rename all but one of them" in refused(path, EDGES)


@pytest.mark.parametrize(("kind", "largest"), [("float16", 2**11), ("float32", 2**24), ("float64", 2**53)])
def test_ids_beyond_what_their_type_can_hold_are_refused(tmp_path, kind, largest):
    path = tmp_path / "edges.feather"
    exact = pd.DataFrame({"from": np.array([largest - 1, 1, 2], kind), "to": np.array([1, 2, largest - 1], kind)})
    exact.assign(size=1).to_feather(path)
    assert weights_of(path, EDGES)[1]["cell"].tolist() == [1, 2, largest - 1]
    exact.assign(size=1, to=np.array([1, 2, largest], kind)).to_feather(path)
    assert f"holds ids such as {largest} that were saved as floating-point numbers and have lost digits" in refused(
        path, EDGES
    )


@pytest.mark.parametrize("kind", ["parquet", "feather", "csv"])
def test_tables_without_rows_are_refused(tmp_path, kind):
    path = tmp_path / f"edges.{kind}"
    empty = pd.DataFrame({"from": [], "to": [], "size": []})
    empty.to_csv(path, index=False) if kind == "csv" else getattr(empty, f"to_{kind}")(path)
    assert refused(path, EDGES) == f"edges.{kind} has no rows"


@pytest.mark.parametrize(
    ("name", "form"), [("m.npy", MATRIX), ("e.csv", EDGES), ("e.parquet", EDGES), ("m.mat", MATRIX)]
)
def test_pointers_of_git_lfs_are_refused(tmp_path, name, form):
    path = write(tmp_path, name, "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12345\n")
    said = f"{name} is a Git LFS pointer and not the file itself; run git lfs pull"
    assert refused(path, form) == said
    with pytest.raises(ValueError, match=said):
        imported_files.read(path, None, form)


def test_words_that_no_row_has_are_refused(tmp_path):
    edges = write(tmp_path, "edges.csv", "from,to,size\n1,2,4\n2,3,3\n3,1,2\n1,4,1\n4,1,3\n")
    cells = write(tmp_path, "cells.csv", "id,kind\n1,E\n2,i\n3,E\n4,E\n")
    form = EDGES | CLASSES
    assert refused(edges, form, cells) == (
        "cells.csv: no row has kind in I, as format.inhibitory says; did you mean 'i'? it holds E, i"
    )
    weights, _, _ = weights_of(edges, form | {"inhibitory": ["i"]}, cells)
    assert (weights[:, 1] < 0).any() and (np.delete(weights, 1, axis=1) >= 0).all()
    said = refused(edges, EDGES | {"keep_connections": {"size": [4, 7]}})
    assert said.startswith("edges.csv: no row has size in 7, as format.keep_connections asks; ")


# Matrices


def test_labels_in_first_row_and_column_name_the_cells(tmp_path):
    path = write(tmp_path, "m.csv", "0,10,20,30\n10,0,2,5\n20,1,0,4\n30,3,1,0\n")
    said = refused(path, MATRIX)
    assert said == (
        "m.csv: its first row equals its first column and looks like labels; write format.labels: "
        "first_row_and_column, or labels: none if these are weights"
    )
    weights, cells, _ = weights_of(path, MATRIX | {"labels": "first_row_and_column"})
    assert cells["cell"].tolist() == [10, 20, 30]
    assert weights.tolist() == [[0, 1, 3], [2, 0, 1], [5, 4, 0]]
    assert len(weights_of(path, MATRIX | {"labels": "none"})[0]) == 4


@pytest.mark.parametrize("corner", ["", "cell", None])
def test_the_corner_of_labels_may_be_anything(tmp_path, corner):
    first = "A,B,C" if corner is None else f"{corner},A,B,C"
    path = write(tmp_path, "m.csv", f"{first}\nA,0,0.5,0\nB,0,0,2\nC,1.25,0,0\n")
    weights, cells, _ = weights_of(path, MATRIX | {"labels": "first_row_and_column"})
    assert cells["label"].tolist() == ["A", "B", "C"]
    assert np.array_equal(weights, EXPECTED)
    if corner is not None:
        assert "look like labels (A, B, C); write format.labels: first_row_and_column" in refused(path, MATRIX)


@pytest.mark.parametrize("which", ["first_row", "first_column"])
def test_labels_may_stand_on_one_side_alone(tmp_path, which):
    frame = pd.DataFrame(EXPECTED.T, index=["A", "B", "C"], columns=["A", "B", "C"])
    path = tmp_path / "m.csv"
    frame.to_csv(path, index=which == "first_column", header=which == "first_row")
    weights, cells, _ = weights_of(path, MATRIX | {"labels": which})
    assert np.array_equal(weights, EXPECTED) and cells["label"].tolist() == ["A", "B", "C"]
    assert f"write format.labels: {which}" in refused(path, MATRIX)
    # Counted from 0, as pandas writes them.
    frame.set_axis(range(3)).set_axis(range(3), axis=1).to_csv(
        path, index=which == "first_column", header=which == "first_row"
    )
    assert f"write format.labels: {which}" in refused(path, MATRIX)


def test_the_index_and_columns_that_pandas_writes_are_seen(tmp_path):
    path = tmp_path / "m.csv"
    pd.DataFrame(EXPECTED.T).to_csv(path)
    assert "write format.labels: first_row_and_column" in refused(path, MATRIX)
    assert np.array_equal(weights_of(path, MATRIX | {"labels": "first_row_and_column"})[0], EXPECTED)


@given(st.integers(3, 6), st.integers(0, 2**32 - 1), st.booleans())
def test_plain_matrices_are_never_taken_for_labelled_ones(tmp_path_factory, size, seed, symmetric):
    rng = np.random.default_rng(seed)
    matrix = rng.integers(0, 5, (size, size)) * (rng.random((size, size)) < 0.7)
    matrix = matrix + matrix.T if symmetric else matrix
    np.fill_diagonal(matrix, 0)
    matrix[0, 1], matrix[1, 0] = (3, 3) if symmetric else (3, 4)
    path = tmp_path_factory.mktemp("matrix") / "m.csv"
    np.savetxt(path, matrix, delimiter=",", fmt="%d")
    assert np.array_equal(weights_of(path, MATRIX)[0], matrix.T)


def test_rows_and_columns_may_be_different_cells(tmp_path):
    path = write(tmp_path, "worm.csv", ",AVA,AVB,MUSCLE1,MUSCLE2\nAVA,0,2,1,0\nAVB,3,0,0,4\n")
    weights, cells, counts = weights_of(path, MATRIX | {"labels": "first_row_and_column"})
    assert cells["label"].tolist() == ["AVA", "AVB", "MUSCLE1", "MUSCLE2"]
    assert weights.tolist() == [[0, 3, 0, 0], [2, 0, 0, 0], [1, 0, 0, 0], [0, 4, 0, 0]]
    assert counts["cells_without_outputs"] == 2
    _, cells, counts = weights_of(path, MATRIX | {"labels": "first_row_and_column", "without_outputs": "drop"})
    assert cells["label"].tolist() == ["AVA", "AVB"] and counts["cells_dropped"] == 2


def test_labels_are_matched_with_the_table_of_cells(tmp_path):
    path = write(tmp_path, "m.csv", ",A,B,C\nA,0,0.5,0\nB,0,0,2\nC,1.25,0,0\n")
    cells = write(tmp_path, "cells.csv", "id,kind\nC,E\nA,I\nB,E\n")
    weights, found, _ = weights_of(path, MATRIX | CLASSES | {"labels": "first_row_and_column"}, cells)
    labels = found["label"].tolist()
    assert weights[labels.index("B"), labels.index("A")] == -0.5
    assert weights[labels.index("A"), labels.index("C")] == 1.25


def test_blank_cells_are_dropped_where_this_is_declared(tmp_path):
    path = write(tmp_path, "m.csv", ",0.5,\n,,2\n1.25,,\n")
    assert "write format.missing: drop where a blank cell is no connection" in refused(path, MATRIX)
    weights, _, counts = weights_of(path, MATRIX | {"missing": "drop"})
    assert np.array_equal(weights, EXPECTED) and counts["blank_cells"] == 6
    edges = write(tmp_path, "edges.csv", "from,to,size\nA,B,0.5\nB,C,2\nC,A,1.25\nA,C,\n,B,3\n")
    weights, _, counts = weights_of(edges, EDGES | {"missing": "drop"})
    assert np.array_equal(weights, EXPECTED) and counts["rows_with_gaps"] == 2


@pytest.mark.parametrize("layout", ["csr", "csc", "coo", "bsr", "dia"])
def test_sparse_matrices_of_scipy_are_read(tmp_path, layout):
    path = tmp_path / "m.npz"
    sparse.save_npz(path, sparse.coo_matrix(EXPECTED.T).asformat(layout))
    assert np.array_equal(weights_of(path, MATRIX)[0], EXPECTED)


def test_matrices_of_matlab_are_read(tmp_path):
    path = tmp_path / "m.mat"
    io.savemat(path, {"A": EXPECTED.T, "names": np.array(["A", "B", "C"], object), "n": 3})
    assert np.array_equal(weights_of(path, MATRIX)[0], EXPECTED)
    io.savemat(path, {"A": EXPECTED.T, "B": sparse.csc_matrix(EXPECTED)})
    assert "it holds 2 arrays (A, B), not one; name the one that is meant in format.variable" in refused(path, MATRIX)
    assert np.array_equal(weights_of(path, MATRIX | {"variable": "B"})[0], EXPECTED.T)
    assert "none is 'C', as format.variable asks" in refused(path, MATRIX | {"variable": "C"})
    path.write_bytes(b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(512))
    assert refused(path, MATRIX) == "m.mat is in MATLAB's format 7.3; save it with save(..., '-v7')"


def test_graphml_gives_edges_and_cells(tmp_path):
    graph = networkx.DiGraph()
    graph.add_nodes_from([("A", {"kind": "E"}), ("B", {"kind": "I"}), ("C", {"kind": "E"})])
    graph.add_weighted_edges_from([("A", "B", 0.5), ("B", "C", 2.0), ("C", "A", 1.25)])
    path = tmp_path / "graph.graphml"
    networkx.write_graphml(graph, path)
    form = EDGES | {"presynaptic": "source", "postsynaptic": "target", "weight": "weight"}
    assert np.array_equal(weights_of(path, form)[0], EXPECTED)
    weights, _, _ = weights_of(path, form | CLASSES, path)
    assert np.array_equal(weights, EXPECTED * [1, -1, 1])
    networkx.write_graphml(graph.to_undirected(), path)
    assert "is an undirected graph; write format.mirror: true" in refused(path, form)
    assert np.array_equal(weights_of(path, form | {"mirror": True})[0], EXPECTED + EXPECTED.T)
    path.write_text("<graphml>")
    assert "graph.graphml cannot be read as GraphML" in refused(path, form)


# Rows of an edge list


@pytest.fixture
def synapses(tmp_path):
    return write(
        tmp_path, "edges.csv", "pre\tpost\ttype\tsynapses\nA\tB\tchemical\t1\nA\tB\telectrical\t6\nB\tA\tchemical\t2\n"
    )


SYNAPSES = EDGES | {"presynaptic": "pre", "postsynaptic": "post", "weight": "synapses"}


def test_rows_of_an_edge_list_can_be_chosen_and_mirrored(synapses):
    chemical = SYNAPSES | {"keep_connections": {"type": "chemical"}}
    assert weights_of(synapses, SYNAPSES)[0].tolist() == [[0, 2], [7, 0]]
    weights, _, counts = weights_of(synapses, chemical)
    assert weights.tolist() == [[0, 2], [1, 0]] and (counts["rows"], counts["rows_kept"]) == (3, 2)
    weights, _, counts = weights_of(synapses, SYNAPSES | {"mirror": {"type": "electrical"}})
    assert weights.tolist() == [[0, 8], [7, 0]] and counts["rows_mirrored"] == 1
    assert "2 of the 2 pairs to mirror stand there in both directions already" in refused(
        synapses, chemical | {"mirror": True}
    )
    said = refused(synapses, SYNAPSES | {"keep_connections": {"type": "Chemical"}})
    assert said.endswith("did you mean 'chemical'? it holds chemical, electrical")


def test_signs_come_from_a_column_of_the_edge_list(synapses):
    form = SYNAPSES | {
        "sign": "connection_class",
        "class": "type",
        "excitatory": ["electrical"],
        "inhibitory": ["chemical"],
    }
    weights, _, counts = weights_of(synapses, form)
    assert weights.tolist() == [[0, -2], [5, 0]]
    assert (counts["rows_of_no_class"], counts["cells_of_both_signs"]) == (0, 1)
    one = {key: value for key, value in form.items() if key != "inhibitory"}
    weights, _, counts = weights_of(synapses, one | {"mirror": {"type": "electrical"}})
    assert weights.tolist() == [[0, 6], [6, 0]] and counts["rows_of_no_class"] == 2
    synapses.write_text(synapses.read_text().replace("\t6", "\t-6"))
    assert "1 weights are negative, but format.sign is connection_class" in refused(synapses, form)


# Cells that are silent


def test_cells_without_outputs_can_be_kept_or_dropped(tmp_path):
    matrix = np.zeros((6, 6))
    matrix[0, 1], matrix[1, 2], matrix[2, 0], matrix[0, 3], matrix[1, 4] = 1, -2, 3, 4, -5  # 5 is isolated
    path = tmp_path / "m.npy"
    np.save(path, matrix)
    form = MATRIX | {"sign": "weights"}
    said = refused(path, form, selection={"by": "all", "cells": 6})
    assert "6 candidates, 3 with known sign; lower selection.cells to at most 3" in said
    assert "1 cell without any connection, 1 of unknown sign, which only format.isolated: keep takes in" in said
    assert "2 cells without outputs, 2 of unknown sign, which only format.without_outputs: keep takes in" in said
    every = {"isolated": "keep", "without_outputs": "keep"}
    ways = [(every, 6), (every | {"isolated": "drop"}, 5), ({"without_outputs": "keep"}, 5)]
    for keys, cells in [*ways, ({"without_outputs": "drop"}, 3)]:
        found = first_look.look(path, None, form | keys, {"by": "all", "cells": cells})
        assert not found.problem and f"{cells} cells of" in found.summary
    weights, _, _ = weights_of(path, form | {"isolated": "keep", "without_outputs": "keep"})
    assert np.array_equal(weights, matrix.T)


def test_a_cell_without_sign_that_sends_is_not_silent(tmp_path):
    edges = write(tmp_path, "edges.csv", "from,to,size\n1,2,4\n2,1,3\n3,1,2\n1,4,1\n")
    cells = write(tmp_path, "cells.csv", "id,kind\n1,E\n2,I\n3,glia\n4,muscle\n")
    form = EDGES | CLASSES | {"without_outputs": "keep"}
    _, found, counts = weights_of(edges, form, cells)
    assert found["sign"].tolist() == [1, -1, pd.NA, 1]  # nothing hangs on that of the muscle
    assert (counts["cells_without_outputs"], counts["cells_without_outputs_of_unknown_sign"]) == (1, 1)
    _, found, _ = weights_of(edges, form | {"without_outputs": "drop"}, cells)
    assert found["cell"].tolist() == [1, 2, 3]


def test_a_first_look_says_what_is_left_out(tmp_path):
    path = write(tmp_path, "edges.csv", "from,to,size\nA,B,0.5\nB,C,2\nC,A,1.25\nA,A,3\nA,D,1\n,B,2\n")
    found = first_look.look(path, None, EDGES | {"missing": "drop"}, {"by": "all", "cells": 4})
    assert found.summary.split("; ") == [
        "4 cells of 4 chosen, 4 connections among them",
        "1 row without a cell or a weight is left out",
        "1 connection of a cell with itself is left out",
        "1 cell without outputs",
    ]


# Large files: what their heads say


@pytest.fixture
def large(monkeypatch):
    monkeypatch.setattr(first_look, "SMALL_BYTES", 0)


@pytest.mark.parametrize("kind", ["csv", "parquet", "feather"])
def test_the_head_of_a_large_table_is_enough_for_its_columns(tmp_path, large, kind):
    path = tmp_path / f"edges.{kind}"
    frame = pd.DataFrame({"from": [1, 2], "too": [2, 1], "size": [1, 1]})
    frame.to_csv(path, index=False) if kind == "csv" else getattr(frame, f"to_{kind}")(path)
    assert f"edges.{kind} has no column 'to' (format.postsynaptic): did you mean 'too'?" in refused(path, EDGES)
    assert first_look.look(path, None, EDGES | {"postsynaptic": "too"}, THREE) == first_look.Look()


def test_the_shape_of_a_large_matrix_is_looked_at(tmp_path, large):
    np.save(tmp_path / "m.npy", np.ones((4, 3)))
    assert "must hold a square matrix, but its shape is (4, 3)" in refused(tmp_path / "m.npy", MATRIX)
    np.save(tmp_path / "m.npy", np.ones((2, 2)))
    assert "m.npy has 2 cells, but selection.cells asks for 3; lower it to at most 2" in refused(
        tmp_path / "m.npy", MATRIX
    )


def test_files_that_are_not_there_are_named(tmp_path):
    assert refused(tmp_path / "gone.csv", EDGES) == f"the file {tmp_path / 'gone.csv'} does not exist; check its path"


@pytest.mark.parametrize(("inhibitory", "warned"), [(0, True), (100, False)])
def test_a_connectome_that_would_grow_at_equal_norm_is_told(tmp_path, inhibitory, warned):
    weights = np.random.default_rng(3).random((200, 200))
    weights[:, :inhibitory] *= -1
    np.save(tmp_path / "w.npy", weights)
    found = first_look.look(tmp_path / "w.npy", None, MATRIX | {"sign": "weights"}, {"by": "all", "cells": 200})
    # Of entries uniform on 0 to 1 without the diagonal: N / 2 against sqrt(N / 3).
    np.fill_diagonal(weights, 0)
    radius = np.linalg.norm(weights) / np.sqrt(200)
    assert found.growth() == pytest.approx(np.abs(np.linalg.eigvals(weights)).max() / radius)
    assert found.growth() == pytest.approx(np.sqrt(3 * 200) / 2, rel=0.01) or not warned
    assert ("matching: [leading_eigenvalue] keeps it equal" in found.warning()) == warned
