"""Downloads of files whose checksum is known: whole, from the first mirror that has them, or not at all."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pooch
import requests

from richlazy.storage import array_io, logs


class DownloadError(ValueError):
    """A download that failed, in one sentence.

    Args:
        problem: which address did what.
        cure: what the user can do.
    """

    def __init__(self, problem: str, cure: str):
        super().__init__(f"{problem}; {cure}")
        self.problem, self.cure = problem, cure


class _WrongSizeError(ValueError):
    """A body that has another length than the file."""


def download(
    url: str,
    sha256: str,
    path: str | Path,
    retries: int = 3,
    timeout_s: float = 60.0,
    size_bytes: int | None = None,
    declared_in: str = "the release",
) -> None:
    """Download a file, whole and with the right checksum, or leave nothing.

    Args:
        url: an http or https address.
        sha256: checksum of the file, 64 hexadecimal digits.
        path: the file to write.
        retries: further attempts after a failed one, each a second later than the one before.
        timeout_s: longest silence of the server.
        size_bytes: length of the file where it is known.
        declared_in: where address and checksum stand, as an error names it.

    Raises:
        DownloadError: when the server cannot be reached, does not have the file, or sends another one.
        OSError: when the file cannot be written; where the disk is full, it names the file.
    """
    path = Path(path)
    if urlsplit(url).scheme not in ("http", "https"):
        raise DownloadError(f"{url!r} is no address to download from", "write one that starts with https://")
    source = pooch.create(
        path.parent,
        base_url="",
        registry={path.name: f"sha256:{sha256.lower()}"},
        urls={path.name: url},
        retry_if_failed=retries,
    )
    try:
        source.fetch(path.name, downloader=partial(_stream, timeout_s=timeout_s, size_bytes=size_bytes))
    except requests.HTTPError as error:
        raise DownloadError(f"{url} answers {error}", f"check the address in {declared_in}") from error
    except requests.RequestException as error:
        cause = type(error).__name__
        raise DownloadError(f"{url} could not be downloaded ({cause})", "check the network and run again") from error
    except _WrongSizeError as error:
        raise DownloadError(
            f"{url} sends {error}", f"the file has changed, or its size in {declared_in} is wrong"
        ) from error
    except ValueError as error:
        raise DownloadError(
            f"{url} sends a file whose sha256 is not {sha256}",
            f"the file has changed or the checksum in {declared_in} is wrong",
        ) from error
    except OSError as error:
        if error.errno in array_io.DISK_FULL:  # a failed write does not say of which file
            error.filename = str(path)
        raise


def fetch(
    file: Mapping[str, Any],
    path: str | Path,
    retries: int = 3,
    timeout_s: float = 60.0,
    declared_in: str = "data/sources.yaml",
) -> None:
    """Download a file of a source from the first of its mirrors that sends it, or leave nothing.

    Args:
        file: an entry of ``files`` of a source: ``mirrors``, ``sha256``, ``size_bytes``.
        path: the file to write.
        retries: further attempts at each mirror after a failed one.
        timeout_s: longest silence of a mirror.
        declared_in: where the entry stands, as an error names it.

    Raises:
        DownloadError: when no mirror sends the file; names them all, each with what it did.
        OSError: when the file cannot be written; no other mirror is asked then.
    """
    failures = []
    for url in file["mirrors"]:
        try:
            return download(url, file["sha256"], path, retries, timeout_s, file["size_bytes"], declared_in)
        except DownloadError as error:
            failures.append(error)
            logs.LOGGER.info("%s", error)
    problems = ", and ".join(failure.problem for failure in failures)
    cures = dict.fromkeys(failure.cure for failure in failures)  # each once, in order
    raise DownloadError(
        f"no mirror sends {Path(path).name}: {problems}",
        f"{', or '.join(cures)}, or use a copy of your own (source: folder)",
    )


def _stream(url: str, output_file: str, source: pooch.Pooch, timeout_s: float, size_bytes: int | None) -> None:
    # pooch's own downloader leaves the connection open when it fails.
    with requests.get(url, stream=True, timeout=timeout_s) as response, Path(output_file).open("wb") as stream:
        response.raise_for_status()
        for chunk in response.iter_content(2**16):
            stream.write(chunk)
            # What is too long is not read to its end, which may never come.
            if size_bytes is not None and stream.tell() > size_bytes:
                raise _WrongSizeError(f"more than the {size_bytes} bytes of the file")
        if size_bytes is not None and stream.tell() < size_bytes:
            raise _WrongSizeError(f"{stream.tell()} of the {size_bytes} bytes of the file")
