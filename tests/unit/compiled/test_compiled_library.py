"""The compiled library: built once, whole, where it can be; else one sentence says what is missing."""

import os
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from engines import needs_compiled
from richlazy.compiled import library


@pytest.fixture
def folders(monkeypatch, tmp_path):
    """Two empty folders in place of that beside the sources and of the user's cache."""
    beside, cache = tmp_path / "beside", tmp_path / "cache"
    monkeypatch.setattr(library, "folders", lambda: (beside, cache))
    monkeypatch.setattr(library, "OPTIONS", tuple(option for option in library.OPTIONS if option != "-O3"))  # quick
    return beside, cache


def script(path, text):
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


def test_without_a_compiler_one_sentence_says_how_to_mend_it(monkeypatch, folders, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CC", raising=False)
    with pytest.raises(
        ValueError, match=r"there is no C compiler here; install a C compiler .* or set training.engine"
    ):
        library.built()
    monkeypatch.setenv("CC", "icc")
    with pytest.raises(ValueError, match="there is no C compiler here"):
        library.built()


def test_a_compiler_that_fails_is_quoted_and_leaves_nothing(monkeypatch, folders, tmp_path):
    monkeypatch.setenv("CC", script(tmp_path / "broken", "echo 'cc1: no such thing' >&2; exit 1"))
    with pytest.raises(ValueError, match=r"failed on the passes .*\(cc1: no such thing\); install"):
        library.built()
    assert list(folders[0].iterdir()) == []


@needs_compiled
def test_it_is_built_once_and_again_after_an_edit(monkeypatch, folders, tmp_path):
    first = library.built()
    made = first.stat().st_mtime_ns
    assert first.parent == folders[0] and library.built().stat().st_mtime_ns == made
    edited = []
    for source in library.SOURCES:
        copied = tmp_path / source.name
        copied.write_text(source.read_text() + ("/* edited */\n" if source.suffix == ".c" else ""))
        edited.append(copied)
    monkeypatch.setattr(library, "SOURCES", tuple(edited))
    assert library.built() not in (first, None)
    assert len(list(folders[0].iterdir())) == 2


@needs_compiled
def test_jobs_that_build_at_once_leave_one_whole_file(folders):
    with ThreadPoolExecutor(4) as pool:
        files = set(pool.map(lambda _: library.built(), range(4)))
    assert len(files) == 1
    assert [path.name for path in folders[0].iterdir()] == [next(iter(files)).name]
    assert library.Passes(next(iter(files))).group == 32


@needs_compiled
@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_the_cache_takes_it_where_the_sources_cannot_be_written(folders):
    folders[0].mkdir(mode=0o500)
    assert library.built().parent == folders[1]


@needs_compiled
def test_a_folder_that_is_a_file_is_passed_over(folders):
    folders[0].write_text("")
    assert library.built().parent == folders[1]
    folders[1].joinpath(library.built().name).unlink()
    folders[1].rmdir()
    folders[1].write_text("")
    with pytest.raises(ValueError, match="the compiled passes have no place"):
        library.built()


@needs_compiled
def test_a_library_that_is_damaged_is_named(folders):
    file = library.built()
    file.write_bytes(b"not a library")
    library.passes.cache_clear()
    with pytest.raises(ValueError, match=rf"{file.name} cannot be loaded .*; delete it"):
        library.passes()


@needs_compiled
def test_vectors_that_the_processor_lacks_are_refused():
    with pytest.raises(ValueError, match="this processor has no vectors 'sve'"):
        library.Passes(library.built(), "sve")


@needs_compiled
def test_the_sources_compile_without_a_warning():
    compiler = next(library.compilers())
    command = [compiler, *library.OPTIONS, "-Wall", "-Wextra", "-Werror", str(library.SOURCES[0]), "-o", os.devnull]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_the_module_needs_neither_torch_nor_numpy():
    code = "import sys; import richlazy.compiled.library; print({'torch', 'numpy'} & set(sys.modules))"
    environment = os.environ | {"PYTHONPATH": str(Path(library.__file__).parents[2])}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True)
    assert done.stdout.strip() == "set()"
