"""Connection to CAVE, the service behind MICrONS: token, one frozen version, retries, and clear messages.

All requests go through caveclient 8 to one frozen materialization version. The token goes into the client and nowhere
else; messages leave out the causes of errors, because texts of requests can hold its headers.
"""

import webbrowser
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
import requests
import requests.adapters
import urllib3

from richlazy import wording
from richlazy.connectome.cave_token import ALTERNATIVES, TOKEN_VARIABLE, stored_token, terms

# caveclient takes over a second to import, so it is imported where a server is asked.

API_VERSION = 3
CONNECT_SECONDS = 10.0
SILENCES = 2  # repeats after a silence of the whole timeout; other failures have all retries
TRANSIENT = (429, 500, 502, 503, 504)
ROW_LIMIT = 200_000  # of one answer by default (MaterializationEngine); a server may have a higher one
NANOMETRES = (1.0, 1.0, 1.0)


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


@dataclass
class Connection:
    """An open connection to one source; made by ``connect``.

    Attributes:
        source: where it leads to.
        client: the client of caveclient.
        secret: the token, to keep it out of messages.
        facts: entries of provenance.json about the source.
        row_limit: rows that one answer can hold, as far as is known.
    """

    source: Source
    client: Any = field(repr=False)
    secret: str | None = field(repr=False)
    facts: dict[str, Any] = field(default_factory=dict)
    row_limit: int = ROW_LIMIT
    _warnings: list[str] = field(default_factory=list)

    def count(self, table: str, filters: Mapping[str, Sequence[int]]) -> int:
        """Number of rows, counted by the server."""
        answer = self._ask(table, filters, get_counts=True)
        return int(answer["count"].iloc[0])

    def rows(
        self, table: str, filters: Mapping[str, Sequence[int]], columns: Sequence[str] | None = None
    ) -> tuple[pd.DataFrame, bool]:
        """Rows of a table, positions in nm, and whether the server says that it cut the answer off.

        caveclient only logs the warning about the row limit, so this method reads the header itself.
        """
        self._warnings.clear()
        options: dict[str, Any] = {"select_columns": list(columns)} if columns else {"desired_resolution": NANOMETRES}
        frame = self._ask(table, filters, **options)
        return frame, any("Limited query to" in warning for warning in self._warnings)

    def _ask(self, table: str, filters: Mapping[str, Sequence[int]], **options) -> pd.DataFrame:
        # Without merge_reference no join happens: joins have other suffixes in each interface, and are not counted.
        filters_in = {column: [int(one) for one in ids] for column, ids in filters.items()}
        with _explained(self.source, self.secret, f"table {table}"):
            return self.client.materialize.query_table(
                table,
                filter_in_dict=filters_in or None,
                split_positions=True,
                merge_reference=False,
                metadata=False,
                **options,
            )


@contextmanager
def connect(source: Source, token: str | None) -> Iterator[Connection]:
    """Open a connection to one frozen version.

    Raises:
        ValueError: one sentence if the token is missing or refused, the terms are not accepted, the version has
            expired, or the server is too old or does not answer.
    """
    import caveclient

    secret = token or stored_token(source.server)
    with _explained(source, secret, "the datastack"), _patient_sessions(source):
        client = caveclient.CAVEclient(
            source.datastack,
            server_address=source.server,
            auth_token=token,
            # By default caveclient would note this server for every later client of the user.
            write_server_cache=False,
        )
        materialize = client.materialize
    try:
        _check_api(source, materialize.api_version)
        with _explained(source, secret, "the list of versions"):
            live = sorted(int(version) for version in materialize.get_versions())
        _check_version(source, live)
        connection = Connection(source, client, secret)
        with _explained(source, secret, "the version"):
            client.version = int(source.version)  # numpy integers are refused by caveclient
            timestamp = materialize.get_timestamp(client.version)
        connection.facts = {
            "server": source.server,
            "datastack": source.datastack,
            "version": int(source.version),
            "timestamp": timestamp.isoformat(),
            "server_version": str(materialize.server_version),
            "caveclient": caveclient.__version__,
        }
        materialize.session.hooks["response"].append(
            lambda response, **_: connection._warnings.append(response.headers.get("Warning", ""))
        )
        yield connection
    finally:
        for session in (materialize.session, client.info.session):
            session.close()


def _check_api(source: Source, found: int) -> None:
    # After one failed request caveclient falls back, without a word, to an interface with other column names.
    if found != API_VERSION:
        raise ValueError(
            f"{source.place} did not offer version {API_VERSION} of its interface, so caveclient fell back to "
            f"version {found}, whose columns differ; try again later, {ALTERNATIVES}"
        )


def _check_version(source: Source, live: Sequence[int]) -> None:
    if source.version not in live:
        raise ValueError(
            f"{source.place} does not exist or has expired; set version to one that is live "
            f"({wording.listed(live)}), {ALTERNATIVES}"
        )


@contextmanager
def _replaced(owner: Any, name: str, value: Any) -> Iterator[None]:
    before = getattr(owner, name)
    setattr(owner, name, value)
    try:
        yield
    finally:
        setattr(owner, name, before)


@contextmanager
def _patient_sessions(source: Source) -> Iterator[None]:
    """Give retries and a timeout to the sessions that caveclient makes inside the block; its own have neither."""
    from caveclient import session_config, set_session_defaults

    class PatientAdapter(requests.adapters.HTTPAdapter):
        def __init__(self, max_retries=None, **options):
            # caveclient asks for the interface versions without its retries.
            retries = max_retries or urllib3.Retry(
                source.retries,
                backoff_factor=source.backoff_s,
                status_forcelist=TRANSIENT,
                raise_on_status=False,
            )
            super().__init__(max_retries=retries.new(read=min(SILENCES, source.retries)), **options)

        def send(self, request, stream=False, timeout=None, verify=True, cert=None, proxies=None):
            timeout = timeout or (min(CONNECT_SECONDS, source.timeout_s), source.timeout_s)
            return super().send(request, stream, timeout, verify, cert, proxies)

    before = dict(session_config.get_session_defaults())
    with ExitStack() as stack:
        stack.callback(set_session_defaults, **before)
        set_session_defaults(source.retries, backoff_factor=source.backoff_s, status_forcelist=TRANSIENT)
        for module in (requests.adapters, requests.sessions):
            stack.enter_context(_replaced(module, "HTTPAdapter", PatientAdapter))
        yield


@contextmanager
def _explained(source: Source, secret: str | None, what: str) -> Iterator[None]:
    """Turn every error of a request into one sentence, without its cause, and keep the job from opening a browser."""
    from caveclient.base import AuthException, ServerIncompatibilityError

    try:
        with _replaced(webbrowser, "open", lambda *_, **__: False):
            yield
    except (OSError, ValueError, AuthException, ServerIncompatibilityError) as error:
        text = _sentence(error, source, what)
        raise ValueError(text.replace(secret, "<token>") if secret else text) from None


def _sentence(error: Exception, source: Source, what: str) -> str:
    """Meaning of an error of requests, caveclient or pyarrow, for the user."""
    from caveclient.base import AuthException, ServerIncompatibilityError

    response = getattr(error, "response", None)
    if response is not None:
        return _refusal(response, source, what)
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


def _refusal(response: requests.Response, source: Source, what: str) -> str:
    """Meaning of an HTTP status, for the user."""
    status, server = response.status_code, source.server
    said = " ".join(response.text.split())
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
