"""Reading and writing of arrays and records: deterministic, and never half written."""

import hashlib
import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np


@contextmanager
def atomic(path: str | Path) -> Iterator[Path]:
    """A temporary path in the same folder that becomes ``path`` only when the block ends well.

    A job that is killed or fails leaves nothing that looks finished.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.stem}.", suffix=path.suffix, dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        # mkstemp is private to its user; results follow the user's own file mode.
        mask = os.umask(0)
        os.umask(mask)
        temporary.chmod(0o666 & ~mask)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def save_arrays(path: str | Path, **arrays: np.ndarray) -> None:
    """Write named arrays to one uncompressed .npz, atomically."""
    with atomic(path) as temporary:
        np.savez(temporary, **arrays)  # type: ignore[arg-type]


def save_array(path: str | Path, array: np.ndarray) -> None:
    """Write one array to .npy, atomically."""
    with atomic(path) as temporary:
        np.save(temporary, array)


def save_json(path: str | Path, values: Mapping[str, Any]) -> None:
    """Write a mapping as readable JSON, atomically; numbers that are not finite become null."""
    with atomic(path) as temporary:
        temporary.write_text(json.dumps(_finite(values), indent=1, allow_nan=False) + "\n")


def load_json(path: str | Path) -> dict[str, Any]:
    """Read what ``save_json`` wrote."""
    return json.loads(Path(path).read_text())


def save_text(path: str | Path, text: str) -> None:
    """Write a text file, atomically."""
    with atomic(path) as temporary:
        temporary.write_text(text)


def checksum(path: str | Path) -> str:
    """SHA-256 of a file, in hexadecimal digits."""
    with Path(path).open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _finite(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _finite(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(inner) for inner in value]
    if isinstance(value, (float, np.floating)):
        return float(value) if np.isfinite(value) else None
    if isinstance(value, np.integer):
        return int(value)
    return value
