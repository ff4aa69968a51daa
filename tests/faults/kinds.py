"""Kinds of faults on one machine: what happens to the run, and which documented commands follow it."""

import contextlib
import os
import random
import re
import resource
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from slurm_cluster import SlurmCluster

from . import places
from .runs import LIMIT_S, SNAKEMAKE, Run, environment

_LONGEST_S = 4.0  # about as long as a job of the tiny scale takes
LOCKED = "Error: Directory cannot be locked"
DAMAGED = re.compile(r"(\S+) is damaged \(.*?\); delete it and run the same command again")
DISK_FULL = re.compile(r"the disk is full \(.*?\) while writing \S+; free space and run the same command again")
MEMORY = re.compile(r"not enough memory \(.*?\); on one machine .* and run the same command again")
CLOCK = re.compile(r"Output \S+ has older modification time .*? could indicate a clock skew problem")


@dataclass
class Setting:
    """Where a fault falls: project, random numbers, small disk and cluster where there are such.

    ``options`` and ``variables`` of the environment belong to every command, ``once`` to the next run alone.
    """

    folder: Path
    rng: random.Random
    disk: places.SmallDisk | None = None
    options: tuple[str, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)
    cluster: SlurmCluster | None = None
    once: tuple[str, ...] = ()


@dataclass(frozen=True)
class Kind:
    """One kind of fault.

    Attributes:
        prepare: before the run starts: leaves work for it, or damages a file; False where it cannot.
        inject: while it runs; gives a sentence with which something was refused, or None where the run ended before.
        remedy: documented commands before the next run, from the output of this one; raises where there is none.
        failing: rules whose jobs may fail by it (None: any); one of another rule makes the fault a failure.
        unaided: whether the run itself may end well.
    """

    prepare: Callable[[Setting], bool]
    inject: Callable[[Setting, Run], str | None]
    remedy: Callable[[Setting, str], Sequence[list[str]]] = lambda setting, output: ()
    failing: tuple[str, ...] | None = ()
    unaided: bool = True


def command(*arguments: str) -> list[str]:
    """The documented command with other options."""
    return [*SNAKEMAKE, *arguments]


def told(run: Run, pattern: re.Pattern) -> str:
    """What the run says at its end about what was done to it; empty where it says nothing of it."""
    run.wait(LIMIT_S)
    found = pattern.search(run.output())
    return found[0] if found else ""


def unlock(setting: Setting, output: str) -> Sequence[list[str]]:
    """After a Snakemake that was killed."""
    return [command(*setting.options, "--unlock")]


def room_for(script: str) -> Callable[[Setting], bool]:
    """Leave work for a script."""

    def prepare(setting: Setting) -> bool:
        places.make_room_for(script, setting.folder, setting.rng)
        return True

    return prepare


def any_room(setting: Setting) -> bool:
    """Leave work for training or for measuring."""
    return room_for(setting.rng.choice(["train_networks", "measure_networks"]))(setting)


def send(signals: signal.Signals, script: str) -> Callable[[Setting, Run], str | None]:
    """Send a signal to a job of a script."""

    def inject(setting: Setting, run: Run) -> str | None:
        job = run.job(script, setting.rng, _LONGEST_S)
        if job is None:
            return None
        with contextlib.suppress(psutil.NoSuchProcess):
            job.send_signal(signals)
        return ""

    return inject


def to_snakemake(signals: signal.Signals) -> Callable[[Setting, Run], str | None]:
    """Send a signal to Snakemake alone while a job runs."""

    def inject(setting: Setting, run: Run) -> str | None:
        if run.job("", setting.rng, _LONGEST_S) is None:
            return None
        run.process.send_signal(signals)
        return ""

    return inject


def interrupt(setting: Setting, run: Run) -> str | None:
    """What Ctrl-C does in a terminal: SIGINT to Snakemake and to its jobs."""
    if run.job("", setting.rng, _LONGEST_S) is None:
        return None
    os.killpg(run.process.pid, signal.SIGINT)
    return ""


def lose_power(setting: Setting, run: Run) -> str | None:
    """Kill Snakemake and all its jobs at once."""
    if run.job("", setting.rng, _LONGEST_S) is None:
        return None
    run.kill_everything()
    return ""


def limit_memory(setting: Setting, run: Run) -> str | None:
    """Give a running job a little more address space than it has, and no more."""
    job = run.job("", setting.rng, _LONGEST_S)
    if job is None:
        return None
    with contextlib.suppress(psutil.NoSuchProcess, ProcessLookupError):
        size = job.memory_info().vms + (setting.rng.randrange(1 << 20) & ~4095)
        resource.prlimit(job.pid, resource.RLIMIT_AS, (size, size))
    return told(run, MEMORY)


def fill_disk(setting: Setting, run: Run) -> str | None:
    """Leave no room, or a few kilobytes, while a job runs."""
    if run.job("", setting.rng, _LONGEST_S) is None or setting.disk is None:
        return None
    setting.disk.fill(setting.rng.choice([0, 4096, 16384]))
    return told(run, DISK_FULL)


def free_disk(setting: Setting, output: str) -> Sequence[list[str]]:
    """What the sentence asks for."""
    if setting.disk is not None:
        setting.disk.free()
    return ()


def has_disk(setting: Setting) -> bool:
    """Leave work where there is a disk that can be filled."""
    return setting.disk is not None and any_room(setting)


def second_snakemake(setting: Setting, run: Run) -> str | None:
    """Start the same command once more while it runs; it must be refused."""
    if run.job("", setting.rng, _LONGEST_S) is None:
        return None
    done = subprocess.run(
        command(*setting.options), cwd=setting.folder, env=environment() | setting.variables,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode and LOCKED in done.stdout + done.stderr:
        return "Directory cannot be locked. Please make sure that no other Snakemake process is trying to create ..."
    if not run.running():
        return None  # the first had ended before the second looked
    raise AssertionError(f"a second Snakemake was not refused:\n{done.stdout}\n{done.stderr}")


def damage(cut: bool) -> Callable[[Setting], bool]:
    """Damage a record that is still to be read."""

    def prepare(setting: Setting) -> bool:
        return places.damage(setting.folder, setting.rng, cut) is not None

    return prepare


def await_refusal(setting: Setting, run: Run) -> str | None:
    """Let the run find the damage."""
    return told(run, DAMAGED) or None


def delete_damaged(setting: Setting, output: str) -> Sequence[list[str]]:
    """Delete what the sentences name, by hand or by the script that finds it."""
    named = sorted({found[1] for found in DAMAGED.finditer(output)})
    if setting.rng.random() < 0.5:
        return [["rm", *named]]
    return [[sys.executable, "workflow/scripts/check_results.py", places.RESULTS, "--delete"]]


def set_clock_back(setting: Setting, run: Run) -> str | None:
    """Set the clock back by an hour, as far as files tell: all of them have later times than now."""
    if run.job("", setting.rng, _LONGEST_S) is None:
        return None
    places.shift_times(setting.folder, 3600)
    return told(run, CLOCK)


def times_of_now(setting: Setting, output: str) -> Sequence[list[str]]:
    """Give files of the future the time of now, the same for all."""
    return [["bash", "-c", 'find . -newermt now -exec touch -d "$(date)" {} +']]


_SIGNALLED = (
    "sample_training_trials", "sample_probe_trials", "build_connectivity", "train_network", "measure_network",
    "tabulate", "tabulate_connectivity", "compare_conditions", "judge_claims", "plot_measures", "plot_losses",
    "plot_effects", "plot_robustness",
)  # fmt: skip

KINDS: dict[str, Kind] = {
    "training job killed": Kind(
        room_for("train_networks"), send(signal.SIGKILL, "train_networks"), failing=("train_network",)
    ),
    "measuring job killed": Kind(
        room_for("measure_networks"), send(signal.SIGKILL, "measure_networks"), failing=("measure_network",)
    ),
    "Snakemake killed, its jobs go on": Kind(any_room, to_snakemake(signal.SIGKILL), unlock),
    "all processes killed (power)": Kind(any_room, lose_power, unlock),
    "Snakemake terminated (SIGTERM)": Kind(any_room, to_snakemake(signal.SIGTERM), failing=_SIGNALLED),
    "Snakemake interrupted (Ctrl-C)": Kind(any_room, interrupt, failing=_SIGNALLED, unaided=False),
    "out of memory in a job": Kind(any_room, limit_memory, failing=_SIGNALLED),
    "disk full": Kind(has_disk, fill_disk, free_disk, failing=_SIGNALLED),
    "record damaged": Kind(damage(cut=False), await_refusal, delete_damaged, failing=_SIGNALLED, unaided=False),
    "record cut short": Kind(damage(cut=True), await_refusal, delete_damaged, failing=_SIGNALLED, unaided=False),
    "second Snakemake at once": Kind(any_room, second_snakemake),
    "clock set back by an hour": Kind(any_room, set_clock_back, times_of_now),
}
