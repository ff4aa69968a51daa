"""Nothing damaged is read unnoticed: every byte of every kind of record counts."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays_of

from richlazy.storage import array_io, certificates, integrity, parquet
from richlazy.storage.certificates import Recipe

ROOT = Path(__file__).parents[3]
ARRAYS = {"weights": np.arange(6.0).reshape(2, 3), "classes": np.array([1, 2], np.uint8)}
TABLE = pd.DataFrame({"seed": [0, 1], "loss": [0.5, np.nan], "task": ["2AF", None]})
VALUES = {"loss": 0.25, "classes": [1, 2], "task": "2AF"}


def save(path):
    """An example of each kind of record."""
    if path.suffix == ".npz":
        array_io.save_arrays(path, **ARRAYS)
    elif path.suffix == ".npy":
        array_io.save_array(path, ARRAYS["weights"])
    elif path.suffix == ".json":
        array_io.save_json(path, VALUES)
    else:
        parquet.save_table(path, TABLE, dict.fromkeys(TABLE.columns, "meaning"))


READERS = {
    "array": ("w.npy", array_io.load_array),
    "mapped array": ("w.npy", lambda path: array_io.load_array(path, mapped=True)),
    "arrays": ("w.npz", array_io.load_arrays),
    "values": ("w.json", array_io.load_json),
    "table": ("w.parquet", parquet.load_table),
}
kinds = pytest.mark.parametrize(("name", "read"), READERS.values(), ids=list(READERS))


def equal(first, second) -> bool:
    if isinstance(first, dict):
        return first.keys() == second.keys() and all(equal(first[key], second[key]) for key in first)
    if isinstance(first, pd.DataFrame):
        return first.equals(second)
    if isinstance(first, np.ndarray):
        return first.dtype == second.dtype and np.array_equal(first, second)
    return first == second


def noticed(path, content, read, whole) -> bool:
    """Whether the reader refuses this content by name; where it does not, what it gives must be what was written."""
    path.write_bytes(content)
    try:
        loaded = read(path)
    except ValueError as error:
        assert str(error).startswith(f"{path} is damaged (")
        assert str(error).endswith("); delete it and run the same command again")
        return True
    assert equal(loaded, whole)
    return False


@kinds
def test_what_was_saved_comes_back_in_equal_bytes(name, read, tmp_path):
    save(tmp_path / name)
    first = (tmp_path / name).read_bytes()
    save(tmp_path / name)
    assert (tmp_path / name).read_bytes() == first
    expected = {".npy": ARRAYS["weights"], ".npz": ARRAYS, ".json": VALUES, ".parquet": TABLE}
    assert equal(read(tmp_path / name), expected[Path(name).suffix])


@kinds
def test_a_flipped_bit_at_any_place_is_noticed(name, read, tmp_path):
    path = tmp_path / name
    save(path)
    whole, content = read(path), path.read_bytes()
    unnoticed = []
    # A table is long, and nothing in it is treated differently; archives have places that their checksums leave out.
    for place in range(0, len(content), 3 if name == "w.parquet" else 1):
        for bit in {place % 8, 6} if name == "w.npz" else {place % 8}:
            flipped = content[:place] + bytes([content[place] ^ 1 << bit]) + content[place + 1 :]
            if not noticed(path, flipped, read, whole):
                unnoticed.append(place)
    assert not unnoticed or name == "w.npz"


@kinds
def test_bytes_that_are_lost_to_zero_anywhere_are_noticed(name, read, tmp_path):
    """The number of entries at the end of an archive among them, without which it is a valid archive of nothing."""
    path = tmp_path / name
    save(path)
    whole, content = read(path), path.read_bytes()
    for place in range(len(content) - 4):
        noticed(path, content[:place] + bytes(4) + content[place + 4 :], read, whole)


@kinds
def test_a_file_cut_short_anywhere_is_noticed(name, read, tmp_path):
    path = tmp_path / name
    save(path)
    whole, content = read(path), path.read_bytes()
    assert all(noticed(path, content[:length], read, whole) for length in range(len(content)))


@settings(max_examples=100)
@given(
    array=arrays_of.arrays(
        st.sampled_from(["f4", "f8", "u1", "i8"]), arrays_of.array_shapes(min_dims=0, min_side=0, max_side=5)
    ),
    place=st.floats(0, 1, exclude_max=True),
    change=st.integers(1, 255),
)
def test_any_array_comes_back_and_no_change_of_it_is_missed(array, place, change, tmp_path_factory):
    path = tmp_path_factory.mktemp("arrays") / "w.npy"
    array_io.save_array(path, array)
    content = path.read_bytes()
    for mapped in (False, True) if array.size else (False,):
        loaded = array_io.load_array(path, mapped=mapped)
        assert loaded.dtype == array.dtype and loaded.shape == array.shape and loaded.tobytes() == array.tobytes()
    changed = bytearray(content)
    changed[int(place * len(content))] ^= change
    assert noticed(path, bytes(changed), array_io.load_array, array)
    assert noticed(path, bytes(changed), lambda file: array_io.load_array(file, mapped=True), array)


def test_other_readers_know_nothing_of_the_checksum(tmp_path):
    save(tmp_path / "w.npy")
    save(tmp_path / "w.parquet")
    np.testing.assert_array_equal(np.load(tmp_path / "w.npy"), ARRAYS["weights"])
    np.testing.assert_array_equal(np.load(tmp_path / "w.npy", mmap_mode="r"), ARRAYS["weights"])
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "w.parquet"), TABLE)


def test_a_mapped_array_can_be_changed_and_its_file_not(tmp_path):
    save(tmp_path / "w.npy")
    content = (tmp_path / "w.npy").read_bytes()
    mapped = array_io.load_array(tmp_path / "w.npy", mapped=True)
    mapped[0, 0] = 7.0
    assert isinstance(mapped, np.memmap) and (tmp_path / "w.npy").read_bytes() == content


def test_an_array_longer_than_a_block_is_summed_whole(tmp_path):
    path = tmp_path / "w.npy"
    # 15 bytes of the seal, and the ends of blocks, fall together in one of these lengths.
    for length in range(2**20 - 160, 2**20 - 100, 3):
        array = np.arange(length) % 251
        array_io.save_array(path, array.astype(np.uint8))
        assert array_io.load_array(path, mapped=True).sum() == array.sum()
    content = bytearray(path.read_bytes())
    content[-200] ^= 1
    assert noticed(path, bytes(content), lambda file: array_io.load_array(file, mapped=True), None)


def test_records_of_before_are_read_where_they_are_told_apart(tmp_path):
    path = tmp_path / "provenance.json"
    path.write_text('{"commit": "abc"}\n')
    assert array_io.load_json(path, sealed=False) == {"commit": "abc"}
    with pytest.raises(ValueError, match="its checksum is missing"):
        array_io.load_json(path)
    committed = ROOT / "results/reference/claims.parquet"
    pd.testing.assert_frame_equal(parquet.load_table(committed), pd.read_parquet(committed))
    TABLE.to_parquet(tmp_path / "plain.parquet")  # of no version at all
    with pytest.raises(ValueError, match="its checksum is missing"):
        parquet.load_table(tmp_path / "plain.parquet")


@pytest.fixture
def results(tmp_path) -> Path:
    """A folder with a whole and a damaged record of every kind, a file that is none, and one of a killed job."""
    folder = tmp_path / "results"
    for name in ("w.npy", "w.npz", "w.json", "w.parquet"):
        for place in ("whole", "damaged"):
            (folder / place).mkdir(parents=True, exist_ok=True)
            save(folder / place / name)
            certificates.certify(folder / place / name, Recipe({}, {}, {}))
        content = (folder / "damaged" / name).read_bytes()
        (folder / "damaged" / name).write_bytes(content[: len(content) // 2])
    (folder / "whole/figure.png").write_bytes(b"no record")
    (folder / "whole/.my.notesabc").write_text("of the user")
    (folder / "whole/.network.k3_x9abc.npz").write_bytes(b"half")
    (folder / "reference").mkdir()
    (folder / "reference/provenance.json").write_text("{}")
    return folder


def check_results(folder, *options) -> subprocess.CompletedProcess:
    command = [sys.executable, ROOT / "workflow/scripts/check_results.py", folder, *options]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_check_results_names_what_is_damaged_or_half_written_and_deletes_it_where_asked(results):
    files = {path for path in results.rglob("*") if path.is_file()}
    found = check_results(results)
    assert found.returncode == 1 and not found.stderr
    bad = [results / "damaged" / name for name in ("w.json", "w.npy", "w.npz", "w.parquet")]
    bad.append(results / "whole/.network.k3_x9abc.npz")
    lines = found.stdout.splitlines()
    assert [line.split(" is ")[0] for line in lines[:-1]] == [str(path) for path in bad]
    assert lines[-1] == "5 files found; --delete removes them"
    deleted = check_results(results, "--delete")
    assert deleted.returncode == 0 and deleted.stdout.endswith("5 files deleted; run the same command again\n")
    assert {path for path in results.rglob("*") if path.is_file()} == files - set(bad)
    again = check_results(results)
    assert again.returncode == 0 and again.stdout == f"every record in {results} is whole\n"


def test_files_of_the_user_are_named_and_stay(results):
    mine = results / "whole/mine.json"
    mine.write_text("{}")
    done = check_results(results, "--delete")
    assert done.returncode == 1 and mine.exists()
    sentence, last = done.stdout.splitlines()[-2:]
    assert sentence.startswith(f"{mine} is damaged") and sentence.endswith("(it has no certificate)")
    assert last == "1 file left; remove what is not yours"


def test_a_folder_that_is_not_there_is_told_in_one_sentence(tmp_path):
    done = check_results(tmp_path / "resluts")
    assert done.returncode == 1 and len(done.stderr.splitlines()) == 1 and "is no folder" in done.stderr


def test_a_record_may_be_named_as_the_user_likes_and_is_no_temporary_file(tmp_path):
    with array_io.atomic(tmp_path / "network.npz") as temporary:
        temporary.touch()
        assert integrity.unfinished_files(tmp_path) == [temporary]
    assert integrity.unfinished_files(tmp_path) == []
