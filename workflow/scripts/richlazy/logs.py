"""Log of a job: file and terminal, with the versions that made the result in its first lines."""

import importlib.metadata
import logging
import platform
import sys
from pathlib import Path


def attach(path: str | Path, *packages: str) -> None:
    """Send log lines and uncaught errors of this job to a file and to the terminal.

    Snakemake's ``log:`` names a file but writes nothing into it for a script.

    Args:
        path: the rule's log file.
        *packages: distributions whose versions go into the first line.
    """
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    logging.basicConfig(
        level=logging.INFO,
        format="%(asctime)s %(levelname)s %(message)s",
        handlers=[logging.FileHandler(path, mode="w"), logging.StreamHandler()],
        force=True,
    )
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in packages)
    logging.info("Python %s, %s", platform.python_version(), versions)
    sys.excepthook = _log_error


def _log_error(kind: type[BaseException], error: BaseException, traceback) -> None:
    if isinstance(error, ValueError):
        # A ValueError of the library is a sentence for the user; the file keeps the way to it.
        logging.error("%s", error)
        logging.debug("", exc_info=(kind, error, traceback))
        return
    logging.critical("%s", error, exc_info=(kind, error, traceback))
