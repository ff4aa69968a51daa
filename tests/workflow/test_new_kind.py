"""A kind of task that a user adds costs one module and one entry; the workflow does the rest."""

import pandas as pd
import pytest

from runner import new_project
from toy_kind import ECHO, ENTRY

RUNS = "results/tiny/experiments/echoes/tables/runs.parquet"
MODULE = "workflow/scripts/richlazy/tasks/kinds/echo.py"


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """Two seeds and two gains on a new kind of task."""
    project = new_project(tmp_path_factory.mktemp("new_kind") / "project")
    (project.folder / MODULE).write_text(ECHO)
    project.configure(
        experiments_to_build=["echoes"],
        training={"batching": "condition"},
        tasks={"echo_of_three": ENTRY},
        experiments={
            "echoes": {
                "title": "A new kind of task", "source": "no paper", "preset": "reproduction", "compare": "gain",
                "grid": {"task": ["echo_of_three"], "structure": ["gaussian"], "gain": [0.5, 1.0]}, "seeds": 2,
            }
        },
    )  # fmt: skip
    assert project.run(RUNS) == {
        "sample_training_trials": 2, "sample_probe_trials": 2, "build_connectivity": 4, "train_condition": 2,
        "measure_condition": 2, "tabulate": 1,
    }  # fmt: skip
    return project


def test_a_new_kind_of_task_is_built(project):
    runs = pd.read_parquet(project.folder / RUNS)
    assert runs["task"].tolist() == ["echo_of_three"] * 4
    assert not runs["diverged"].any() and (runs["final_loss"] > 0).all()
    assert set(runs["run"].str.split("/").str[0]) == {"task~echo_of_three"}


def test_an_edit_of_a_kind_samples_its_own_trials_again_and_no_others(project):
    project.edit(MODULE, "rng.standard_normal((*shape, 1))", "2 * rng.standard_normal((*shape, 1))")
    again = project.jobs(RUNS)
    assert again["sample_training_trials"] == again["sample_probe_trials"] == 2
    assert "build_connectivity" not in again
    project.edit(
        "workflow/scripts/richlazy/tasks/image_trials.py", "import numpy as np", "import numpy as np  # edited"
    )
    assert project.jobs(RUNS) == again
    project.edit(MODULE, "2 * rng.standard_normal((*shape, 1))", "rng.standard_normal((*shape, 1))")
    assert project.jobs(RUNS) == {}


def test_a_mistake_in_its_entry_is_one_sentence(project):
    project.configure(tasks={"echo_of_three": {"echo": 0}})
    done = project.snakemake("--dry-run", check=False)
    project.configure(tasks={"echo_of_three": ENTRY})
    assert done.returncode and "tasks.echo_of_three.echo is 0" in done.stderr
