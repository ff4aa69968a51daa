"""The code of a job: what its rule says of it in one line, ``params.code``, and which files that is.

The line names scripts, and modules that these import by a computed name, and ends with a digest of all library files
that they import. An edit of any of these changes the digest, and Snakemake runs again the jobs that have it. The files
themselves would be nine of ten inputs of a plan, and a third of its time.
"""

import functools
import hashlib
from collections.abc import Iterable
from pathlib import Path, PurePath

from richlazy.storage import array_io, late_import

SCRIPTS = Path(__file__).parents[2]
# Of a digest, as certificates have it.
DIGITS = 16
# What finds code, says which made a file, and writes logs: all jobs import it, and an edit of it changes no result.
_WITHOUT_EFFECT = {
    SCRIPTS / "richlazy" / "storage" / f"{name}.py" for name in ("certificates", "late_import", "library_code", "logs")
}


@functools.cache
def described(*scripts: str, modules: tuple[str, ...] = ()) -> str:
    """Names of scripts and modules, and a digest of these and all library files that they import.

    Args:
        scripts: below the folder of the scripts, such as ``train_networks.py``.
        modules: below the library, such as ``tasks.image_trials``, that the scripts import by a computed name.

    Raises:
        ImportError: for an import of the library that leads to no module.
    """
    names = [*scripts, *modules]
    told = sorted(digests(_files(names)).items())
    return " ".join([*names, hashlib.sha256(repr(told).encode()).hexdigest()[:DIGITS]])


def scripts(description: str) -> list[Path]:
    """Scripts that a description names."""
    return [SCRIPTS / name for name in description.split()[:-1] if name.endswith(".py")]


def files(description: str) -> list[Path]:
    """Files of a description, sorted."""
    return _files(description.split()[:-1])


@functools.cache  # a plan asks for that of every job
def digests_of(description: str) -> dict[str, str]:
    """Digest of each file of a description, as ``digests`` gives them."""
    return digests(files(description))


def _files(names: Iterable[str]) -> list[Path]:
    # By its name: an edit of how imports are found changes no result, and every job reads its own code.
    closures = late_import.load("storage.import_closure")
    found: set[Path] = set()
    for name in names:
        script = SCRIPTS / name
        found |= (
            {script, *closures.import_closure(script)} if name.endswith(".py") else {*closures.module_closure(name)}
        )
    return sorted(found - _WITHOUT_EFFECT)


def digests(paths: Iterable[Path]) -> dict[str, str]:
    """Digest of each library file, by its path below the folder of the scripts."""
    return {PurePath(path).as_posix().rpartition("scripts/")[2]: _of_file(path) for path in paths}


@functools.cache
def _of_file(path: Path) -> str:
    return array_io.checksum(path)[:DIGITS]
