"""The RO-Crate of published results: whole, true of its files, and the same each time."""

import hashlib
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from richlazy import crate
from richlazy.storage import array_io

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "results/reference"
GRAPH = json.loads((REFERENCE / crate.METADATA).read_text())["@graph"]
BY_ID = {entity["@id"]: entity for entity in GRAPH}


def references(value):
    """Every ``@id`` that an entity points to."""
    if isinstance(value, dict):
        yield from [value["@id"]] if value.keys() == {"@id"} else references(list(value.values()))
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


# That of the committed results


def test_the_committed_crate_is_that_of_the_committed_results(tmp_path):
    folder = tmp_path / "reference"
    shutil.copytree(REFERENCE, folder)
    script = ROOT / "workflow/scripts/describe_reference.py"
    subprocess.run([sys.executable, script, folder], check=True)
    cure = "run `python workflow/scripts/describe_reference.py`"
    assert (folder / crate.METADATA).read_bytes() == (REFERENCE / crate.METADATA).read_bytes(), cure


def test_it_lists_every_file_with_its_size_and_checksum():
    files = [path for path in REFERENCE.rglob("*") if path.is_file() and path.name != crate.METADATA]
    listed = {part["@id"] for part in BY_ID["./"]["hasPart"]}
    assert listed == {path.relative_to(REFERENCE).as_posix() for path in files} and len(listed) > 100
    for path in files:
        entity, content = BY_ID[path.relative_to(REFERENCE).as_posix()], path.read_bytes()
        assert entity["@type"] == "File"
        assert (entity["sha256"], int(entity["contentSize"])) == (hashlib.sha256(content).hexdigest(), len(content))


def test_every_identity_is_that_of_one_entity_and_resolves():
    assert len(BY_ID) == len(GRAPH)
    pointed = {name for entity in GRAPH for name in references(entity)}
    assert pointed - BY_ID.keys() == {"https://w3id.org/ro/crate/1.1"}  # the specification itself
    assert BY_ID[crate.METADATA]["about"] == {"@id": "./"}
    # What nothing leads to, nobody finds.
    assert BY_ID.keys() - pointed == {crate.METADATA}


def test_each_experiment_is_an_action_of_its_commit():
    actions = {entity["@id"]: entity for entity in GRAPH if entity["@type"] == "CreateAction"}
    config = yaml.safe_load((REFERENCE / "config.yaml").read_text())["experiments"]
    origins = {path.parent: json.loads(path.read_text()) for path in REFERENCE.glob("experiments/*/provenance.json")}
    assert len(actions) == len(origins) > 40
    for folder, origin in origins.items():
        action = actions[f"#run-of-{folder.name}"]
        instrument = BY_ID[action["instrument"]["@id"]]
        assert instrument["version"] == origin["commit"]
        software = {(one["name"], one["softwareVersion"]) for one in map(by_id, instrument["softwareRequirements"])}
        assert {("torch", origin["machine_class"]["torch"]), ("snakemake", origin["versions"]["snakemake"])} <= software
        results = {REFERENCE / result["@id"] for result in action["result"]}
        assert results == {path for path in folder.rglob("*") if path.is_file()}
        values = {one["name"]: one["value"] for one in map(by_id, action["object"]) if one["@type"] == "PropertyValue"}
        assert json.loads(values["seeds"]) == config[folder.name]["seeds"]
        assert {name: json.loads(values[name]) for name in config[folder.name]["grid"]} == config[folder.name]["grid"]
        assert ("uncommitted" in action["description"]) == origin["uncommitted_changes"]


def by_id(reference):
    return BY_ID[reference["@id"]]


def test_authors_papers_and_licence_are_those_of_the_citation():
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert [by_id(one)["name"] for one in BY_ID["./"]["author"]] == [author["name"] for author in cited["authors"]]
    assert BY_ID["./"]["license"]["@id"].endswith(f"/{cited['license']}")
    papers = [by_id(one) for one in BY_ID["./"]["citation"]]
    assert [paper["name"] for paper in papers] == [paper["title"] for paper in cited["references"]]
    for paper, given in zip(papers, cited["references"], strict=True):
        assert [by_id(one)["name"].split()[-1] for one in paper["author"]] == [
            author["family-names"].split()[-1] for author in given["authors"]
        ]
        assert re.search(r"\d{4}\.\d{5}$", paper["@id"])[0] in str(given["identifiers"])


# That of a small folder


@pytest.fixture
def small(tmp_path):
    """Published results of one experiment in a project that is no checkout."""
    folder = tmp_path / "reference/experiments/mine"
    folder.mkdir(parents=True)
    shutil.copy2(ROOT / "CITATION.cff", tmp_path)
    origin = json.loads((REFERENCE / "experiments/figure_1/provenance.json").read_text())
    origin.pop("checksum")
    array_io.save_json(folder / "provenance.json", origin | {"commit": "unknown"})
    config = {"experiments": {"mine": {"title": "Mine", "preset": "reproduction", "seeds": 2, "compare": "rank"}}}
    (tmp_path / "reference/config.yaml").write_text(yaml.safe_dump(config))
    return tmp_path


def written(project):
    crate.save(project / "reference", project)
    return (project / "reference" / crate.METADATA).read_text()


def day(text):
    return next(one["datePublished"] for one in json.loads(text)["@graph"] if one["@id"] == "./")


def test_the_day_is_that_of_the_latest_commit_and_else_stays(small):
    first = written(small)
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", day(first))
    path = small / "reference" / crate.METADATA
    path.write_text(first.replace(day(first), "2001-02-03"))
    assert day(written(small)) == "2001-02-03"
    environment = {"GIT_COMMITTER_DATE": "2002-03-04T12:00:00Z", "PATH": "/usr/bin:/bin", "HOME": str(small)}
    for command in (
        "init -q", "add CITATION.cff", "-c user.name=a -c user.email=a@b.c -c commit.gpgsign=false commit -qm c",
    ):  # fmt: skip
        subprocess.run(["git", "-C", small, *command.split()], check=True, env=environment)
    commit = subprocess.check_output(["git", "-C", small, "rev-parse", "HEAD"], text=True).strip()
    origin = small / "reference/experiments/mine/provenance.json"
    array_io.save_json(origin, array_io.load_json(origin) | {"commit": commit})
    path.write_text(f"<<<<<<< ours\n{path.read_text()}>>>>>>> theirs\n")  # a merge that failed
    second = written(small)
    assert day(second) == "2002-03-04"
    assert written(small) == second


def test_another_byte_of_a_file_is_another_line_of_the_crate(small):
    (small / "reference/page.md").write_text("one")
    before = written(small).splitlines()
    (small / "reference/page.md").write_text("two")
    after = written(small).splitlines()
    [line] = [new for old, new in zip(before, after, strict=True) if old != new]
    assert json.loads(line.rstrip(","))["sha256"] == hashlib.sha256(b"two").hexdigest()
    (small / "reference/experiments/mine/provenance.json").write_text("{}\n{")
    with pytest.raises(ValueError, match="is damaged"):
        written(small)
