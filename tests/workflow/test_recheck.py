"""A reader who doubts the committed tables trains a sample of them again."""

import json
import shutil

import pandas as pd
import pytest

from richlazy import reference, tables
from runner import Project


@pytest.fixture(scope="module")
def published(finished, tmp_path_factory) -> Project:
    """A project that has published its tiny results as its reference."""
    folder = tmp_path_factory.mktemp("published") / "project"
    shutil.copytree(finished.folder, folder)
    project = Project(folder)
    project.configure(recheck={"runs": 2})
    project.run("publish_reference")
    return project


def test_the_reference_holds_small_results_with_their_provenance(published):
    reference = published.folder / "results/reference"
    provenance = json.loads((reference / "experiments/figure_1/provenance.json").read_text())
    assert {"commit", "python", "versions", "machine_class", "wall_seconds"} <= set(provenance)
    assert provenance["wall_seconds"]["train"] > 0
    names = {str(path.relative_to(reference)) for path in reference.rglob("*") if path.is_file()}
    of_figure = ("tables/runs", "tables/curves", "tables/connectivity", "tables/fingerprints", "statistics/trends")
    expected = {f"experiments/figure_1/{name}.parquet" for name in of_figure}
    expected |= {"claims.md", "claims.parquet", "config.yaml", "experiments/figure_1/figures/measures.png"}
    assert expected <= names
    assert not any(name.endswith(".npz") for name in names)


def test_networks_trained_again_are_equal_bytes(published):
    done = published.snakemake("recheck")
    verdict = (published.folder / "results/tiny/recheck/verdict.txt").read_text()
    assert verdict.count("equal bytes: weights 0.0e+00, measures 0.0e+00") == 2, done.stderr


def test_a_row_that_does_not_hold_is_found(published, tmp_path):
    shutil.copytree(published.folder, tmp_path / "project")
    project = Project(tmp_path / "project")
    path = project.folder / "results/reference/experiments/figure_1/tables/fingerprints.parquet"
    prints = pd.read_parquet(path)
    prints["sha256"] = "0" * 64
    prints["recurrent_0"] *= 1.1
    tables.save_table(path, prints, reference.FINGERPRINT_COLUMNS)
    (project.folder / "results/tiny/recheck/verdict.txt").unlink(missing_ok=True)
    done = project.snakemake("recheck", check=False)
    assert done.returncode != 0
    assert "FAIL differs" in done.stderr and "differs from" in done.stderr
    assert not (project.folder / "results/tiny/recheck/verdict.txt").exists()
