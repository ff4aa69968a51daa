"""Figure 3C at a scale of seconds: digits learned from a network that was trained on features of them."""

import numpy as np
import pandas as pd
import pytest

from richlazy.models import rate_network
from richlazy.storage import array_io
from richlazy.tasks import image_sets
from runner import new_project

KAPPA = (1, 10)
TABLES = [f"results/tiny/experiments/figure_3_c/tables/{name}.parquet" for name in ("runs", "connectivity")]
ALIGNED = ("teacher_aligned", "teacher_partially_aligned")


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """Two seeds, two condition numbers and three structures of 16 units."""
    project = new_project(tmp_path_factory.mktemp("taught") / "project")
    project.configure(
        experiments_to_build=["figure_3_c"],
        training={"batching": "condition", "batch_size": 8, "iterations": 30},
        tasks={
            "sMNIST_taught": {
                "images": "digits", "held_out": 100, "teacher_network": {"rank": 4, "iterations": 400},
                "defaults": {"batch_size": 8, "learning_rate": 0.05}, "probe": {"trials": 20, "kernel_trials": 4},
            }
        },
        experiments={"figure_3_c": {"grid": {"condition_number": [1.0, 10.0], "rank": [4]}, "seeds": 2}},
    )  # fmt: skip
    assert project.run(*TABLES) == {
        "prepare_images": 1, "train_teacher": 4, "sample_training_trials": 4, "sample_probe_trials": 4,
        "build_connectivity": 4, "build_teacher_aligned": 8, "train_condition": 6, "measure_condition": 6,
        "tabulate": 1, "tabulate_connectivity": 1,
    }  # fmt: skip
    return project


def results(project, pattern):
    return sorted((project.folder / "results/tiny").glob(pattern))


def test_students_are_paired_and_start_as_their_structure_says(project):
    runs = pd.read_parquet(project.folder / TABLES[0])
    assert sorted(runs["condition_number"].unique()) == list(KAPPA)
    assert len(runs) == 2 * 2 * 3 and not runs["diverged"].any()
    assert runs[["kernel_alignment", "representation_alignment", "weight_change_norm"]].notna().all(axis=None)
    rows = runs.set_index(["structure", "condition_number", "seed"])
    starts = {key: rate_network.load_network(project.folder / row["network"])[0] for key, row in rows.iterrows()}
    for kappa in KAPPA:
        random, whole, partial = (starts[name, kappa, 0] for name in ("svd_truncation", *ALIGNED))
        [teacher] = results(project, f"teachers/*condition_number~{kappa}/seed~0/network.npz")
        _, trained = rate_network.load_network(teacher)
        for start in (whole, partial):
            np.testing.assert_array_equal(start.readout, random.readout)
            assert np.linalg.norm(start.recurrent) == pytest.approx(np.linalg.norm(random.recurrent), rel=1e-5)
            assert np.linalg.matrix_rank(start.recurrent, tol=1e-4) == 4
        np.testing.assert_array_equal(whole.recurrent, partial.recurrent)
        assert not np.isclose(whole.readout, trained.readout).any()
        assert np.linalg.matrix_rank(partial.input, tol=1e-4) == 4  # of eight pixels in a row
        # W_x F of the teacher, with an F of its condition number.
        modulation = np.linalg.lstsq(trained.input.double(), whole.input.double(), rcond=None)[0]
        assert np.linalg.cond(modulation) == pytest.approx(kappa, rel=1e-3)


def test_classes_are_answers_of_the_teacher_and_not_labels(project):
    for description in results(project, "trials/*/*/*/task.json"):
        about = array_io.load_json(description)
        assert (about["input_units"], about["outputs"]) == (8, 10)
        assert 0 < about["teacher_accuracy"] < 1
    answered = [array_io.load_array(path) for path in results(project, "trials/*/*/batch_size*/seed~0/targets.npy")]
    shown = [array_io.load_array(path) for path in results(project, "trials/*/*/batch_size*/seed~0/inputs.npy")]
    assert len(answered) == 2
    np.testing.assert_array_equal(*shown)
    assert (answered[0] != answered[1]).any()  # teachers of two condition numbers
    assert (answered[0] == answered[0][:, :1]).all()
    digits = image_sets.load(project.folder / "results/tiny/images/digits.npz")
    named = {image.tobytes(): label for image, label in zip(image_sets.images(digits), digits.labels, strict=True)}
    labels = [named[np.ascontiguousarray(image).tobytes()] for image in shown[0].swapaxes(1, 2).reshape(-1, 8, 8)]
    right = np.mean(answered[0][:, 0].ravel() == labels)
    assert 0.2 < right < 1


def test_initial_weights_stand_in_the_tables_beside_their_condition_number(project):
    found = pd.read_parquet(project.folder / TABLES[1])
    assert len(found) == 12
    assert set(found["task"]) == {"sMNIST_taught"}
    assert sorted(found["condition_number"].unique()) == list(KAPPA)


def test_only_what_a_job_reads_builds_it_again(project):
    project.assert_adopts_itself(*TABLES)
    students = {"train_condition": 6, "measure_condition": 6, "tabulate": 1}
    project.configure(training={"learning_rate": 0.002})  # of which the task has its own
    assert project.jobs(*TABLES) == {}
    project.configure(experiments={"figure_3_c": {"grid": {"learning_rate": [0.04]}}})
    assert project.jobs(*TABLES) == students  # the teacher stays
    project.configure(experiments={"figure_3_c": {"grid": {"learning_rate": [0.05]}}})
    project.configure(tasks={"sMNIST_taught": {"teacher_network": {"iterations": 401}}})
    again = project.jobs(*TABLES)
    assert again["train_teacher"] == 4
    assert again["train_condition"] == 6
    assert "prepare_images" not in again
