"""The registry of data: closed and complete; files that are not those it describes are refused, wherever they are."""

import copy
import hashlib
import re
from pathlib import Path

import pytest
import yaml

from richlazy.configuration import checks
from richlazy.configuration.checks import ConfigurationError
from richlazy.storage import array_io, data_sources
from richlazy.tasks import image_sets

ROOT = Path(__file__).parents[3]
PATH = ROOT / "data/sources.yaml"
SCHEMA_PATH = ROOT / "workflow/schemas/sources.schema.yaml"
MNIST = ROOT.parent / "shared/data/mnist"
REGISTRY = yaml.safe_load(PATH.read_text())
CONFIG = yaml.safe_load((ROOT / "config.yaml").read_text())
BODY = b"what is in the file"
FILE = {"sha256": hashlib.sha256(BODY).hexdigest(), "size_bytes": len(BODY)}


# The registry


def test_the_shipped_registry_passes_and_serves_the_shipped_configuration():
    registry = checks.load_sources(PATH, SCHEMA_PATH)
    assert registry == REGISTRY
    checks.check_entries(CONFIG, registry)
    assert set(image_sets.IDX_FILES) == set(registry["mnist"]["files"])


@pytest.mark.parametrize("name", REGISTRY)
def test_every_file_has_mirrors_that_end_in_its_name(name):
    for file in REGISTRY[name]["files"].values():
        assert {address.rpartition("/")[2] for address in file["mirrors"]} == {file["file"]}
        assert len({address.split("/")[2] for address in file["mirrors"]}) >= 2


def test_an_entry_that_is_no_treebank_is_refused():
    config = copy.deepcopy(CONFIG)
    config["sentence_sets"]["treebank"]["entry"] = "mnist"
    with pytest.raises(ConfigurationError, match=r"treebank\.entry is 'mnist', whose files .* lack trees"):
        checks.check_entries(config, REGISTRY)


@pytest.mark.skipif(not MNIST.is_dir(), reason=f"the files of MNIST in {MNIST} are not here")
@pytest.mark.parametrize("file", REGISTRY["mnist"]["files"].values(), ids=lambda file: file["file"])
def test_the_registry_describes_the_files_of_mnist(file):
    data_sources.verify(MNIST / file["file"], file)
    known = {
        "train-images-idx3-ubyte.gz": "f68b3c2dcbeaaa9fbdd348bbdeb94873",
        "train-labels-idx1-ubyte.gz": "d53e105ee54ea40749a09fcbcd1e9432",
        "t10k-images-idx3-ubyte.gz": "9fb629c4189551a2d022fa330f9573f3",
        "t10k-labels-idx1-ubyte.gz": "ec29112dd5afa0611ce80d1b7f02629c",
    }
    assert hashlib.md5((MNIST / file["file"]).read_bytes()).hexdigest() == known[file["file"]]


def every_key(schema):
    """Descriptions of all keys of a schema, None where one is missing."""
    for inner in schema.get("properties", {}).values():
        yield inner.get("description")
        yield from every_key(inner)
    if isinstance(schema.get("additionalProperties"), dict):
        yield from every_key(schema["additionalProperties"])


def test_the_schema_describes_every_key():
    descriptions = list(every_key(yaml.safe_load(SCHEMA_PATH.read_text())))
    assert len(descriptions) == 13
    assert all(descriptions)


def refusal(tmp_path, change):
    """The sentence with which a changed registry is refused."""
    registry = copy.deepcopy(REGISTRY)
    change(registry)
    path = tmp_path / "sources.yaml"
    path.write_text(yaml.safe_dump(registry))
    with pytest.raises(ConfigurationError) as raised:
        checks.load_sources(path, SCHEMA_PATH)
    sentence = str(raised.value)
    assert "\n" not in sentence and "config.yaml" not in sentence
    return sentence


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda file: file.pop("sha256"), r"lacks sha256; add it as in workflow/schemas/sources\.schema\.yaml"),
        (lambda file: file.update(sha256="abc"), r"sha256 is 'abc'; write the 64 hexadecimal digits"),
        (lambda file: file.update(mirrors=[]), r"mirrors is \[\]; give at least 1"),
        (lambda file: file.update(mirrors=["ftp://a/b"]), r"mirrors\[0\] is 'ftp://a/b'; write an address"),
        (lambda file: file.update(size_bytes=0), r"size_bytes is 0; it must be at least 1"),
        (lambda file: file.update(file="../up"), r"file is '\.\./up'; use letters"),
        (lambda file: file.update(mirror="https://a/b"), r"unknown key 'mirror': did you mean 'mirrors'\?"),
    ],
)
def test_mistakes_in_a_file_of_the_registry_are_one_sentence(tmp_path, change, sentence):
    found = refusal(tmp_path, lambda registry: change(registry["mnist"]["files"]["test_labels"]))
    assert re.match(rf"sources\.yaml: mnist\.files\.test_labels.*{sentence}", found)


def test_two_files_of_one_name_are_refused(tmp_path):
    def rename(registry):
        registry["mnist"]["files"]["test_labels"]["file"] = "train-labels-idx1-ubyte.gz"

    assert refusal(tmp_path, rename) == (
        "sources.yaml: mnist.files stores train-labels-idx1-ubyte.gz twice; give each file a name of its own"
    )


def test_a_source_that_stands_twice_is_refused(tmp_path):
    path = tmp_path / "sources.yaml"
    path.write_text(PATH.read_text() * 2)
    with pytest.raises(ConfigurationError, match=r"sources\.yaml, line \d+: 'mnist' stands twice"):
        checks.load_sources(path, SCHEMA_PATH)


@pytest.mark.parametrize("text", ["", "[]", "mnist", "{}"])
def test_a_registry_without_sources_is_refused(tmp_path, text):
    path = tmp_path / "sources.yaml"
    path.write_text(text)
    with pytest.raises(ConfigurationError, match=r"^sources\.yaml: the registry (must be a mapping|is \{\})"):
        checks.load_sources(path, SCHEMA_PATH)


# What image sets ask of it


def test_an_entry_that_does_not_exist_is_refused():
    config = {"image_sets": {"mine": {"source": "registry", "entry": "mnits"}}}
    with pytest.raises(ConfigurationError, match=r"image_sets\.mine\.entry names source 'mnits'.*mean 'mnist'\?"):
        checks.check_entries(config, REGISTRY)


def test_an_entry_that_holds_no_images_is_refused():
    registry = copy.deepcopy(REGISTRY)
    del registry["mnist"]["files"]["test_labels"]
    with pytest.raises(
        ConfigurationError, match=r"entry is 'mnist', whose files in .* lack test_labels; name a source"
    ):
        checks.check_entries(CONFIG, registry)


# Files as they are read


def test_the_right_file_is_accepted_wherever_it_is(tmp_path):
    path = tmp_path / "copy of mine"
    path.write_bytes(BODY)
    data_sources.verify(path, FILE)
    assert array_io.checksum(path) == FILE["sha256"]


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (BODY[:-1], r"it has 18 bytes, not 19"),
        (BODY + b"s", r"it has 20 bytes, not 19"),
        (b"", r"it has 0 bytes, not 19"),
        (BODY[::-1], rf"its sha256 is [0-9a-f]{{64}}, not {FILE['sha256']}"),
    ],
)
def test_another_file_is_refused_in_one_sentence(tmp_path, content, what):
    path = tmp_path / "copy"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=rf"copy is not the file that data/sources\.yaml describes \({what}\); delete"):
        data_sources.verify(path, FILE)
    assert path.read_bytes() == content  # whose it is is not ours to say


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ValueError, match=r"the file .*copy does not exist; check its path"):
        data_sources.verify(tmp_path / "copy", FILE)
