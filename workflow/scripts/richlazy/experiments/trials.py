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
    return registry.named(config["tasks"], run["task"])


def files(config: Config, run: Run) -> dict[str, str]:
    """Files of which the trials of a run are made, below the folder of results, by the names of ``Task.needs``."""
    task = task_of(config, run)
    found = data_files(task)
    return {
        need: found[need] if need in found else f"teachers/{paths.teacher_path(run)}/network.npz" for need in task.needs
    }


def data_files(task: Task) -> dict[str, str]:
    """Those of them that are made of data, not of a network that is trained before, likewise."""
    places = {
        "images": "images/{images}.npz",
        "sentences": "sentences/{sentences}.npz",
        "word_vectors": "word_vectors/{sentences}/{word_vectors}.npy",
    }
    return {need: places[need].format(**task.entry) for need in task.needs if need in places}


def files_at_hand(config: Config) -> set[str]:
    """Files of data that need no download: images and sentences that are bundled or the user's, and random vectors."""
    local = {"scikit-learn", "bundled", "folder"}
    images = {f"images/{name}.npz" for name, own in config["image_sets"].items() if own["source"] in local}
    sentences = [name for name, own in config.get("sentence_sets", {}).items() if own["source"] in local]
    drawn = [name for name, own in config.get("word_vectors", {}).items() if own["source"] == "random"]
    vectors = {f"word_vectors/{read}/{name}.npy" for read in sentences for name in drawn}
    return images | {f"sentences/{name}.npz" for name in sentences} | vectors


def of_training(config: Config, run: Run) -> tuple[str, dict[str, Any], dict[str, Any]]:
    """What training trials of a run depend on: the module that samples them, the entry of the task, and parameters.

    So many batches are drawn as these ``iterations`` say: no more than ``distinct_batches`` of a run that has them.
    """
    drawn = min(run["iterations"], run["distinct_batches"] or run["iterations"])
    return _of_trials(config, {**run, "iterations": drawn}, task_of(config, run).training_parameters)


def of_probe(config: Config, run: Run) -> tuple[str, dict[str, Any], dict[str, Any]]:
    """What probe trials of a run depend on, likewise."""
    return _of_trials(config, run, task_of(config, run).probe_parameters)


def modules(of_trials: tuple[str | None, Mapping[str, Any], Any], *roles: str) -> tuple[str, ...]:
    """Modules of the library that know the trials: that of the task, and those of the tasks of which it is made.

    Args:
        of_trials: module, entry and parameters, as ``of_training`` gives them.
        roles: what those are called in ``parts`` of the entry: ``trials``, ``names`` or both.
    """
    module, entry, _ = of_trials
    return tuple(filter(None, [module, *(part[role] for part in entry.get("parts", ()) for role in roles)]))


def _of_trials(config: Config, run: Run, names: tuple[str, ...]) -> tuple[str, dict[str, Any], dict[str, Any]]:
    task = task_of(config, run)
    chosen: dict[str, Any] = {name: run[name] for name in names}
    if "teacher" in task.needs:
        teacher = grids.teacher(config, run)
        chosen["teacher"] = {name: teacher[name] for name in ANSWERING_PARAMETERS}
    return str(task.trials), task.trial_entry, chosen


def tasks_without_data(config: Config, at_hand: Container[str]) -> dict[str, str]:
    """Tasks of a configuration of which data is not at hand, with what that is, such as ``images``."""
    missing: dict[str, str] = {}
    for name in config["tasks"]:
        for need, file in data_files(registry.named(config["tasks"], name)).items():
            if file not in at_hand:
                missing.setdefault(name, need.replace("_", " "))
    return missing
