"""Pairs of networks whose solutions an experiment compares: each of an even seed with that of the next one."""

from collections.abc import Mapping
from typing import Any

from richlazy.experiments import grids
from richlazy.experiments.parameters import Run
from richlazy.experiments.paths import run_path

Config = Mapping[str, Any]


def seeds(experiment: Mapping[str, Any]) -> list[int]:
    """Even seeds of an experiment that has the next one as well: those of the first networks of the pairs."""
    found = grids.seeds(experiment)
    return [seed for seed in found if seed % 2 == 0 and seed + 1 in found]


def other(run: Run) -> str:
    """Path of the run of the next seed."""
    return run_path(run | {"seed": run["seed"] + 1})


def runs(config: Config, name: str) -> dict[str, str]:
    """Paths of the runs of the first networks of the pairs of an experiment, each with that of its other one.

    It is empty where the experiment compares no solutions.
    """
    experiment = config["experiments"][name]
    if not experiment.get("solutions"):
        return {}
    first = seeds(experiment)
    return {run_path(run): other(run) for run in grids.runs(config, name) if run["seed"] in first}
