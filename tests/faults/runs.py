"""A run of Snakemake in the background, and the processes of its jobs."""

import contextlib
import random
import re
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import psutil

from runner import environment

# Of the profile, the span of its limit of jobs makes a run of a few jobs wait for seconds at its end.
SNAKEMAKE = (
    sys.executable, "-m", "snakemake", "--configfile", "tiny.yaml", "--max-jobs-per-timespan", "100/1s"
)  # fmt: skip
LIMIT_S = 900  # a run that takes longer hangs
_STEP_S = 0.05


class Run:
    """The documented command, running in a project; its output is kept in a file."""

    def __init__(self, folder: Path, name: str, options: tuple[str, ...], variables: Mapping[str, str] | None = None):
        self.folder = folder
        self.file = folder / f"run{name}.txt"
        with self.file.open("wb") as stream:
            self.process = subprocess.Popen(
                [*SNAKEMAKE, *options], cwd=folder, env=environment() | (variables or {}), stdout=stream,
                stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip

    def output(self) -> str:
        """What the run has printed so far."""
        return self.file.read_text(errors="replace")

    def running(self) -> bool:
        return self.process.poll() is None

    def wait(self, limit_s: float) -> int | None:
        """Exit status, or None where it takes longer than the limit."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self.process.wait(limit_s)
        return None

    def failed_rules(self) -> list[str]:
        """Rules of the jobs that Snakemake says have failed."""
        return re.findall(r"^Error in (?:rule|group job|group) (\w+)", self.output(), re.MULTILINE)

    def jobs(self, script: str = "") -> list[psutil.Process]:
        """Processes of running scripts of this project, of any name or of one."""
        found = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit() and self._runs(entry, script):
                with contextlib.suppress(psutil.NoSuchProcess):
                    found.append(psutil.Process(int(entry.name)))
        return found

    def job(self, script: str, rng: random.Random, longest_s: float) -> psutil.Process | None:
        """A job of a script, a random moment after it was first seen; None where the run ended without."""
        passed: set[int] = set()
        while self.running():
            for process in self.jobs(script):
                if process.pid not in passed:
                    passed.add(process.pid)
                    time.sleep(rng.uniform(0, longest_s))
                    if self.running() and self._runs(Path(f"/proc/{process.pid}"), script):
                        return process
            time.sleep(_STEP_S)
        return None

    def wait_for_jobs(self) -> None:
        """Wait for jobs that go on after Snakemake was killed."""
        for process in self.jobs():
            with contextlib.suppress(psutil.NoSuchProcess):
                process.wait(LIMIT_S)

    def kill_everything(self) -> None:
        """End Snakemake and its jobs at once, as a loss of power does."""
        for process in [psutil.Process(self.process.pid), *self.jobs()] if self.running() else self.jobs():
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(signal.SIGKILL)
        self.process.wait()

    def _runs(self, entry: Path, script: str) -> bool:
        """Whether a process, by its folder in /proc, is Python with such a script; one that ended has no command."""
        try:
            command = entry.joinpath("cmdline").read_bytes().decode(errors="replace").split("\0")[:-1]
        except OSError:
            return False
        place = f"{self.folder}/.snakemake/scripts/"
        named = len(command) > 1 and command[-1].startswith(place) and command[-1].endswith(f"{script}.py")
        return named and "python" in Path(command[0]).name


def finish(run: Run) -> None:
    """Let a run end well.

    Raises:
        AssertionError: where it does not.
    """
    if run.wait(LIMIT_S) != 0:
        raise AssertionError(f"the command did not lead to the end:\n{run.output()}")
