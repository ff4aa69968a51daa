"""What the trials of a run are made of, for the rules that sample them and for ``recheck``."""

from collections.abc import Mapping
from typing import Any

from richlazy.experiments import grids, paths
from richlazy.experiments.parameters import ANSWERING_PARAMETERS, Run
from richlazy.tasks import registry
from richlazy.tasks.base import Task

Config = Mapping[str, Any]


def task_of(config: Config, run: Run) -> Task:
    """The task that a run learns."""
    return registry.task(config["tasks"][run["task"]])


def files(config: Config, run: Run) -> dict[str, str]:
    """Files of which the trials of a run are made, below the folder of results, by the names of ``Task.needs``."""
    task = task_of(config, run)
    places = {
        "images": lambda: f"images/{task.entry['images']}.npz",
        "teacher": lambda: f"teachers/{paths.teacher_path(run)}/network.npz",
    }
    return {need: places[need]() for need in task.needs}


def parameters_of_training(config: Config, run: Run) -> dict[str, Any]:
    """What training trials depend on, beside the entry of their task."""
    return _parameters(config, run, task_of(config, run).training_parameters)


def parameters_of_probe(config: Config, run: Run) -> dict[str, Any]:
    """What probe trials depend on, likewise."""
    return _parameters(config, run, task_of(config, run).probe_parameters)


def _parameters(config: Config, run: Run, names: tuple[str, ...]) -> dict[str, Any]:
    chosen: dict[str, Any] = {name: run[name] for name in names}
    if "teacher" in task_of(config, run).needs:
        teacher = grids.teacher(config, run)
        chosen["teacher"] = {name: teacher[name] for name in ANSWERING_PARAMETERS}
    return chosen
