"""Log of a job: file and terminal, with the versions that made the result in its first lines."""

import importlib.metadata
import logging
import platform
import sys
from pathlib import Path

from richlazy.storage import array_io

LOGGER = logging.getLogger("richlazy")
# How libraries without MemoryError say that there is none left.
_MEMORY = ("can't allocate memory", "cannot allocate memory", "bad_alloc", "out of memory")


def attach(path: str | Path, *packages: str) -> None:
    """Send log lines of this job to a file, and warnings and uncaught errors to the terminal too.

    Snakemake's ``log:`` names a file but writes nothing into it for a script.

    Args:
        path: the rule's log file.
        *packages: distributions whose versions go into the first line.
    """
    sys.excepthook = _log_error
    logging.raiseExceptions = False  # where the disk is full, tracebacks of the log would bury what is wrong
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    terminal = logging.StreamHandler()
    terminal.setLevel(logging.WARNING)  # progress bars keep the terminal; details stand in the file
    logging.basicConfig(
        format="%(asctime)s %(levelname)s %(message)s",
        handlers=[logging.FileHandler(path, mode="w"), terminal],
        force=True,
    )
    LOGGER.setLevel(logging.INFO)
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in packages)
    LOGGER.info("Python %s, %s", platform.python_version(), versions)


def _log_error(kind: type[BaseException], error: BaseException, traceback) -> None:
    """One sentence for what the user can mend; the whole way for the rest."""
    sentence = _sentence(error)
    if sentence:
        LOGGER.error("%s", sentence)
        LOGGER.info("raised here", exc_info=(kind, error, traceback))
    else:
        LOGGER.critical("%s", error, exc_info=(kind, error, traceback))


def _sentence(error: BaseException) -> str | None:
    """What to say of a mistake of the user (the library raises ValueError) and of what the machine refuses."""
    if isinstance(error, ValueError):
        return str(error)
    if isinstance(error, OSError) and error.errno in array_io.DISK_FULL:
        return (
            f"the disk is full ({error.strerror}) while writing {error.filename or 'a file'}; "
            "free space and run the same command again"
        )
    if isinstance(error, OSError) and error.errno in array_io.FORBIDDEN and error.filename:
        return (
            f"{error.filename} may not be opened or written ({error.strerror}); give yourself the right to, and run "
            "the same command again"
        )
    if isinstance(error, MemoryError) or any(words in str(error).lower() for words in _MEMORY):
        return (
            f"not enough memory ({_first_line(error)}); on one machine run fewer jobs at once (--cores), on a cluster "
            "give the job more (mem_mb of its rule), and run the same command again"
        )
    return None


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
