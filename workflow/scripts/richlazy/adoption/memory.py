"""Results that Snakemake does not remember, because they were copied or its memory, ``.snakemake``, was lost.

Snakemake believes what it does not remember as long as times fit, whatever the parameters were. Here it may not: such
results are adopted first (``adoption``). This module imports Snakemake, and is for its own process alone.
"""

import contextlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePath
from typing import Any

from snakemake.exceptions import LockException
from snakemake.io import IOFile
from snakemake.persistence import PersistenceBase
from snakemake.persistence.file import FilePersistence

# Coarsest step of the times that file systems and archives keep.
_STEP_S = 3
# Whether this process adopts results, and so may start with some that are not remembered.
adopting = False


def unremembered(results: str, rules: Iterable[Any], memory: PersistenceBase) -> list[IOFile]:
    """Files of results of which Snakemake remembers nothing, or which are older than what it remembers.

    Files that no rule makes are none of them, nor are those of interrupted jobs, which Snakemake runs again.

    Args:
        results: folder of the results.
        rules: all rules of Snakemake.
        memory: what Snakemake remembers.
    """
    outputs = [output for rule in rules for output in rule.output]
    folders = {PurePath(output).relative_to(results).parts[0] for output in outputs if output.startswith(f"{results}/")}
    strays = [file for file in _files(results, folders) if not _is_remembered(file, memory)]
    strays = [file for file in strays if any(output.match(file) for output in outputs)]
    interrupted = memory._filter_incomplete_keys(strays)
    return [IOFile(file) for file in strays if file not in interrupted]


@contextlib.contextmanager
def locked(memory: PersistenceBase) -> Iterator[None]:
    """Keep other Snakemakes from the folder, as a run does.

    Raises:
        ValueError: when one is there.
    """
    Path(memory.path, "locks").mkdir(exist_ok=True)  # every Snakemake that ends removes it
    try:
        with PersistenceBase.lock(memory):  # its own, where it is that of a plan, only warns
            try:
                yield
            finally:
                PersistenceBase.unlock(memory)
    except LockException as error:
        raise ValueError(
            "another Snakemake works in this folder; wait for its end, or run `snakemake --unlock` if it was killed"
        ) from error


def _is_remembered(file: str, memory: PersistenceBase) -> bool:
    # Of a link Snakemake remembers its own time where that is later than that of the file.
    changed_s = max(Path(file).stat().st_mtime, Path(file).lstat().st_mtime)
    if isinstance(memory, FilePersistence):
        written = Path(memory._record_path(memory._metadata_path, file))
        if written.exists() and changed_s > written.stat().st_mtime - _STEP_S:
            return True  # without reading it: there are tens of thousands
    record = memory.metadata(IOFile(file))
    return record is not None and (not record.endtime or changed_s > record.endtime - _STEP_S)


def _files(results: str, folders: Iterable[str]) -> Iterator[str]:
    for start in (Path(results, name) for name in sorted(folders)):
        if start.is_file():
            yield str(start)
        for folder, _, names in os.walk(start):
            yield from (f"{folder}/{file}" for file in sorted(names) if not file.startswith("."))
