"""How far two records are from each other: `snakemake recheck` says it of networks that were trained again."""

import math

import numpy as np
import pytest

from richlazy.storage import array_io, equality

ONE, OTHER = np.arange(1.0, 7).reshape(2, 3), np.arange(1.0, 7).reshape(2, 3) + 0.01


def of_arrays(folder, first, second):
    for name, arrays in (("first", first), ("second", second)):
        array_io.save_arrays(folder / f"{name}.npz", **arrays)
    return equality.difference(folder / "first.npz", folder / "second.npz")


def of_json(folder, first, second):
    for name, value in (("first", first), ("second", second)):
        array_io.save_json(folder / f"{name}.json", value)
    return equality.difference(folder / "first.json", folder / "second.json")


def test_it_is_the_norm_of_the_difference_over_that_of_the_first_and_the_largest_of_all_arrays(tmp_path):
    found = of_arrays(tmp_path, {"a": ONE, "b": ONE}, {"a": ONE, "b": OTHER})
    assert found == pytest.approx(math.sqrt(6 * 0.01**2) / math.sqrt(1 + 4 + 9 + 16 + 25 + 36))
    assert of_arrays(tmp_path, {"a": ONE, "b": ONE}, {"a": ONE + 1, "b": OTHER}) > 10 * found
    for name, array in (("first", ONE), ("second", OTHER)):
        array_io.save_array(tmp_path / f"{name}.npy", array)
    assert equality.difference(tmp_path / "first.npy", tmp_path / "second.npy") == pytest.approx(found)


def test_whole_numbers_differ_by_a_share_too(tmp_path):
    assert of_arrays(tmp_path, {"a": np.array([3, 4])}, {"a": np.array([3, 5])}) == pytest.approx(1 / 5)


@pytest.mark.parametrize(
    "other",
    [{"b": ONE}, {"a": ONE, "b": ONE}, {"a": ONE.T}, {"a": ONE.astype(np.float32)}, {"a": ONE * np.nan}],
    ids=["name", "one more", "shape", "type", "nan"],
)
def test_it_is_infinite_where_more_than_numbers_differs(other, tmp_path):
    assert of_arrays(tmp_path, {"a": ONE}, other) == math.inf


def test_missing_values_in_the_same_places_are_equal(tmp_path):
    holes = np.where(ONE == 2, np.nan, ONE)
    assert of_arrays(tmp_path, {"a": holes, "b": ONE}, {"b": ONE, "a": holes.copy()}) == 0
    assert of_arrays(tmp_path, {"a": holes}, {"a": ONE}) == math.inf


def test_anything_is_infinitely_far_from_zero(tmp_path):
    assert of_arrays(tmp_path, {"a": np.zeros(3)}, {"a": np.array([0, 0, 1e-9])}) == math.inf


def test_words_are_equal_or_infinitely_apart(tmp_path):
    assert of_arrays(tmp_path, {"a": np.array(["x"]), "b": ONE}, {"a": np.array(["y"]), "b": ONE}) == math.inf


def test_of_json_single_numbers_count_and_texts_do_not(tmp_path):
    first = {"loss": 0.5, "commit": "abc", "course": [1.0, {"deep": 4}], "none": None, "done": True}
    assert of_json(tmp_path, first, first | {"commit": "def"}) == 0
    assert of_json(tmp_path, first, first | {"loss": 0.6}) == pytest.approx(0.2)
    assert of_json(tmp_path, first, first | {"course": [1.0, {"deep": 5}]}) == pytest.approx(0.25)
    assert of_json(tmp_path, first, first | {"course": [1.0]}) == math.inf
    assert of_json(tmp_path, first, first | {"loss": None}) == math.inf


def test_files_of_other_kinds_are_equal_in_all_bytes_or_infinitely_apart(tmp_path):
    for name, text in (("a", "x"), ("b", "x"), ("c", "y")):
        (tmp_path / f"{name}.txt").write_text(text)
    assert equality.difference(tmp_path / "a.txt", str(tmp_path / "b.txt")) == 0
    assert equality.difference(tmp_path / "a.txt", tmp_path / "c.txt") == math.inf


def test_a_record_may_have_grown_where_that_is_allowed(tmp_path):
    old, new, other = (tmp_path / f"{name}.json" for name in ("old", "new", "other"))
    array_io.save_json(old, {"a": 1.0, "b": {"c": 2.0}})
    array_io.save_json(new, {"a": 1.0, "b": {"c": 2.0, "d": 3.0}})
    array_io.save_json(other, {"a": 1.5, "b": {"c": 2.0, "d": 3.0}})
    assert equality.growth(old, new) == (0, True)
    assert equality.growth(new, old) == (np.inf, False) and equality.growth(old, old) == (0, False)
    assert equality.difference(old, new) == equality.difference(new, old) == np.inf
    assert equality.growth(old, other) == (pytest.approx(0.5), True)
    text = tmp_path / "notes.txt"
    text.write_text("a")
    assert equality.growth(text, new) == (np.inf, False)
