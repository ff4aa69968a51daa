"""Files of a project: work to do again, damage to records, time that goes back, a disk that is full."""

import contextlib
import functools
import os
import random
import shutil
import subprocess
import tempfile
import time
from collections.abc import Collection, Sequence
from pathlib import Path

RESULTS = "results/tiny"
_DISK = "256m"
_NETWORK = ("network.npz", "history.json", "measures.json")
# Snakemake makes again what is missing where a target is missing too: these are made of all networks.
_JUDGED = ["experiments/*/statistics/*", "claims.*"]
_SUMMARY = ["experiments/*/tables/runs.parquet", "experiments/*/tables/curves.parquet", *_JUDGED]
_NETWORKS_OF_SEED = [f"runs/**/{{seed}}/{name}" for name in _NETWORK] + _SUMMARY
_MEASURES_OF_SEED = ["runs/**/{seed}/measures.json", *_SUMMARY]
# By name of a record, files that are made of it: a run in which they are missing reads it.
_MADE_OF = {
    "recurrent_initial.npy": _NETWORKS_OF_SEED,
    "inputs.npy": _NETWORKS_OF_SEED,
    "targets.npy": _NETWORKS_OF_SEED,
    "description.json": _NETWORKS_OF_SEED,
    "task.json": _MEASURES_OF_SEED,
    "probe.npz": _MEASURES_OF_SEED,
    "decision.npy": _MEASURES_OF_SEED,
    "network.npz": _MEASURES_OF_SEED,
    "history.json": _SUMMARY,
    "measures.json": _SUMMARY,
    "runs.parquet": _JUDGED,
    "curves.parquet": ["experiments/*/figures/losses.*"],
    "trends.parquet": ["claims.*"],
    "contrasts.parquet": ["claims.*"],
    "losses.parquet": ["claims.*"],
    "interactions.parquet": ["claims.*"],
}


def make_room_for(script: str, folder: Path, rng: random.Random) -> None:
    """Delete results where nothing is left to do for a script, so that the next run starts it."""
    names = _NETWORK if script == "train_networks" else ["measures.json"]
    found = sorted((folder / RESULTS).glob(f"runs/**/{names[0]}"))
    if found and len(found) == networks(folder):
        chosen = rng.choice(found).parent.relative_to(folder / RESULTS)
        delete(folder, [*(f"{chosen}/{name}" for name in names), *_SUMMARY])


def networks(folder: Path) -> int:
    """Networks of the project: it has as many initial weights for each task."""
    tasks = len(list((folder / RESULTS).glob("runs/task~*")))
    return tasks * len(list((folder / RESULTS).glob("connectivity/**/recurrent_initial.npy")))


def delete(folder: Path, patterns: Sequence[str]) -> None:
    """Delete results, by patterns of their paths."""
    for pattern in patterns:
        for path in (folder / RESULTS).glob(pattern):
            path.unlink()


def choose(folder: Path, rng: random.Random, names: Collection[str] = tuple(_MADE_OF)) -> Path | None:
    """A random record of some names, whose readers then have to run; None where there is none.

    A name is drawn first: there are more networks than tables.
    """
    records = [path for path in sorted((folder / RESULTS).rglob("*.*")) if path.name in names]
    if not records:
        return None
    name = rng.choice(sorted({path.name for path in records}))
    path = rng.choice([path for path in records if path.name == name])
    let_read(folder, path)
    return path


def let_read(folder: Path, record: Path) -> None:
    """Delete what is made of a record."""
    delete(folder, [pattern.format(seed=record.parent.name) for pattern in _MADE_OF[record.name]])


def certificate(path: Path) -> Path:
    """Where the certificate of a result stands."""
    return path.with_name(f".{path.name}.made")


def damage(path: Path, rng: random.Random, cut: bool) -> None:
    """Change a file or cut it short, keeping its times.

    Of an archive 64 bytes in a row change: single ones may be dates, which say nothing and which nobody reads.
    """
    content, times = bytearray(path.read_bytes()), path.stat()
    if cut:
        content = content[: rng.randrange(len(content))]
    else:
        length = 64 if path.suffix == ".npz" else rng.choice([1, 2, 64])
        start = rng.randrange(max(1, len(content) - length))
        for place in range(start, min(start + length, len(content))):
            content[place] ^= rng.randrange(1, 256)
    path.write_bytes(content)
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


def results(folder: Path) -> list[Path]:
    """Results and their certificates; not logs and timings."""
    root = folder / RESULTS
    found = (path for path in sorted(root.rglob("*")) if path.is_file())
    return [path for path in found if path.relative_to(root).parts[0] not in ("logs", "benchmarks")]


def shift_times(folder: Path, seconds: int) -> None:
    """Give every file a later time, which is what a clock looks like that was set back by so much."""
    for path in [folder, *folder.rglob("*")]:
        with contextlib.suppress(FileNotFoundError):  # jobs that run delete files
            times = path.stat()
            later = seconds * 10**9
            os.utime(path, ns=(times.st_atime_ns + later, times.st_mtime_ns + later))


@functools.cache
def can_mount() -> bool:
    """Whether this process may mount file systems."""
    with tempfile.TemporaryDirectory() as folder:
        mounted = subprocess.run(["mount", "-t", "tmpfs", "faults", folder], capture_output=True, check=False)
        if mounted.returncode == 0:
            subprocess.run(["umount", folder], check=True)
    return mounted.returncode == 0


def allow_writing(folder: Path, disk: "SmallDisk | None", allowed: bool) -> None:
    """Close results for writing or open them again: those on a disk of their own for everybody, which root needs."""
    if disk is not None:
        (disk.allow if allowed else disk.forbid)()
        return
    for path in [folder / RESULTS, *(folder / RESULTS).rglob("*/")]:
        path.chmod(0o755 if allowed else 0o555)


class SmallDisk:
    """A file system in memory below a project's results, that can be filled or closed for writing; needs root."""

    def __init__(self, folder: Path):
        self.place, before = folder / "results", folder / "before"
        self.place.mkdir(exist_ok=True)
        self.place.rename(before)
        self.place.mkdir()
        self._mount("-t", "tmpfs", "-o", f"size={_DISK}", "faults", str(self.place))
        shutil.copytree(before, self.place, dirs_exist_ok=True)
        shutil.rmtree(before)

    def fill(self, left_bytes: int) -> None:
        """Leave so much room and no more."""
        state = os.statvfs(self.place)
        size = (state.f_blocks - state.f_bfree) * state.f_bsize + left_bytes
        self._mount("-o", f"remount,size={size}", str(self.place))

    def free(self) -> None:
        """Give back the room, as a user who deletes other files does."""
        self._mount("-o", f"remount,size={_DISK}", str(self.place))

    def forbid(self) -> None:
        """Let nobody open files to write; what is open stays so."""
        self._mount("--bind", str(self.place), str(self.place))
        self._mount("-o", "remount,bind,ro", str(self.place))

    def allow(self) -> None:
        """Let write again."""
        subprocess.run(["umount", "--lazy", self.place], check=True)

    def remove(self, keep: bool) -> None:
        """Unmount; where asked, files stay in the folder."""
        copy = self.place.with_name("kept")
        if keep:
            shutil.copytree(self.place, copy)
        for _ in range(50):  # busy while a process that was killed is still going
            subprocess.run(["umount", self.place], capture_output=True, check=False)
            if not self.place.is_mount():
                break
            time.sleep(0.1)
        if keep:
            shutil.copytree(copy, self.place, dirs_exist_ok=True)

    def _mount(self, *arguments: str) -> None:
        subprocess.run(["mount", *arguments], check=True)
