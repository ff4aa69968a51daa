"""Where the token for CAVE comes from. The module imports nothing heavy, because it is checked before any job."""

import json
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlparse

TOKEN_VARIABLE = "CAVE_TOKEN"
ALTERNATIVES = "or set source of the connectome to release, file or synthetic, which need no CAVE"


def token(environment: Mapping[str, str]) -> str | None:
    """Token from the environment variable CAVE_TOKEN; None leaves it to caveclient's own store.

    Raises:
        ValueError: if the variable holds something that cannot be a token; the message does not show it.
    """
    given = environment.get(TOKEN_VARIABLE, "").strip()
    if not (given.isascii() and given.isprintable()) or " " in given:
        raise ValueError(
            f"{TOKEN_VARIABLE} holds spaces or signs that no token has; copy the 32 letters and digits again"
        )
    return given or None


def stored_token(server: str) -> str | None:
    """Token that caveclient would find in ~/.cloudvolume/secrets for a server."""
    folder = Path("~/.cloudvolume/secrets").expanduser()
    own = folder / f"{urlparse(server).netloc}-cave-secret.json"
    first = own if own.is_file() else folder / "cave-secret.json"
    for file in (first, folder / "chunkedgraph-secret.json"):
        try:
            found = json.loads(file.read_text()).get("token")
        except FileNotFoundError:
            continue
        except (OSError, ValueError, AttributeError):
            raise ValueError(
                f"{file} is not a readable token file of caveclient; remove it or run: caveclient setup-token {server}"
            ) from None
        if found:
            return str(found)
    return None


def check_token(server: str, environment: Mapping[str, str]) -> None:
    """Check that there is a token, offline and quickly.

    Raises:
        ValueError: if neither CAVE_TOKEN nor the store of caveclient has one.
    """
    if token(environment) is None and stored_token(server) is None:
        raise ValueError(
            f"CAVE at {server} needs a token, and there is none: accept its terms at {terms(server)}, then set "
            f"{TOKEN_VARIABLE} or run: caveclient setup-token {server}; {ALTERNATIVES}"
        )


def terms(server: str) -> str:
    """Page on which the terms of service are accepted."""
    return f"{server}/sticky_auth/api/v1/tos/2/accept"
