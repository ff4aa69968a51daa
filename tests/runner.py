"""Real Snakemake runs at a scale of seconds, in copies of the project."""

import atexit
import fcntl
import functools
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import yaml

from richlazy.storage import parquet
from shipped import merged
from warm_python import WarmPython

ROOT = Path(__file__).parents[1]
PARTS = ("Snakefile", "config.yaml", "CITATION.cff", "workflow", "envs", "data", "profiles", "cluster")
# What jobs run again is decided as by the profile that Snakemake loads by itself; the rest of it is not for tests.
PROFILE = yaml.safe_load((ROOT / "profiles/default/config.yaml").read_text())
CONTENT_DECIDES = ["--rerun-triggers", *PROFILE["rerun-triggers"]]
CONTENT_DECIDES += ["--max-checksum-file-size", PROFILE["max-checksum-file-size"]]
CONTENT_DECIDES += ["--rerun-incomplete"] * PROFILE["rerun-incomplete"]
TINY_SCALE = ["--configfile", "tiny.yaml", "--workflow-profile", "none", *CONTENT_DECIDES]
TINY = yaml.safe_load((ROOT / "tests/configs/tiny.yaml").read_text())


@dataclass
class Project:
    """A copy of the project in which a test may edit and run."""

    folder: Path

    def snakemake(self, *arguments: str, cores: int = 2, check: bool = True) -> subprocess.CompletedProcess:
        """Run Snakemake on the tiny scale; its output is text."""
        return snakemake(self.folder, *TINY_SCALE, "--cores", str(cores), *arguments, check=check)

    def adopt(self, *arguments: str) -> str:
        """Adopt results of the tiny scale; what it prints."""
        script = "workflow/scripts/adopt_results.py"
        done = call([warm_python(), script, *TINY_SCALE, "--cores", "1", *arguments], self.folder)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def assert_adopts_itself(self, *targets: str) -> None:
        """Results that Snakemake has forgotten are what the plan would make, and nothing makes them again."""
        self.forget()
        said = self.adopt(*targets)
        assert "To be made again" not in said, said
        assert self.jobs(*targets) == {}

    def forget(self) -> None:
        """Lose what Snakemake remembers, as results that are copied alone do."""
        shutil.rmtree(self.folder / ".snakemake", ignore_errors=True)

    def copy(self, folder: Path) -> "Project":
        """A copy for a test to change; its files have the same times, which Snakemake looks at."""
        shutil.copytree(self.folder, folder)
        return Project(folder)

    def jobs(self, *arguments: str) -> dict[str, int]:
        """How many jobs of each rule a run would do, by a dry-run."""
        return job_counts(self.snakemake("--dry-run", *arguments).stdout)

    def run(self, *arguments: str, cores: int = 2) -> dict[str, int]:
        """Run, and count the jobs of each rule that were done."""
        return job_counts(self.snakemake(*arguments, cores=cores).stderr)

    def configure(self, **changes) -> None:
        """Change the tiny configuration; mappings are merged."""
        path = self.folder / "tiny.yaml"
        path.write_text(yaml.safe_dump(merged(yaml.safe_load(path.read_text()), changes), sort_keys=False))

    def edit(self, file: str, old: str, new: str) -> None:
        """Replace text that occurs in a file of the project."""
        path = self.folder / file
        text = path.read_text()
        assert old in text, f"{old!r} is not in {file}"
        path.write_text(text.replace(old, new, 1))

    def results(self) -> dict[str, bytes]:
        """Every result with its bytes; logs and timings are not results, nor is the page that shows timings."""
        root = self.folder / "results/tiny"
        files = [path for path in root.rglob("*") if path.is_file()]
        skipped = ("logs", "benchmarks", "index.html", ".index.html.made")
        return {
            str(path.relative_to(root)): path.read_bytes()
            for path in files
            if path.relative_to(root).parts[0] not in skipped
        }


def snakemake(folder: Path, *arguments: str, check: bool = True) -> subprocess.CompletedProcess:
    """Call Snakemake in a folder; its output is text."""
    done = call([warm_python(), "-m", "snakemake", *arguments], folder)
    if check and done.returncode:
        raise AssertionError(f"snakemake {' '.join(arguments)} failed:\n{done.stdout}\n{done.stderr}")
    return done


def call(command: list[str], folder: Path) -> subprocess.CompletedProcess:
    """Call a program in a folder, with the environment of a run; its output is text."""
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, env=environment(), check=False)


def built_once(factory, name: str, build: Callable[[Path], object]) -> Path:
    """A folder that is built by the first process of pytest that asks for it, and used by all of them.

    Args:
        factory: pytest's ``tmp_path_factory``.
        name: of the folder.
        build: called with the folder, which is not there yet.
    """
    # The processes of one session have folders beside each other.
    base = factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    built, temporary = shared / name, shared / f"{name}.unfinished"
    with (shared / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not built.exists():
            shutil.rmtree(temporary, ignore_errors=True)  # of a process that failed
            build(temporary)
            temporary.rename(built)
    return built


def environment() -> dict[str, str]:
    """Environment of a run: one thread a job, nothing of the test runner."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("PYTEST_", "SNAKEMAKE_"))}
    return kept | {"OMP_NUM_THREADS": "1"}


@functools.cache
def warm_python() -> str:
    """Executable that starts Snakemake, and jobs of it, without the imports of large libraries."""
    if sys.platform != "linux":  # Apple's libraries do not outlive a fork
        return sys.executable
    waiting = WarmPython(environment())
    atexit.register(waiting.close)
    return str(waiting.executable)


def job_counts(output: str) -> dict[str, int]:
    """Rules and counts of Snakemake's job table, without targets; empty when there is nothing to do."""
    counts = dict(re.findall(r"^(\w+) +(\d+)$", output, re.MULTILINE))
    return {rule: int(count) for rule, count in counts.items() if rule not in ("total", "all", "figure_1", "count")}


def new_project(folder: Path) -> Project:
    """A fresh copy of the project with the tiny configuration."""
    folder.mkdir(parents=True)
    for part in PARTS:
        source = ROOT / part
        if source.is_dir():
            shutil.copytree(source, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(source, folder / part)
    shutil.copy2(ROOT / "tests/configs/tiny.yaml", folder / "tiny.yaml")
    return Project(folder)


def assert_same_results(source, target, names):
    """Figures are equal bytes, and tables equal values; curves and spectra, which are drawn alone, to four digits."""
    for name in names:
        if name.endswith(".png"):
            assert (target / name).read_bytes() == (source / name).read_bytes()
            continue
        exact = {} if name.endswith(("curves.parquet", "spectra.parquet")) else {"check_exact": True}
        tables = [parquet.load_table(folder / name) for folder in (target, source)]
        pd.testing.assert_frame_equal(*tables, **exact or {"rtol": 2e-4})
