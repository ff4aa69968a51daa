"""What the trials of a run are made of, for the rules that sample them and for ``recheck``."""

from collections.abc import Container, Mapping
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


def of_training(config: Config, run: Run) -> tuple[str, dict[str, Any], dict[str, Any]]:
    """What training trials of a run depend on: the module that samples them, the entry of the task, and parameters."""
    return _of_trials(config, run, task_of(config, run).training_parameters)


def of_probe(config: Config, run: Run) -> tuple[str, dict[str, Any], dict[str, Any]]:
    """What probe trials of a run depend on, likewise."""
    return _of_trials(config, run, task_of(config, run).probe_parameters)


def _of_trials(config: Config, run: Run, names: tuple[str, ...]) -> tuple[str, dict[str, Any], dict[str, Any]]:
    task = task_of(config, run)
    chosen: dict[str, Any] = {name: run[name] for name in names}
    if "teacher" in task.needs:
        teacher = grids.teacher(config, run)
        chosen["teacher"] = {name: teacher[name] for name in ANSWERING_PARAMETERS}
    return str(task.trials), task.trial_entry, chosen


def tasks_without_images(config: Config, at_hand: Container[str]) -> list[str]:
    """Names of the tasks of a configuration that show images of a set that is not at hand."""
    tasks = {name: registry.task(entry) for name, entry in config["tasks"].items()}
    return [name for name, task in tasks.items() if "images" in task.needs and task.entry["images"] not in at_hand]
