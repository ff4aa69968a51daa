"""What is refused when reference results are published, with a case for each rule that breaks it alone."""

import hashlib
import re
import subprocess
from pathlib import Path

import pandas as pd
import pytest

from richlazy import packing, publishing, reference
from richlazy.models import rate_network
from richlazy.models.rate_network import Weights
from richlazy.storage import array_io, certificates, library_code, parquet
from richlazy.storage.certificates import Recipe
from richlazy.tables import experiment_tables

torch = pytest.importorskip("torch")
CODE = "richlazy/training/loop.py"


def git(folder: Path, *arguments: str) -> None:
    who = ("-c", "user.name=a", "-c", "user.email=a@b.c", "-c", "commit.gpgsign=false")
    subprocess.run(["git", "-C", str(folder), *who, *arguments], check=True, capture_output=True)


class Published:
    """A checkout with a library of one file, and results of two networks that it has made."""

    def __init__(self, folder: Path, in_git: bool = True):
        self.project, self.results, self.target = folder, folder / "results/tiny", folder / "reference"
        self.library = folder / "workflow/scripts" / CODE
        self.library.parent.mkdir(parents=True)
        self.library.write_text("first\n")
        if in_git:
            git(folder, "init", "-q")
            self.commit()
        self.networks = [self.results / f"runs/task~2AF/size~4+gain~1.5/seed~{seed}/network.npz" for seed in range(2)]
        weights = Weights(torch.ones(4, 4), torch.ones(4, 2), torch.ones(3, 4))
        for network in self.networks:
            rate_network.save_network(network, weights, weights)
            self.certify(network)
        self.tabulate()

    def commit(self) -> None:
        git(self.project, "add", "workflow")
        git(self.project, "commit", "-q", "-m", "c")

    def certify(self, file: Path, adopted: str = "") -> None:
        digest = array_io.checksum(self.library)[: library_code.DIGITS]
        certificates.certify(file, Recipe({"runs": str(file)}, {CODE: digest}, {}), adopted)

    @property
    def table(self) -> Path:
        return self.results / "experiments/mine/tables/runs.parquet"

    def tabulate(self, without: tuple[str, ...] = ()) -> None:
        names = [name for name in experiment_tables.RUN_COLUMNS if name not in without]
        rows = pd.DataFrame({name: [None, None] for name in names})
        rows["network"], rows["run"] = list(map(str, self.networks)), [reference.run_of(one) for one in self.networks]
        parquet.save_table(self.table, rows, dict.fromkeys(names, "of a test"))
        self.certify(self.table)

    def publish(self) -> None:
        publishing.publish(self.target, ["mine"], [str(self.table)], self.project)

    @property
    def fingerprints(self) -> pd.DataFrame:
        return parquet.load_table(self.target / "experiments/mine/tables/fingerprints.parquet")


@pytest.fixture
def published(tmp_path):
    return Published(tmp_path)


def test_what_the_commit_has_made_is_published_with_its_maker_in_each_row(published):
    published.publish()
    commit = reference.commit(published.project)
    assert re.fullmatch("[0-9a-f]{40}", commit)
    prints = published.fingerprints
    assert prints["commit"].tolist() == [commit] * 2 and prints["proof"].tolist() == ["", ""]
    digests = [certificates.load(network).recipe.digest for network in published.networks]
    assert prints["trained_by"].tolist() == digests and len(set(digests)) == 2
    assert set(reference.ORIGIN_COLUMNS) < set(prints.columns)
    code = certificates.load(published.networks[0]).recipe.digest_of_code
    page = (published.target / "provenance.md").read_text()
    assert f"| mine | 2 | {commit[:7]} | code {code} (2) |  |" in page


def refused(published, *parts: str) -> None:
    with pytest.raises(ValueError, match=re.escape(parts[0])) as caught:
        published.publish()
    sentence = str(caught.value)
    assert all(part in sentence for part in parts) and "\n" not in sentence
    assert not published.target.exists(), "something was published all the same"


def test_networks_of_code_that_is_not_committed_are_refused(published):
    published.library.write_text("second\n")
    for file in (*published.networks, published.table):
        published.certify(file)
    commit = reference.commit(published.project)[:7]
    refused(
        published, f"3 files of mine, such as {published.table}, come from another {CODE} than that of commit {commit}"
    )
    published.commit()
    published.publish()


def test_networks_of_an_older_commit_are_refused_until_they_are_proven(published):
    published.library.write_text("second\n")
    published.commit()
    published.certify(published.table)
    refused(published, f"2 files of mine, such as {published.networks[0]}", "--prove 2")
    for network in published.networks:
        published.certify(network, "Measures of 2 networks were made again.")
    published.publish()
    assert published.fingerprints["proof"].tolist() == ["Measures of 2 networks were made again."] * 2
    assert "(2) | Measures of 2 networks were made again. |" in (published.target / "provenance.md").read_text()


def test_one_network_of_other_code_among_many_is_found(published):
    published.library.write_text("second\n")
    published.certify(published.networks[1])
    published.library.write_text("first\n")
    refused(published, f"1 file of mine, such as {published.networks[1]}")


@pytest.mark.parametrize("file", ["measures.json", "table"])
def test_measures_and_tables_of_other_code_are_refused(published, file):
    path = published.table if file == "table" else published.networks[0].with_name(file)
    if file != "table":
        path.write_text("{}")
    published.library.write_text("second\n")
    published.certify(path)
    published.library.write_text("first\n")
    refused(published, f"1 file of mine, such as {path}")


def test_a_network_without_certificate_is_refused(published):
    certificates.path_of(published.networks[1]).unlink()
    refused(published, f"1 of 2 networks of mine have no certificate, such as {published.networks[1]}", "--prove 2")


def test_a_network_that_is_not_what_its_certificate_says_is_refused(published):
    weights = Weights(torch.zeros(4, 4), torch.ones(4, 2), torch.ones(3, 4))
    rate_network.save_network(published.networks[0], weights, weights)
    refused(published, "it is not the file that was made there")


def test_a_table_without_a_column_of_today_is_refused(published):
    published.tabulate(without=("kernel_alignment", "functional_rank"))
    refused(
        published, "runs.parquet of mine lacks 2 columns that tables have today, kernel_alignment, functional_rank;",
        "`snakemake mine`",
    )  # fmt: skip


def test_a_folder_without_git_is_held_to_its_own_code(tmp_path):
    published = Published(tmp_path, in_git=False)
    if reference.commit(published.project) != reference.UNKNOWN:
        pytest.skip("temporary folders lie in a git checkout here")
    published.publish()
    assert published.fingerprints["commit"].tolist() == [reference.UNKNOWN] * 2
    other = Published(tmp_path / "other", in_git=False)
    other.library.write_text("second\n")
    library_code._of_file.cache_clear()  # what a process has read once does not change in it
    refused(other, f"3 files of mine, such as {other.table}, come from another {CODE} than that of this folder")


def test_what_was_published_before_says_so(published):
    published.publish()
    old = published.target / "experiments/old"
    prints = published.fingerprints.drop(columns=list(reference.ORIGIN_COLUMNS))
    parquet.save_table(old / "tables/fingerprints.parquet", prints, dict.fromkeys(prints, "of a test"))
    origin = array_io.load_json(published.target / "experiments/mine/provenance.json")
    origin = {key: value for key, value in origin.items() if key != "training"} | {"uncommitted_changes": True}
    array_io.save_json(old / "provenance.json", origin)
    page = publishing.page(published.target)
    assert (
        f"| old | 2 | {origin['commit'][:7]}, with uncommitted changes of data or settings | {reference.BEFORE} |  |"
        in page
    )
    assert page.count(reference.BEFORE) == 1


def test_the_committed_page_is_that_of_the_committed_results():
    folder = Path(__file__).parents[2] / "results/reference"
    assert (folder / "provenance.md").read_text() == publishing.page(folder)


# Packs of networks


def pack(published, name: str = "mine") -> Path:
    path = published.results / f"artefacts/{name}.zip"
    folders = {network.parent.relative_to(published.results).as_posix(): network for network in published.networks}
    files = {folder: [str(network)] for folder, network in folders.items()}
    packing.save(path, name, published.results, files, {key: {"size": 4} for key in folders})
    return path


def test_checksums_of_packs_are_published_and_outlast_publishing_without_them(published):
    table = published.target / "packs.tsv"
    published.publish()
    assert not table.exists()
    path = pack(published)
    published.publish()
    content, commit = path.read_bytes(), reference.commit(published.project)
    expected = ["mine", "mine.zip", hashlib.sha256(content).hexdigest(), str(len(content)), "2", commit]
    assert [line.split("\t") for line in table.read_text().splitlines()][1:] == [expected]
    path.unlink()
    published.publish()
    assert [line.split("\t") for line in table.read_text().splitlines()][1:] == [expected]
    packing.update_table(table, {"another": pack(published, "another")}, "c0ffee")
    lines = [line.split("\t") for line in table.read_text().splitlines()]
    assert lines[0] == ["experiment", "file", "sha256", "size_bytes", "networks", "commit"]
    assert [line[0] for line in lines[1:]] == ["another", "mine"] and lines[2] == expected


def test_a_pack_of_other_networks_than_those_of_the_tables_is_refused(published):
    path = pack(published)
    weights = Weights(torch.zeros(4, 4), torch.ones(4, 2), torch.ones(3, 4))
    rate_network.save_network(published.networks[1], weights, weights)
    published.certify(published.networks[1])
    refused(published, f"{path} is no pack of the networks that are published, such as {published.networks[1]}")
    pack(published)
    published.publish()


def test_networks_without_certificates_are_not_packed(published):
    certificates.path_of(published.networks[0]).unlink()
    with pytest.raises(ValueError, match="has no certificate"):
        pack(published)
    assert not (published.results / "artefacts/mine.zip").exists()


# How large published results may be

REFERENCE = Path(__file__).parents[2] / "results/reference"


def test_the_committed_results_are_small_enough_to_clone():
    publishing.check_size(REFERENCE)
    assert (publishing.MOST_OF_PICTURE, publishing.MOST_OF_ALL) == (160_000, 20_000_000)


@pytest.mark.parametrize(
    ("sizes", "parts"),
    [
        ({"a/wide.png": 160_001, "b.png": 5}, ("wide.png has 160 kB", "at most 160", "resolution_dpi")),
        ({"a.parquet": 20_000_001}, ("has 20.0 MB", "at most 20", "publish fewer")),
        ({"a.png": 160_000, "b/c.parquet": 11_900_000}, ()),
        ({}, ()),
    ],
)
def test_a_large_picture_and_a_large_folder_are_refused(tmp_path, sizes, parts):
    for name, size in sizes.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(bytes(size))
    if not parts:
        publishing.check_size(tmp_path)
        return
    with pytest.raises(ValueError) as refusal:
        publishing.check_size(tmp_path)
    assert all(part in str(refusal.value) for part in parts)


def test_published_tables_are_compact_and_equal(published):
    published.publish()
    copy = published.target / "experiments/mine/tables/runs.parquet"
    pd.testing.assert_frame_equal(parquet.load_table(copy), parquet.load_table(published.table), check_exact=True)
    assert copy.stat().st_size < 0.8 * published.table.stat().st_size
    before = copy.read_bytes()
    publishing.compact(copy)
    assert copy.read_bytes() == before
