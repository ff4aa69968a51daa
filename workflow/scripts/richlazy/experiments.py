"""Experiments as lists of runs, and the identity of a run in paths.

A run is one network: it is identified by its own parameters, never by the figure that wants it, so that
equal runs of different experiments are one file and train once.
"""

import itertools
from collections.abc import Mapping
from typing import Any

from richlazy.connectivity import STRUCTURES

Config = Mapping[str, Any]
Run = dict[str, Any]

# Every parameter of a run, with type and meaning, in the order of the tables.
PARAMETERS: dict[str, tuple[type, str]] = {
    "task": (str, "name of the task in the configuration"),
    "structure": (str, "name of the structure of the initial recurrent weights"),
    "rank": (int, "rank of svd_truncation; null for other structures"),
    "decay_exponent": (float, "exponent k of soft_rank; null for other structures"),
    "matching": (str, "magnitude that is equal to that of the unstructured draw; null for unstructured weights"),
    "size": (int, "number of recurrent units"),
    "gain": (float, "g; the unstructured draw has entries of scale g / sqrt(size)"),
    "leak": (str, "euler: 1 - dt/tau of a state stays; exponential: exp(-dt/tau)"),
    "rectification": (str, "after_leak or inside (Eq. 1); after_leak where nothing of the old state stays"),
    "time_step_ms": (float, "ms; step dt of network and task"),
    "time_constant_ms": (float, "ms; membrane time constant tau"),
    "learning_rate": (float, "eta of Eq. 3"),
    "momentum": (float, "of the gradient descent"),
    "batch_size": (int, "trials in a batch"),
    "iterations": (int, "updates"),
    "seed": (int, "seed of the run; runs of one seed are paired"),
}

# Folders of the path of a run; parameters that a structure does not take are left out.
_CONNECTIVITY = (("structure", "rank", "decay_exponent", "matching"), ("size", "gain"), ("seed",))
_PROBE = (("task",), ("time_step_ms",), ("seed",))
_BATCHES = (("task",), ("time_step_ms",), ("batch_size", "iterations"), ("seed",))
_RUN = (
    ("task",),
    ("structure", "rank", "decay_exponent", "matching"),
    ("size", "gain"),
    ("leak", "rectification", "time_step_ms", "time_constant_ms"),
    ("learning_rate", "momentum", "batch_size", "iterations"),
    ("seed",),
)


def seeds(experiment: Mapping[str, Any]) -> list[int]:
    """Seeds of an experiment: those listed, or 0 to count - 1."""
    given = experiment["seeds"]
    return list(range(given)) if isinstance(given, int) else list(given)


def runs(config: Config, name: str) -> list[Run]:
    """Every run of an experiment, each once, in the order of its grid and then of its seeds."""
    experiment = config["experiments"][name]
    grid = experiment["grid"]
    defaults = {
        **config["presets"][experiment["preset"]],
        **config["connectivity"],
        **config["dynamics"],
        **{key: config["training"][key] for key in ("learning_rate", "batch_size", "iterations")},
    }
    unique: dict[str, Run] = {}
    for values in itertools.product(*grid.values()):
        for seed in seeds(experiment):
            run = _canonical(config, defaults | dict(zip(grid, values, strict=True)) | {"seed": seed})
            unique.setdefault(run_path(run), run)
    return list(unique.values())


def _canonical(config: Config, values: Mapping[str, Any]) -> Run:
    """Parameters in their types and order, without those that make no difference to this network."""
    kind = config["structures"][values["structure"]]["kind"]
    ignored = {structure.parameter for structure in STRUCTURES.values()} - {STRUCTURES[kind].parameter}
    if STRUCTURES[kind].parameter is None:
        ignored.add("matching")
    run = {
        name: kind(values[name]) if name in values and name not in ignored else None
        for name, (kind, _) in PARAMETERS.items()
    }
    if run["leak"] == "euler" and run["time_step_ms"] == run["time_constant_ms"]:
        run["rectification"] = "after_leak"
    return run


def run_of_row(row: Mapping[str, Any]) -> Run:
    """Run of a row of a table or JSON file, its parameters in their types again."""
    return {name: None if _missing(row[name]) else kind(row[name]) for name, (kind, _) in PARAMETERS.items()}


def _missing(value: Any) -> bool:
    # pandas.NA has no truth value and is not equal to itself; neither is nan.
    return value is None or type(value).__name__ == "NAType" or value != value


def arms(config: Config, name: str) -> list[str]:
    """Parameters that an experiment varies beside the compared one: each combination is tested by itself."""
    experiment = config["experiments"][name]
    varied = [key for key, values in experiment["grid"].items() if len(values) > 1 or key == "task"]
    return [key for key in varied if key != experiment["compare"]]


def run_path(run: Run) -> str:
    """Folder of a trained network."""
    return _path(run, _RUN)


def connectivity_path(run: Run) -> str:
    """Folder of the initial recurrent weights, shared by all tasks and ways of training."""
    return _path(run, _CONNECTIVITY)


def probe_path(run: Run) -> str:
    """Folder of the probe trials, shared by all runs of a task, time step and seed."""
    return _path(run, _PROBE)


def batches_path(run: Run) -> str:
    """Folder of the training trials, shared by all conditions of a task, time step and seed."""
    return _path(run, _BATCHES)


def _path(run: Run, folders: tuple[tuple[str, ...], ...]) -> str:
    return "/".join(
        ",".join(f"{name}~{_text(run[name])}" for name in folder if run[name] is not None) for folder in folders
    )


def _text(value: Any) -> str:
    """A value as part of a path: gain 1 and gain 1.0 are the same network."""
    return repr(value).removesuffix(".0") if isinstance(value, float) else str(value)
