"""Damaged and displaced files, and what killed jobs left behind, in a folder of results."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from richlazy.storage import array_io, certificates, parquet

# By suffix, what reads a record and raises ValueError where it is not what was written.
READERS: dict[str, Callable[[Path], Any]] = {
    ".npy": lambda path: array_io.load_array(path, mapped=True),
    ".npz": array_io.load_arrays,
    ".json": array_io.load_json,
    ".parquet": parquet.load_table,
}
_TEMPORARY = re.compile(r"\..+\.[a-z0-9_]{8}\.\w+")  # as array_io.atomic names them


def check(path: str | Path) -> None:
    """Raise ValueError where a file is not what was written there, by its own checksum or by its certificate."""
    path = Path(path)
    if path.suffix in READERS:
        READERS[path.suffix](path)
    certificates.check(path)


def damaged_files(folder: str | Path) -> Iterator[tuple[Path, str]]:
    """Every file of a folder that is not what was written there, with a sentence."""
    for path in _files(folder):
        if not path.name.startswith("."):
            try:
                check(path)
            except ValueError as error:
                yield path, str(error)


def unfinished_files(folder: str | Path) -> list[Path]:
    """Temporary files of a folder; where no job is running, jobs that were killed left them."""
    return [path for path in _files(folder) if _TEMPORARY.fullmatch(path.name)]


def _files(folder: str | Path) -> list[Path]:
    """Files of a folder but those of the committed reference, which git guards."""
    folder = Path(folder)
    if not folder.is_dir():
        raise ValueError(f"{folder} is no folder; name a folder of results, such as results or results/quick")
    files = (path for path in folder.rglob("*") if path.is_file())
    return sorted(path for path in files if path.relative_to(folder).parts[0] != "reference")
