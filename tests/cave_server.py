"""A loopback stand-in for the HTTP interface of CAVE that the unmodified caveclient talks to.

It checks the token, cuts answers off at a row limit with CAVE's own warning, counts, orders rows at will, keeps a
log of requests, and fails on demand. Tables are frames with positions in voxels of 4 x 4 x 40 nm, as CAVE keeps them.
"""

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pandas as pd
import pyarrow as pa

DATASTACK = "minnie65_public"
TOKEN = "0123456789abcdef0123456789abcdef"
VOXEL_NM = (4.0, 4.0, 40.0)
CELL_TYPES, NUCLEI = "allen_v1_column_types_slanted_ref", "nucleus_detection_v0"
PROOFREADING, STATUS = "proofreading_status_and_strategy", "proofreading_status_public_release"
SYNAPSES = "synapses_pni_2"
ARROW = "data.arrow"


@dataclass
class Fault:
    """What goes wrong with the next requests whose path and query hold a text."""

    part: str
    times: int
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b"out of order"
    seconds: float = 0.0
    cut: float = 1.0  # fraction of the body that is sent
    announced: bool = True  # whether the header of a cut body announces the whole one
    edit: Callable[[pd.DataFrame], pd.DataFrame] | None = None  # of the rows of an answer, never of a count


@dataclass
class Request:
    """One request as it arrived."""

    method: str
    path: str
    query: dict[str, str]
    body: dict

    @property
    def asks_rows(self) -> bool:
        return self.path.endswith("/query") and "count" not in self.query


class Server:
    """State of the stand-in; made by ``serve``."""

    def __init__(self, tables, token, row_limit, live, expired, api_versions, scales, terms_accepted):
        self.tables: dict[str, pd.DataFrame] = dict(tables)
        self.token, self.row_limit, self.scales = token, row_limit, scales
        self.live, self.expired, self.api_versions = list(live), list(expired), list(api_versions)
        self.terms_accepted = terms_accepted
        self.requests: list[Request] = []
        self.faults: list[Fault] = []
        self.closing = threading.Event()
        self.lock = threading.Lock()
        self.rng = np.random.default_rng(0)
        self.url = ""

    def fail(self, part: str, times: int = 1, **what) -> None:
        """Let the next requests with this text in path and query go wrong."""
        self.faults.append(Fault(part, times, **what))

    @property
    def row_queries(self) -> list[Request]:
        """Requests for rows, counts left out."""
        return [request for request in self.requests if request.asks_rows]

    def fault(self, target: str) -> Fault | None:
        with self.lock:
            for fault in self.faults:
                if fault.times > 0 and fault.part in target:
                    fault.times -= 1
                    return fault
        return None


@contextmanager
def serve(
    tables: Mapping[str, pd.DataFrame],
    token: str = TOKEN,
    row_limit: int = 200_000,
    live: Sequence[int] = (943, 1300),
    expired: Sequence[int] = (661,),
    api_versions: Sequence[int] = (2, 3),
    scales: bool = True,
    terms_accepted: bool = True,
) -> Iterator[Server]:
    """Serve tables on a free port of the loopback until the block ends.

    Args:
        tables: name to rows.
        token: the only one that is accepted.
        row_limit: rows of one answer.
        live: versions that can be asked.
        expired: versions that only the list of all versions names.
        api_versions: of the materialization service.
        scales: whether positions are scaled here, or left to the client.
        terms_accepted: whether the owner of the token has accepted the terms of service.
    """
    state = Server(tables, token, row_limit, live, expired, api_versions, scales, terms_accepted)
    handler = type("Handler", (_Handler,), {"state": state})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    state.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield state
    finally:
        state.closing.set()
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    state: Server

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.handle_request({})

    def do_POST(self):
        self.handle_request(json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or b"{}"))

    def handle_request(self, body):
        state, url = self.state, urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        with state.lock:
            state.requests.append(Request(self.command, url.path, query, body))
        fault = state.fault(self.path) or Fault("", 0)
        if fault.seconds:
            state.closing.wait(fault.seconds)
        if fault.status:
            self.answer(fault.status, fault.body, fault.headers)
        elif url.path == "/sticky_auth/login":
            self.answer(200, b"<html>log in</html>", {"Content-Type": "text/html"})
        elif self.allowed():
            self.route(url.path, query, body, fault)

    def allowed(self) -> bool:
        given = self.headers.get("Authorization")
        if given is None:
            self.answer(302, b"", {"Location": f"{self.state.url}/sticky_auth/login"})
        elif given != f"Bearer {self.state.token}":
            self.json({"error": "invalid_token", "given": given}, 401)
        elif not self.state.terms_accepted and "/materialize/" in self.path:
            form = f"{self.state.url}/sticky_auth/api/v1/tos/2/accept"
            self.json({"error": "missing_tos", "data": {"tos_form_url": form}}, 403)
        else:
            return True
        return False

    def route(self, path, query, body, fault):
        state = self.state
        base = f"/materialize/api/v3/datastack/{DATASTACK}"
        if path == "/info/version":
            self.json("4.4.0")
        elif path == f"/info/api/v2/datastack/full/{DATASTACK}":
            self.json(
                {
                    "aligned_volume": {"name": "minnie65_phase3", "id": 1, "image_source": "precomputed://nowhere"},
                    "local_server": state.url,
                    "synapse_table": SYNAPSES,
                    "soma_table": NUCLEI,
                    "segmentation_source": f"graphene://{state.url}/segmentation/table/minnie3_v1",
                    "viewer_site": None,
                    "viewer_resolution_x": VOXEL_NM[0],
                    "viewer_resolution_y": VOXEL_NM[1],
                    "viewer_resolution_z": VOXEL_NM[2],
                }
            )
        elif path == "/materialize/api/versions":
            self.json(state.api_versions)
        elif path == "/materialize/version":
            self.json("5.26.4")
        elif path == f"{base}/versions":
            self.json(state.live + (state.expired if query.get("expired") == "True" else []))
        elif path.startswith(f"{base}/version/"):
            self.of_version(path.removeprefix(f"{base}/version/").split("/"), query, body, fault)
        else:
            self.json({"message": f"there is no {path}"}, 404)

    def of_version(self, parts, query, body, fault):
        version, state = int(parts[0]), self.state
        if version not in state.live + state.expired:
            self.json({"message": "Analysis version not found"}, 404)
        elif len(parts) == 1:
            times = {"time_stamp": "2025-01-13T10:10:01.286229", "expires_on": "2121-11-10T10:10:01.286229"}
            self.json({"version": version, "id": version, "valid": True, "datastack": DATASTACK, **times})
        elif version in state.expired:
            self.json({"message": f'database "{DATASTACK}__mat{version}" does not exist'}, 500)
        elif parts[1] == "table" and parts[2] not in state.tables:
            self.json({"message": f"table {parts[2]} not found"}, 404)
        elif parts[1] == "table" and parts[3] == "metadata":
            resolution = dict(zip(("x", "y", "z"), VOXEL_NM, strict=True))
            reference = NUCLEI if parts[2] == CELL_TYPES else None
            self.json(
                {"table_name": parts[2], "reference_table": reference}
                | {f"voxel_resolution_{axis}": nm for axis, nm in resolution.items()}
            )
        elif parts[1] == "table" and parts[3] == "query":
            self.query(parts[2], query, body, fault)
        else:
            self.json({"message": "not in this stand-in"}, 404)

    def query(self, table, query, body, fault):
        state, rows = self.state, self.state.tables[table]
        for column, ids in body.get("filter_in_dict", {}).get(table, {}).items():
            rows = rows[rows[column].isin(ids)]
        if query.get("count") == "True":
            return self.arrow(pd.DataFrame({"count": [len(rows)]}), {}, fault)
        headers = {"column_names": json.dumps(list(rows))}
        with state.lock:  # rows have no order
            rows = rows.iloc[state.rng.permutation(len(rows))]
        if len(rows) > state.row_limit:
            rows = rows.head(state.row_limit)
            headers["Warning"] = f'201 - "Limited query to {state.row_limit} rows'
        if "select_columns" in body:
            rows = rows[[name for name in rows if name in body["select_columns"] or "supervoxel" in name]]
        if "desired_resolution" in body and state.scales:
            headers["dataframe_resolution"] = ", ".join(map(str, body["desired_resolution"]))
            rows = scaled(rows, np.array(VOXEL_NM) / body["desired_resolution"])
        if fault.edit:
            rows = fault.edit(rows)
        return self.arrow(rows, headers, fault)

    def arrow(self, frame, headers, fault):
        batch = pa.RecordBatch.from_pandas(frame, preserve_index=False)
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, batch.schema, options=pa.ipc.IpcWriteOptions(compression="zstd")) as writer:
            writer.write_batch(batch)
        body = sink.getvalue().to_pybytes()
        sent = body[: int(fault.cut * len(body))]
        length = len(body) if fault.announced else len(sent)
        self.answer(200, sent, {"Content-Type": ARROW, "Content-Length": str(length), **headers, **fault.headers})

    def json(self, values, status=200):
        self.answer(status, json.dumps(values).encode(), {"Content-Type": "application/json"})

    def answer(self, status, body, headers):
        try:
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)
        except (BrokenPipeError, ConnectionResetError):
            pass  # the client has stopped waiting


def scaled(rows: pd.DataFrame, factors: Sequence[float]) -> pd.DataFrame:
    """Rows with all positions multiplied, axis by axis."""
    changed = {}
    for name in rows:
        if name.endswith(("_position_x", "_position_y", "_position_z")):
            changed[name] = rows[name] * factors["xyz".index(name[-1])]
    return rows.assign(**changed)


def column(cells: int = 300, seed: int = 0, statuses: bool = False) -> dict[str, pd.DataFrame]:
    """Tables of a small V1 column as CAVE has them: ids beyond 2^53, sizes as 32-bit floats, positions in voxels.

    Besides the cells there are one nucleus outside the segmentation, two somata of one root, one unclear cell, and
    one cell whose root has changed since it was proofread: the last five rows of cell types.

    Args:
        cells: their number, the odd ones included.
        seed: of the draw.
        statuses: whether proofreading has the words of version 943 in place of truth values and strategies.
    """
    rng = np.random.default_rng(seed)
    shallow = np.arange(cells) % 2 == 0
    inhibitory = np.arange(cells) % 10 < 2
    depth = np.where(shallow, rng.uniform(150, 265, cells), rng.uniform(240, 370, cells))
    nucleus = 260_001 + 7 * rng.permutation(cells)
    root = 864691135000000001 + 2 * rng.permutation(10 * cells)[:cells]
    root[-5] = 0
    root[-3] = root[-4]
    systems = np.where(inhibitory, "aibs_coarse_inhibitory", "aibs_coarse_excitatory").astype(object)
    systems[-2] = "aibs_coarse_unclear"
    kinds = np.where(inhibitory, np.where(shallow, "BC", "MC"), np.where(shallow, "23P", "4P"))
    order = rng.permutation(cells)
    nuclei = pd.DataFrame({"id": nucleus, "volume": rng.uniform(200, 300, cells).astype("float32")})
    nuclei = nuclei.assign(**voxels(rng.uniform(610, 740, cells), depth, rng.uniform(780, 1000, cells)))
    nuclei["pt_supervoxel_id"], nuclei["pt_root_id"] = root * (root > 0) // 9, root
    types = pd.DataFrame({"id": np.arange(1, cells + 1), "target_id": nucleus})
    types["classification_system"], types["cell_type"] = systems, kinds
    return {
        CELL_TYPES: _typed(types),
        NUCLEI: _typed(nuclei.iloc[order].reset_index(drop=True)),
        STATUS if statuses else PROOFREADING: _proofreading(root, statuses, rng),
        SYNAPSES: _synapses(root, rng),
    }


def voxels(x_um: np.ndarray, depth_um: np.ndarray, z_um: np.ndarray) -> dict[str, np.ndarray]:
    """Positions in voxels of points of the turned volume: the formula of standard_transform, backwards."""
    sine, cosine = np.sin(np.radians(5)), np.cos(np.radians(5))
    y_um = depth_um + (sine * 183013 + cosine * 83535) * 4 / 1000
    turned = (cosine * x_um + sine * y_um, cosine * y_um - sine * x_um, z_um)
    axes = zip("xyz", turned, VOXEL_NM, strict=True)
    return {f"pt_position_{axis}": np.rint(um * 1000 / nm).astype("int64") for axis, um, nm in axes}


def _proofreading(root, statuses, rng) -> pd.DataFrame:
    listed = np.unique(root[(root > 0) & (rng.random(len(root)) < 0.95)])
    listed = np.union1d(listed, root[-1:])
    valid = np.where(listed == root[-1], listed + 1, listed)
    table = pd.DataFrame({"id": np.arange(5209, 5209 + len(listed)), "pt_root_id": listed, "valid_id": valid})
    done = rng.random(len(listed)) < 0.95
    if statuses:
        table["status_dendrite"] = np.where(done, "extended", "non")
        table["status_axon"] = np.where(done, rng.choice(["extended", "clean"], len(listed)), "non")
    else:
        table["status_dendrite"], table["status_axon"] = done, done
        table["strategy_dendrite"] = np.where(done, "dendrite_extended", "none")
        strategies = rng.choice(["axon_partially_extended", "axon_fully_extended"], len(listed))
        table["strategy_axon"] = np.where(done, strategies, "none")
    return _typed(table)


def _synapses(root, rng, degree: int = 25) -> pd.DataFrame:
    real = np.unique(root[root > 0])
    pre = np.repeat(real, degree)
    post = rng.choice(real, len(pre))
    # Synapses of other cells, which nobody asks for.
    pre, post = np.concatenate([pre, real + 10**9]), np.concatenate([post, real])
    size = 4 * np.ceil(rng.lognormal(6.0, 0.8, len(pre)))
    number = 4 * 10**17 + 3 * rng.permutation(len(pre))
    table = pd.DataFrame({"id": number, "pre_pt_root_id": pre, "post_pt_root_id": post, "size": size})
    table["pre_pt_supervoxel_id"], table["post_pt_supervoxel_id"] = pre // 9, post // 9
    return _typed(table).astype({"size": "Float32"})


def _typed(table: pd.DataFrame) -> pd.DataFrame:
    """Nullable types, which CAVE has had since version 5.13 of its server."""
    return table.convert_dtypes(convert_floating=False)


if __name__ == "__main__":
    with serve(column()) as running:
        print(running.url, flush=True)
        while True:
            time.sleep(3600)
