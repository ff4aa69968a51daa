"""Committed reference results: which rows are trained again, what counts as equal, and what is kept with them."""

import copy
import math
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from recheck import recheck
from richlazy import rechecking, reference
from richlazy.experiments import parameters, paths
from richlazy.measures import on_probe
from richlazy.models import kept_weights, lstm, rate_network
from richlazy.models.rate_network import Weights
from richlazy.models.registry import MODELS
from richlazy.recheck_sample import AtHand, left_out, runs_tables, sample_rows
from richlazy.storage import array_io, certificates, parquet
from richlazy.storage.certificates import Recipe

ROOT = Path(__file__).parents[2]
# Nothing that others have to give, and each task a kind of its own.
HERE = AtHand()


def runs_table(*names, connectomes=None):
    table = pd.DataFrame({"run": list(names), "value": range(len(names))})
    return table.assign(connectome=pd.array(connectomes or [None] * len(names), "string"), task="2AF")


# The sample


def test_the_sample_holds_each_run_once_and_is_the_same_each_time():
    tables = [runs_table("c", "a", "b"), runs_table("b", "d")]
    sample = sample_rows(tables, 3, 0, HERE)
    assert len(sample) == 3
    assert sample["run"].is_unique
    pd.testing.assert_frame_equal(sample_rows(tables, 3, 0, HERE), sample)
    pd.testing.assert_frame_equal(sample_rows(tables[::-1], 3, 0, HERE)[["run"]], sample[["run"]])
    assert sample_rows(tables, 99, 0, HERE)["run"].tolist() == ["a", "b", "c", "d"]


def test_every_run_can_be_drawn():
    table = runs_table(*"abcdef")
    drawn = {run for seed in range(40) for run in sample_rows([table], 2, seed, HERE)["run"]}
    assert drawn == set("abcdef")


def test_runs_that_start_from_a_connectome_are_drawn_where_it_is_here_alone():
    tables = [
        runs_table(*"abcdef", connectomes=[None, "v1 (cave): cells", None, "v1 (cave): cells", None, "x"]),
        runs_table("g", connectomes=["v1 (cave): cells"]),
    ]
    for seed in range(20):
        assert set(sample_rows(tables, 2, seed, HERE)["run"]) <= {"a", "c", "e"}
    assert sample_rows(tables, 99, 0, HERE)["run"].tolist() == ["a", "c", "e"]
    assert left_out(tables, HERE) == "left out 4 of 7 rows, whose data is not here: a connectome"
    there = AtHand(connectomes={"v1 (cave): cells"})
    assert sample_rows(tables, 99, 0, there)["run"].tolist() == ["a", "b", "c", "d", "e", "g"]
    assert left_out(tables, there) == "left out 1 of 7 rows, whose data is not here: a connectome"


def test_of_each_kind_as_many_rows_are_drawn_as_of_the_others():
    many = runs_table(*(f"m{number}" for number in range(50))).assign(task="2AF")
    few = runs_table(*(f"f{number}" for number in range(4))).assign(task=["flip_flop+gap~1", "flip_flop", "a", "a"])
    wired = runs_table(*(f"w{number}" for number in range(9)), connectomes=["x"] * 9).assign(task="2AF")
    here = AtHand(connectomes={"x"}, kinds={"2AF": "neurogym", "flip_flop": "numbers", "a": "numbers"})
    for seed in range(5):
        drawn = sample_rows([many, few, wired], 12, seed, here)["run"]
        assert drawn.str[0].value_counts().to_dict() == {"m": 4, "f": 4, "w": 4}
        # What a kind has not is made up by the others, in equal parts.
        assert sample_rows([many, few, wired], 20, seed, here)["run"].str[0].value_counts().to_dict() == {
            "m": 8, "f": 4, "w": 8,
        }  # fmt: skip
        assert sample_rows([many, few, wired], 3, seed, here)["run"].str[0].is_unique


@pytest.mark.parametrize("changed", ["provenance.json", "selection.json"])
def test_another_connectome_is_refused_by_what_differs(tmp_path, changed):
    for folder in ("here", "committed"):
        for name in ("provenance.json", "selection.json"):
            differs = (folder, name) == ("here", changed)
            array_io.save_json(tmp_path / folder / name, {"files": "other" if differs else "same", "cells": 3})
    origin, committed = (
        [str(tmp_path / folder / name) for name in ("provenance.json", "selection.json")]
        for folder in ("here", "committed")
    )
    with pytest.raises(
        ValueError, match=rf"here is not that of .*committed: {changed} differs in files; recheck needs"
    ):
        rechecking.check_connectome(origin, committed)
    rechecking.check_connectome(origin, origin)
    rechecking.check_connectome([], [])


@pytest.mark.parametrize("counts, differs", [({"rows": 3}, False), ({"rows": 4, "cells": 2}, True), ({}, False)])
def test_what_a_later_version_counts_makes_no_other_connectome(tmp_path, counts, differs):
    now, then = str(tmp_path / "now.json"), str(tmp_path / "then.json")
    array_io.save_json(now, {"counts": {"rows": 3, "cells": 2, "isolated": 0}, "note": "drawn"})
    array_io.save_json(then, {"counts": counts, "description": "mine"})
    with pytest.raises(ValueError, match="differs in counts") if differs else nullcontext():
        rechecking.check_connectome([now], [then])


def test_the_origin_of_every_committed_connectome_can_be_read():
    committed = sorted(map(str, ROOT.glob("results/reference/connectomes/*/*.json")))
    assert len(committed) >= 4
    rechecking.check_connectome(committed, committed)


def test_runs_of_tasks_without_data_here_are_never_drawn():
    tables = [runs_table(*"abc"), runs_table(*"def").assign(task=["sMNIST", "2AF", "MNIST"])]
    here = AtHand(dict.fromkeys(["sMNIST", "MNIST"], "images"))
    assert sample_rows(tables, 99, 0, here)["run"].tolist() == ["a", "b", "c", "e"]


def test_rows_that_are_left_out_are_counted_with_their_reasons():
    tables = [runs_table("a", "b", connectomes=["x", None]), runs_table(*"cde").assign(task=["sMNIST", "2AF", "MNIST"])]
    assert left_out(tables, AtHand(dict.fromkeys(["sMNIST", "MNIST", "other"], "images"))) == (
        "left out 3 of 5 rows, whose data is not here: a connectome and images of MNIST, sMNIST"
    )
    assert left_out(tables[1:], AtHand({"MNIST": "images", "2AF": "sentences"})) == (
        "left out 2 of 3 rows, whose data is not here: images of MNIST and sentences of 2AF"
    )
    assert left_out(tables[1:], AtHand({"MNIST": "images"})) == (
        "left out 1 of 3 rows, whose data is not here: images of MNIST"
    )
    assert left_out(tables[1:], HERE) == ""


def test_a_network_whose_rows_are_its_parts_is_drawn_once(tmp_path):
    networks = [f"results/language/task~SST/seed~{seed}/network.npz" for seed in (0, 0, 1, 1)]
    lstms = pd.DataFrame({"network": networks, "seed": 0, "part": ["weights", "change"] * 2, "task": "SST"})
    for name, runs in (("figure_1", runs_table("a", "b")), ("lstm", lstms.assign(connectome=pd.NA))):
        file = tmp_path / "experiments" / name / "tables/runs.parquet"
        parquet.save_table(file, runs, dict.fromkeys(runs, "of a test"))
    found = runs_tables(tmp_path)
    drawn = sample_rows(found, 99, 0, HERE)
    assert drawn["run"].tolist() == ["a", "b", "task~SST/seed~0", "task~SST/seed~1"]
    assert drawn["experiment"].tolist() == ["figure_1", "figure_1", "lstm", "lstm"]
    assert sample_rows(found, 99, 0, AtHand({"SST": "sentences"}))["run"].tolist() == ["a", "b"]
    assert runs_tables(tmp_path / "elsewhere") == []
    network = rechecking.committed_network(tmp_path / "experiments/lstm/tables/runs.parquet", "task~SST/seed~1")
    assert (network.model, network.run["task"], network.run["seed"]) == (MODELS["lstm"], "SST", 1)
    assert [row["part"] for row in network.rows] == ["weights", "change"]


def test_an_lstm_is_compared_by_the_measures_of_all_its_parts(tmp_path):
    weights = [lstm.initial_weights(3, 4, seed) for seed in (0, 1)]
    lstm.save(tmp_path / "network.npz", *weights)
    mark = reference.fingerprint(tmp_path / "network.npz", MODELS["lstm"].matrices)
    norms = [
        {
            "weights": "weight_hh_l1",
            "part": part,
            "frobenius_norm": norm,
            "leading_singular_value": 1.0,
            "stable_rank": 2.0,
        }
        for part, norm in (("initial_weights", 3.0), ("change", 0.5))
    ]
    rows = [{"run": "task~SST/seed~0", **row, "rank_for_final_accuracy": pd.NA} for row in norms]
    network = rechecking.Committed(MODELS["lstm"], {}, rows)
    record = {"norms": norms, "ranks": []}
    same = rechecking.compare(network, mark, tmp_path / "network.npz", record)
    assert (same["run"], same["equal_bytes"], same["weights"], same["measures"]) == ("task~SST/seed~0", True, 0.0, 0.0)
    record = {"norms": [norms[0], norms[1] | {"frobenius_norm": 0.6}], "ranks": []}
    lstm.save(tmp_path / "other.npz", weights[0], weights[1] | {"decoder_weight": 1.5 * weights[1]["decoder_weight"]})
    other = rechecking.compare(network, mark, tmp_path / "other.npz", record)
    assert not other["equal_bytes"]
    assert (other["weights"], other["measures"]) == (pytest.approx(0.5), pytest.approx(0.2))


def test_tables_of_before_and_of_after_new_columns_are_drawn_from_together():
    old = pd.read_parquet(ROOT / "results/reference/experiments/figure_5/tables/runs.parquet")
    new = old.iloc[:2].assign(run=["new 1", "new 2"], architecture="feedforward", condition_number=2.0)
    sample = sample_rows([old, new], 999, 0, HERE)
    assert set(sample["run"]) == set(old["run"][old["connectome"].isna()]) | {"new 1", "new 2"}
    for row in sample[sample["architecture"].isna()].to_dict("records"):
        assert paths.run_path(parameters.run_of_row(row)) == row["run"]


# The verdict


def result(run="run", equal_bytes=True, weights=0.0, measures=0.0, same_class=True):
    return {
        "run": run, "equal_bytes": equal_bytes, "weights": weights, "measures": measures, "same_class": same_class,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("equal_bytes", "difference", "same_class", "agrees", "word"),
    [
        (True, 0.0, True, True, "equal bytes"),
        (True, 0.0, False, True, "equal bytes"),
        (False, 1e-6, True, False, "differs"),
        (False, 1e-6, False, True, "within tolerance"),
        (False, 1e-3, False, True, "within tolerance"),
        (False, 1.01e-3, False, False, "beyond tolerance"),
        (False, 0.5, True, False, "differs"),
        (False, float("inf"), False, False, "beyond tolerance"),
        (False, None, False, False, "beyond tolerance"),  # infinity after a JSON file
    ],
)
@pytest.mark.parametrize("part", ["weights", "measures"])
def test_bytes_count_on_the_same_class_of_machine_and_the_tolerance_elsewhere(
    equal_bytes, difference, same_class, agrees, word, part
):
    passed, (line,) = rechecking.verdict(
        [result("my/run", equal_bytes, same_class=same_class, **{part: difference})], 1e-3
    )
    assert passed == agrees
    assert line.startswith(f"{'ok  ' if agrees else 'FAIL' if same_class else 'far '} {word}: ")
    assert line.endswith("my/run")


def test_results_of_several_classes_are_judged_each_by_its_own_rule():
    """Experiments may have been published from different machines."""
    near = {"equal_bytes": False, "weights": 1e-6}
    here, elsewhere, equal = result("a", same_class=True, **near), result("b", same_class=False, **near), result("c")
    assert rechecking.verdict([elsewhere, equal], 1e-3)[0]
    passed, lines = rechecking.verdict([elsewhere, here, equal], 1e-3)
    assert not passed
    assert [line[:4] for line in lines] == ["ok  ", "FAIL", "ok  "]
    assert [line[-1] for line in lines] == ["b", "a", "c"]


def test_elsewhere_half_of_the_networks_must_be_near():
    """Rounding of another processor takes single networks elsewhere, and most of them not."""
    near = result("near", equal_bytes=False, weights=1e-6, same_class=False)
    far = result("far", equal_bytes=False, weights=0.5, same_class=False)
    assert rechecking.verdict([near, far], 1e-3)[0]
    assert not rechecking.verdict([near, far, far], 1e-3)[0]
    assert not rechecking.verdict([near, near, result("here", equal_bytes=False, same_class=True)], 1e-3)[0]


# Comparison

NETWORK = "results/runs/task~T/seed~0/network.npz"


def committed_as(row):
    return rechecking.Committed(MODELS["recurrent"], {}, [row])


def network_file(path, without_recurrent=False, **changes):
    rng = np.random.default_rng(0)
    arrays = {
        "recurrent": rng.standard_normal((5, 5)), "input": rng.standard_normal((5, 2)),
        "readout": rng.standard_normal((3, 5)),
    }  # fmt: skip
    if without_recurrent:
        arrays["recurrent"] = np.zeros((0, 0))
    np.savez(path, **{name: array * changes.get(name, 1.0) for name, array in arrays.items()})
    return path


def test_the_checksum_of_a_network_is_that_of_one_that_keeps_nothing_of_its_way(tmp_path):
    files, weights = [tmp_path / f"{name}.npz" for name in "ab"], Weights(*map(torch.ones, [(4, 4), (4, 2), (3, 4)]))
    kept = kept_weights.arrays_of_snapshots([(0, weights), (5, weights)], weights)
    kept |= kept_weights.arrays_of_crossings({"shared_loss": (5, weights)}, weights)
    for file, beside in zip(files, ({}, kept), strict=True):
        rate_network.save_network(file, weights, weights, beside)
    plain, followed = (reference.fingerprint(file, MODELS["recurrent"].matrices) for file in files)
    assert plain == followed and files[0].read_bytes() != files[1].read_bytes()
    assert plain["sha256"] == array_io.checksum(files[0]), "as rows have it that were published before"


def test_a_network_equals_itself_and_another_by_its_largest_relative_difference(tmp_path):
    first = network_file(tmp_path / "a.npz")
    committed = reference.fingerprint(first, MODELS["recurrent"].matrices)
    columns = set(reference.fingerprint_columns(MODELS["recurrent"]))
    assert set(committed) | {"run"} | set(reference.ORIGIN_COLUMNS) == columns
    measures = dict.fromkeys(on_probe.MEASURES, 2.0)
    row = {"run": "r", "network": NETWORK, "final_loss": 0.3, **measures}
    same = rechecking.compare(committed_as(row), committed, first, {"final_loss": 0.3, **measures})
    assert same["equal_bytes"]
    assert (same["weights"], same["measures"]) == (0.0, 0.0)
    scaled = network_file(tmp_path / "b.npz", input=1.5, readout=1.1)
    other = rechecking.compare(committed_as(row), committed, scaled, {"final_loss": 0.3, **measures})
    assert not other["equal_bytes"]
    assert other["weights"] == pytest.approx(0.5)


def test_a_feedforward_network_equals_itself_and_another_by_the_matrices_that_it_has(tmp_path):
    first = network_file(tmp_path / "a.npz", without_recurrent=True)
    committed = reference.fingerprint(first, MODELS["recurrent"].matrices)
    row = {"run": "r", "network": NETWORK, **dict.fromkeys(on_probe.MEASURES, math.nan), "final_loss": 0.3}
    measures = dict.fromkeys(on_probe.MEASURES) | {"final_loss": 0.3}
    same = rechecking.compare(committed_as(row), committed, first, measures)
    assert (same["equal_bytes"], same["weights"], same["measures"]) == (True, 0.0, 0.0)
    scaled = network_file(tmp_path / "b.npz", without_recurrent=True, input=1.25)
    assert rechecking.compare(committed_as(row), committed, scaled, measures)["weights"] == pytest.approx(0.25)


def test_measures_that_a_published_table_does_not_have_yet_are_not_compared(tmp_path):
    network = network_file(tmp_path / "a.npz")
    older = {name: 2.0 for name in on_probe.MEASURES if name != "kernel_alignment_predicted"}
    found = rechecking.compare(
        committed_as({"run": "r", "network": NETWORK, **older}),
        reference.fingerprint(network, MODELS["recurrent"].matrices),
        network,
        older | {"kernel_alignment_predicted": 0.5},
    )
    assert found["measures"] == 0


# What is kept beside the results


def test_seconds_of_the_runs_are_summed_by_rule(tmp_path):
    for rule, seconds in (("train", (10.0, 2.5, 100.0)), ("measure", (1.0, 0.25, 100.0))):
        for run, value in zip(("task~a/seed~0", "task~a/seed~1", "task~b/seed~0"), seconds, strict=True):
            file = tmp_path / rule / f"{run}.tsv"
            file.parent.mkdir(parents=True, exist_ok=True)
            # Snakemake writes a line for each repetition of a job.
            file.write_text(f"s\th:m:s\tmax_rss\n{value}\t0:00:10\t1.5\n")
    found = reference.wall_seconds(tmp_path, ["task~a/seed~0", "task~a/seed~1"])
    assert found == {"train": 12.5, "measure": 1.2}
    assert reference.wall_seconds(tmp_path, pd.Series(["task~b/seed~0"])) == {"train": 100.0, "measure": 100.0}
    assert reference.wall_seconds(tmp_path, []) == {"train": 0.0, "measure": 0.0}
    assert reference.wall_seconds(tmp_path, ["task~c/seed~0"]) == {"train": None, "measure": None}


def test_seeds_of_a_condition_that_are_one_job_are_timed_once(tmp_path):
    for rule, seconds in (("train", 30.0), ("measure", 4.5)):
        for part, times in (("0_to_9", 1), ("10_to_19", 2)):
            path = tmp_path / rule / f"task~a/gain~1.5/seeds_{part}.tsv"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"s\th:m:s\n{times * seconds}\t0:00:30\n")
    found = reference.wall_seconds(tmp_path, [f"task~a/gain~1.5/seed~{seed}" for seed in range(3)])
    assert found == {"train": 30.0, "measure": 4.5}
    found = reference.wall_seconds(tmp_path, [f"task~a/gain~1.5/seed~{seed}" for seed in (9, 10, 12)])
    assert found == {"train": 90.0, "measure": 13.5}


def published_lstms(results, target):
    """Two small LSTMs with timings, and a table that has two rows for each, as those of experiments with LSTMs."""
    rows = []
    for seed in range(2):
        run = f"task~SST/seed~{seed}"
        network = results / "language" / run / "network.npz"
        weights = [lstm.initial_weights(3, 4, seed + change) for change in (0, 10)]
        lstm.save(network, *weights)
        rows += [{"network": str(network), "seed": seed, "part": part} for part in ("initial_weights", "change")]
        for rule, seconds in (("train", 10.0), ("measure", 1.5)):
            file = results / "benchmarks" / rule / f"{run}.tsv"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(f"s\th:m:s\n{seconds + seed}\t0:00:10\n")
    parquet.save_table(target / "tables/runs.parquet", pd.DataFrame(rows), dict.fromkeys(rows[0], "of a test"))
    return [row["network"] for row in rows[::2]]


def test_lstms_are_published_with_one_fingerprint_each_and_the_time_of_their_rules(tmp_path):
    target = tmp_path / "reference/experiments/lstm"
    networks = published_lstms(tmp_path / "results", target)
    reference.save_origin(target, tmp_path / "results", tmp_path)
    provenance = array_io.load_json(target / "provenance.json")
    assert provenance["wall_seconds"] == {"train": 21.0, "measure": 4.0}
    assert provenance["training"] == {"code": {}, "adopted": []}
    prints = parquet.load_table(target / "tables/fingerprints.parquet").set_index("network")
    assert prints.index.tolist() == networks
    assert prints["sha256"].tolist() == [array_io.checksum(network) for network in networks]
    vectors = np.random.default_rng(0)
    for matrix in ("weight_hh_l0", "weight_ih_l1", "weight_hh_l1", "weight_ih_l0", "decoder_weight"):
        final = [np.load(network)[matrix] for network in networks]
        left, right = (vectors.standard_normal((8, length)) for length in final[0].shape)
        for weights, network in zip(final, networks, strict=True):
            by_hand = [u @ weights @ v for u, v in zip(left, right, strict=True)]
            assert prints.loc[network, [f"{matrix}_{index}" for index in range(8)]].tolist() == pytest.approx(by_hand)
    assert set(prints["trained_by"]) == {reference.BEFORE}  # they have no certificates
    assert prints.shape[1] == 1 + 3 + 5 * 8


def test_every_matrix_of_an_lstm_has_a_fingerprint():
    weights = lstm.initial_weights(3, 4, 0)
    assert set(MODELS["lstm"].matrices) == {name for name, matrix in weights.items() if matrix.ndim == 2}


def test_a_network_in_no_folder_of_a_model_is_refused():
    assert reference.model_of("results/quick/language/task~SST/seed~0/network.npz") is MODELS["lstm"]
    assert reference.run_of("results/runs/runs/task~a+b/gain~1.5/seed~0/network.npz") == "task~a+b/gain~1.5/seed~0"
    for network in ("results/images/task~T/seed~0/network.npz", "network.npz"):
        with pytest.raises(ValueError, match=f"^{network} lies in no folder of networks; they are runs, language$"):
            reference.model_of(network)


GROUPS = (
    "presets", "connectomes", "structures", "tasks", "image_sets", "sentence_sets", "word_vectors", "experiments",
)  # fmt: skip


ALL = ("both", "figure_1")  # experiments that are published


def configuration(**groups):
    return {name: {} for name in GROUPS} | {"scale": "paper", "training": {"iterations": 10}} | groups


def test_the_configuration_of_all_results_keeps_what_only_earlier_ones_named():
    earlier = configuration(structures={"old": 1, "both": 1}, tasks={"T": 1}, training={"iterations": 5, "gone": 1})
    latest = configuration(structures={"both": 2, "new": 2}, scale="quick")
    before = copy.deepcopy((earlier, latest))
    merged = reference.merged_configuration(earlier, latest, ALL)
    assert merged["structures"] == {"old": 1, "both": 2, "new": 2}
    assert merged["tasks"] == {"T": 1}
    assert merged["training"] == {"iterations": 10}
    assert merged["scale"] == "quick"
    assert (earlier, latest) == before


def test_the_first_results_and_those_from_before_connectomes_can_be_merged():
    latest = configuration(experiments={"figure_1": 1})
    assert reference.merged_configuration({}, latest, ALL) == latest
    earlier = {name: {"old": 0} for name in GROUPS if name != "connectomes"}
    merged = reference.merged_configuration(earlier, latest, ALL)
    assert merged["connectomes"] == {}
    assert merged["experiments"] == {"old": 0, "figure_1": 1}


@pytest.mark.parametrize("group", GROUPS)
def test_no_group_of_named_entries_loses_those_of_earlier_publications(group):
    earlier, latest = configuration(**{group: {"old": 1, "both": 1}}), configuration(**{group: {"both": 2}})
    assert reference.merged_configuration(earlier, latest, ALL)[group] == {"old": 1, "both": 2}


def test_experiments_that_are_not_published_now_stay_as_they_were():
    earlier = configuration(experiments={"published": {"seeds": 5}, "again": {"seeds": 5}})
    latest = configuration(experiments={name: {"seeds": 10} for name in ("published", "again", "new")})
    merged = reference.merged_configuration(earlier, latest, ["again"])
    assert {name: entry["seeds"] for name, entry in merged["experiments"].items()} == {
        "published": 5, "again": 10, "new": 10,
    }  # fmt: skip


def test_the_configuration_of_all_results_names_no_folder_of_the_machine():
    latest = configuration(
        word_vectors={"glove": {"source": "file", "file": "/home/me/glove.6B.100d.txt"}},
        connectomes={"larva": {"files": ["larva/nodes.csv", "/data/edges.csv"], "url": "https://here.org/a/b.csv"}},
    )
    merged = reference.merged_configuration({}, latest, ALL)
    assert merged["word_vectors"]["glove"] == {"source": "file", "file": "glove.6B.100d.txt"}
    assert merged["connectomes"]["larva"] == {
        "files": ["larva/nodes.csv", "edges.csv"], "url": "https://here.org/a/b.csv",
    }  # fmt: skip


def test_makers_of_networks_are_counted_by_the_digest_of_their_code(tmp_path):
    first, second = ({"train.py": digit} for digit in "12")
    for number, (code, note) in enumerate([(first, ""), (first, ""), (second, "proven"), (None, "")]):
        path = tmp_path / f"{number}.npz"
        path.write_bytes(b"network")
        if code:
            certificates.certify(path, Recipe({"seed": str(number)}, code, {}), note)
    found = reference.makers(tmp_path.glob("*.npz"))
    assert sorted(found["code"].values()) == [1, 2]
    assert found["adopted"] == ["proven"]


def test_where_there_is_no_repository_nothing_is_said_to_be_changed(tmp_path):
    found = reference.provenance(tmp_path, {})
    assert (found["commit"], found["uncommitted_changes"]) == (reference.UNKNOWN, False)


def test_a_recheck_of_no_network_at_all_is_no_success(tmp_path):
    with pytest.raises(ValueError, match="no committed network can be trained again here: left out 3 rows"):
        recheck([], tmp_path / "verdict.txt", 0.1, "left out 3 rows")
    assert not list(tmp_path.iterdir())
