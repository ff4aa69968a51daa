"""`snakemake --profile cluster` on a real SLURM of four virtual nodes on this machine: `make test-slurm`.

`make test-slurm-all` runs what takes an hour: every experiment of config.yaml, and a reproduction that goes on.
"""

import re
import shutil
import subprocess
import sys

import pytest

import slurm_cluster
from runner import ROOT, Project, new_project

pytestmark = pytest.mark.skipif(bool(slurm_cluster.missing()), reason=slurm_cluster.missing() or "SLURM is here")
# A test looks at its jobs every few seconds; a cluster is asked once a minute.
PATIENCE = ["--slurm-init-seconds-before-status-checks", "3", "--latency-wait", "5"]


@pytest.fixture
def cluster():
    with slurm_cluster.SlurmCluster() as running:
        yield running


def project_of(configuration: str, folder) -> Project:
    """A project with a selection of experiments at the scale of seconds, a file in tests/configs."""
    project = new_project(folder)
    shutil.copy2(ROOT / "tests/configs" / configuration, project.folder / "tiny.yaml")
    return project


def submit(project: Project, cluster: slurm_cluster.SlurmCluster, *arguments: str) -> str:
    """Run `snakemake --profile cluster` to its end, and give back what it said."""
    return call(project, cluster, "-m", "snakemake", *arguments).stderr


def call(project: Project, cluster: slurm_cluster.SlurmCluster, *command: str) -> subprocess.CompletedProcess:
    """Run a command of Python that takes options of Snakemake with `--profile cluster`; it succeeds."""
    options = ["--profile", "cluster", "--configfile", "tiny.yaml", *PATIENCE]
    variables = cluster.environment() | {"OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, *command, *options],
        cwd=project.folder,
        env=variables,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-5000:] + cluster.logs()
    return done


def assert_equal_to_a_local_run(cluster, configuration: str, tmp_path, networks: int, *targets: str) -> None:
    """Run on the cluster and here: equal bytes, the networks that were asked for, and nothing where Snakemake is."""
    here, there = (project_of(configuration, tmp_path / name) for name in ("here", "there"))
    said = submit(there, cluster, *targets)
    here.run(*targets)
    local, remote = here.results(), there.results()
    assert local.keys() == remote.keys()
    compared = [name for name in local if name.endswith((".parquet", ".npz", ".npy", ".json", ".md"))]
    assert [name for name in compared if local[name] != remote[name]] == []
    assert len([name for name in compared if name.endswith("network.npz")]) == networks
    assert {job["JobState"] for job in cluster.jobs()} == {"COMPLETED"}
    assert set(re.findall(r"^localrule (\w+):", said, re.MULTILINE)) <= {"all"}  # nothing ran where Snakemake did


@pytest.mark.slurm
def test_one_experiment_of_each_kind_on_a_cluster_has_the_bytes_of_a_local_run(cluster, tmp_path):
    experiments = ("figure_1", "figure_4_a", "figure_1_smnist", "schuessler_figure_1", "figure_19")
    targets = [f"results/tiny/experiments/{name}/statistics/contrasts.parquet" for name in experiments]
    targets += ["results/tiny/experiments/figure_1/figures/measures.png"]
    assert_equal_to_a_local_run(cluster, "one_of_each_kind.yaml", tmp_path, 5 * 2 * 2, *targets)
    # Several conditions, trials or matrices are one job.
    trained = [job for job in cluster.jobs() if "train_condition" in job["Comment"]]
    assert 0 < len(trained) < 5 * 2


@pytest.mark.slurm_all
def test_the_reproduction_goes_on_on_a_cluster_and_publishes_what_is_complete(cluster, tmp_path):
    project = project_of("one_of_each_kind.yaml", tmp_path / "project")
    project.configure(experiments_to_build=["figure_1"])
    done = call(project, cluster, "workflow/scripts/reproduce.py", "--hours", "1", "--publish")
    assert f"[{'#' * 40}] 4 of 4 networks trained here" in done.stdout
    assert [path.name for path in project.folder.glob("results/reference/experiments/*")] == ["figure_1"]
    asked = cluster.jobs()
    assert {job["JobState"] for job in asked} == {"COMPLETED"}
    assert any("train_condition" in job["Comment"] for job in asked)


@pytest.mark.slurm_all
def test_every_figure_on_a_cluster_has_the_bytes_of_a_local_run(cluster, tmp_path):
    assert_equal_to_a_local_run(cluster, "every_figure.yaml", tmp_path, 76 + 4 + 12 + 4 + 4)
    jobs = sum(project_of("every_figure.yaml", tmp_path / "planned").jobs("--forceall").values())
    assert len(cluster.jobs()) < jobs / 5


MATRIX = "results/tiny/connectivity/structure~svd_truncation+rank~1+matching~frobenius/size~16+gain~1.5/seed~0"


@pytest.mark.slurm
def test_a_job_killed_for_its_memory_asks_for_more_and_succeeds(cluster, tmp_path):
    project = new_project(tmp_path / "project")
    # SLURM looks at the memory of a job once a second, so this one holds what it takes for some seconds. It is 0.5 GB
    # beside the 0.2 to 0.4 GB of its processes: more than the first attempt asks for, less than the second.
    project.edit("workflow/rules/connectivity.smk", "mem_mb=growing(1000)", "mem_mb=growing(600)")
    held = "    held = b'1' * 500_000_000\n    __import__('time').sleep(10)\n    del held\n"
    saves = "    array_io.save_array(output, weights)\n"
    project.edit("workflow/scripts/build_connectivity.py", saves, held + saves)
    submit(project, cluster, f"{MATRIX}/recurrent_initial.npy")
    first, second = cluster.jobs()
    assert (first["MinMemoryNode"], second["MinMemoryNode"]) == ("600M", "1200M")
    assert (first["JobState"], second["JobState"]) == ("FAILED", "COMPLETED")
    assert (project.folder / MATRIX / "recurrent_initial.npy").exists()


@pytest.mark.slurm
def test_conditions_ask_for_a_device_and_nothing_else_does(tmp_path):
    project = new_project(tmp_path / "project")
    project.configure(
        training={"batching": "condition", "device": "cuda"},
        experiments={"figure_1": {"grid": {"task": ["2AF"], "rank": [1, 16]}}},
    )
    with slurm_cluster.SlurmCluster(nodes=2, gpus=1) as cluster:
        submit(project, cluster, "results/tiny/experiments/figure_1/tables/runs.parquet")
        asked = {job["Comment"]: job.get("TresPerJob") for job in cluster.jobs()}
    assert {comment for comment, devices in asked.items() if devices == "gres:gpu:1"} == {
        "rule_conditions_measure_condition_train_condition"
    }
    assert len(asked) == 4  # initial weights, trials, networks, tables


@pytest.mark.slow
@pytest.mark.slurm
@pytest.mark.skipif(
    bool(slurm_cluster.missing(accounting=True)), reason=slurm_cluster.missing(accounting=True) or "slurmdbd is here"
)
def test_where_squeue_forgets_finished_jobs_at_once_sacct_is_asked(tmp_path):
    project = new_project(tmp_path / "project")
    with slurm_cluster.SlurmCluster(accounting=True, min_job_age_s=2) as cluster:
        said = submit(project, cluster, f"{MATRIX}/recurrent_initial.npy")
        assert "Falling back to 'sacct' for status queries" in said
        assert "COMPLETED" in cluster.command("sacct", "-X", "-n", "--format=State")
    assert (project.folder / MATRIX / "recurrent_initial.npy").exists()
