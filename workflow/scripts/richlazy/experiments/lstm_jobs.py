"""Planning of experiments with LSTMs: their runs, and what the jobs of each stage read, are told and ask of a cluster.

A task is learned once for each seed, whatever an experiment then compares of its networks: parts of their weights, in
place of a parameter of a grid.
"""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from richlazy.experiments import grids, paths, trials
from richlazy.experiments.parameters import PARAMETERS, Run

# Regular expression of the paths of runs.
RUN_PATH = rf"task~{paths.NAME_OF_VARIANT}/seed~\d+"

Config = Mapping[str, Any]

_TRAINING = ("units", "dropout", "learning_rate", "batch_size", "epochs", "divergence_loss")
_MEASURING = ("truncation_ranks", "accuracy_margin")
_MEMORY_MB = 1500


def runs(config: Config, name: str) -> list[Run]:
    """Every run of an experiment: its task, for each of its seeds. Other parameters are those of rate networks."""
    experiment = config["experiments"][name]
    (task,) = experiment["grid"]["task"]
    return [_run(task, seed) for seed in grids.seeds(experiment)]


def run_of_path(path: str) -> Run:
    """Run of a path."""
    task, seed = (part.partition(paths.MARK)[2] for part in path.split("/"))
    return _run(task, int(seed))


def _run(task: str, seed: int) -> Run:
    return dict.fromkeys(PARAMETERS) | {"task": task, "architecture": "lstm", "seed": seed}


def arms(config: Config, name: str) -> list[str]:
    """Columns of ``runs.parquet`` whose combinations are tested separately: each of the weights."""
    return ["weights"]


def training_inputs(config: Config, runs: Sequence[Run]) -> dict[str, list[str]]:
    """Files, below the results, from which networks are trained: sentences, and vectors of their words."""
    return {name: [file] for name, file in trials.files(config, runs[0]).items()}


def measuring_inputs(config: Config, runs: Sequence[Run]) -> dict[str, list[str]]:
    """Files, below the results, on which networks are measured: the same."""
    return training_inputs(config, runs)


def training_settings(config: Config, runs: Sequence[Run]) -> dict[str, Any]:
    """How networks are trained."""
    return {key: config["lstm"][key] for key in _TRAINING}


def kept_in_training(config: Config, run: Run, iterations: Sequence[int], matched: bool) -> dict[str, Any]:
    """Nothing: none is followed or compared at levels of its loss."""
    return {}


def measuring_settings(config: Config, sources: Mapping[str, Any], runs: Sequence[Run]) -> dict[str, Any]:
    """How networks are measured, and ``about``: what tables say of all of them."""
    task = config["tasks"][runs[0]["task"]]
    vectors = config["word_vectors"][task["word_vectors"]]
    entry = config["sentence_sets"][task["sentences"]].get("entry")
    bundled = "synthetic sentences made by rule, not data"
    about = {
        "corpus": sources[entry]["title"].partition(",")[0] if entry else bundled,
        "word_vectors": (
            Path(vectors["file"]).name
            if vectors["source"] == "file"
            else f"fixed random vectors of {vectors['dimensions']} dimensions, seed {vectors['seed']}"
        ),
        "epochs": config["lstm"]["epochs"],
    }
    return {key: config["lstm"][key] for key in _MEASURING} | {"about": about}


def training_need(config: Config, runs: Sequence[Run], attempt: int) -> tuple[int, int]:
    """MB and minutes to train a network: 9 s an epoch of the treebank with 256 units on one core, over four times."""
    minutes = 5 + 0.7 * config["lstm"]["epochs"] * (config["lstm"]["units"] / 256) ** 2
    return _MEMORY_MB * attempt, math.ceil(minutes * attempt)


def measuring_need(config: Config, runs: Sequence[Run], attempt: int) -> tuple[int, int]:
    """MB and minutes to measure a network: 20 minutes with 256 units, more with the cube of more, over three times."""
    return _MEMORY_MB * attempt, math.ceil(60 * max(1.0, config["lstm"]["units"] / 256) ** 3 * attempt)


def seconds(config: Config, runs: Sequence[Run]) -> tuple[float, float]:
    """Seconds to train and to measure a network on one core, without a margin."""
    return 9.0 * config["lstm"]["epochs"] * (config["lstm"]["units"] / 256) ** 2, 1200.0


def tabulating_settings(config: Config, name: str, followed: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """What the tables of an experiment have."""
    experiment = config["experiments"][name]
    found = grids.substitutes(config, runs(config, name))["task"]
    return {key: experiment[key] for key in ("weights", "parts")} | {"substitutes": found}
