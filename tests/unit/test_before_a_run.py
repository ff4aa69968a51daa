"""What a user is told before anything runs."""

from types import SimpleNamespace

import pytest

from richlazy import before_a_run

KNOWN = ["all", "figure_1", "figure_18", "recheck"]


def job(rule, params=None, resources=None, **wildcards):
    names = SimpleNamespace(name=rule)
    return SimpleNamespace(
        rule=names, params=params or {}, resources=resources or {}, wildcards=SimpleNamespace(**wildcards)
    )


@pytest.mark.parametrize(
    ("target", "sentence"),
    [
        ("figur_1", "There is no target 'figur_1'. Did you mean figure_1? Targets are"),
        (
            "figure_20",
            "There is no target 'figure_20'. Did you mean figure_2, an experiment that this configuration does not "
            "build; add it to experiments_to_build? Targets are",
        ),
        ("zzz", "There is no target 'zzz'. Targets are experiments, rules and files: snakemake --list-target-rules"),
        (
            "figure_2",
            "figure_2 is an experiment that this configuration does not build; add it to experiments_to_build",
        ),
    ],
)
def test_a_word_that_is_no_target_is_refused(target, sentence):
    assert before_a_run.unknown_target(["figure_1", target], KNOWN, ["figure_2"]).startswith(sentence)


@pytest.mark.parametrize("target", ["figure_1", "results/claims.md", "claims.md", "tests"])
def test_rules_and_files_are_targets(target):
    assert before_a_run.unknown_target([target], KNOWN, []) is None


SOURCES = {
    "mnist": {"files": {"a": {"file": "a.gz", "size_bytes": 9_912_422}, "b": {"file": "b.gz", "size_bytes": 28_881}}}
}


def told(*jobs, cores=2, device="cpu", token=lambda: None):
    seconds, runs = (lambda one: one.resources.get("own", 0.0)), (lambda one: one.params.get("runs", []))
    return before_a_run.needs(jobs, cores, seconds, runs, device, SOURCES, token)


def test_needs_of_networks_add_up():
    run = {"size": 300, "iterations": 10_000, "batch_size": 32, "time_step_ms": 100.0}
    training = [job("train_network", {"runs": [run] * 2}, {"own": 3600.0}) for _ in range(10)]
    trials = job("sample_training_trials", {"of_trials": ("", {"timing_ms": {"stimulus": 700, "decision": 100}}, run)})
    lines = told(*training, trials)
    assert lines[0] == "20 networks to train, about 10 hours of one core, 5 hours on 2 cores"
    # two float32 matrices for each network, and 29 bytes for each step of each trial
    assert lines[1] == f"up to about {(20 * 2 * 4 * 300**2 + 10_000 * 32 * 8 * 29) / 1e6:.0f} MB of disk"
    assert lines[2:] == ["no GPU", "no download"]


def test_networks_that_are_trained_again_count_and_teachers_do_not():
    lines = told(job("train_again", {}, {"own": 3600.0}), job("train_again", {}, {"own": 3600.0}), job("train_teacher"))
    assert lines[0] == "2 networks to train, about 2 hours of one core, 60 minutes on 2 cores"


def test_needs_of_data_and_devices_are_named():
    downloads = [job("download_source", source="mnist", file=file) for file in ("a.gz", "b.gz")]
    release = job("download_release", connectome="v1dd", part="connections", file="x")
    cave = job("download_cave_table")
    lines = told(
        *downloads,
        release,
        cave,
        job("train_network", {"runs": [{"size": None}]}),
        device="cuda",
        token=lambda: "None.",
    )
    assert lines == [
        "1 network to train, about a minute of one core, a minute on 2 cores",
        "hardly any disk",
        "a CUDA device; without one its jobs take the CPU",
        "downloads: mnist (9.9 MB), connectome v1dd, tables of CAVE",
        "a token for CAVE. None.",
    ]
    assert told(cave)[-1] == "a token for CAVE, and there is one"


def test_one_core_is_said_once():
    assert told(job("tabulate"), cores=1)[0] == "0 networks to train, about a minute of one core"
