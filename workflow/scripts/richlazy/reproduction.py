"""How far a reproduction is: networks that are trained, claims that wait for others, and what to train next.

Nothing here runs in a job.
"""

import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from richlazy import wording
from richlazy.before_a_run import START_S
from richlazy.experiments import paths
from richlazy.experiments.parameters import Run
from richlazy.experiments.plan import Plan
from richlazy.models.registry import MODELS
from richlazy.storage import late_import, parquet

# Verdicts of claims that wait for networks.
WAITING = frozenset({"not run", "too few runs"})
# Of the table: experiments that come next.
_SHOWN = 8
_BAR = 40


@dataclass(frozen=True)
class Standing:
    """How far an experiment is.

    Attributes:
        experiment: its name.
        networks: how many it has.
        missing: those of them that are not trained here.
        seconds: to train and measure these on one core, as planned.
        longest_s: of one of them.
        waiting: claims about it that have no verdict from enough networks.
    """

    experiment: str
    networks: int
    missing: int
    seconds: float
    longest_s: float
    waiting: int

    @property
    def worth(self) -> tuple[bool, float]:
        """Where it stands in the order of training, lowest first: seconds for each claim that it settles."""
        return not self.waiting, self.seconds / max(self.waiting, 1)


def waiting_claims(register: Iterable[Mapping[str, Any]], verdicts: pd.DataFrame | None) -> dict[str, int]:
    """How many claims wait, by experiment.

    Args:
        register: all claims, each with ``id`` and ``experiment``.
        verdicts: table of claims with ``id`` and ``verdict``; without one all of them wait.
    """
    known = {} if verdicts is None else dict(zip(verdicts["id"], verdicts["verdict"], strict=True))
    found: dict[str, int] = {}
    for claim in register:
        if known.get(claim["id"], "not run") in WAITING:
            found[claim["experiment"]] = found.get(claim["experiment"], 0) + 1
    return found


def standings(plan: Plan, waiting: Mapping[str, int]) -> list[Standing]:
    """How far each experiment of a plan is, in the order of training.

    Args:
        plan: of all runs.
        waiting: claims that wait, by experiment.
    """
    found = []
    for name, runs in plan.experiment_runs.items():
        missing = [run for run in runs if not network_of(plan, run).exists()]
        costs = [seconds_of(plan, run) for run in missing]
        found.append(Standing(name, len(runs), len(missing), sum(costs), max(costs, default=0.0), waiting.get(name, 0)))
    return sorted(found, key=lambda one: one.worth)


def network_of(plan: Plan, run: Run) -> Path:
    """File of the weights of a run."""
    return Path(plan.results, MODELS[run["architecture"]].folder, paths.run_path(run), "network.npz")


def seconds_of(plan: Plan, run: Run) -> float:
    """Seconds to train and to measure the network of a run on one core, as planned, with the start of its training."""
    return START_S + sum(_planned_seconds(plan, [run]))


def _planned_seconds(plan: Plan, runs: Sequence[Run]) -> tuple[float, float]:
    found: tuple[float, float] = late_import.load(MODELS[runs[0]["architecture"]].planning).seconds(plan.config, runs)
    return found


def speed(plan: Plan) -> float | None:
    """Processor seconds of training here over those that are planned, median over jobs; None before any."""
    ratios = []
    for jobs in plan.training_jobs.values():
        for folder in jobs.folders:
            timed = Path(plan.results, "benchmarks", "train", f"{folder}{jobs.part}.tsv")
            if timed.exists():
                taken = pd.read_csv(timed, sep="\t", na_values="-")["cpu_time"].iloc[0]
                runs = [plan.all_runs[folder + member] for member in jobs.members]
                ratios.append(taken / _planned_seconds(plan, runs)[0])
    ratios = [ratio for ratio in ratios if ratio > 0]
    return statistics.median(ratios) if ratios else None


def totals(plan: Plan) -> tuple[int, float]:
    """Networks that are missing, each once, and their seconds on one core, as planned."""
    missing = [run for run in plan.all_runs.values() if not network_of(plan, run).exists()]
    return len(missing), sum(seconds_of(plan, run) for run in missing)


def table(plan: Plan, waiting: Mapping[str, int]) -> list[str]:
    """Lines for the terminal: a bar, what is next, and how long it takes on this machine."""
    missing, seconds = totals(plan)
    factor = speed(plan)
    networks = len(plan.all_runs)
    filled = round(_BAR * (networks - missing) / networks)
    measured = "as measured here" if factor else "as planned; nothing was timed here yet"
    claims = wording.counted(sum(waiting.values()), "claim")
    lines = [
        f"[{'#' * filled}{'.' * (_BAR - filled)}] {networks - missing:,} of {networks:,} networks trained here",
        f"Left: about {wording.duration(seconds * (factor or 1.0))} of one core ({measured}); {claims} without a "
        "verdict",
    ]
    unfinished = [one for one in standings(plan, waiting) if one.missing]
    if unfinished:
        lines += ["", f"{'next':40}{'missing':>9}{'of':>6}{'one core':>14}{'claims':>8}"]
    for one in unfinished[:_SHOWN]:
        lasts = wording.duration(one.seconds * (factor or 1.0))
        lines.append(f"{one.experiment:40}{one.missing:>9,}{one.networks:>6,}{lasts:>14}{one.waiting:>8}")
    if len(unfinished) > _SHOWN:
        lines.append(f"and {wording.counted(len(unfinished) - _SHOWN, 'experiment')} more")
    return lines


def verdicts_of(folder: str | Path) -> pd.DataFrame | None:
    """Table of claims in a folder of results; None where there is none."""
    path = Path(folder, "claims.parquet")
    return parquet.load_table(path) if path.exists() else None
