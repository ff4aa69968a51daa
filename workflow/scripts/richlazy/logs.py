"""Log of a job: file and terminal, with the versions that made the result in its first lines."""

import importlib.metadata
import logging
import platform
import sys
from pathlib import Path

LOGGER = logging.getLogger("richlazy")


def attach(path: str | Path, *packages: str) -> None:
    """Send log lines of this job to a file, and warnings and uncaught errors to the terminal too.

    Snakemake's ``log:`` names a file but writes nothing into it for a script.

    Args:
        path: the rule's log file.
        *packages: distributions whose versions go into the first line.
    """
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
    sys.excepthook = _log_error


def _log_error(kind: type[BaseException], error: BaseException, traceback) -> None:
    """One sentence for a mistake of the user, which the library raises as ValueError; the whole way for the rest."""
    if issubclass(kind, ValueError):
        LOGGER.error("%s", error)
        LOGGER.info("raised here", exc_info=(kind, error, traceback))
    else:
        LOGGER.critical("%s", error, exc_info=(kind, error, traceback))
