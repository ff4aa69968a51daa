"""Files of the sources in data/sources.yaml, as they are read: the right ones, or refused."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from richlazy.storage import array_io


def verify(path: str | Path, file: Mapping[str, Any]) -> None:
    """Refuse a file that is not the one that the registry describes, wherever it came from.

    Args:
        path: a file that was downloaded, or a copy of the user's own.
        file: an entry of ``files`` of a source: ``sha256``, ``size_bytes``.

    Raises:
        ValueError: when the file is missing, or size or checksum differ.
    """
    path = Path(path)
    if not path.is_file():
        raise ValueError(f"the file {path} does not exist; check its path")
    size, wanted = path.stat().st_size, file["size_bytes"]
    if size != wanted:
        raise _another_file(path, f"it has {size} bytes, not {wanted}")
    found = array_io.checksum(path)
    if found != file["sha256"]:
        raise _another_file(path, f"its sha256 is {found}, not {file['sha256']}")


def verify_content(content: bytes, name: str, file: Mapping[str, Any]) -> None:
    """Refuse the content of a member of an archive that is not the one that the registry describes.

    Args:
        content: what was read.
        name: the member, as an error names it.
        file: an entry of ``members``: ``sha256``, ``size_bytes``.

    Raises:
        ValueError: when size or checksum differ.
    """
    if len(content) != file["size_bytes"]:
        raise _another_file(Path(name), f"it has {len(content)} bytes, not {file['size_bytes']}")
    found = hashlib.sha256(content).hexdigest()
    if found != file["sha256"]:
        raise _another_file(Path(name), f"its sha256 is {found}, not {file['sha256']}")


def _another_file(path: Path, what: str) -> ValueError:
    return ValueError(
        f"{path} is not the file that data/sources.yaml describes ({what}); delete a download and run again, "
        "or replace a copy of your own"
    )
