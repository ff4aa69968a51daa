"""Kinds of faults of what surrounds a run: memory, disk, home, locks and clock, and which commands follow them."""

import contextlib
import re
import resource
from collections.abc import Sequence

import psutil

from . import places
from .kinds import LOCKED, LONGEST_S, Kind, Setting, adopt, any_room, told, unlock
from .runs import Run

DISK_FULL = re.compile(r"the disk is full \(.*?\) while writing \S+; free space and run the same command again")
# From a job, or from Snakemake where it makes folders for one.
READ_ONLY = re.compile(
    r"\S+ may not be opened or written \(.*?\); .* run the same command again|Failed to create .*\n.*"
)
MEMORY = re.compile(r"not enough memory \(.*?\); on one machine .* and run the same command again")
HOME = re.compile(r"No such file or directory: '/proc/nobody'")
CLOCK = re.compile(r"Output \S+ has older modification time .*? could indicate a clock skew problem")


def limit_memory(setting: Setting, run: Run) -> str | None:
    """Give a running job a little more address space than it has, and no more."""
    job = run.job("", setting.rng, LONGEST_S)
    if job is None:
        return None
    with contextlib.suppress(psutil.NoSuchProcess, ProcessLookupError):
        size = job.memory_info().vms + (setting.rng.randrange(1 << 20) & ~4095)
        resource.prlimit(job.pid, resource.RLIMIT_AS, (size, size))
    return told(run, MEMORY)


def fill_disk(setting: Setting, run: Run) -> str | None:
    """Leave no room, or a few kilobytes, while a job runs."""
    if run.job("", setting.rng, LONGEST_S) is None or setting.disk is None:
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


def await_lock(setting: Setting, run: Run) -> str | None:
    """Let the run find the locks."""
    return told(run, re.compile(LOCKED)) or None


def set_clock_back(setting: Setting, run: Run) -> str | None:
    """Set the clock back by an hour, as far as files tell: all of them have later times than now."""
    if run.job("", setting.rng, LONGEST_S) is None:
        return None
    places.shift_times(setting.folder, 3600)
    return told(run, CLOCK)


def times_of_now(setting: Setting, output: str) -> Sequence[list[str]]:
    """Give files of the future the time of now, the same for all; Snakemake remembers later ones."""
    return [["bash", "-c", 'find . -newermt now -exec touch -d "$(date)" {} +'], adopt(setting)]


def forbid_writing(setting: Setting, run: Run) -> str | None:
    """Close the folder of results for writing while a job runs."""
    if run.job("", setting.rng, LONGEST_S) is None:
        return None
    places.allow_writing(setting.folder, setting.disk, allowed=False)
    return told(run, READ_ONLY)


def allow_writing(setting: Setting, output: str) -> Sequence[list[str]]:
    """What the sentence asks for."""
    places.allow_writing(setting.folder, setting.disk, allowed=True)
    return ()


def without_home(setting: Setting) -> bool:
    """Name a folder as home that nobody, root neither, can make."""
    setting.variables = {**setting.variables, "HOME": "/proc/nobody"}
    return any_room(setting)


def await_home(setting: Setting, run: Run) -> str:
    """Let the run look for it."""
    return told(run, HOME)


def other_cache(setting: Setting, output: str) -> Sequence[list[str]]:
    """Name another folder for what Snakemake keeps at home."""
    setting.variables = {**setting.variables, "XDG_CACHE_HOME": str(setting.folder / "cache")}
    return ()


def stale_lock(setting: Setting) -> bool:
    """Leave the locks of a Snakemake that is long gone."""
    locks = setting.folder / ".snakemake/locks"
    locks.mkdir(parents=True, exist_ok=True)
    (locks / "0.output.lock").write_text(f"{places.RESULTS}/claims.md\n")
    return any_room(setting)


KINDS_OF_SURROUNDINGS: dict[str, Kind] = {
    "out of memory in a job": Kind(any_room, limit_memory, failing=None),
    "disk full": Kind(has_disk, fill_disk, free_disk, failing=None),
    "results read-only": Kind(any_room, forbid_writing, allow_writing, failing=None),
    "home that cannot be written": Kind(without_home, await_home, other_cache),
    "stale lock": Kind(stale_lock, await_lock, unlock, unaided=False),
    "clock set back by an hour": Kind(any_room, set_clock_back, times_of_now),
}
