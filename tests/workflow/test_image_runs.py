"""Images through real Snakemake runs: bundled digits, files of a mirror on loopback, and copies of the user's own."""

import functools
import gzip
import hashlib
import http.server
import struct

import numpy as np
import pytest
import yaml
from sklearn.datasets import load_digits

from loopback import address, serving
from richlazy.tasks import image_sets
from runner import new_project

RECORD = "results/tiny/images/{}.npz"


@pytest.fixture
def arrays():
    """Six images for training and three for testing, with labels."""
    rng = np.random.default_rng(0)
    return {
        "training_images": rng.integers(0, 256, (6, 4, 4), np.uint8),
        "training_labels": np.arange(6, dtype=np.uint8),
        "test_images": rng.integers(0, 256, (3, 4, 4), np.uint8),
        "test_labels": np.arange(3, dtype=np.uint8),
    }


@pytest.fixture
def mirror(tmp_path, arrays, monkeypatch):
    """A server of the files; every path that was asked for is in ``asked``."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    folder = tmp_path / "mirror"
    folder.mkdir()
    for name, array in arrays.items():
        head = struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape)
        (folder / f"{name}.gz").write_bytes(gzip.compress(head + array.tobytes()))

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *arguments):
            self.server.asked.append(self.path)

    with serving(functools.partial(Handler, directory=folder)) as running:
        running.folder = folder
        yield running


@pytest.fixture
def project(tmp_path, mirror):
    """A project whose registry has the source ``small``, on the mirror, and an image set of it."""
    project = new_project(tmp_path / "project")
    files = {}
    for path in mirror.folder.iterdir():
        content = path.read_bytes()
        files[path.stem] = {
            "file": path.name,
            "mirrors": [address(mirror, path.name)],
            "sha256": hashlib.sha256(content).hexdigest(),
            "size_bytes": len(content),
        }
    source = {"title": "small", "version": "1", "licence": "none", "used_by": ["this test"], "files": files}
    registry = project.folder / "data/sources.yaml"
    registry.write_text(registry.read_text() + yaml.safe_dump({"small": source}))
    project.configure(image_sets={"small": {"source": "registry", "entry": "small"}})
    return project


def assert_holds(project, arrays):
    found = image_sets.load(project.folder / RECORD.format("small"))
    assert (found.white, found.training) == (255, 6)
    np.testing.assert_array_equal(found.images, np.concatenate([arrays["training_images"], arrays["test_images"]]))
    np.testing.assert_array_equal(found.labels, np.concatenate([arrays["training_labels"], arrays["test_labels"]]))


def test_digits_need_no_download(tmp_path):
    project = new_project(tmp_path / "project")
    assert project.run(RECORD.format("digits")) == {"prepare_images": 1}
    with np.load(project.folder / RECORD.format("digits")) as found:
        assert set(found) == {"images", "white", "labels", "training"}
        assert found["images"].dtype == found["labels"].dtype == np.uint8
        assert (found["white"], found["training"]) == (16, 1437)
        np.testing.assert_array_equal(found["images"], load_digits().images)
        np.testing.assert_array_equal(found["labels"], load_digits().target)
    assert not (project.folder / "data/downloads").exists()


def test_files_come_from_the_mirror_once(project, mirror, arrays):
    target = RECORD.format("small")
    assert project.run(target) == {"download_source": 4, "prepare_images": 1}
    assert_holds(project, arrays)
    assert sorted(mirror.asked) == sorted(f"/{name}.gz" for name in arrays)
    log = project.folder / "results/tiny/logs/download_source/small/test_labels.gz.log"
    assert "pooch" in log.read_text()
    # Neither another mirror nor an edit of code downloads again what a checksum vouches for.
    project.edit("data/sources.yaml", "    - http://127", "    - http://127.0.0.1:9/first\n      - http://127")
    project.edit("workflow/scripts/richlazy/storage/downloads.py", '"""', '"""Once more: ')
    assert project.jobs(target) == {}
    # Another checksum does.
    checksum = hashlib.sha256((mirror.folder / "test_labels.gz").read_bytes()).hexdigest()
    project.edit("data/sources.yaml", checksum, "f" * 64)
    assert project.jobs(target) == {"download_source": 1, "prepare_images": 1}
    done = project.snakemake(target, check=False)
    assert done.returncode != 0
    assert "no mirror sends test_labels.gz: http://127.0.0.1" in done.stderr
    assert "Traceback" not in done.stderr.split("no mirror sends")[0]


def test_copies_of_ones_own_are_held_to_the_checksums(project, mirror, arrays):
    target = RECORD.format("small")
    project.configure(image_sets={"small": {"source": "folder", "folder": str(mirror.folder)}})
    assert project.run(target) == {"prepare_images": 1}
    assert_holds(project, arrays)
    assert mirror.asked == []
    path = mirror.folder / "test_labels.gz"
    path.write_bytes(path.read_bytes()[::-1])
    done = project.snakemake("--forcerun", "prepare_images", "--", target, check=False)
    assert done.returncode != 0
    assert "test_labels.gz is not the file that data/sources.yaml describes (its sha256 is" in done.stderr


def test_a_mistake_in_the_registry_stops_before_any_job(project):
    project.edit("data/sources.yaml", "size_bytes: 9912422", "size_bytes: many")
    done = project.snakemake(RECORD.format("digits"), check=False)
    assert done.returncode != 0
    assert "Configuration: sources.yaml: mnist.files.training_images.size_bytes must be a whole number" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (project.folder / "results").exists()
