"""Dialogue with CAVE against a loopback stand-in: complete, exact, patient, resumable, and silent about the token."""

import contextlib
import json
import logging
import socket
import subprocess
import sys
import traceback
import webbrowser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import requests

import cave_server
from cave_server import CELL_TYPES, DATASTACK, NUCLEI, PROOFREADING, STATUS, SYNAPSES, TOKEN
from richlazy.connectome import assembly, cave, cave_answers, cave_cells, cave_source, cave_tables, cave_token
from richlazy.connectome.assembly import cortical_position_um
from richlazy.storage import array_io, parquet

ROOT = Path(__file__).parents[3]
COLUMN_1718 = ROOT.parent / "shared/data/em/minnie65_cells/neurons_1718.csv"
TABLES = cave_server.column(cells=120)
ROOTS = sorted({int(root) for root in TABLES[NUCLEI]["pt_root_id"] if root})
CHUNK = 40
ROWS = "arrow_format=True&split_positions=True&direct_sql_pandas=True"  # in the address of a question that is no count


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """No token of a developer goes to the stand-in, and no proxy stands between."""
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.delenv("CAVE_TOKEN", raising=False)
    return folder


@pytest.fixture
def server():
    with cave_server.serve(TABLES) as running:
        yield running


def source_of(server, version=1300, timeout_s=5.0, retries=2):
    return cave_source.Source(server.url, DATASTACK, version, timeout_s=timeout_s, retries=retries, backoff_s=0.01)


def connect(server, token=TOKEN, **changes):
    return cave.connect(source_of(server, **changes), token)


def synapses_of(server, folder, roots=ROOTS, chunk=CHUNK, token=TOKEN, **changes):
    return cave_tables.download_synapses(source_of(server, **changes), token, SYNAPSES, roots, chunk, folder)[0]


def expected_synapses(roots=ROOTS, held=None):
    """The same question, asked of the frame."""
    rows = TABLES[SYNAPSES] if held is None else held
    inside = rows["pre_pt_root_id"].isin(roots) & rows["post_pt_root_id"].isin(roots)
    return rows[inside].sort_values("id", ignore_index=True)


def assert_all_synapses(found, roots=ROOTS, held=None):
    expected = expected_synapses(roots, held)
    for name in ("id", "pre_pt_root_id", "post_pt_root_id", "size"):
        assert found[name].tolist() == [int(value) for value in expected[name]]


def write_token(folder, name, value=TOKEN):
    path = folder / ".cloudvolume/secrets" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"token": value}))


# Token


def test_token_comes_from_the_environment():
    assert cave_token.token({"CAVE_TOKEN": f" {TOKEN}\n"}) == TOKEN
    assert cave_token.token({"CAVE_TOKEN": ""}) is None
    assert cave_token.token({}) is None


@pytest.mark.parametrize("wrong", ["two words", "line\nbreak", "umläut"])
def test_token_with_impossible_signs_is_refused_and_not_shown(wrong):
    with pytest.raises(ValueError, match="CAVE_TOKEN holds spaces or signs") as caught:
        cave_token.token({"CAVE_TOKEN": wrong})
    assert wrong not in str(caught.value)


def test_missing_token_is_refused_with_every_way_out():
    with pytest.raises(ValueError, match="needs a token, and there is none") as caught:
        cave_token.check_token("https://global.daf-apis.com", {})
    message = str(caught.value)
    assert "\n" not in message
    for hint in (
        "CAVE_TOKEN",
        "caveclient setup-token https://global.daf-apis.com",
        "https://global.daf-apis.com/sticky_auth/api/v1/tos/2/accept",
        "release, file or synthetic",
    ):
        assert hint in message


def test_either_kind_of_token_is_enough(home):
    cave_token.check_token("https://cave.example", {"CAVE_TOKEN": TOKEN})
    write_token(home, "cave-secret.json")
    cave_token.check_token("https://cave.example", {})


@pytest.mark.parametrize(
    "names",
    [
        [],
        ["cave-secret.json"],
        ["chunkedgraph-secret.json"],
        ["cave.example-cave-secret.json"],
        ["other.example-cave-secret.json"],
        ["cave.example-cave-secret.json", "cave-secret.json", "chunkedgraph-secret.json"],
        ["cave-secret.json", "chunkedgraph-secret.json"],
    ],
    ids=lambda names: "+".join(names) or "none",
)
def test_stored_token_is_the_one_that_caveclient_takes(home, names):
    from caveclient.auth import AuthClient

    for number, name in enumerate(names):
        write_token(home, name, f"token{number}")
    assert cave_token.stored_token("https://cave.example") == AuthClient(server_address="https://cave.example").token


def test_damaged_token_file_is_named_and_its_content_is_not(home):
    write_token(home, "cave-secret.json")
    path = home / ".cloudvolume/secrets/cave-secret.json"
    path.write_text(f"token = {TOKEN}")
    with pytest.raises(ValueError, match="is not a readable token file") as caught:
        cave_token.check_token("https://cave.example", {})
    assert TOKEN not in "".join(traceback.format_exception(caught.value))


def test_check_of_the_token_needs_no_network_and_little_time():
    code = (
        "import socket, sys\n"
        "def refuse(*arguments): raise AssertionError('network')\n"
        "socket.socket.connect = socket.getaddrinfo = refuse\n"
        "from richlazy.connectome import cave_token\n"
        "cave_token.check_token('https://cave.example', {'CAVE_TOKEN': 'x'})\n"
        "assert not {'caveclient', 'pandas', 'requests'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT / "workflow/scripts")


# Opening


def test_source_is_that_of_the_configuration():
    asked = {"server": "https://cave.example/", "datastack": DATASTACK, "version": 1300, "timeout_s": 60}
    connectomes = {"mine": {"source": "file", "file": {}}, "column": {"source": "cave", "cave": asked}}
    assert cave_source.source(connectomes, DATASTACK, 1300) == cave_source.Source(
        "https://cave.example", DATASTACK, 1300, 60
    )
    with pytest.raises(ValueError, match="no connectome of the configuration takes minnie65_public version 943"):
        cave_source.source(connectomes, DATASTACK, 943)


def test_connection_says_what_it_leads_to(server):
    with connect(server) as connection:
        assert connection.facts == {
            "server": server.url, "datastack": DATASTACK, "version": 1300,
            "timestamp": "2025-01-13T10:10:01.286229+00:00", "server_version": "5.26.4", "caveclient": "8.2.1",
        }  # fmt: skip


def test_number_of_numpy_is_a_version_too(server):
    with connect(server, version=np.int64(943)) as connection:
        assert type(connection.facts["version"]) is int
        assert connection.count(SYNAPSES, {}) == len(TABLES[SYNAPSES])
    assert "/version/943/" in server.requests[-1].path


def test_nothing_of_the_user_and_of_requests_is_changed(server, home):
    from caveclient import session_config

    before = dict(session_config.get_session_defaults()), requests.adapters.HTTPAdapter, webbrowser.open
    with connect(server, retries=4) as connection:
        connection.count(SYNAPSES, {})
    server.fail("/versions?", times=9, status=503)
    with pytest.raises(ValueError, match="503"), connect(server, retries=1):
        pass
    assert before == (
        dict(session_config.get_session_defaults()), requests.adapters.HTTPAdapter, webbrowser.open,
    )  # fmt: skip
    assert requests.sessions.HTTPAdapter is requests.adapters.HTTPAdapter
    assert list(home.rglob("*")) == []  # above all no map from datastack to this server


def test_stored_token_is_used_where_none_is_given(server, home):
    write_token(home, "cave-secret.json")
    with connect(server, token=None) as connection:
        assert connection.count(CELL_TYPES, {}) == 120


def refusal(server, **changes):
    with pytest.raises(ValueError) as caught, connect(server, **changes) as connection:
        connection.rows(SYNAPSES, {"pre_pt_root_id": ROOTS[:3]})
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_no_token_at_all(server):
    message = refusal(server, token=None)
    assert "login page" in message
    assert "set CAVE_TOKEN or run: caveclient setup-token" in message


def test_wrong_token(server):
    message = refusal(server, token="ended")
    assert "refused the token (401)" in message
    assert "release, file or synthetic" in message


def test_terms_that_were_not_accepted(monkeypatch):
    opened = []
    monkeypatch.setattr(webbrowser, "open", opened.append)
    with cave_server.serve(TABLES, terms_accepted=False) as server:
        message = refusal(server)
    assert "terms of service accepted first (403)" in message
    assert f"{server.url}/sticky_auth/api/v1/tos/2/accept" in message
    assert opened == []


def test_datastack_that_is_closed_to_the_user(server):
    server.fail("/table/", status=403, body=b"forbidden")
    assert "gives this token no right to table synapses_pni_2 (403)" in refusal(server)


@pytest.mark.parametrize("version", [661, 5])
def test_version_that_has_expired_or_never_was(server, version):
    message = refusal(server, version=version)
    assert f"{DATASTACK} version {version}, does not exist or has expired" in message
    assert "one that is live (943, 1300)" in message


def test_version_that_expires_meanwhile(server):
    server.fail("/query", times=9, status=500, body=b'{"message": "database \\"minnie65__mat1300\\" does not exist"}')
    assert "has expired; set version to one that is live" in refusal(server)


def test_fall_back_to_an_older_interface_is_refused(server):
    server.fail("/materialize/api/versions", times=99, status=503)
    assert "did not offer version 3 of its interface, so caveclient fell back to version 2" in refusal(server)


def test_one_failure_does_not_make_caveclient_fall_back(server):
    server.fail("/materialize/api/versions", status=503)
    with connect(server) as connection:
        assert connection.count(SYNAPSES, {}) == len(TABLES[SYNAPSES])


def test_server_that_is_too_old(server):
    server.fail("/materialize/version", status=200, body=b'"5.0.0"')
    assert "runs a server too old for this caveclient" in refusal(server)


def test_server_that_is_not_there():
    with socket.socket() as taken:  # bound and not listening
        taken.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{taken.getsockname()[1]}"
        source = cave_source.Source(address, DATASTACK, 1300, timeout_s=1, retries=1, backoff_s=0.01)
        with pytest.raises(ValueError, match="cannot be reached; check the network"), cave.connect(source, TOKEN):
            pass


def test_names_that_do_not_exist(server):
    with (
        connect(server) as connection,
        pytest.raises(ValueError, match=r"refused table nuclei \(404\).*check the name"),
    ):
        connection.count("nuclei", {})
    source = cave_source.Source(server.url, "minnie_public", 1300, retries=0)
    with pytest.raises(ValueError, match=r"refused the datastack \(404\)"), cave.connect(source, TOKEN):
        pass


def test_page_in_place_of_rows(server):
    server.fail("/query", status=200, body=b"<html>maintenance</html>", headers={"Content-Type": "text/html"})
    assert "in a form that cannot be read" in refusal(server)


# Patience


@pytest.mark.parametrize("part", ["/info/api", "/materialize/api/versions", "/version/1300", "/query"])
def test_server_that_hangs(server, part):
    server.fail(part, times=9, seconds=30)
    message = refusal(server, timeout_s=0.3, retries=1)
    # A request for the interface versions that fails ends in the fall-back.
    assert "was silent for 0.3 s" in message or "fell back to version 2" in message
    assert "release, file or synthetic" in message


def test_silence_is_not_waited_for_with_every_retry(server):
    server.fail("/query", times=99, seconds=30)
    assert "was silent" in refusal(server, timeout_s=0.5, retries=8)
    assert sum(request.path.endswith("/query") for request in server.requests) == 1 + cave.SILENCES


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_passing_failures_are_waited_for(server, tmp_path, status):
    headers = {"Retry-After": "0"} if status == 429 else {}
    server.fail("/query", times=2, status=status, headers=headers)
    assert_all_synapses(synapses_of(server, tmp_path))


def test_server_that_asks_for_patience_gets_it(server):
    server.fail("/query", status=429, headers={"Retry-After": "1"})
    with connect(server) as connection:
        before = pd.Timestamp.now()
        connection.count(SYNAPSES, {})
        assert (pd.Timestamp.now() - before).total_seconds() >= 1


@pytest.mark.parametrize(
    ("status", "said"),
    [(429, "limits how much one user may ask"), (500, "failed at table"), (503, "(503, after 2 retries)")],
)
def test_lasting_failures_end_in_one_sentence(server, status, said):
    server.fail("/query", times=99, status=status)
    message = refusal(server)
    assert said in message
    assert "run again later to continue" in message
    assert sum(request.path.endswith("/query") for request in server.requests) == 3


@pytest.mark.parametrize("announced", [True, False], ids=["announced", "not announced"])
@pytest.mark.parametrize("cut", [0.0, 0.3, 0.9])
def test_answer_that_is_cut_off_in_the_middle(server, tmp_path, cut, announced):
    server.fail(ROWS, cut=cut, announced=announced)
    with pytest.raises(ValueError, match=r"broke off in the middle of table|in a form that cannot be read"):
        synapses_of(server, tmp_path / "chunks")
    assert_all_synapses(synapses_of(server, tmp_path / "chunks"))  # and the next job gets them


# Complete and exact


def test_every_synapse_comes_exactly_once(server, tmp_path):
    found = synapses_of(server, tmp_path)
    assert_all_synapses(found)
    assert found["size"].dtype == "int64"
    assert min(ROOTS) > 2**53


def test_ids_are_exact_where_neighbouring_doubles_are_equal(tmp_path):
    root = 2**60
    assert float(root) == float(root + 1)
    held = pd.DataFrame(
        {"id": [2**59 + 1, 2**59 + 2, 2**59 + 3], "pre_pt_root_id": [root, root + 1, root + 1],
         "post_pt_root_id": [root + 1, root, root + 2], "size": [2.0**24, 4.0, 8.0]}
    ).astype({"id": "Int64", "pre_pt_root_id": "Int64", "post_pt_root_id": "Int64", "size": "Float32"})  # fmt: skip
    with cave_server.serve({SYNAPSES: held}) as server:
        found = synapses_of(server, tmp_path, roots=[root, root + 1])
        assert server.row_queries[0].body["filter_in_dict"][SYNAPSES]["pre_pt_root_id"] == [root, root + 1]
        again = synapses_of(server, tmp_path, roots=[root, root + 1])  # from the file
    assert found["id"].tolist() == [2**59 + 1, 2**59 + 2]
    assert found["pre_pt_root_id"].tolist() == [root, root + 1]
    pd.testing.assert_frame_equal(found, again)


def test_sizes_are_added_as_whole_numbers():
    cells = assembly.cell_table({"cell": [1, 2], "root": [2**60 + 1, 2**60 + 2], "sign": [1, -1]})
    synapses = pd.DataFrame(
        {"id": [1, 2, 3], "pre_pt_root_id": [2**60 + 1] * 3, "post_pt_root_id": [2**60 + 2] * 3,
         "size": [2**24, 1, 1]}
    )  # fmt: skip
    assert np.float32(2**24) + np.float32(1) == 2**24  # as they come
    found = assembly.connections_from_synapses(cave_cells.synapses_between(synapses, cells), cells)
    assert found["weight"].tolist() == [2**24 + 2]
    assert found["synapses"].tolist() == [3]


def test_sizes_that_are_no_count_are_refused(server, tmp_path):
    server.tables[SYNAPSES] = TABLES[SYNAPSES].assign(size=TABLES[SYNAPSES]["size"] + 0.5)
    with pytest.raises(ValueError, match="whose size is no whole number of voxels"):
        synapses_of(server, tmp_path)


@pytest.mark.parametrize("row_limit", [1000, 300, 100])
def test_row_limit_loses_nothing(tmp_path, row_limit):
    with cave_server.serve(TABLES, row_limit=row_limit) as server:
        assert_all_synapses(synapses_of(server, tmp_path))
        assert (len(server.row_queries) > 3) == (row_limit < 1000)


def test_row_limit_without_its_warning_loses_nothing(server, tmp_path):
    server.fail("/query", times=10**6, edit=lambda rows: rows.head(300))
    assert_all_synapses(synapses_of(server, tmp_path))


def test_warning_of_the_row_limit_counts_by_itself(server):
    limit = {"Warning": '201 - "Limited query to 3 rows'}
    with connect(server) as connection:
        server.fail("/query", headers=limit)
        assert connection.rows(SYNAPSES, {"pre_pt_root_id": ROOTS[:1]})[1]
        server.fail("/query", headers={"Warning": '299 - "Table Owner Notice on synapses_pni_2: limited use'})
        assert not connection.rows(SYNAPSES, {"pre_pt_root_id": ROOTS[:1]})[1]


def test_answer_that_is_said_to_be_cut_off_is_not_taken(server, tmp_path):
    # Though it has as many rows as the server counts: then the count was cut off too.
    server.fail(ROWS, headers={"Warning": '201 - "Limited query to 3 rows'})
    assert_all_synapses(synapses_of(server, tmp_path))
    assert len(server.row_queries) > 3


def test_cell_with_more_rows_than_the_limit_is_refused(tmp_path):
    with (
        cave_server.serve(TABLES, row_limit=5) as server,
        pytest.raises(ValueError, match=rf"counts more rows of table {SYNAPSES} with pre_pt_root_id {ROOTS[0]} than"),
    ):
        synapses_of(server, tmp_path)


def test_whole_table_beyond_the_limit_is_refused(tmp_path):
    with (
        cave_server.serve(TABLES, row_limit=100) as server,
        pytest.raises(ValueError, match=f"has more rows of table {CELL_TYPES} than one answer holds"),
    ):
        cave_tables.download_table(source_of(server), TOKEN, CELL_TYPES, tmp_path / "chunks", cave_answers.CELL_TYPES)
    assert list(tmp_path.glob("chunks/*")) == []


def as_floats(rows):
    return rows.assign(pre_pt_root_id=rows["pre_pt_root_id"].astype("float64"))


def twice(rows):
    return pd.concat([rows, rows.head(1)])


def one_in_place_of_another(rows):
    return pd.concat([rows.tail(1), rows.tail(len(rows) - 1)])


def of_another_cell(rows):
    return rows.assign(post_pt_root_id=rows["post_pt_root_id"] + 10**9)


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (twice, "gave repeated rows of table"),
        (one_in_place_of_another, "gave repeated rows of table"),
        (lambda rows: twice(rows).assign(id=range(len(rows) + 1)), "rows where it counts"),
        (of_another_cell, "gave rows that were not asked for of table"),
        (as_floats, "gave pre_pt_root_id of table synapses_pni_2 as floating-point numbers"),
        (lambda rows: rows.tail(len(rows) - 1), "counts more rows of table"),
    ],
    ids=["repeated", "repeated and missing", "too many", "another cell", "floats", "missing"],
)
def test_rows_that_are_not_the_answer_are_refused(server, tmp_path, edit, said):
    server.fail("/query", times=10**6, edit=edit)
    with pytest.raises(ValueError, match=said):
        synapses_of(server, tmp_path / "chunks")
    assert list(tmp_path.glob("chunks/*")) == []


def without(column):
    return lambda rows: rows.drop(columns=column)


def null(column):
    return lambda rows: rows.assign(**{column: rows[column].astype("object").where(np.arange(len(rows)) > 0, None)})


def in_voxels(rows):
    scale = dict(zip("xyz", cave_server.VOXEL_NM, strict=True))
    return rows.assign(**{f"pt_position_{axis}": rows[f"pt_position_{axis}"] / scale[axis] for axis in scale})


def ask_for_nuclei(server, folder, expected=cave_answers.NUCLEI):
    ids = TABLES[CELL_TYPES]["target_id"].tolist()
    return cave_tables.download_rows(source_of(server), TOKEN, NUCLEI, "id", ids, 50, folder, expected)[0]


def ask_for_types(server, folder):
    return cave_tables.download_table(source_of(server), TOKEN, CELL_TYPES, folder, cave_answers.CELL_TYPES)[0]


def ask_for_proofreading(server, folder):
    return cave_tables.download_table(source_of(server), TOKEN, PROOFREADING, folder, cave_answers.PROOFREADING)[0]


@pytest.mark.parametrize(
    ("ask", "edit", "said"),
    [
        (synapses_of, without("size"), f"gave no size of table {SYNAPSES}"),
        (synapses_of, without("id"), f"gave no id of table {SYNAPSES}"),
        (synapses_of, null("size"), "gave synapses whose size is no whole number of voxels"),
        (synapses_of, null("post_pt_root_id"), "gave rows without post_pt_root_id"),
        (ask_for_nuclei, in_voxels, "gave positions that are not in nm of minnie65"),
        (ask_for_nuclei, null("pt_position_z"), "gave rows without position"),
        (ask_for_nuclei, without(["pt_root_id", "pt_position_x"]), "gave no pt_root_id and no pt_position_x"),
        (ask_for_types, null("target_id"), "gave rows without target_id"),
        (ask_for_types, without("classification_system"), "gave no classification_system"),
        (ask_for_proofreading, without("valid_id"), "gave no valid_id"),
    ],
)
def test_an_answer_of_no_use_is_not_kept_and_the_next_run_gets_a_better_one(server, tmp_path, ask, edit, said):
    server.fail("/query", times=10**6, edit=edit)
    with pytest.raises(ValueError, match=f"{said}.*run again later") as caught:
        ask(server, tmp_path / "chunks")
    assert "\n" not in str(caught.value)
    assert list(tmp_path.glob("chunks/*")) == []
    server.faults.clear()
    assert len(ask(server, tmp_path / "chunks")) > 10


def test_an_answer_of_no_use_that_was_kept_before_is_asked_for_again(server, tmp_path, caplog):
    server.fail("/query", times=10**6, edit=in_voxels)
    ask_for_nuclei(server, tmp_path, expected=cave_answers.Expected(("id",)))
    server.faults.clear()
    found = ask_for_nuclei(server, tmp_path)
    assert cave_answers.NUCLEI.problem(found) is None
    assert "positions that are not in nm of minnie65" in caplog.text and "is downloaded again" in caplog.text


def test_cell_without_synapses_is_no_mistake(server, tmp_path):
    lonely = [5, 6, *ROOTS[:4]]
    found = synapses_of(server, tmp_path, roots=lonely, chunk=2)
    assert_all_synapses(found, roots=lonely)
    assert {str(found[name].dtype) for name in ("id", "pre_pt_root_id")} == {"Int64"}


def test_no_cells_are_a_mistake(server, tmp_path):
    with pytest.raises(ValueError, match="there are no ids to ask table"):
        synapses_of(server, tmp_path, roots=[])


# Chunks


def test_interrupted_download_asks_only_for_what_is_missing(server, tmp_path):
    server.fail("/query", times=4)  # two chunks of a count and an answer each, and then
    server.fail("/query", times=99, status=503)
    with pytest.raises(ValueError, match="503"):
        synapses_of(server, tmp_path, chunk=20)
    assert len(list(tmp_path.glob("*.parquet"))) == 2
    server.faults.clear()
    server.requests.clear()
    assert_all_synapses(synapses_of(server, tmp_path, chunk=20))
    chunks = -(-len(ROOTS) // 20)
    asked = [request.body["filter_in_dict"][SYNAPSES]["pre_pt_root_id"] for request in server.row_queries]
    assert len(asked) == chunks - 2
    assert [root for chunk in asked for root in chunk] == ROOTS[40:]


def test_finished_download_needs_neither_server_nor_token(tmp_path):
    with cave_server.serve(TABLES) as server:
        first = cave_tables.download_synapses(source_of(server), TOKEN, SYNAPSES, ROOTS, CHUNK, tmp_path)
    again = cave_tables.download_synapses(source_of(server), None, SYNAPSES, ROOTS, CHUNK, tmp_path)
    pd.testing.assert_frame_equal(first[0], again[0])
    assert first[1] == again[1]
    assert again[1]["timestamp"] == "2025-01-13T10:10:01.286229+00:00"


def flip(content):
    middle = len(content) // 3
    return content[:middle] + bytes([content[middle] ^ 0xFF]) + content[middle + 1 :]


@pytest.mark.parametrize(
    "damage",
    [lambda content: content[: len(content) // 2], lambda _: b"", flip],
    ids=["cut off", "empty", "one byte"],
)
def test_damaged_chunk_is_asked_again(server, tmp_path, damage):
    synapses_of(server, tmp_path)
    chunk = sorted(tmp_path.glob("*.parquet"))[1]
    chunk.write_bytes(damage(chunk.read_bytes()))
    server.requests.clear()
    assert_all_synapses(synapses_of(server, tmp_path))
    assert len(server.row_queries) == 1


def test_chunk_of_another_question_is_not_taken(server, tmp_path):
    synapses_of(server, tmp_path)
    first, second, *_ = sorted(tmp_path.glob("*.parquet"))
    first.write_bytes(second.read_bytes())
    server.requests.clear()
    assert_all_synapses(synapses_of(server, tmp_path))
    assert len(server.row_queries) == 1


def test_other_cells_and_versions_are_other_questions(server, tmp_path):
    synapses_of(server, tmp_path)
    for changes in ({"roots": ROOTS[1:]}, {"version": 943}):
        server.requests.clear()
        synapses_of(server, tmp_path, **changes)
        assert len(server.row_queries) == 3


# Artefacts


def save_types(server, folder, token=TOKEN):
    rows, origin = cave_tables.download_table(
        source_of(server), token, CELL_TYPES, folder / "chunks", cave_answers.CELL_TYPES
    )
    cave_tables.save(CELL_TYPES, rows, origin, folder / "t.parquet", folder / "t.json")


def test_table_is_saved_with_where_it_comes_from(server, tmp_path):
    save_types(server, tmp_path)
    with connect(server) as connection:
        facts = connection.facts
    asked = len(server.requests)
    before = (tmp_path / "t.parquet").read_bytes()
    save_types(server, tmp_path, token=None)
    assert len(server.requests) == asked  # what is there is not asked again
    assert (tmp_path / "t.parquet").read_bytes() == before
    found = parquet.load_table(tmp_path / "t.parquet")
    for name in TABLES[CELL_TYPES]:
        assert found[name].tolist() == TABLES[CELL_TYPES][name].tolist()
    assert set(parquet.meanings(tmp_path / "t.parquet")) == set(TABLES[CELL_TYPES])
    noted = array_io.load_json(tmp_path / "t.json")
    assert pd.Timestamp(noted.pop("downloaded")) <= pd.Timestamp.now()
    assert noted == {**facts, "table": CELL_TYPES, "rows": 120}


@pytest.mark.parametrize("scales", [True, False], ids=["server", "client"])
def test_nuclei_are_in_nanometres_whoever_scales(tmp_path, scales):
    ids = TABLES[CELL_TYPES]["target_id"].tolist()
    with cave_server.serve(TABLES, scales=scales) as server:
        found, _ = cave_tables.download_rows(
            source_of(server), TOKEN, NUCLEI, "id", ids, 50, tmp_path, cave_answers.NUCLEI
        )
        assert len(server.row_queries) == 3
    expected = TABLES[NUCLEI].sort_values("id", ignore_index=True)
    assert found["id"].tolist() == expected["id"].tolist()
    for axis, nm in zip("xyz", (4, 4, 40), strict=True):
        assert found[f"pt_position_{axis}"].tolist() == (expected[f"pt_position_{axis}"] * nm).tolist()


# The token stays where it is


def test_token_is_in_no_file_log_or_message(server, tmp_path, caplog, capfd, home):
    caplog.set_level(logging.DEBUG)
    shown = []
    given = f'{{"message": "token {TOKEN} is odd", "given": "Bearer {TOKEN}"}}'.encode()
    faults = [
        {"status": 400, "body": given},
        {"status": 401, "body": given},
        {"status": 403, "body": given},
        {"status": 503, "body": given, "times": 9},
        {"cut": 0.5},
        {"seconds": 30, "times": 9},
        {"headers": {"Warning": '201 - "Limited query to 9 rows'}},
    ]
    for part in ("/info/api", "/version/1300", "/query"):
        for fault in faults:
            server.faults.clear()
            server.fail(part, **fault)
            try:
                synapses_of(server, tmp_path / "chunks", timeout_s=0.1, retries=1)
            except ValueError as error:
                shown += traceback.format_exception(error)
    server.faults.clear()
    with connect(server) as connection:
        shown += [repr(connection), repr(connection.source)]
    save_types(server, tmp_path)
    with pytest.raises(ValueError) as caught, connect(server, token=f"{TOKEN}\n"):
        pass
    shown += [*traceback.format_exception(caught.value), caplog.text, *capfd.readouterr()]
    assert len(shown) > 40
    assert "Retry" in caplog.text  # the log is of every library
    assert not any(TOKEN in text for text in shown)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) >= 5
    assert not any(TOKEN.encode() in path.read_bytes() for path in files)


def test_token_in_a_message_of_the_server_is_blanked(server):
    server.fail("/query", status=400, body=f"bad request with {TOKEN}".encode())
    assert "bad request with <token>" in refusal(server)


def test_a_token_that_a_shortened_message_would_cut_is_blanked_as_well(server):
    for start in range(0, 200, 7):
        server.fail("/query", status=400, body=b"x" * start + TOKEN.encode() + b"y" * 200)
        message = refusal(server)
        assert not any(TOKEN[place : place + 5] in message for place in range(len(TOKEN) - 4)), message


@pytest.mark.parametrize("part", ["/info/api", "/materialize/api/versions", "/version/1300", "/query"])
def test_another_server_to_which_one_redirects_gets_no_token(server, part):
    with cave_server.serve(TABLES) as other:
        server.fail(part, times=99, status=302, headers={"Location": f"{other.url}/elsewhere"})
        message = refusal(server)
        # A request for the interface versions that fails ends in the fall-back.
        refused = "redirects to http://127.0.0.1, to which no token is sent"
        assert refused in message or (part.endswith("versions") and "fell back to version 2" in message)
        assert other.requests == []


def test_a_redirect_within_a_server_is_followed(server):
    place = f"/materialize/api/v3/datastack/{DATASTACK}/versions?expired=False"
    server.fail("/versions?", status=302, headers={"Location": place})
    with connect(server) as connection:
        assert connection.count(SYNAPSES, {}) == len(TABLES[SYNAPSES])


def test_a_line_that_is_not_encrypted_gets_no_token():
    source = cave_source.Source("http://cave.example", DATASTACK, 1300, timeout_s=1, retries=0)
    with (
        pytest.raises(ValueError, match=r"unencrypted at http://cave\.example; write https"),
        cave.connect(source, TOKEN),
    ):
        pass


# Cells


@pytest.mark.parametrize("statuses", [False, True], ids=["strategies of 1300", "statuses of 943"])
def test_cells_are_those_of_the_tables(statuses):
    held = cave_server.column(cells=100, seed=1, statuses=statuses)
    types, nuclei = held[CELL_TYPES], cave_server.scaled(held[NUCLEI], cave_server.VOXEL_NM)
    proofread = held[STATUS if statuses else PROOFREADING]
    cells, counts = cave_cells.cells_from_tables(types, nuclei, proofread, DATASTACK)
    assert list(cells) == list(assembly.CELL_COLUMNS)
    assert cells["cell"].is_monotonic_increasing
    assert {name: counts[name] for name in list(counts)[:7]} == {
        "typed": 100, "typed_repeatedly": 0, "without_nucleus": 0, "outside_segmentation": 1, "merged": 2,
        "unclear": 1, "cells": 96,
    }  # fmt: skip
    assert counts["proofreading_changed_since"] == 1
    # Cell by cell, from the frames.
    nucleus, listed = nuclei.set_index("id"), proofread.set_index("pt_root_id")
    for cell in cells.itertuples():
        typed = types[types["target_id"] == cell.cell].iloc[0]
        assert cell.label == str(cell.cell)
        assert cell.root == nucleus.loc[cell.cell, "pt_root_id"]
        assert cell.cell_type == typed["cell_type"]
        assert cell.sign == {"aibs_coarse_excitatory": 1, "aibs_coarse_inhibitory": -1}[typed["classification_system"]]
        words = ("none", "none")
        if cell.root in listed.index and listed.loc[cell.root, "valid_id"] == cell.root:
            row = listed.loc[cell.root]
            if statuses:
                words = tuple(str(row[f"status_{part}"]).replace("non", "none") for part in ("axon", "dendrite"))
            else:
                words = tuple(
                    row[f"strategy_{part}"] if row[f"status_{part}"] else "none" for part in ("axon", "dendrite")
                )
        assert (cell.axon_proofreading, cell.dendrite_proofreading) == words
    assert counts["proofread"] == sum(
        root in set(listed.index[listed["valid_id"] == listed.index]) for root in cells["root"]
    )
    assert set(cells["axon_proofreading"]) > {"none"}


def three_cells():
    types = pd.DataFrame(
        {"target_id": [1, 2, 3], "classification_system": ["excitatory_neuron", "inhibitory_neuron", "nonneuron"],
         "cell_type": ["23P", "BC", "oligo"]}
    )  # fmt: skip
    nuclei = pd.DataFrame({"id": [1, 2, 3], "pt_root_id": [11, 12, 13]}).assign(
        pt_position_x=700_000.0, pt_position_y=500_000.0, pt_position_z=800_000.0
    )
    proofread = pd.DataFrame(
        {"pt_root_id": [11, 12], "valid_id": [11, 12], "status_axon": [True, True], "status_dendrite": [True, False],
         "strategy_axon": ["axon_fully_extended", "axon_interareal"], "strategy_dendrite": ["dendrite_clean"] * 2}
    )  # fmt: skip
    return types, nuclei, proofread


def test_sign_is_that_of_the_class_in_every_spelling():
    cells, counts = cave_cells.cells_from_tables(*three_cells(), DATASTACK)
    assert cells["cell"].tolist() == [1, 2]
    assert cells["sign"].tolist() == [1, -1]
    assert counts["unclear"] == 1
    assert cells["dendrite_proofreading"].tolist() == ["dendrite_clean", "none"]


def test_cell_typed_twice_is_dropped():
    types, nuclei, proofread = three_cells()
    cells, counts = cave_cells.cells_from_tables(pd.concat([types, types.head(1)]), nuclei, proofread, DATASTACK)
    assert cells["cell"].tolist() == [2]
    assert counts["typed_repeatedly"] == 2


def test_cell_without_nucleus_is_counted():
    types, nuclei, proofread = three_cells()
    cells, counts = cave_cells.cells_from_tables(types, nuclei.tail(2), proofread, DATASTACK)
    assert cells["cell"].tolist() == [2]
    assert counts["without_nucleus"] == 1


def test_contradictory_proofreading_counts_as_none():
    types, nuclei, proofread = three_cells()
    other = proofread.head(1).assign(strategy_axon="axon_interareal")
    same = proofread.tail(1)
    cells, counts = cave_cells.cells_from_tables(types, nuclei, pd.concat([proofread, other, same]), DATASTACK)
    assert cells["axon_proofreading"].tolist() == ["none", "axon_interareal"]
    assert counts["proofreading_contradictory"] == 1


@pytest.mark.parametrize("factors", [(0.25, 0.25, 0.025), (4, 4, 40)], ids=["voxels", "scaled twice"])
def test_positions_in_another_unit_are_refused(factors):
    types, nuclei, proofread = three_cells()
    with pytest.raises(ValueError, match="positions that are not in nm"):
        cave_cells.cells_from_tables(types, cave_server.scaled(nuclei, factors), proofread, DATASTACK)


def test_tables_that_are_not_what_they_should_be_are_refused():
    types, nuclei, proofread = three_cells()
    with pytest.raises(ValueError, match="known for minnie65 only, not for datastack v1dd"):
        cave_cells.cells_from_tables(types, nuclei, proofread, "v1dd")
    with pytest.raises(ValueError, match="the table of cell types lacks classification_system"):
        cave_cells.cells_from_tables(types.drop(columns="classification_system"), nuclei, proofread, DATASTACK)
    with pytest.raises(ValueError, match="the table of proofreading lacks strategy_axon"):
        cave_cells.cells_from_tables(types, nuclei, proofread.drop(columns="strategy_axon"), DATASTACK)
    with pytest.raises(ValueError, match="no excitatory or inhibitory cell is left"):
        cave_cells.cells_from_tables(types.tail(1), nuclei, proofread, DATASTACK)


def test_depth_is_that_of_the_formula():
    x, y, z = positions = np.random.default_rng(0).uniform((6e5, 3e5, 6e5), (1e6, 9e5, 1.1e6), (200, 3)).T
    sine, cosine = np.sin(np.radians(5)), np.cos(np.radians(5))
    expected = np.array(
        [cosine * x - sine * y, sine * x + cosine * y - (sine * 183013 * 4 + cosine * 83535 * 4), z]
    ) / 1000  # fmt: skip
    assert np.abs(np.array(cortical_position_um(*positions)) - expected).max() < 1e-9


@pytest.mark.skipif(not COLUMN_1718.exists(), reason="the published table of the column is not here")
def test_depth_is_that_of_the_published_column():
    table = pd.read_csv(COLUMN_1718)
    positions = table[[f"pt_position_{axis}" for axis in "xyz"]].to_numpy(float) * cave_server.VOXEL_NM
    found = np.stack(cortical_position_um(*positions.T), axis=1)
    published = table[[f"pt_position_{axis}t" for axis in "xyz"]].to_numpy(float)
    assert len(table) == 1351
    assert np.abs(found - published).max() < 1e-9


def test_connections_are_those_of_the_synapses(server, tmp_path):
    cells = assembly.cell_table({"cell": np.arange(60), "root": ROOTS[:60], "sign": [1, -1, 1] * 20})
    found = synapses_of(server, tmp_path, roots=ROOTS[:60])
    between = cave_cells.synapses_between(pd.concat([found, expected_synapses(ROOTS[30:90])]), cells)
    assert len(between) == len(found) + len(expected_synapses(ROOTS[30:60]))
    number, sums = {root: cell for cell, root in enumerate(ROOTS[:60])}, {}
    for synapse in expected_synapses(ROOTS[:60]).itertuples():
        pair = number[synapse.pre_pt_root_id], number[synapse.post_pt_root_id]
        sums[pair] = sums.get(pair, 0) + int(synapse.size)
    connections = assembly.connections_from_synapses(cave_cells.synapses_between(found, cells), cells)
    assert {(row.presynaptic, row.postsynaptic): row.weight for row in connections.itertuples()} == {
        (pre, post): size * [1, -1, 1][pre % 3] for (pre, post), size in sums.items() if pre != post
    }


def test_stand_in_serves_what_it_holds_and_nothing_without_a_token(server):
    with contextlib.closing(requests.Session()) as session:
        session.trust_env = False
        assert session.get(f"{server.url}/materialize/version").url.endswith("/sticky_auth/login")
        answer = session.get(f"{server.url}/materialize/version", headers={"Authorization": f"Bearer {TOKEN}"})
        assert answer.json() == "5.26.4"
