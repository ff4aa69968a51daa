"""A reader who doubts the committed tables trains a sample of them again."""

import json

import pandas as pd
import pytest
import yaml

from richlazy import reference
from richlazy.models.registry import MODELS
from richlazy.storage import array_io, parquet
from runner import Project, assert_same_results

OTHERS = {
    "experiments_to_build": ["figure_1", "figure_1_smnist", "figure_19", "schuessler_figure_5"],
    "connectomes": {"v1_column": {"source": "synthetic", "synthetic": {"selection": {"cells": 16}}}},
    "tasks": {
        "SST": {"sentences": "synthetic", "word_vectors": "random"},
        "sMNIST": {
            "images": "digits",
            "held_out": 200,
            "defaults": {"batch_size": 4},
            "probe": {"trials": 10, "kernel_trials": 2},
        },
    },
    "experiments": {
        "figure_1_smnist": {"grid": {"rank": [1, 4]}, "seeds": 2},
        "figure_19": {"grid": {"task": ["2AF"], "size": [16], "structure": ["gaussian", "connectome"]}, "seeds": 2},
        "schuessler_figure_5": {"seeds": 2},
    },
    "word_vectors": {"random": {"dimensions": 4}},
    "lstm": {"units": 6, "learning_rate": 0.01, "epochs": 1},
}


@pytest.fixture(scope="module")
def published(finished, tmp_path_factory) -> Project:
    """A project that has published its tiny results, and those of images, a connectome and LSTMs, as its reference."""
    project = finished.copy(tmp_path_factory.mktemp("published") / "project")
    # A path that only the machine of the user has, which nothing here reads.
    mine = {"mine": {"source": "file", "file": "/home/me/vectors.txt"}}
    project.configure(recheck={"runs": 2}, **OTHERS | {"word_vectors": OTHERS["word_vectors"] | mine})
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
    expected |= {"ro-crate-metadata.json"}
    assert expected <= names
    assert not any(name.endswith(".npz") for name in names)


def test_the_reference_holds_lstms_with_fingerprints_and_a_claim_on_them(published):
    committed = published.folder / "results/reference"
    source, target = (
        folder / "experiments/schuessler_figure_5" for folder in (published.folder / "results/tiny", committed)
    )
    names = [f"tables/{name}.parquet" for name in ("runs", "spectra", "truncations", "curves")]
    names += ["statistics/contrasts.parquet", "figures/lstm.png"]
    assert_same_results(source, target, names)
    files = {str(path.relative_to(target)) for path in target.rglob("*") if path.is_file()}
    assert files == {*names, "tables/fingerprints.parquet", "provenance.json"}
    prints = parquet.load_table(target / "tables/fingerprints.parquet")
    networks = [published.folder / network for network in prints["network"]]
    assert prints["sha256"].tolist() == [array_io.checksum(network) for network in networks]
    assert set(parquet.load_table(target / "tables/runs.parquet")["network"]) == set(prints["network"])
    seconds = array_io.load_json(target / "provenance.json")["wall_seconds"]
    assert seconds["train"] > 0 and seconds["measure"] > 0
    claims = parquet.load_table(committed / "claims.parquet").set_index("experiment")
    judged = claims.loc["schuessler_figure_5"]
    assert judged["verdict"] != "not run" and judged["n"] == 2
    assert claims.loc["schuessler_figure_5_truncation", "verdict"] == "not run"


def test_judging_the_reference_again_gives_what_was_published(published, tmp_path):
    project = published.copy(tmp_path / "project")
    reference = project.folder / "results/reference"
    judged = [*reference.glob("experiments/*/statistics/*.parquet"), *reference.glob("claims.*")]
    judged += reference.glob("published_values.*")
    before = {path: path.read_bytes() for path in judged}
    assert len(before) >= 4 + 1 + 3 + 3  # trends and contrasts, losses and interactions; pages
    for path in judged:
        path.write_bytes(b"stale")
    project.run("judge_reference")
    assert [str(path) for path in judged if path.read_bytes() != before[path]] == []
    # Curves to four digits draw other pictures, which the crate knows.
    crate = json.loads((reference / "ro-crate-metadata.json").read_text())["@graph"]
    files = [entity for entity in crate if entity["@type"] == "File"]
    assert len(files) > len(judged)
    assert [one["@id"] for one in files if one["sha256"] != array_io.checksum(reference / one["@id"])] == []
    project.configure(statistics={"significance_level": 1e-9})
    project.run("judge_reference")
    assert {path: path.read_bytes() for path in judged} != before


def test_the_configuration_of_the_reference_names_no_folder_of_the_machine(published):
    text = (published.folder / "results/reference/config.yaml").read_text()
    assert "/home/me" not in text and str(published.folder) not in text
    assert yaml.safe_load(text)["word_vectors"]["mine"]["file"] == "vectors.txt"


def test_networks_trained_again_are_equal_bytes(published):
    done = published.snakemake("recheck")
    verdict = (published.folder / "results/tiny/recheck/verdict.txt").read_text()
    assert (published.folder / "results/reference/experiments/schuessler_figure_5").exists()
    assert verdict.count("equal bytes: weights 0.0e+00, measures 0.0e+00") == 2, done.stderr


def test_measures_at_levels_of_the_loss_are_compared_too(published, tmp_path):
    project = published.copy(tmp_path / "project")
    path = project.folder / "results/reference/experiments/figure_1/tables/runs.parquet"
    runs, meanings = parquet.load_table(path), parquet.meanings(path)
    target = f"results/tiny/recheck/figure_1/{runs['run'].iloc[0]}.json"
    project.run(target)
    assert array_io.load_json(project.folder / target)["measures"] == 0.0
    parquet.save_table(path, runs.assign(updates_to_shared_loss=1.5), meanings)
    project.run(target)
    # Infinitely far where one of the two did not happen, which JSON has no number for.
    assert array_io.load_json(project.folder / target)["measures"] != 0.0


def test_a_row_that_shows_images_that_are_here_is_trained_again(published):
    table = published.folder / "results/reference/experiments/figure_1_smnist/tables/runs.parquet"
    target = f"results/tiny/recheck/figure_1_smnist/{parquet.load_table(table)['run'].iloc[0]}.json"
    done = published.run("--notemp", target)
    assert done["train_again"] == done["recheck_run"] == 1
    assert array_io.load_json(published.folder / target)["equal_bytes"]


def test_a_row_that_starts_from_a_connectome_is_trained_again_where_it_is_the_published_one(published, tmp_path):
    project = published.copy(tmp_path / "project")
    runs = parquet.load_table(project.folder / "results/reference/experiments/figure_19/tables/runs.parquet")
    run = runs["run"][runs["connectome"].notna()].iloc[0]
    target = f"results/tiny/recheck/figure_19/{run}.json"
    project.run(target)
    assert array_io.load_json(project.folder / target)["equal_bytes"]
    project.configure(connectomes={"v1_column": {"synthetic": {"selection": {"axon": ["axon_fully_extended"]}}}})
    refused = project.snakemake(target, check=False)
    assert refused.returncode != 0
    log = (project.folder / f"results/tiny/logs/train_again/figure_19/{run}.log").read_text()
    assert "v1_column is not that of results/reference/connectomes/v1_column: selection.json differs in" in log
    # In the sample, too.
    project.configure(recheck={"runs": 99})
    assert f"recheck/figure_19/{run}.json" in project.snakemake("recheck", "--dry-run").stdout


def test_rows_whose_images_are_not_here_are_left_out_with_a_sentence(published, tmp_path):
    project = published.copy(tmp_path / "project")
    kept = project.folder / "results/reference/config.yaml"
    config = yaml.safe_load(kept.read_text())
    config["tasks"]["sMNIST"]["images"] = "mnist"
    kept.write_text(yaml.safe_dump(config))
    project.configure(recheck={"runs": 1, "seed": 1})
    project.snakemake("recheck")
    verdict = (project.folder / "results/tiny/recheck/verdict.txt").read_text()
    assert "left out 4 of 22 rows, whose data is not here: images of sMNIST" in verdict
    assert verdict.count("equal bytes") == 1  # one row


def test_a_row_that_does_not_hold_is_found(published, tmp_path):
    project = published.copy(tmp_path / "project")
    path = project.folder / "results/reference/experiments/figure_1/tables/fingerprints.parquet"
    prints = pd.read_parquet(path)
    prints["sha256"] = "0" * 64
    prints["recurrent_0"] *= 1.1
    parquet.save_table(path, prints, reference.fingerprint_columns(MODELS["recurrent"]))
    (project.folder / "results/tiny/recheck/verdict.txt").unlink(missing_ok=True)
    done = project.snakemake("recheck", check=False)
    assert done.returncode != 0
    assert "FAIL differs" in done.stderr and "differs from" in done.stderr
    assert not (project.folder / "results/tiny/recheck/verdict.txt").exists()
