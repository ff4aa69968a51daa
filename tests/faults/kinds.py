"""Kinds of faults of running jobs and of damage, on one machine, and which documented commands follow them."""

import contextlib
import os
import random
import re
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

LONGEST_S = 2.5  # about as long as a job of the tiny scale takes
LOCKED = "Error: Directory cannot be locked"
DAMAGED = re.compile(r"(\S+) is damaged \(.*?\); delete it and run the same command again")
# Results that are not those of the plan: as Snakemake starts, and as it has planned.
STRANGE = re.compile(
    r"\d+ files of \S+ were not made here, or older ones took their place"
    r"|The files of \d+ jobs are not what this plan would make, such as \S+: .*?\. Run"
)


@dataclass
class Setting:
    """Where a fault falls: project, random numbers, small disk and cluster where there are such.

    ``options`` and ``variables`` of the environment belong to every command, ``once`` to the next run alone;
    ``targets`` are what runs make.
    """

    folder: Path
    rng: random.Random
    disk: places.SmallDisk | None = None
    options: tuple[str, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)
    cluster: SlurmCluster | None = None
    once: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()


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


def adopt(setting: Setting, *arguments: str) -> list[str]:
    """The documented command after which Snakemake remembers what matches its plan."""
    script = "workflow/scripts/adopt_results.py"
    return [sys.executable, script, *SNAKEMAKE[3:], *setting.options, *arguments, *setting.targets]


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
        job = run.job(script, setting.rng, LONGEST_S)
        if job is None:
            return None
        with contextlib.suppress(psutil.NoSuchProcess):
            job.send_signal(signals)
        return ""

    return inject


def to_snakemake(signals: signal.Signals) -> Callable[[Setting, Run], str | None]:
    """Send a signal to Snakemake alone while a job runs."""

    def inject(setting: Setting, run: Run) -> str | None:
        if run.job("", setting.rng, LONGEST_S) is None:
            return None
        run.process.send_signal(signals)
        return ""

    return inject


def interrupt(setting: Setting, run: Run) -> str | None:
    """What Ctrl-C does in a terminal: SIGINT to Snakemake and to its jobs."""
    if run.job("", setting.rng, LONGEST_S) is None:
        return None
    os.killpg(run.process.pid, signal.SIGINT)
    return ""


def lose_power(setting: Setting, run: Run) -> str | None:
    """Kill Snakemake and all its jobs at once."""
    if run.job("", setting.rng, LONGEST_S) is None:
        return None
    run.kill_everything()
    return ""


def second_snakemake(setting: Setting, run: Run) -> str | None:
    """Start the same command once more while it runs; it must be refused."""
    if run.job("", setting.rng, LONGEST_S) is None:
        return None
    done = subprocess.run(
        command(*setting.options, *setting.targets), cwd=setting.folder, env=environment() | setting.variables,
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
        path = places.choose(setting.folder, setting.rng)
        if path is not None:
            places.damage(path, setting.rng, cut)
        return path is not None

    return prepare


def await_refusal(setting: Setting, run: Run) -> str | None:
    """Let the run find what is damaged, or not of its plan."""
    return told(run, STRANGE) or told(run, DAMAGED) or None


def await_end(setting: Setting, run: Run) -> str:
    """Let the run end, whether it is refused or not."""
    return told(run, STRANGE)


def delete_damaged(setting: Setting, output: str) -> Sequence[list[str]]:
    """Delete what the sentences name, by hand or by the script that finds it."""
    named = sorted({found[1] for found in DAMAGED.finditer(output)})
    if setting.rng.random() < 0.5:
        return [["rm", *named]]
    return [[sys.executable, "workflow/scripts/check_results.py", places.RESULTS, "--delete"]]


def as_told(setting: Setting, output: str) -> Sequence[list[str]]:
    """What the sentence asks for, if there is one."""
    if STRANGE.search(output):
        return [adopt(setting)]
    return delete_damaged(setting, output) if DAMAGED.search(output) else ()


KINDS_OF_RUNS: dict[str, Kind] = {
    "training job killed": Kind(
        room_for("train_networks"), send(signal.SIGKILL, "train_networks"), failing=("train_network",)
    ),
    "measuring job killed": Kind(
        room_for("measure_networks"), send(signal.SIGKILL, "measure_networks"), failing=("measure_condition",)
    ),
    "Snakemake killed, its jobs go on": Kind(any_room, to_snakemake(signal.SIGKILL), unlock),
    "all processes killed (power)": Kind(any_room, lose_power, unlock),
    "Snakemake terminated (SIGTERM)": Kind(any_room, to_snakemake(signal.SIGTERM), failing=None),
    "Snakemake interrupted (Ctrl-C)": Kind(any_room, interrupt, failing=None, unaided=False),
    "record damaged": Kind(damage(cut=False), await_refusal, delete_damaged, failing=None, unaided=False),
    "record cut short": Kind(damage(cut=True), await_refusal, delete_damaged, failing=None, unaided=False),
    "second Snakemake at once": Kind(any_room, second_snakemake),
}
