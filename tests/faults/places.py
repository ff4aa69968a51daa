"""Files of a project: work to do again, damage to records, time that goes back, a disk that is full."""

import contextlib
import os
import random
import shutil
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

RESULTS = "results/tiny"
_NETWORK = ("network.npz", "history.json", "measures.json")
# Snakemake makes again what is missing where a target is missing too: these are made of all networks.
_SUMMARY = ["experiments/*/tables/runs.parquet", "experiments/*/tables/curves.parquet", "experiments/*/statistics/*"]
_NETWORKS_OF_SEED = [f"runs/**/{{seed}}/{name}" for name in _NETWORK] + _SUMMARY
_MEASURES_OF_SEED = ["runs/**/{seed}/measures.json", *_SUMMARY]
# By name of a record, files that are made of it: a run in which they are missing reads it.
_MADE_OF = {
    "recurrent_initial.npy": _NETWORKS_OF_SEED,
    "inputs.npy": _NETWORKS_OF_SEED,
    "targets.npy": _NETWORKS_OF_SEED,
    "task.json": _NETWORKS_OF_SEED,
    "probe.npz": _MEASURES_OF_SEED,
    "decision.npy": _MEASURES_OF_SEED,
    "network.npz": _MEASURES_OF_SEED,
    "history.json": _SUMMARY,
    "measures.json": _SUMMARY,
    "runs.parquet": ["experiments/*/statistics/*"],
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


def damage(folder: Path, rng: random.Random, cut: bool) -> Path | None:
    """Change or cut short a random record whose readers then have to run, keeping its times; None where there is none.

    Of an archive 64 bytes in a row change: single ones may be dates, which say nothing and which nobody reads.
    """
    records = [path for path in sorted((folder / RESULTS).rglob("*.*")) if path.name in _MADE_OF]
    if not records:
        return None
    # By name first: there are more networks than tables.
    name = rng.choice(sorted({path.name for path in records}))
    path = rng.choice([path for path in records if path.name == name])
    delete(folder, [pattern.format(seed=path.parent.name) for pattern in _MADE_OF[name]])
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
    return path


def shift_times(folder: Path, seconds: int) -> None:
    """Give every file a later time, which is what a clock looks like that was set back by so much."""
    for path in [folder, *folder.rglob("*")]:
        with contextlib.suppress(FileNotFoundError):  # jobs that run delete files
            times = path.stat()
            later = seconds * 10**9
            os.utime(path, ns=(times.st_atime_ns + later, times.st_mtime_ns + later))


class SmallDisk:
    """A file system in memory below a project's results, that can be filled; needs root."""

    def __init__(self, folder: Path):
        self.place, before = folder / "results", folder / "before"
        self.place.mkdir(exist_ok=True)
        self.place.rename(before)
        self.place.mkdir()
        self._mount("-t", "tmpfs", "-o", "size=256m", "faults", str(self.place))
        shutil.copytree(before, self.place, dirs_exist_ok=True)
        shutil.rmtree(before)

    def fill(self, left_bytes: int) -> None:
        """Leave so much room and no more."""
        state = os.statvfs(self.place)
        self._resize((state.f_blocks - state.f_bfree) * state.f_bsize + left_bytes)

    def free(self) -> None:
        """Give back the room, as a user who deletes other files does."""
        self._resize(256 << 20)

    def remove(self, keep: bool) -> None:
        """Unmount; where asked, files stay in the folder."""
        copy = self.place.with_name("kept")
        if keep:
            shutil.copytree(self.place, copy)
        for _ in range(50):  # busy while a process that was killed is still going
            if subprocess.run(["umount", self.place], capture_output=True, check=False).returncode == 0:
                break
            time.sleep(0.1)
        if keep:
            shutil.copytree(copy, self.place, dirs_exist_ok=True)

    def _resize(self, size: int) -> None:
        self._mount("-o", f"remount,size={size}", str(self.place))

    def _mount(self, *arguments: str) -> None:
        subprocess.run(["mount", *arguments], check=True)
