"""The reproduction goes on where it stands, stops when its time is over, and publishes what is complete."""

import sys

import yaml

from runner import TINY_SCALE, call, new_project, warm_python

NETWORKS = "results/tiny/runs/**/network.npz"


def reproduce(project, *arguments, python=None, cores=2):
    """What the command says; it succeeds."""
    command = [python or warm_python(), "workflow/scripts/reproduce.py", *arguments, *TINY_SCALE, "--cores", str(cores)]
    done = call(command, project.folder)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_it_trains_what_is_missing_and_publishes_what_is_complete(project):
    project.configure(
        experiments_to_build=["figure_1", "figure_1_equation_1"],
        experiments={
            "figure_1": {"grid": {"rank": [1, 4, 8, 16]}},
            "figure_1_equation_1": {"grid": {"task": ["2AF"], "rank": [1, 4]}, "seeds": 2},
        },
    )
    said = reproduce(project, "--dry-run")
    assert "] 12 of 20 networks trained here" in said and "figure_1 " in said
    assert len(list(project.folder.glob(NETWORKS))) == 12

    said = reproduce(project, "--publish", "--config", "experiments_to_build=[figure_1]")
    assert "\nfigure_1: 4 networks to train." in said
    assert f"[{'#' * 40}] 16 of 16 networks trained here" in said
    published = project.folder / "results/reference"
    assert [path.name for path in published.glob("experiments/*")] == ["figure_1"]
    assert "figure_1" in yaml.safe_load((published / "config.yaml").read_text())["experiments"]
    assert project.jobs("figure_1") == {}


def test_when_the_time_is_over_what_runs_is_finished_and_the_next_call_goes_on(tmp_path):
    project = new_project(tmp_path / "project")
    ranks = list(range(1, 13))
    project.configure(
        training={"iterations": 6000}, experiments={"figure_1": {"grid": {"task": ["2AF"], "rank": ranks}}}
    )
    said = reproduce(project, "--hours", str(25 / 3600), python=sys.executable, cores=1)  # which takes signals
    assert "The time is over. Networks that are being trained are finished first." in said
    trained = len(list(project.folder.glob(NETWORKS)))
    assert trained < 2 * len(ranks) and f"] {trained} of 24 networks trained here" in said
    assert project.jobs("figure_1")["train_network"] == 2 * len(ranks) - trained, "nothing is left half made"


def test_a_network_that_takes_longer_than_the_time_left_waits(project):
    project.configure(experiments={"figure_1": {"grid": {"rank": [1, 4, 8, 16]}}}, training={"iterations": 10**7})
    said = reproduce(project, "--hours", "0.001")
    assert "figure_1 waits for a longer call: one of its networks takes " in said
    assert "to train." not in said
