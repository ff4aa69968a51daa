"""Errors of requests to CAVE in one sentence each, without their causes and without the token."""

import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import requests
import urllib3

from richlazy import wording
from richlazy.connectome.cave_source import Source, UnsafeError
from richlazy.connectome.cave_token import ALTERNATIVES, TOKEN_VARIABLE, terms


@contextmanager
def replaced(owner: Any, name: str, value: Any) -> Iterator[None]:
    """Give an attribute of a module or object another value inside the block."""
    before = getattr(owner, name)
    setattr(owner, name, value)
    try:
        yield
    finally:
        setattr(owner, name, before)


@contextmanager
def explained(source: Source, secret: str | None, what: str) -> Iterator[None]:
    """Turn every error of a request into one sentence, without its cause, and keep the job from opening a browser."""
    from caveclient.base import AuthException, ServerIncompatibilityError

    try:
        with replaced(webbrowser, "open", lambda *_, **__: False):
            yield
    except (OSError, ValueError, AuthException, ServerIncompatibilityError) as error:
        text = _sentence(error, source, what, secret)
        raise ValueError(text.replace(secret, "<token>") if secret else text) from None


def _sentence(error: Exception, source: Source, what: str, secret: str | None) -> str:
    """Meaning of an error of requests, caveclient or pyarrow, for the user."""
    from caveclient.base import AuthException, ServerIncompatibilityError

    response = getattr(error, "response", None)
    if response is not None:
        return _refusal(response, source, what, secret)
    if isinstance(error, UnsafeError):
        return f"{source.place} {error}"
    again = f"run again to continue where this ended, {ALTERNATIVES}"
    if isinstance(error, AuthException):
        return (
            f"{source.place} sent the request to its login page, so no valid token came with it; set {TOKEN_VARIABLE} "
            f"or run: caveclient setup-token {source.server}; {ALTERNATIVES}"
        )
    if isinstance(error, ServerIncompatibilityError):
        return f"{source.place} runs a server too old for this caveclient; take another server, {ALTERNATIVES}"
    cause = error.args[0] if error.args else None
    reason = getattr(cause, "reason", cause)
    # A connection that is refused at once counts as a timeout to urllib3 and requests.
    late = isinstance(error, requests.Timeout) or isinstance(reason, urllib3.exceptions.TimeoutError)
    if late and not isinstance(reason, urllib3.exceptions.NewConnectionError):
        return f"{source.place} was silent for {source.timeout_s:g} s when asked for {what}; {again}"
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return f"{source.place} broke off in the middle of {what}; {again}"
    if isinstance(error, (requests.exceptions.InvalidHeader, UnicodeError)):
        return f"the token for {source.place} has signs that no token has; copy it again"
    if isinstance(error, requests.ConnectionError):
        return f"{source.place} cannot be reached; check the network and the address, then {again}"
    return f"{source.place} gave {what} in a form that cannot be read ({type(error).__name__}); {again}"


def _refusal(response: requests.Response, source: Source, what: str, secret: str | None) -> str:
    """Meaning of an HTTP status, for the user."""
    status, server = response.status_code, source.server
    # Before the text is shortened, which could leave half a token.
    said = " ".join((response.text.replace(secret, "<token>") if secret else response.text).split())
    if status == 401:
        return (
            f"{source.place} refused the token (401), which is wrong or was ended by a newer one; copy the present one "
            f"from {server}/auth/api/v1/user/token into {TOKEN_VARIABLE} or run: caveclient setup-token {server}; "
            f"{ALTERNATIVES}"
        )
    if status == 403 and "missing_tos" in said:
        return (
            f"{source.place} wants its terms of service accepted first (403); do so at {terms(server)} and run "
            f"again, {ALTERNATIVES}"
        )
    if status == 403:
        return (
            f"{source.place} gives this token no right to {what} (403); accept the terms at {terms(server)} or ask "
            f"the owners of the datastack, {ALTERNATIVES}"
        )
    if status == 410 or "Analysis version not found" in said or ("database" in said and "does not exist" in said):
        return f"{source.place} has expired; set version to one that is live, {ALTERNATIVES}"
    if status == 429:
        return f"{source.place} limits how much one user may ask (429); run again later to continue, {ALTERNATIVES}"
    if status >= 500:
        return (
            f"{source.place} failed at {what} ({status}, after {source.retries} retries): {wording.shown(said)}; "
            f"run again later to continue, {ALTERNATIVES}"
        )
    return (
        f"{source.place} refused {what} ({status}): {wording.shown(said)}; "
        "check the names of datastack and table in the configuration"
    )
