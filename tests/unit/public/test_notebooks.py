"""Notebooks of the documentation run, and what is committed of them is what they print."""

import functools
import re

import pytest

import notebooks

BY_NAME = {path.stem: path for path in notebooks.NOTEBOOKS}
# Numbers of trained networks differ on other processors; those of the committed results do not.
EXACT = {"verdict_to_formula"}


@functools.cache
def executed(name):
    return notebooks.executed(BY_NAME[name])


def code(book):
    return [cell for cell in book.cells if cell.cell_type == "code"]


def text(cell):
    """What a cell prints or shows as text."""
    shown = [output["text"] if "text" in output else output["data"]["text/plain"] for output in cell.outputs]
    return "".join(shown)


def drawings(cell):
    return sum("image/png" in output.get("data", {}) for output in cell.outputs)


def test_there_are_three_notebooks():
    assert set(BY_NAME) == {"one_network", "connectome", "verdict_to_formula"}


@pytest.mark.parametrize("name", BY_NAME)
def test_a_notebook_runs_and_prints_what_is_committed(name):
    for kept, fresh in zip(code(notebooks.read(BY_NAME[name])), code(executed(name)), strict=True):
        expected, found = text(kept), text(fresh)
        if name not in EXACT:  # but for numbers, and for the places that they take in a line
            expected, found = (re.sub(r"[\d.e+-]+|\s+|\\\\", "", one) for one in (expected, found))
        assert found == expected, "run python tests/notebooks.py"
        assert drawings(fresh) == drawings(kept)


@pytest.mark.parametrize("name", BY_NAME)
def test_a_committed_notebook_was_run_from_first_to_last_and_is_small(name):
    kept = code(notebooks.read(BY_NAME[name]))
    assert [cell.execution_count for cell in kept] == list(range(1, len(kept) + 1))
    assert not [output for cell in kept for output in cell.outputs if output.output_type == "error"]
    assert sum(map(drawings, kept)) == {"one_network": 2, "connectome": 1, "verdict_to_formula": 0}[name]
    assert BY_NAME[name].stat().st_size < 100_000


@pytest.mark.parametrize("name", BY_NAME)
def test_a_notebook_names_no_folder_of_a_machine(name):
    assert not re.search(r"/(tmp|home|root|Users|work)/", BY_NAME[name].read_text())


def test_the_verdict_is_followed_to_the_number_of_the_table():
    printed = "".join(text(cell) for cell in code(executed("verdict_to_formula")))
    in_table, again = (re.search(rf"{name}: +(effect .*)", printed)[1] for name in ("in the table", "again"))
    assert in_table == again


def test_one_network_measures_the_alignment_of_its_kernels():
    assert "the same as measured: True" in "".join(text(cell) for cell in code(executed("one_network")))
