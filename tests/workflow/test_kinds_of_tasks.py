"""Images, linear teachers and networks that are followed during training, through real Snakemake runs."""

import json
from types import MappingProxyType

import numpy as np
import pandas as pd
import pytest

from richlazy.measures import during_training, on_probe
from richlazy.storage import array_io
from richlazy.tables import experiment_tables
from runner import new_project

EXPERIMENTS = "results/tiny/experiments"
TABLES = ("tables/runs", "tables/curves", "tables/connectivity", "tables/spectra")
STATISTICS = ("statistics/trends", "statistics/contrasts", "statistics/losses")
DIGITS = {
    "images": "digits", "held_out": 237, "defaults": {"batch_size": 20}, "probe": {"trials": 20, "kernel_trials": 6},
}  # fmt: skip
RANKS = {"grid": {"rank": [1, 4, 16], "size": [16], "iterations": [30]}, "seeds": 2}
FOLLOWED = [0, 10, 30]


def targets(*experiments):
    names = (*TABLES, *STATISTICS)
    return [f"{EXPERIMENTS}/{experiment}/{name}.parquet" for experiment in experiments for name in names]


def table(project, experiment, name):
    return pd.read_parquet(project.folder / EXPERIMENTS / experiment / f"tables/{name}.parquet")


def networks(project):
    """Arrays of every trained network, by run."""
    folder = project.folder / "results/tiny/runs"
    return {str(path.parent.relative_to(folder)): array_io.load_arrays(path) for path in folder.rglob("network.npz")}


def curve(curves, run, quantity):
    chosen = curves[(curves["run"] == run) & (curves["quantity"] == quantity)]
    return chosen["iteration"].tolist(), chosen["value"].tolist()


def assert_complete(project, experiment, runs_count, curves_followed, swept=MappingProxyType({})):
    """Columns of the tables, one row a run, and curves with all quantities of those runs that were followed."""
    every = {
        "runs": experiment_tables.RUN_COLUMNS,
        "curves": experiment_tables.CURVE_COLUMNS,
        "connectivity": experiment_tables.CONNECTIVITY_COLUMNS,
        "spectra": experiment_tables.SPECTRUM_COLUMNS,
    }
    tables = {name: table(project, experiment, name) for name in every}
    for name, columns in every.items():
        assert list(tables[name].columns) == list(experiment_tables.with_swept(columns, swept))
    runs, curves = tables["runs"], tables["curves"]
    assert len(runs) == runs["run"].nunique() == runs_count
    assert not runs["diverged"].any()
    followed = curves[curves["quantity"].isin(during_training.USUAL)]
    assert followed["run"].nunique() == curves_followed
    if curves_followed:
        assert set(followed["quantity"]) == set(during_training.USUAL)
        assert set(followed["iteration"]) == set(FOLLOWED)
    return runs, curves


def assert_followed(runs, curves, seeds):
    """What was followed at the last iteration is what was measured after training."""
    for row in runs.to_dict("records"):
        iterations, alignment = curve(curves, row["run"], "kernel_alignment")
        if row["seed"] not in seeds:
            assert iterations == []
            assert pd.isna(row["kernel_task_alignment_iterations"])
            continue
        assert iterations == FOLLOWED
        assert alignment[0] == pytest.approx(1, abs=1e-6)
        for quantity in during_training.USUAL:
            assert curve(curves, row["run"], quantity)[1][-1] == pytest.approx(row[quantity], rel=1e-4)
        expected = during_training.iterations_to_task_alignment(
            {"iterations": iterations, "kernel_task_alignment": curve(curves, row["run"], "kernel_task_alignment")[1]}
        )
        assert row["kernel_task_alignment_iterations"] == pytest.approx(expected, rel=1e-9, nan_ok=True)


def test_sequential_digits_with_and_without_following(tmp_path):
    project = new_project(tmp_path / "project")
    names = ["figure_1_smnist", "figure_14_smnist"]
    project.configure(
        experiments_to_build=names,
        training={"target_accuracy": 0.1},
        tasks={"sMNIST": DIGITS},
        experiments={names[0]: RANKS, names[1]: RANKS | {"follow": {"iterations": FOLLOWED, "seeds": [1]}}},
    )
    done = project.run(*targets(*names))
    assert {rule: count for rule, count in done.items() if not rule.startswith(("tab", "comp", "meas"))} == {
        "prepare_images": 1, "sample_training_trials": 2, "sample_probe_trials": 2, "build_connectivity": 6,
        "train_network": 6, "follow_network": 3,
    }  # fmt: skip
    runs, curves = assert_complete(project, names[1], 6, 3)
    assert_followed(runs, curves, seeds=[1])
    assert set(curves["quantity"]) == {"loss", "accuracy", *during_training.USUAL}
    assert (runs["architecture"] == "recurrent").all() and (runs["task"] == "sMNIST").all()
    for name in ("condition_number", "bayes_loss", "kernel_alignment_predicted"):
        assert runs[name].isna().all()
    for row in runs.to_dict("records"):
        iterations, accuracy = curve(curves, row["run"], "accuracy")
        assert iterations == [30]
        assert pd.isna(row["reached_at"]) if accuracy[0] < 0.1 else row["reached_at"] == 30
    connectivity = table(project, names[1], "connectivity")
    assert connectivity["task"].isna().all() and len(connectivity) == 6
    # Both experiments are about the same networks.
    followed = "kernel_task_alignment_iterations"
    assert (
        table(project, names[0], "runs")[followed].isna().all() and runs.loc[runs["seed"] == 1, followed].notna().all()
    )
    pd.testing.assert_frame_equal(table(project, names[0], "runs").drop(columns=followed), runs.drop(columns=followed))
    before = networks(project)
    assert set(before) == set(runs["run"])

    snapshots = {run for run, arrays in before.items() if "snapshot_iterations" in arrays}
    assert snapshots == set(runs.loc[runs["seed"] == 1, "run"])
    for run in snapshots:
        network = before[run]
        assert network["snapshot_iterations"].tolist() == FOLLOWED
        for name in ("recurrent", "input", "readout"):
            kept = network[f"snapshot_{name}"]
            assert np.array_equal(kept[0], network[f"{name}_initial"])
            assert np.array_equal(kept[-1], network[name])
            assert not np.array_equal(kept[1], kept[0])
    project.assert_adopts_itself(*targets(*names))

    # Nobody follows them any longer: they train once more, and come out with the same weights.
    project.configure(experiments_to_build=names[:1])
    of_seed_1 = [f"results/tiny/runs/{run}/network.npz" for run in before if run.endswith("seed~1")]
    for path in of_seed_1:
        (project.folder / path).unlink()
    assert project.run(*of_seed_1)["train_network"] == 3
    for run, arrays in networks(project).items():
        assert arrays.keys() == {name for name in before[run] if not name.startswith("snapshot")}
        assert all(np.array_equal(array, before[run][name]) for name, array in arrays.items())


def test_linear_networks_learn_teachers(tmp_path):
    project = new_project(tmp_path / "project")
    teacher = {"defaults": {"size": 30, "iterations": 30}}
    names = ["figure_14_linear", "figure_3_b"]
    project.configure(
        experiments_to_build=names,
        training={"batching": "condition"},
        tasks={"linear_2": teacher, "linear_20": teacher},
        experiments={
            "figure_14_linear": {
                "grid": {
                    "rank": [1, 5, 20],
                    "readout": ["equal_norm"],
                    "iterations": [30],
                    "learning_rate": [0.01],
                },
                "follow": {"iterations": FOLLOWED, "seeds": [0, 1]},
                "seeds": 2,
            },
            "figure_3_b": {
                "grid": {
                    "condition_number": [10.0],
                    "structure": ["svd_truncation", "aligned"],
                    "iterations": [3000],
                    "learning_rate": [0.005],
                },
                "seeds": 2,
            },
        },
    )
    done = project.run(*targets(*names))
    # A teacher of 20 inputs and one of 2, for each of two seeds; three conditions, and two.
    assert {rule: count for rule, count in done.items() if rule.startswith(("sample", "build", "train"))} == {
        "sample_training_trials": 4, "sample_probe_trials": 4, "build_first_layer": 10,
        "train_condition": 5,
    }  # fmt: skip

    white = {"teacher.whitened": {"owner": "task", "meaning": "whether inputs are white"}}
    runs, curves = assert_complete(project, names[0], 6, 6, white)
    assert_followed(runs, curves, seeds=[0, 1])
    assert set(curves["quantity"]) == {"loss", *during_training.USUAL}  # numbers are neither right nor wrong
    aligned, _ = assert_complete(project, names[1], 4, 0)
    for table_of in (runs, aligned):
        assert (table_of["architecture"] == "feedforward").all()
        assert table_of[["leak", "time_step_ms", "time_constant_ms", "reached_at", "accuracy"]].isna().all(axis=None)
        for name in ("weight_change_norm_recurrent", "kernel_alignment_recurrent", "effective_rank_eigenvalues"):
            assert table_of[name].isna().all()
        assert table_of["kernel_alignment_predicted"].between(0, 1 + 1e-9).all()
    assert set(aligned["condition_number"]) == {10.0}
    assert set(runs["batch_size"]) == {20} and set(aligned["batch_size"]) == {2}

    # The first layers are those of the teachers: aligned ones learn without their kernel turning.
    assert (aligned["probe_loss"] < 1e-6).all()
    np.testing.assert_allclose(aligned["kernel_alignment"], aligned["kernel_alignment_predicted"], atol=0.02)
    by_structure = aligned.groupby("structure")["kernel_alignment_predicted"].mean()
    assert by_structure["aligned"] > 0.99
    assert by_structure["aligned"] > by_structure["svd_truncation"]
    connectivity, spectra = (table(project, names[1], name) for name in ("connectivity", "spectra"))
    assert len(connectivity) == 4 and (connectivity["task"] == "linear_2").all()
    assert connectivity[["leading_eigenvalue", "density"]].isna().all(axis=None)
    assert len(spectra) == 8 and spectra["eigenvalue_modulus"].isna().all()

    # Whatever a network reads of its teacher stands beside its trials.
    row = aligned[(aligned["structure"] == "aligned")].iloc[0]
    described = json.loads((project.folder / row["probe"]).with_name("task.json").read_text())
    with np.load(project.folder / row["network"]) as network:
        first_layer = network["input_initial"]
        assert network["recurrent"].shape == (0, 0)
    beta = np.array(described["task_vector"])
    assert not first_layer[1:].any()
    assert first_layer[0] @ beta == pytest.approx(np.linalg.norm(first_layer) * np.linalg.norm(beta), rel=1e-5)

    trends = pd.read_parquet(project.folder / EXPERIMENTS / names[0] / "statistics/trends.parquet")
    assert set(trends["measure"]) >= {"kernel_alignment", "kernel_task_alignment_iterations", "kernel_effective_rank"}
    assert set(on_probe.MEASURES) >= set(trends["measure"]) - {"kernel_task_alignment_iterations"}
    project.assert_adopts_itself(*targets(*names))


def test_trials_with_numbers_over_time_are_drawn_and_pictured(tmp_path):
    project = new_project(tmp_path / "project")
    short = {"trial": 1000, "interval": [100, 300], "decision_delay": 200}
    project.configure(
        experiments_to_build=["numbers"],
        tasks={"flip_flop": {"timing_ms": short, "probe": {"trials": 6, "kernel_trials": 2}}},
        experiments={
            "numbers": {
                "title": "t", "source": "no paper", "preset": "reproduction", "compare": "gain", "seeds": 2,
                "grid": {
                    "task": ["flip_flop", "cosine"], "structure": ["gaussian"], "gain": [0.3, 0.6], "size": [16],
                    "iterations": [5], "batch_size": [4],
                },
            }
        },
    )  # fmt: skip
    assert project.jobs()["train_network"] == 8
    trials = "results/tiny/trials"
    batches = {
        "flip_flop": "time_step_ms~50/batch_size~4+iterations~5",
        "cosine": "time_step_ms~10/batch_size~1+iterations~5",
    }
    wanted = [f"{trials}/task~{task}/{path}/seed~0/targets.npy" for task, path in batches.items()]
    wanted += [f"results/tiny/tasks/{task}/figures/trials.png" for task in batches]
    assert project.run(*wanted) == {"sample_training_trials": 2, "sample_probe_trials": 2, "plot_trials": 2}
    for task, steps, counts, outputs in (("flip_flop", 20, (5, 4, 6), 2), ("cosine", 201, (1, 1, 1), 1)):
        stored = [np.load(project.folder / trials / f"task~{task}/{batches[task]}/seed~0/{name}.npy")
                  for name in ("inputs", "targets")]  # fmt: skip
        assert stored[0].shape == stored[1].shape == (counts[0], steps, counts[1], outputs)
        assert np.isnan(stored[1]).any() and np.isfinite(stored[0]).all()
        folder = next((project.folder / trials / f"task~{task}").glob("time_step_ms~*/seed~0"))
        with np.load(folder / "probe.npz") as probe:
            assert probe["targets"].shape == (steps, counts[2], outputs)
            asked = ~np.isnan(probe["targets"]).any(-1)
        np.testing.assert_array_equal(np.load(folder / "decision.npy"), asked)
        assert json.loads((folder / "task.json").read_text())["outputs"] == outputs

    # What decides networks alone draws no trial again; what decides trials draws trials and pictures of this task.
    project.configure(tasks={"flip_flop": {"defaults": {"learning_rate": 0.1}}})
    assert project.jobs(*wanted) == {}
    project.configure(tasks={"flip_flop": {"target": "text"}})
    assert project.jobs(*wanted) == {"sample_training_trials": 1, "sample_probe_trials": 1, "plot_trials": 1}


def test_singular_values_of_the_change_are_followed_beside_their_expansion(tmp_path):
    project = new_project(tmp_path / "project")
    quantities = ["leading_singular_value_change", "second_singular_value_change"]
    project.configure(
        experiments_to_build=["linear"],
        tasks={"step_response_half": {"timing_ms": {"trial": 2100}}},
        experiments={
            "linear": {
                "title": "t", "source": "no paper", "preset": "random_rate_network", "seeds": 2,
                "grid": {
                    "task": ["step_response_half"], "structure": ["gaussian"], "size": [24], "iterations": [40],
                },
                "groups": [{"gain": [0.0], "learning_rate": [0.015]}, {"gain": [0.6], "learning_rate": [0.006144]}],
                "compare": "gain", "covaries": ["learning_rate"], "measures": ["leading_singular_value_deviation"],
                "follow": {"iterations": [0, 10, 40], "seeds": [1], "quantities": quantities},
            }
        },
    )  # fmt: skip
    figure = f"{EXPERIMENTS}/linear/figures/trajectories.png"
    done = project.run(figure)
    assert done["train_network"] == 4 and done["follow_network"] == 2 and done["plot_trajectories"] == 1
    runs, curves = (table(project, "linear", name) for name in ("runs", "curves"))
    assert set(curves["quantity"]) == {
        "loss", "loss_predicted", *quantities, *(f"{name}_predicted" for name in quantities)
    }  # fmt: skip
    for row in runs.to_dict("records"):
        iterations, leading = curve(curves, row["run"], quantities[0])
        if row["seed"] == 0:
            assert iterations == []
            continue
        assert iterations == [0, 10, 40]
        assert leading[0] == 0 and leading[-1] == pytest.approx(row["leading_singular_value_change"], rel=1e-5)
        _, expected = curve(curves, row["run"], "leading_singular_value_change_predicted")
        deviation = abs(leading[-1] - expected[-1]) / expected[-1]
        assert row["leading_singular_value_deviation"] == pytest.approx(deviation, rel=1e-4)
    # Other quantities of networks that are there follow them again and train nothing.
    project.configure(experiments={"linear": {"follow": {"quantities": ["kernel_alignment", *quantities]}}})
    assert set(project.jobs(figure)) == {"follow_network", "tabulate", "plot_trajectories"}
