"""Time and memory of Snakemake's own work against the number of networks, on one experiment or several.

    python -m tests.benchmarks.scale 1000 10000                 plan so many networks
    python -m tests.benchmarks.scale 10000 --experiments 10 -- grid_0    one of ten experiments
    python -m tests.benchmarks.scale 1000 --rerun               build them, then look for what is to be done

With `--rerun` the scripts of a copy of the project only touch their outputs, and everything else is real: the jobs
that Snakemake runs, what it writes down about each, the inputs that it looks at again. Words after `--` go to
Snakemake.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from runner import environment, new_project

from .dry_run import jobs

RANKS = [1, 2, 5, 10, 20, 50, 100, 150, 200, 300]
GAINS = [1.0, 1.5]
SEEDS = 10
SMALLEST = len(RANKS) * len(GAINS) * SEEDS
TOUCH = "import pathlib\n\nfor file in snakemake.output:\n    pathlib.Path(file).touch()\nraise SystemExit\n"


@dataclass(frozen=True)
class Cost:
    """What a call of Snakemake took.

    Attributes:
        wall, processor: seconds; processor time with that of the jobs.
        megabytes: largest resident set, of Snakemake or of a job.
        jobs: how many Snakemake announced.
    """

    wall: float
    processor: float
    megabytes: float
    jobs: int


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.scale", description=__doc__.splitlines()[0])
    parser.add_argument("networks", type=int, nargs="+", help=f"how many; multiples of {SMALLEST} for each experiment")
    parser.add_argument("--experiments", type=int, default=1, metavar="N", help="experiments that share them (1)")
    parser.add_argument("--rerun", action="store_true", help="build with scripts that touch their outputs, and rerun")
    given = list(sys.argv[1:] if arguments is None else arguments)
    place = given.index("--") if "--" in given else len(given)
    options = parser.parse_args(given[:place])
    print("| networks | call | jobs | wall s | processor s | memory MB |\n|---|---|---|---|---|---|", flush=True)
    for networks in options.networks:
        for call, cost in costs(networks, options.experiments, options.rerun, given[place + 1 :]):
            print(
                f"| {networks:,} | {call} | {cost.jobs:,} | {cost.wall:.1f} | {cost.processor:.1f} "
                f"| {cost.megabytes:,.0f} |",
                flush=True,
            )


def costs(networks: int, experiments: int, rerun: bool, others: Sequence[str]) -> Iterator[tuple[str, Cost]]:
    """Each call of Snakemake as text, with its cost, as soon as it is done."""
    with tempfile.TemporaryDirectory() as folder:
        project = new_project(Path(folder, "project"))
        configuration = project.folder / "scale.yaml"
        configuration.write_text(yaml.safe_dump(grid_of(networks, experiments)))
        plan = ["--dry-run", *others]
        yield " ".join(plan), snakemake(project.folder, *plan)
        if not rerun:
            return
        touch_only(project.folder / "workflow/scripts")
        yield "build, touching", snakemake(project.folder, *others)
        yield "rerun", snakemake(project.folder, *others)
        for module in (project.folder / "workflow/scripts/richlazy").rglob("*.py"):
            module.touch()
        yield "rerun after a touch of the library", snakemake(project.folder, *others)


def touch_only(scripts: Path) -> None:
    """Let scripts touch their outputs and end; what they import still stands in them, and is an input of their jobs."""
    for script in scripts.glob("*.py"):
        script.write_text(TOUCH + script.read_text())


def grid_of(networks: int, experiments: int) -> dict:
    """Configuration of experiments grid_0, grid_1, ... with equally many networks, all different.

    Raises:
        ValueError: when the networks are not a multiple of those of the smallest grid.
    """
    rates, rest = divmod(networks, SMALLEST * experiments)
    if rest or not rates:
        raise ValueError(f"{networks} networks are not a multiple of {SMALLEST} for each of {experiments} experiments")
    names = [f"grid_{place}" for place in range(experiments)]
    return {
        "scale": "scale",
        "experiments_to_build": names,
        "experiments": {
            name: {
                "title": "Many networks",
                "source": "no paper",
                "preset": "reproduction",
                "grid": {
                    "task": ["2AF"],
                    "structure": ["svd_truncation"],
                    "rank": RANKS,
                    "gain": GAINS,
                    "learning_rate": [round(1e-5 * (1 + place * rates + rate), 8) for rate in range(rates)],
                },
                "compare": "rank",
                "seeds": SEEDS,
            }
            for place, name in enumerate(names)
        },
    }


def snakemake(folder: Path, *arguments: str) -> Cost:
    """Call Snakemake in a project with the configuration scale.yaml."""
    command = [sys.executable, "-m", "snakemake", "--configfile", "scale.yaml", "--cores", "2", *arguments]
    with tempfile.TemporaryFile() as output:
        started = time.perf_counter()
        process = subprocess.Popen(command, cwd=folder, stdout=output, stderr=subprocess.STDOUT, env=environment())
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        text = output.read().decode()
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n{text[-3000:]}")
    return Cost(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, jobs(text))


if __name__ == "__main__":
    main()
