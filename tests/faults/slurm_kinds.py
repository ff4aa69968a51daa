"""Kinds of faults on a cluster: a real SLURM of virtual nodes, whose daemons and jobs are hit."""

import contextlib
import getpass
import re
import signal
from collections.abc import Callable, Sequence

import psutil

from slurm_cluster import SlurmCluster

from .kinds import LIMIT_S, Kind, Setting, any_room, to_snakemake, unlock
from .runs import Run

_LONGEST_S = 6.0
# A campaign looks at its jobs every few seconds; a cluster is asked once a minute.
PATIENCE = ("--slurm-init-seconds-before-status-checks", "3", "--latency-wait", "5")
_TOO_LITTLE_MB = 150  # about half of what a tiny job needs; each attempt asks for as much more


def use_cluster(setting: Setting, cluster: SlurmCluster) -> None:
    """Let the commands of a chain go to a cluster."""
    variables = cluster.environment()
    setting.cluster, setting.options = cluster, ("--profile", "cluster", *PATIENCE)
    setting.variables = {name: variables[name] for name in ("SLURM_CONF", "PATH")}


def hit_job(hit: Callable[[Setting, psutil.Process, str, str], None]) -> Callable[[Setting, Run], str | None]:
    """Do something to a running job: given its process, its number at SLURM and its node."""

    def inject(setting: Setting, run: Run) -> str | None:
        job = run.job("", setting.rng, _LONGEST_S)
        if job is None:
            return None
        try:
            variables = job.environ()
        except psutil.Error:  # over before it was hit
            return None
        hit(setting, job, variables["SLURM_JOB_ID"], variables["SLURMD_NODENAME"])
        return ""

    return inject


def requeue(setting: Setting, job: psutil.Process, number: str, node: str) -> None:
    """An administrator or a scheduler with more important jobs."""
    setting.cluster.command("scontrol", "requeue", number)


def cancel(setting: Setting, job: psutil.Process, number: str, node: str) -> None:
    """The wrong number given to scancel."""
    setting.cluster.command("scancel", number)


def hang(setting: Setting, job: psutil.Process, number: str, node: str) -> None:
    """A job that stands still until its time, shortened to a minute, is over."""
    with contextlib.suppress(psutil.NoSuchProcess):
        job.send_signal(signal.SIGSTOP)
    setting.cluster.command("scontrol", "update", f"JobId={number}", "TimeLimit=1")


def lose_node(setting: Setting, job: psutil.Process, number: str, node: str) -> None:
    """A node that loses power; it comes back after SLURM has noticed."""
    setting.cluster.kill_node(node)
    _come_back(setting, node)


def lose_daemon(setting: Setting, job: psutil.Process, number: str, node: str) -> None:
    """A slurmd that is killed while its job goes on, and started again after SLURM has noticed."""
    setting.cluster.kill_daemon(node)
    _come_back(setting, node)


def _come_back(setting: Setting, node: str) -> None:
    setting.cluster.wait_for(lambda: setting.cluster.states()[node].startswith("down"), f"{node} down", timeout_s=120)
    setting.cluster.start_node(node)


def too_little_memory(setting: Setting) -> bool:
    """Ask for so little that SLURM kills the job, and for more at each attempt."""
    grown = [f"{rule}:mem_mb={_TOO_LITTLE_MB} * attempt" for rule in ("train_network", "measure_condition")]
    setting.once = ("--set-resources", *grown)
    return any_room(setting)


def await_end(setting: Setting, run: Run) -> str | None:
    """Let SLURM kill the jobs."""
    run.wait(LIMIT_S)
    return ""


def end_jobs_and_unlock(setting: Setting, output: str) -> Sequence[list[str]]:
    """After a Snakemake that was killed: end its jobs by the name it gave them, and unlock."""
    name = re.search(r"SLURM run ID: (\S+)", output)
    ended = [["scancel", "--user", getpass.getuser(), "--name", name[1]]] if name else []
    return [*ended, *unlock(setting, output)]


SLURM_KINDS: dict[str, Kind] = {
    "SLURM: node lost and back": Kind(any_room, hit_job(lose_node), failing=None),
    "SLURM: slurmd killed under a job": Kind(any_room, hit_job(lose_daemon), failing=None),
    "SLURM: job requeued": Kind(any_room, hit_job(requeue), failing=None),
    "SLURM: job cancelled": Kind(any_room, hit_job(cancel), failing=None),
    "SLURM: job hangs until its time is over": Kind(any_room, hit_job(hang), failing=None),
    "SLURM: too little memory asked for": Kind(too_little_memory, await_end, failing=None),
    "SLURM: Snakemake killed, its jobs go on": Kind(
        any_room, to_snakemake(signal.SIGKILL), end_jobs_and_unlock, failing=None
    ),
}
