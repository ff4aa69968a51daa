"""Packed networks come back from a server in place of training, or are refused in a sentence that changes nothing."""

import functools
import hashlib
import http.server
import json
import re
import shutil
import subprocess
import zipfile

import pandas as pd
import pytest
import yaml

from loopback import address, serving
from richlazy.models import kept_weights
from richlazy.storage import array_io, parquet
from runner import TINY_SCALE, Project, built_once, call, warm_python

PACK = "results/tiny/artefacts/figure_1.zip"
CONDITIONS = 6
NETWORKS = CONDITIONS * 2


@pytest.fixture(scope="module")
def packed(finished, tmp_path_factory) -> Project:
    """A finished project whose networks are packed; tests must not change it."""

    def build(folder):
        assert finished.copy(folder).run("pack_networks") == {"pack_networks": 1, "pack_experiment": 1}

    return Project(built_once(tmp_path_factory, "packed", build))


@pytest.fixture
def server(packed, tmp_path, monkeypatch):
    """A server of a folder that holds the pack."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    folder = tmp_path / "server"
    folder.mkdir()
    shutil.copy2(packed.folder / PACK, folder)

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *arguments):
            self.server.asked.append(self.path)

    with serving(functools.partial(Handler, directory=folder)) as running:
        running.pack = folder / "figure_1.zip"
        yield running


@pytest.fixture
def stranger(packed, tmp_path) -> Project:
    """The same project without any result."""
    project = packed.copy(tmp_path / "stranger")
    shutil.rmtree(project.folder / "results")
    project.forget()
    return project


def register(project, server, **changes):
    """Write the pack of the server, as it is now, into the registry of data."""
    content = server.pack.read_bytes()
    entry = {"file": server.pack.name, "mirrors": [address(server, server.pack.name)]}
    entry |= {"sha256": hashlib.sha256(content).hexdigest(), "size_bytes": len(content)} | changes
    source = {"title": "packs", "version": "1", "licence": "MIT", "used_by": ["this test"]}
    registry = project.folder / "data/sources.yaml"
    registry.write_text(registry.read_text() + yaml.safe_dump({"networks": source | {"files": {"figure_1": entry}}}))


def fetch(project, *arguments):
    script = "workflow/scripts/fetch_networks.py"
    return call([warm_python(), script, *arguments, *TINY_SCALE, "--cores", "1"], project.folder)


def refused(project):
    """What fetching says where it refuses, in one line that is no traceback; nothing may be left of it."""
    done = fetch(project, "figure_1")
    assert done.returncode != 0
    [line] = done.stderr.splitlines()
    assert list((project.folder / "results").rglob("*.npz")) == []
    assert list((project.folder / "results").rglob(".fetched*")) == []
    return line


def comparable(project):
    """Results but the pack, and the training trials that nobody needs who trains nothing."""
    found = project.results().items()
    return {
        name: content
        for name, content in found
        if not re.match(r"artefacts/|trials/.*/\.?(inputs\.npy|targets\.npy|description\.json)", name)
    }


def rewritten(path, change):
    """Rewrite a pack: ``change`` is given its members by name, and alters them."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    change(members)
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)


def test_fetched_networks_are_measured_and_nothing_is_trained(packed, stranger, server):
    register(stranger, server)
    checksums = [
        kept_weights.checksum(array_io.load_arrays(path))
        for path in (packed.folder / "results/tiny/runs").rglob("network.npz")
    ]
    table = stranger.folder / "results/reference/experiments/figure_1/tables/fingerprints.parquet"
    parquet.save_table(table, pd.DataFrame({"sha256": [*checksums[:5], "0" * 64]}), {"sha256": "of network.npz"})
    done = fetch(stranger, "figure_1")
    assert done.returncode == 0, done.stderr
    assert "Byte for byte those of the tables in results/reference: 5 networks." in done.stdout
    assert f"in place of training: {NETWORKS} networks of figure_1" in done.stdout
    assert "To be made again" not in done.stdout
    planned = stranger.jobs()
    assert planned["measure_condition"] == CONDITIONS
    assert {"train_network", "sample_training_trials"} & set(planned) == set()
    assert {"train_network", "sample_training_trials"} & set(stranger.run()) == set()
    theirs, ours = comparable(packed), comparable(stranger)
    assert [name for name in theirs | ours if theirs.get(name) != ours.get(name)] == []
    assert server.asked == ["/figure_1.zip"]
    # Of what is here already nothing is asked for again.
    assert fetch(stranger, "figure_1").returncode == 0
    assert stranger.jobs() == {}


def test_new_measures_of_fetched_networks_need_no_training(stranger, server):
    stranger.configure(probe={"kernel_trials": 3}, experiments={"figure_1": {"grid": {"rank": [1, 16]}}})
    register(stranger, server)
    assert fetch(stranger, "figure_1").returncode == 0
    done = stranger.run("figure_1")
    assert done["measure_condition"] == 4 and "train_network" not in done
    table = parquet.load_table(stranger.folder / "results/tiny/experiments/figure_1/tables/runs.parquet")
    assert sorted(table["rank"].unique()) == [1, 16]


def test_networks_that_a_pack_lacks_are_trained_beside_those_that_it_has(stranger, server):
    stranger.configure(experiments={"figure_1": {"seeds": 3}})
    register(stranger, server)
    assert "and to be trained: 6 networks" in fetch(stranger, "figure_1").stdout
    planned = stranger.jobs("figure_1")
    assert (planned["train_network"], planned["measure_condition"]) == (6, 6)


def test_equal_networks_give_equal_packs(packed, tmp_path):
    project = packed.copy(tmp_path / "project")
    before = (project.folder / PACK).read_bytes()
    for path in (project.folder / "results/tiny/runs").rglob("*.npz"):
        path.touch()
    project.run("pack_networks", "--force")
    assert (project.folder / PACK).read_bytes() == before
    with zipfile.ZipFile(project.folder / PACK) as archive:
        manifest = json.loads(archive.read("manifest.json"))
        names = archive.namelist()
    assert len(manifest["networks"]) == NETWORKS
    folders = {network["folder"]: network["parameters"] for network in manifest["networks"]}
    for folder, parameters in folders.items():
        assert f"task~{parameters['task']}" in folder and f"/seed~{parameters['seed']}" in folder
        assert f"{folder}/network.npz" in names and f"{folder}/.network.npz.made" in names
    for name in set(names) - {"manifest.json"}:
        about = next(network["files"][name] for network in manifest["networks"] if name in network["files"])
        content = (project.folder / "results/tiny" / name).read_bytes()
        assert about == {"sha256": hashlib.sha256(content).hexdigest(), "size_bytes": len(content)}


def test_packs_of_other_parameters_or_other_code_are_refused(stranger, server):
    stranger.configure(training={"divergence_loss": 77.0})
    register(stranger, server)
    assert "come from other parameters (settings.divergence_loss)" in refused(stranger)
    stranger.configure(training={"divergence_loss": 77.0, "batch_size": 9})
    assert "none of the 12 networks of this configuration is in" in refused(stranger)
    shutil.copy2("tests/configs/tiny.yaml", stranger.folder / "tiny.yaml")
    stranger.edit("workflow/scripts/richlazy/training/loop.py", '"""', '"""Once more: ')
    assert "come from other code (richlazy/training/loop.py" in refused(stranger)


def test_what_is_not_the_file_of_the_registry_is_refused(stranger, server):
    assert "has no file 'figure_1' in a source 'networks'" in refused(stranger)
    whole = server.pack.read_bytes()
    register(stranger, server)
    server.pack.write_bytes(whole[: len(whole) // 2])
    assert f"sends {len(whole) // 2} of the {len(whole)} bytes of the file" in refused(stranger)
    server.pack.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    assert "sends a file whose sha256 is not" in refused(stranger)
    assert list((stranger.folder / "data/downloads").rglob("*.zip")) == []


def leave(members):
    members["../../../outside.txt"] = b"x"


def damage(members):
    name = next(name for name in members if name.endswith("/network.npz"))
    members[name] = members[name][:-1] + b"?"


def lose(members):
    del members[next(name for name in members if name.endswith("/history.json"))]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (leave, "its member '../../../outside.txt' would lie outside of the results"),
        (damage, "/network.npz in it is not what its manifest describes"),
        (lose, "its members are not those of its manifest.json"),
        (dict.clear, "There is no item named 'manifest.json' in the archive"),
    ],
)
def test_packs_with_a_right_checksum_and_wrong_members_are_refused(stranger, server, change, sentence):
    rewritten(server.pack, change)
    register(stranger, server)
    assert sentence in refused(stranger)
    assert not list(stranger.folder.parent.rglob("outside.txt"))


def test_a_full_disk_is_named_and_nothing_is_left(stranger, server):
    results = stranger.folder / "results"
    results.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=32k", "small", results], capture_output=True).returncode:
        pytest.skip("a small disk can be mounted by root alone")
    try:
        register(stranger, server)
        assert refused(stranger).startswith("the disk is full (results/tiny")
    finally:
        subprocess.run(["umount", results], check=True)


def test_a_target_that_is_no_experiment_is_refused(stranger):
    done = fetch(stranger, "pack_networks")
    assert done.returncode != 0
    assert done.stderr == "name experiments of your configuration whose networks are wanted, before any option\n"
