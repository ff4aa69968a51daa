"""Downloads of files with a known checksum, from servers on loopback: whole, or nothing and one sentence."""

import contextlib
import errno
import hashlib
import http.server
import os
import subprocess
from pathlib import Path

import numpy as np
import pytest
import requests

from loopback import address, serving
from richlazy.storage import array_io, downloads, logs

BODY = np.random.default_rng(0).bytes(300_000)
SHA256 = hashlib.sha256(BODY).hexdigest()
FILE = {"file": "file", "sha256": SHA256, "size_bytes": len(BODY)}


class Handler(http.server.BaseHTTPRequestHandler):
    """Sends the body; the path says what goes wrong."""

    def do_GET(self):
        asked_before = self.path in self.server.asked
        self.server.asked.append(self.path)
        failure = {"/gone": 404, "/down": 503}.get(self.path, 500 if self.path == "/once" and not asked_before else 0)
        if failure:
            self.send_error(failure)
            return
        body = {
            "/truncated": BODY[: len(BODY) // 2],
            "/short": BODY[: len(BODY) // 2],
            "/long": BODY * 2,
            "/other": BODY[::-1],
        }.get(self.path, BODY)
        self.send_response(200)
        self.send_header("Content-Length", str(len(BODY if self.path == "/truncated" else body)))
        self.end_headers()
        with contextlib.suppress(ConnectionError):  # who has read too much hangs up
            self.wfile.write(body)

    def log_message(self, *arguments):
        pass


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with serving(Handler) as running:
        yield running


def mirrored(server, *names):
    """An entry of the registry whose file is asked for under these names, in this order."""
    return {**FILE, "mirrors": [address(server, name) for name in names]}


# One address


def test_a_download_is_the_file(server, tmp_path):
    path = tmp_path / "new" / "file.feather"
    downloads.download(address(server, "file"), SHA256, path, retries=0)
    assert path.read_bytes() == BODY
    assert array_io.checksum(path) == SHA256
    assert [found.name for found in path.parent.iterdir()] == ["file.feather"]
    assert server.asked == ["/file"]


def test_a_file_that_is_there_is_not_downloaded_again(server, tmp_path):
    for _ in range(2):
        downloads.download(address(server, "file"), SHA256, tmp_path / "file", retries=0)
    assert server.asked == ["/file"]


def test_a_server_that_fails_once_is_asked_again(server, tmp_path):
    downloads.download(address(server, "once"), SHA256, tmp_path / "file", retries=1)
    assert (tmp_path / "file").read_bytes() == BODY
    assert server.asked == ["/once", "/once"]


@pytest.mark.parametrize(
    ("name", "checksum", "refusal"),
    [
        ("file", "0" * 64, r"sends a file whose sha256 is not 0{64}; the file has changed or the checksum"),
        ("gone", SHA256, "/gone answers 404"),
        ("truncated", SHA256, r"/truncated could not be downloaded"),
    ],
)
@pytest.mark.parametrize("present", [True, False])
def test_a_wrong_download_leaves_nothing(server, tmp_path, name, checksum, refusal, present):
    path = tmp_path / "file"
    if present:
        path.write_bytes(b"old")
    with pytest.raises(ValueError, match=refusal) as raised:
        downloads.download(address(server, name), checksum, path, retries=0)
    assert "\n" not in str(raised.value)
    assert [found.name for found in tmp_path.iterdir()] == (["file"] if present else [])
    assert not present or path.read_bytes() == b"old"


def test_a_server_that_is_down_is_one_sentence(server, tmp_path):
    url = address(server, "file")
    server.shutdown()
    server.server_close()
    with pytest.raises(ValueError, match=r"could not be downloaded \(ConnectionError\); check the network"):
        downloads.download(url, SHA256, tmp_path / "file", retries=0)
    assert not list(tmp_path.iterdir())
    with contextlib.suppress(requests.RequestException):
        requests.get(url, timeout=1)
        pytest.fail("the server still answered")


def test_only_the_web_is_downloaded_from(tmp_path):
    with pytest.raises(ValueError, match=r"'/etc/hostname' is no address to download from; write one that starts"):
        downloads.download("/etc/hostname", SHA256, tmp_path / "file")


# Mirrors in turn


def test_the_first_mirror_that_sends_the_file_is_the_last_that_is_asked(server, tmp_path):
    downloads.fetch(mirrored(server, "first", "second"), tmp_path / "new" / "file", retries=0)
    assert (tmp_path / "new" / "file").read_bytes() == BODY
    assert server.asked == ["/first"]


@pytest.mark.parametrize("failure", ["gone", "down", "truncated", "short", "long", "other"])
def test_a_mirror_that_fails_is_followed_by_the_next(server, tmp_path, failure):
    downloads.fetch(mirrored(server, failure, "second"), tmp_path / "file", retries=0)
    assert (tmp_path / "file").read_bytes() == BODY
    assert [found.name for found in tmp_path.iterdir()] == ["file"]
    assert server.asked == [f"/{failure}", "/second"]


def test_a_mirror_that_nobody_answers_at_is_followed_by_the_next(server, tmp_path):
    with contextlib.closing(http.server.HTTPServer(("127.0.0.1", 0), Handler).socket) as closed:
        dead = f"http://127.0.0.1:{closed.getsockname()[1]}/file"
    entry = mirrored(server, "second")
    downloads.fetch({**entry, "mirrors": [dead, *entry["mirrors"]]}, tmp_path / "file", retries=0)
    assert (tmp_path / "file").read_bytes() == BODY


def test_a_mirror_that_fails_once_is_asked_again_before_the_next(server, tmp_path):
    downloads.fetch(mirrored(server, "once", "second"), tmp_path / "file", retries=1)
    assert (tmp_path / "file").read_bytes() == BODY
    assert server.asked == ["/once", "/once"]


def refusal(server, path, *names):
    """The sentence with which a file is given up, checked for its form."""
    with pytest.raises(ValueError) as raised:
        downloads.fetch(mirrored(server, *names), path, retries=0)
    sentence = str(raised.value)
    assert "\n" not in sentence and sentence.count("; ") == 1
    assert sentence.startswith("no mirror sends file: ")
    assert sentence.endswith("or use a copy of your own (source: folder)")
    assert all(address(server, name) in sentence for name in names)
    return sentence


@pytest.mark.parametrize(
    ("name", "problem", "cure"),
    [
        ("gone", "answers 404", "check the address in data/sources.yaml"),
        ("down", "answers 503", "check the address in data/sources.yaml"),
        ("truncated", "could not be downloaded (ChunkedEncodingError)", "check the network and run again"),
        ("short", "sends 150000 of the 300000 bytes of the file", "its size in data/sources.yaml is wrong"),
        ("long", "sends more than the 300000 bytes of the file", "its size in data/sources.yaml is wrong"),
        ("other", f"sends a file whose sha256 is not {SHA256}", "the checksum in data/sources.yaml is wrong"),
    ],
)
@pytest.mark.parametrize("present", [True, False])
def test_a_file_that_no_mirror_sends_is_one_sentence_and_leaves_nothing(server, tmp_path, name, problem, cure, present):
    path = tmp_path / "file"
    if present:
        path.write_bytes(b"old")
    sentence = refusal(server, path, name)
    assert problem in sentence
    assert cure in sentence[sentence.index("; ") :]
    assert [found.name for found in tmp_path.iterdir()] == (["file"] if present else [])
    assert not present or path.read_bytes() == b"old"


def test_all_mirrors_are_named_each_with_what_it_did(server, tmp_path):
    sentence = refusal(server, tmp_path / "file", "gone", "other")
    assert sentence.index("/gone answers 404") < sentence.index("/other sends a file whose sha256")
    assert not list(tmp_path.iterdir())


# A full disk


@pytest.fixture
def small_disk(tmp_path):
    """A file system in memory with less room than the body needs."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "small", place], capture_output=True)
    if mounted.returncode != 0:
        pytest.skip("no file system can be mounted here")
    try:
        yield place
    finally:
        subprocess.run(["umount", place], check=True)


def test_a_full_disk_is_named_as_such_and_no_other_mirror_is_asked(server, small_disk):
    path = small_disk / "file"
    with pytest.raises(OSError) as raised:
        downloads.fetch(mirrored(server, "first", "second"), path, retries=3)
    assert raised.value.errno == errno.ENOSPC
    assert logs._sentence(raised.value) == (
        f"the disk is full (No space left on device) while writing {path}; free space and run the same command again"
    )
    assert server.asked == ["/first"]
    assert not list(Path(small_disk).iterdir())
