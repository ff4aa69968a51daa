"""Reading and writing of arrays and records: deterministic, never half written, never read damaged.

Every record is sealed: it holds, once, ``SEAL`` and the CRC-32 of all its other bytes as eight digits, and whoever
reads it compares. In .npy these stand behind the array, where readers do not look; in JSON under the last key,
``checksum``; in Parquet (``tables``) under a key of the footer. Archives (.npz) have a checksum for every member.
"""

import errno
import hashlib
import io
import json
import os
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np

SEAL = b"richlazy crc32 "
_DIGITS = 8
_BLOCK = 1 << 20
DISK_FULL = (errno.ENOSPC, errno.EDQUOT)
FORBIDDEN = (errno.EROFS, errno.EACCES, errno.EPERM)


@contextmanager
def atomic(path: str | Path) -> Iterator[Path]:
    """A temporary path in the same folder that becomes ``path`` only when the block ends well.

    A job that fails leaves nothing; one that is killed leaves nothing that looks finished.
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
    except OSError as error:
        if error.errno in DISK_FULL:  # a failed write does not say of which file
            error.filename = str(path)
        raise
    finally:
        temporary.unlink(missing_ok=True)


def damaged(path: str | Path, what: object) -> ValueError:
    """What is raised where a record is not what was written."""
    return ValueError(f"{path} is damaged ({what}); delete it and run the same command again")


def seal(content: bytes) -> bytes:
    """Content whose last ``SEAL`` is followed by eight digits, with its checksum in place of these."""
    start = content.rindex(SEAL) + len(SEAL)
    digits = b"%08x" % zlib.crc32(content[start + _DIGITS :], zlib.crc32(content[:start]))
    return content[:start] + digits + content[start + _DIGITS :]


def sealed_content(path: str | Path, required: bool = True) -> bytes:
    """Bytes of a sealed file.

    Args:
        path: the file.
        required: false where a file without any seal is accepted, as those of earlier versions are.

    Raises:
        ValueError: when they are not those that were written.
    """
    content = Path(path).read_bytes()
    if SEAL not in content:
        if required:
            raise damaged(path, "its checksum is missing")
    elif seal(content) != content:
        raise damaged(path, "its checksum differs")
    return content


def save_arrays(path: str | Path, **arrays: np.ndarray) -> None:
    """Write named arrays to one uncompressed .npz, atomically."""
    with atomic(path) as temporary:
        np.savez(temporary, **arrays)  # type: ignore[arg-type]


def checksum_of_arrays(**arrays: np.ndarray) -> str:
    """SHA-256 of the file that ``save_arrays`` would write, in hexadecimal digits."""
    stream = io.BytesIO()
    np.savez(stream, **arrays)  # type: ignore[arg-type]
    return hashlib.sha256(stream.getvalue()).hexdigest()


def load_arrays(path: str | Path) -> dict[str, np.ndarray]:
    """Named arrays of an .npz, each read to its end, where its checksum is compared.

    Raises:
        ValueError: when the file is damaged.
    """
    content = Path(path).read_bytes()
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = {name: archive.read(name) for name in archive.namelist()}
        arrays = {name.removesuffix(".npy"): np.load(io.BytesIO(member)) for name, member in members.items()}
    except Exception as error:  # a broken archive fails in a dozen ways
        raise damaged(path, error) from error
    # A directory of the archive in which one entry swallows the next is valid, and so is one of no entries; its end
    # says twice how many there are, and where it lies.
    here, entries, size, start = struct.unpack("<HHII", content[-14:-2])
    if not here == entries == len(arrays) > 0 or start + size != len(content) - 22:
        raise damaged(path, "an array is missing")
    return arrays


def save_array(path: str | Path, array: np.ndarray) -> None:
    """Write one array to .npy, atomically; its checksum follows the array."""
    with atomic(path) as temporary, temporary.open("wb") as stream:
        summing = _Summing(stream)
        np.save(summing, array)  # type: ignore[arg-type]
        summing.write(SEAL)
        stream.write(b"%08x" % summing.crc)


def load_array(path: str | Path, mapped: bool = False) -> np.ndarray:
    """Array of an .npy that ``save_array`` wrote.

    Args:
        path: the file.
        mapped: map it into memory, copy on write, instead of reading it; it is read once for its checksum.

    Raises:
        ValueError: when the file is damaged.
    """
    if not mapped:
        return np.load(io.BytesIO(sealed_content(path)))
    with Path(path).open("rb") as stream:
        length = max(0, os.fstat(stream.fileno()).st_size - _DIGITS)
        crc, end = _checksum_of_start(stream, length)
        digits = stream.read()
    if end != SEAL:
        raise damaged(path, "its checksum is missing")
    if digits != b"%08x" % crc:
        raise damaged(path, "its checksum differs")
    return np.load(path, mmap_mode="c")


def save_json(path: str | Path, values: Mapping[str, Any]) -> None:
    """Write a mapping as readable JSON, atomically; numbers that are not finite become null.

    Raises:
        ValueError: when the mapping has a key ``checksum``, which is the record's own.
    """
    if "checksum" in values:
        raise ValueError(f"a record has its own checksum, and {path} would have two; name that of the values otherwise")
    whole = {**_finite(values), "checksum": f"{SEAL.decode()}{'0' * _DIGITS}"}
    text = json.dumps(whole, indent=1, allow_nan=False) + "\n"
    with atomic(path) as temporary:
        temporary.write_bytes(seal(text.encode()))


def load_json(path: str | Path, sealed: bool = True) -> dict[str, Any]:
    """Read what ``save_json`` wrote.

    Args:
        path: the file.
        sealed: false where records of before there were checksums are read too, such as committed ones.

    Raises:
        ValueError: when the file is damaged.
    """
    try:
        values = json.loads(sealed_content(path, sealed))
    except json.JSONDecodeError as error:
        raise damaged(path, error) from error
    values.pop("checksum", None)
    return values


def save_text(path: str | Path, text: str) -> None:
    """Write a text file, atomically."""
    with atomic(path) as temporary:
        temporary.write_text(text)


def checksum(path: str | Path) -> str:
    """SHA-256 of a file, in hexadecimal digits."""
    with Path(path).open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


class _Summing:
    """A file to write to that sums what is written, so that an array is not read again for its checksum."""

    def __init__(self, stream: IO[bytes]):
        self.stream, self.crc = stream, 0

    def write(self, data: bytes) -> int:
        self.crc = zlib.crc32(data, self.crc)
        return self.stream.write(data)


def _checksum_of_start(stream: IO[bytes], length: int) -> tuple[int, bytes]:
    """CRC-32 of the first bytes of a file, and the last of these where ``SEAL`` stands in an .npy."""
    crc, end = 0, b""
    while length > 0:
        block = stream.read(min(_BLOCK, length))
        if not block:
            break
        crc, length, end = zlib.crc32(block, crc), length - len(block), (end + block)[-len(SEAL) :]
    return crc, end


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
