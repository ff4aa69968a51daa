"""The workflow as a user meets it before anything runs."""

import json
import os
import re
import shutil
import subprocess
import sys

import pytest
import yaml

from runner import ROOT, new_project, snakemake
from shipped import CONFIG


@pytest.fixture(scope="module")
def whole() -> str:
    done = snakemake(ROOT, "--dry-run", "--directory", ".", "--forceall")
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def test_a_dry_run_shows_every_network_of_the_paper_scale_once(whole):
    counts = dict(re.findall(r"^(\w+) +(\d+)$", whole, re.MULTILINE))
    # 120 of Figure 1, 160 of the factorial of which 20 are those of Figure 1, 20 of another task;
    # eight structures on three tasks, Dale's law held, four shuffles, four other readings, five at equal eigenvalue
    recurrent = 120 + 140 + 20 + 240 + 140
    # sequential MNIST and MNIST; in linear networks those of Figures 3B, 4A and 14; students of a teacher network
    later = 30 + 30 + 180 + 200 + 80 + 90
    # uniform, soft rank, time step, leading eigenvalue, iterations; three of them on sequential MNIST;
    # sizes, learning rates and gains on three tasks, without what Figure 1 has
    later += 120 + 150 + 120 + 120 + 240 + 90 + 3 * (3 + 5 + 2 * 4 + 3 * 4) * 10
    # pattern generation; of Schuessler et al. three tasks at 8 gains and larger ones, and linear networks
    later += 40 + 3 * 8 * 10 + (1 + 2 + 3) * 10 + 410
    # of their supplement four other sizes at three gains, two gains with other weights trained, m and w, descent
    later += 3 * 4 * 3 * 5 + 2 * (10 + 10 + 10)
    # starts of Theorem 1, and aligned ones of more inputs
    later += 120 + 180
    # more seeds of structures, three pairs of them trained longer, and all under two more presets
    more = 240 + 10 + 40 + 3 * 6 * 2 * 10 + 2 * (120 - 20 + 30 + 3 * 80)
    # three more rules of learning on Figure 1 by Eq. 1, and five correlations of fixed feedback
    learning = 3 * 3 * 4 * 10 + 2 * 5 * 10
    learning += 2 * 3 * 4 * 10  # fixed sets of trials
    learning += 3 * 4 * 10 + 2 * 4 * 2 * 10  # two tasks one after the other
    learning += 4 * 2 * 10  # small networks that try noise
    followed = 30 + 80 + 60  # sequential MNIST, the linear network with two readouts, Figure 3 of Schuessler et al.
    followed += 120 + 80  # Figure 1, and ten seeds of Figure 2, during training
    assert int(counts["train_network"]) == recurrent + later + more + learning
    # Each network is measured once, ten seeds of a condition by a job.
    measured = {kind: int(counts[f"measure_condition_of_seeds_{kind}"]) for kind in ("0_to_4", "0_to_9", "10_to_19")}
    assert 5 * measured["0_to_4"] + 10 * (measured["0_to_9"] + measured["10_to_19"]) == int(counts["train_network"])
    assert measured["10_to_19"] == 3 * 3 + 2 * 13
    assert int(counts["follow_network"]) == followed
    assert int(counts["compare_solutions"]) == 3 * 4 * 5  # five pairs of seeds of the networks of rules_rank
    assert int(counts["ask_unseen"]) == 3 * 4 * 10  # all of them


def test_a_dry_run_gives_a_reason_for_each_job(whole):
    jobs = len(re.findall(r"^ *Reason: ", whole, re.MULTILINE))
    total = int(re.search(r"^total +(\d+)$", whole, re.MULTILINE).group(1))
    assert jobs == total - 1  # the target itself is listed without one


def test_rules_have_a_docstring_of_one_line():
    done = snakemake(ROOT, "--list-rules")
    assert done.returncode == 0
    lines = [line for line in done.stdout.splitlines() if line.strip()]
    named = {line.split()[0]: line for line in lines if not line.startswith(" ")}
    for rule in ("all", "build_connectivity", "sample_training_trials", "sample_probe_trials", "train_network",
                 "measure_condition_of_seeds_0_to_9", "tabulate", "compare_conditions", "judge_claims", "plot_measures",
                 "train_again", "recheck"):  # fmt: skip
        assert rule in named
    text = done.stdout
    for sentence in ("Train networks", "Measure what learning changed", "Judge every claim"):
        assert sentence in text


def test_the_workflow_passes_the_linter():
    done = snakemake(ROOT, "--lint")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "good condition" in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("profile", "jobs"),
    [
        ("profiles/quick", r"train condition of seeds 0 to 5 +8"),
        ("profiles/gpu", r"train condition of seeds 0 to 9 +600"),
    ],
)
def test_profiles_dry_run(profile, jobs, tmp_path):
    project = new_project(tmp_path / "project")
    done = snakemake(project.folder, "--profile", profile, "--dry-run")
    assert re.search(jobs, (done.stdout + done.stderr).replace("_", " "))


@pytest.mark.parametrize(("options", "grouped"), [((), False), (("--profile", "cluster"), True)])
def test_groups_are_planned_where_a_profile_counts_them(options, grouped, tmp_path):
    project = new_project(tmp_path / "project")
    done = snakemake(project.folder, *options, "figure_1", "--configfile", "tiny.yaml", "--dry-run")
    assert ("Group job networks" in done.stdout) == grouped
    assert "Training task~" in done.stdout


def test_a_new_task_needs_a_configuration_entry_alone(tmp_path):
    project = new_project(tmp_path / "project")
    task = {
        "environment": "DelayComparison-v0",
        "semantics": "installed",
        "sampler": "neurogym",
        "timing_ms": {"fixation": 0, "stimulus1": 200, "delay": 200, "stimulus2": 200, "decision": 100},
    }
    project.configure(
        tasks={"comparison": task}, experiments={"figure_1": {"grid": {"task": ["comparison"], "rank": [2, 16]}}}
    )
    description = "results/tiny/trials/task~comparison/time_step_ms~100/seed~0/task.json"
    project.run(description)
    found = json.loads((project.folder / description).read_text())
    assert found["environment"] == "DelayComparison" and found["outputs"] == 3
    assert project.jobs()["train_network"] == 4


def test_any_directory_can_hold_the_results(tmp_path):
    done = snakemake(ROOT, 
        "--dry-run", "--directory", str(tmp_path), "--workflow-profile", "none", "--cores", "1",
        "--configfile", "tests/configs/tiny.yaml",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


FIGURE_1 = CONFIG["experiments"]["figure_1"]
FIGURE_1 = FIGURE_1 | {"grid": FIGURE_1["grid"] | {"rank": [1, 4]}}
BAD = {
    "unknown key": ({"trainig": {}}, "unknown key 'trainig'"),
    "rank above size": ({"experiments": {"figure_1": {"grid": {"rank": [1, 4, 17]}}}}, "lower the rank"),
    "unknown task": ({"experiments": {"figure_1": {"grid": {"task": ["2AF", "XYZ"]}}}}, "'XYZ'"),
    "name of a rule": (
        {"experiments_to_build": ["tabulate"], "experiments": {"tabulate": FIGURE_1}},
        "experiments.tabulate has the name of a rule; give it another",
    ),
    "not a number": ({"training": {"learning_rate": float("nan")}}, "finite"),
}


@pytest.mark.parametrize("mistake", BAD)
def test_a_bad_configuration_stops_with_one_sentence_before_anything_is_written(mistake, tmp_path):
    changes, fragment = BAD[mistake]
    project = new_project(tmp_path / "project")
    project.configure(**changes)
    done = project.snakemake(check=False)
    assert done.returncode != 0
    output = (done.stdout + done.stderr).strip()
    assert "Traceback" not in output
    sentence = [line for line in output.splitlines() if line.startswith("Configuration: ")]
    assert len(sentence) == 1 and fragment in sentence[0]
    assert not (project.folder / "results").exists()


def test_a_key_that_stands_twice_is_refused(tmp_path):
    project = new_project(tmp_path / "project")
    path = project.folder / "tiny.yaml"
    path.write_text(path.read_text() + "scale: other\n")
    done = project.snakemake("--dry-run", check=False)
    assert done.returncode != 0 and "'scale' stands twice" in done.stderr


def test_environments_carry_the_pins_of_the_requirements():
    pins = dict(re.findall(r"^([A-Za-z0-9_-]+)==(\S+)", (ROOT / "envs/requirements.txt").read_text(), re.MULTILINE))
    for name in ("compute", "connectome", "analysis"):
        packages = yaml.safe_load((ROOT / f"envs/{name}.yaml").read_text())["dependencies"][-1]["pip"]
        for package, version in (pin.split("==") for pin in packages):
            assert pins[package] == version, f"{package} in envs/{name}.yaml"


def test_experiments_with_lstms_share_their_networks(tmp_path):
    project = new_project(tmp_path / "project")
    names = ["schuessler_figure_5", "schuessler_figure_5_truncation"]
    tasks = {"SST": {"sentences": "synthetic", "word_vectors": "random"}}
    few = {name: {"seeds": 3} for name in names}
    project.configure(experiments_to_build=names, tasks=tasks, experiments=few)
    jobs = project.jobs(*names)
    assert jobs["train_network_lstm"] == jobs["measure_network_lstm"] == 3
    assert jobs["tabulate_lstm"] == jobs["compare_conditions_lstm"] == jobs["plot_lstm"] == 2
    # A treebank is downloaded once; one of the user's own is read where it is.
    project.configure(tasks={"SST": {"sentences": "treebank"}})
    jobs = project.jobs("schuessler_figure_5")
    assert jobs["download_source"] == jobs["prepare_sentences"] == 1 and jobs["train_network_lstm"] == 3
    for name in ("train.txt", "dev.txt", "test.txt"):
        (project.folder / name).write_text("(3 good)")
    project.configure(sentence_sets={"treebank": {"source": "folder", "folder": "."}})
    assert "download_source" not in project.jobs("schuessler_figure_5")


def test_an_experiment_that_follows_runs_has_the_figure_of_their_trajectories(tmp_path):
    project = new_project(tmp_path / "project")
    follow = {"iterations": [0, 5], "seeds": [0]}
    original = CONFIG["experiments"]["figure_1"]
    project.configure(
        experiments_to_build=["figure_1", "followed"],
        experiments={"followed": original | {"grid": {"task": ["CXT"], "structure": ["gaussian"], "gain": [1.0, 1.5]},
                                             "compare": "gain", "seeds": 2, "follow": follow}},
    )  # fmt: skip
    assert project.jobs()["plot_trajectories"] == 1
    assert project.jobs("followed")["plot_trajectories"] == 1
    jobs = project.jobs("figure_1")
    assert jobs["plot_losses"] == 1 and "plot_trajectories" not in jobs
    published = project.snakemake("--dry-run", "publish_reference").stdout
    assert published.count("followed/figures/trajectories.png") > 0
    assert "figure_1/figures/trajectories" not in published


def test_a_target_that_does_not_exist_is_a_sentence(tmp_path):
    project = new_project(tmp_path / "project")
    done = project.snakemake("-n", "figur_1", check=False)
    assert done.returncode
    assert "There is no target 'figur_1'. Did you mean figure_1?" in done.stderr
    assert "Traceback" not in done.stderr and "MissingRule" not in done.stderr


@pytest.mark.parametrize("logger", [(), ("--logger", "rich")])
def test_a_dry_run_says_first_what_a_run_would_need(logger, tmp_path):
    project = new_project(tmp_path / "project")
    done = project.snakemake("figure_1", "-n", *logger)
    said = " ".join((done.stdout + done.stderr).split())
    assert re.search(
        r"A run would need: 12 networks to train, about (a|\d) minutes? of one core, (a|\d) minutes? on 2 cores "
        r"hardly any disk no GPU no download Job stats",
        said,
    )
    assert "output files have to be generated" in said  # the reasons, whatever the logger


def test_a_target_after_configfile_is_a_sentence(tmp_path):
    project = new_project(tmp_path / "project")
    done = snakemake(project.folder, "-n", "--configfile", "tiny.yaml", "figure_1", check=False)
    assert done.returncode and "Traceback" not in done.stderr
    assert done.stderr.strip().endswith("put targets first: snakemake figure_1 --configfile tiny.yaml")


def test_a_terminal_of_another_encoding_is_a_sentence_and_the_variable_that_it_names_helps(tmp_path):
    project = new_project(tmp_path / "project")
    command = [sys.executable, "-m", "snakemake", "--configfile", "tiny.yaml", "--workflow-profile", "none", "-n", "-q"]
    ascii_terminal = {**os.environ, "LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
    done = subprocess.run(command, cwd=project.folder, env=ascii_terminal, capture_output=True, text=True, check=False)
    assert done.returncode and "Traceback" not in done.stderr
    assert "the files of richlazy are UTF-8. Set PYTHONUTF8=1" in done.stderr
    mended = ascii_terminal | {"PYTHONUTF8": "1"}
    done = subprocess.run(command, cwd=project.folder, env=mended, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_blank_in_the_path_of_python_is_a_sentence(tmp_path):
    project = new_project(tmp_path / "project")
    folder = tmp_path / "My Project" / "bin"
    folder.mkdir(parents=True)
    (folder / "python").symlink_to(sys.executable)
    here = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if "site-packages" in path)}
    command = [folder / "python", "-m", "snakemake", "--configfile", "tiny.yaml", "--workflow-profile", "none", "-n"]
    done = subprocess.run(command, cwd=project.folder, env=here, capture_output=True, text=True, check=False)
    assert done.returncode and "Traceback" not in done.stderr
    assert f"Python stands at {folder / 'python'}, a path with a blank" in done.stderr


def test_make_refuses_a_folder_with_a_blank_in_its_path(tmp_path):
    folder = tmp_path / "My Project"
    (folder / "envs").mkdir(parents=True)
    for file in ("Makefile", "envs/requirements.txt"):
        shutil.copy(ROOT / file, folder / file)
    done = subprocess.run(["make", "run"], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode and f"this is '{folder}': move the project" in done.stdout
    assert not (folder / ".venv").exists()
