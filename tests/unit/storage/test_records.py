"""Files are whole or absent, and equal values give equal bytes."""

import errno
import json
import os
import stat
import zipfile

import numpy as np
import pytest

from richlazy.storage import array_io

ARRAYS = {"weights": np.arange(6.0).reshape(2, 3), "classes": np.array([1, 2], np.uint8)}

writers = pytest.mark.parametrize(
    ("name", "write"),
    [
        ("arrays.npz", lambda path: array_io.save_arrays(path, **ARRAYS)),
        ("array.npy", lambda path: array_io.save_array(path, ARRAYS["weights"])),
        ("values.json", lambda path: array_io.save_json(path, {"loss": 0.25, "seed": 3})),
        ("notes.txt", lambda path: array_io.save_text(path, "one line\n")),
    ],
    ids=["arrays", "array", "json", "text"],
)


def files_in(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_failure_inside_the_block_leaves_nothing(tmp_path, error):
    with pytest.raises(error), array_io.atomic(tmp_path / "result.txt") as temporary:
        temporary.write_text("half")
        raise error
    assert files_in(tmp_path) == []


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_failure_inside_the_block_keeps_the_old_file(tmp_path, error):
    path = tmp_path / "result.txt"
    path.write_text("old")
    with pytest.raises(error), array_io.atomic(path) as temporary:
        temporary.write_text("half")
        raise error
    assert path.read_text() == "old"
    assert files_in(tmp_path) == ["result.txt"]


def test_file_appears_only_at_the_end_of_the_block(tmp_path):
    path = tmp_path / "result.txt"
    with array_io.atomic(path) as temporary:
        temporary.write_text("whole")
        assert not path.exists()
        # Only within one file system is a rename atomic; the suffix decides how writers treat the file.
        assert temporary.parent == path.parent
        assert temporary.suffix == path.suffix
    assert path.read_text() == "whole"
    assert files_in(tmp_path) == ["result.txt"]


def test_old_file_is_replaced_as_a_whole(tmp_path):
    path = tmp_path / "result.txt"
    path.write_text("a much longer text than the new one")
    with path.open() as reader:  # someone who reads meanwhile keeps the old text
        array_io.save_text(path, "new")
        assert reader.read() == "a much longer text than the new one"
    assert path.read_text() == "new"


@writers
def test_folders_are_made_and_nothing_else_is_left(tmp_path, name, write):
    write(tmp_path / "deep" / "folder" / name)
    assert files_in(tmp_path / "deep" / "folder") == [name]


@writers
def test_paths_may_be_strings(tmp_path, name, write):
    write(str(tmp_path / name))
    assert files_in(tmp_path) == [name]


@writers
@pytest.mark.parametrize("mask", [0o022, 0o027])
def test_files_have_the_mode_that_the_user_chose(tmp_path, name, write, mask):
    before = os.umask(mask)
    try:
        write(tmp_path / name)
        assert os.umask(mask) == mask  # and the mask is as before
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o666 & ~mask


@writers
def test_equal_values_give_equal_bytes(tmp_path, name, write):
    for folder in ("first", "second"):
        write(tmp_path / folder / name)
    assert (tmp_path / "first" / name).read_bytes() == (tmp_path / "second" / name).read_bytes()


def test_archives_do_not_carry_the_time(tmp_path):
    array_io.save_arrays(tmp_path / "arrays.npz", **ARRAYS)
    with zipfile.ZipFile(tmp_path / "arrays.npz") as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert {entry.compress_type for entry in archive.infolist()} == {zipfile.ZIP_STORED}


def test_arrays_come_back(tmp_path):
    array_io.save_arrays(tmp_path / "arrays.npz", **ARRAYS)
    with np.load(tmp_path / "arrays.npz") as stored:
        assert set(stored) == set(ARRAYS)
        for name, array in ARRAYS.items():
            assert stored[name].dtype == array.dtype
            assert np.array_equal(stored[name], array)
    array_io.save_array(tmp_path / "array.npy", ARRAYS["weights"])
    assert np.array_equal(np.load(tmp_path / "array.npy"), ARRAYS["weights"])


def test_numbers_that_are_not_finite_become_null(tmp_path):
    values = {
        "nan": float("nan"),
        "numpy": np.float32("nan"),
        "list": [1.5, float("inf"), (np.float64("-inf"), 2)],
        "nested": {"deep": {"nan": np.nan, "kept": 0.5}},
    }
    array_io.save_json(tmp_path / "values.json", values)
    assert array_io.load_json(tmp_path / "values.json") == {
        "nan": None,
        "numpy": None,
        "list": [1.5, None, [None, 2]],
        "nested": {"deep": {"nan": None, "kept": 0.5}},
    }
    # Standard JSON, that other languages read: no bare NaN or Infinity.
    text = (tmp_path / "values.json").read_text()
    assert "NaN" not in text
    assert "Infinity" not in text


def test_values_of_numpy_become_plain_numbers(tmp_path):
    values = {
        "count": np.int64(3),
        "small": np.uint8(2),
        "loss": np.float64(0.1),
        "text": "x",
        "flag": True,
        "none": None,
    }
    array_io.save_json(tmp_path / "values.json", values)
    loaded = array_io.load_json(tmp_path / "values.json")
    assert loaded == {"count": 3, "small": 2, "loss": 0.1, "text": "x", "flag": True, "none": None}
    assert {name: type(value) for name, value in loaded.items()} == {
        "count": int, "small": int, "loss": float, "text": str, "flag": bool, "none": type(None),
    }  # fmt: skip


def test_doubles_come_back_exactly(tmp_path):
    values = np.random.default_rng(0).standard_normal(100).tolist()
    array_io.save_json(tmp_path / "values.json", {"values": values})
    assert array_io.load_json(tmp_path / "values.json")["values"] == values


def test_json_is_readable_and_keeps_its_order(tmp_path):
    array_io.save_json(tmp_path / "values.json", {"zebra": 1, "ant": 2})
    text = (tmp_path / "values.json").read_text()
    assert list(json.loads(text)) == ["zebra", "ant", "checksum"]
    assert list(array_io.load_json(tmp_path / "values.json")) == ["zebra", "ant"]
    assert len(text.splitlines()) == 5
    assert text.endswith("\n")


def test_values_that_json_does_not_know_leave_no_file(tmp_path):
    with pytest.raises(TypeError):
        array_io.save_json(tmp_path / "values.json", {"set": {1, 2}})
    assert files_in(tmp_path) == []


def test_a_key_named_as_the_checksum_is_refused(tmp_path):
    with pytest.raises(ValueError, match="a record has its own checksum"):
        array_io.save_json(tmp_path / "values.json", {"checksum": "of something else"})


def test_a_full_disk_is_told_with_the_file(tmp_path):
    with pytest.raises(OSError) as raised, array_io.atomic(tmp_path / "result.txt"):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert raised.value.filename == str(tmp_path / "result.txt")
    assert files_in(tmp_path) == []
