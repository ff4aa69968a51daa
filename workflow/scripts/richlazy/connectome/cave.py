"""Connection to CAVE, the service behind MICrONS: token, one frozen version, retries, and clear messages.

All requests go through caveclient 8 to one frozen materialization version. The token goes into the client and nowhere
else: not to a server to which another one redirects, and not over a line that is not encrypted. Messages leave out the
causes of errors, because texts of requests can hold its headers.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin

import pandas as pd
import requests
import requests.adapters
import urllib3

from richlazy import wording
from richlazy.connectome.cave_errors import explained, replaced
from richlazy.connectome.cave_source import Source, UnsafeError, check_line, check_origin
from richlazy.connectome.cave_token import ALTERNATIVES, stored_token

# caveclient takes over a second to import, so it is imported where a server is asked.

API_VERSION = 3
CONNECT_SECONDS = 10.0
SILENCES = 2  # repeats after a silence of the whole timeout; other failures have all retries
TRANSIENT = (429, 500, 502, 503, 504)
ROW_LIMIT = 200_000  # of one answer by default (MaterializationEngine); a server may have a higher one
NANOMETRES = (1.0, 1.0, 1.0)


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
        with explained(self.source, self.secret, f"table {table}"):
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
    with explained(source, secret, "the datastack"), _patient_sessions(source):
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
        with explained(source, secret, "the list of versions"):
            live = sorted(int(version) for version in materialize.get_versions())
        _check_version(source, live)
        connection = Connection(source, client, secret)
        with explained(source, secret, "the version"):
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
            if "Authorization" not in request.headers:
                return super().send(request, stream, timeout, verify, cert, proxies)
            check_line(request.url)
            response = super().send(request, stream, timeout, verify, cert, proxies)
            # Sessions take the header from a request that is redirected elsewhere, but not the cookie of the token.
            if response.is_redirect:
                try:
                    check_origin(request.url, urljoin(request.url, response.headers["location"]))
                except UnsafeError:
                    response.close()
                    raise
            return response

    before = dict(session_config.get_session_defaults())
    with ExitStack() as stack:
        stack.callback(set_session_defaults, **before)
        set_session_defaults(source.retries, backoff_factor=source.backoff_s, status_forcelist=TRANSIENT)
        for module in (requests.adapters, requests.sessions):
            stack.enter_context(replaced(module, "HTTPAdapter", PatientAdapter))
        yield
