"""A frozen version of a datastack of CAVE, and what keeps its token at its server."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from richlazy.connectome.cave_token import ALTERNATIVES

LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True)
class Source:
    """One frozen version of a datastack, and how patiently its server is asked.

    Attributes:
        server: address of the global CAVE server.
        datastack: its datastack, such as ``minnie65_public``.
        version: number of the frozen materialization.
        timeout_s: seconds of silence after which a request has failed.
        retries: how often a refused request is sent again.
        backoff_s: seconds before the second retry; the wait doubles each time, up to two minutes.
    """

    server: str
    datastack: str
    version: int
    timeout_s: float = 600.0
    retries: int = 8
    backoff_s: float = 1.0

    @property
    def place(self) -> str:
        """Name of the source in messages."""
        return f"CAVE at {self.server}, {self.datastack} version {self.version},"


def source(connectomes: Mapping[str, Any], datastack: str, version: int) -> Source:
    """The source of this datastack and version among the connectomes of a configuration.

    Raises:
        ValueError: if no connectome names them.
    """
    for entry in connectomes.values():
        asked = entry.get("cave", {})
        if (asked.get("datastack"), asked.get("version")) == (datastack, version):
            return Source(asked["server"].rstrip("/"), datastack, version, asked["timeout_s"])
    raise ValueError(f"no connectome of the configuration takes {datastack} version {version} from CAVE; add one")


class UnsafeError(ValueError):
    """A request that would give the token away; the message follows the name of the source."""


def check_line(address: str) -> None:
    """Raise UnsafeError where a request would carry the token over a line that is not encrypted."""
    url = urlsplit(address)
    if url.scheme != "https" and url.hostname not in LOOPBACK:
        raise UnsafeError(f"would get the token unencrypted at {url.scheme}://{url.netloc}; write https in its address")


def check_origin(asked: str, target: str) -> None:
    """Raise UnsafeError where the answer to an address sends the request on to another server."""
    here, there = urlsplit(asked), urlsplit(target)
    if (here.scheme, here.netloc) != (there.scheme, there.netloc):
        raise UnsafeError(
            f"redirects to {there.scheme}://{there.hostname}, to which no token is sent; check the address of the "
            f"server, {ALTERNATIVES}"
        )
