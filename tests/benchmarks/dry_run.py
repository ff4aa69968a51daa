"""Wall time of Snakemake's own work: planning everything, and finding that nothing is to be done."""

import os
import statistics
import subprocess
import sys
import tempfile
import time

from . import ROOT
from .measuring import Row, Settings

NAME = "dry_run"
LIMITS = {"required": 10.0, "moonshot": 5.0}


def rows(settings: Settings) -> list[Row]:
    """Seconds of ``snakemake -n``, and on request of a rerun with nothing to do."""
    repeats = 1 if settings.quick else 3
    with tempfile.TemporaryDirectory() as folder:
        before = processor_time_of_children()
        answers = [snakemake(folder, "-n") for _ in range(repeats)]
        spent = (processor_time_of_children() - before) / repeats
    found = [
        Row(
            NAME, "snakemake -n of everything", statistics.median(wall for wall, _ in answers), **LIMITS,
            note=f"Wall time in an empty folder, {jobs(answers[0][1])} jobs to plan; processor time {spent:.1f} s.",
        )
    ]  # fmt: skip
    if settings.with_rerun:
        tiny = ("--configfile", str(ROOT / "tests/configs/tiny.yaml"), "--cores", "1")
        with tempfile.TemporaryDirectory() as folder:
            _, built = snakemake(folder, *tiny)
            before = processor_time_of_children()
            answers = [snakemake(folder, *tiny) for _ in range(repeats)]
            spent = (processor_time_of_children() - before) / repeats
        assert all("Nothing to be done" in output for _, output in answers), answers[0][1]
        found.append(
            Row(
                NAME, "rerun with nothing to do", statistics.median(wall for wall, _ in answers), **LIMITS,
                note=f"Wall time at the scale of tests/configs/tiny.yaml: {jobs(built)} jobs, all done; "
                f"processor time {spent:.1f} s.",
            )
        )  # fmt: skip
    return found


def snakemake(folder: str, *arguments: str) -> tuple[float, str]:
    """Wall seconds and all output of a call in a folder."""
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile"), "--directory", folder]
    started = time.perf_counter()
    answer = subprocess.run([*command, *arguments], capture_output=True, text=True)
    wall = time.perf_counter() - started
    output = answer.stdout + answer.stderr
    if answer.returncode:
        raise RuntimeError(f"snakemake {' '.join(arguments)} failed:\n{output[-3000:]}")
    return wall, output


def processor_time_of_children() -> float:
    """Processor seconds of all processes that this one has waited for."""
    times = os.times()
    return times.children_user + times.children_system


def jobs(output: str) -> int:
    """Number of jobs that Snakemake announced."""
    lines = (line.split() for line in output.splitlines())
    return next((int(words[1]) for words in lines if len(words) == 2 and words[0] == "total"), 0)
