"""The identity of a run in paths: which parameters decide a file, and how they are written."""

from typing import Any

from richlazy.experiments.parameters import USUAL, Run

# Folders of the path of a run; parameters that a network does not take, and usual ones, are left out.
_RECURRENT_WEIGHTS = (("structure", "rank", "decay_exponent", "matching"), ("size", "gain"), ("seed",))

# The first layer has a column for each input of the task. It, and the weights of a task with a teacher, may be aligned.
_WEIGHTS_OF_TASK = (("task", "condition_number"), *_RECURRENT_WEIGHTS)

# What decides the initial weights that have the structure.
CONNECTIVITY_PARAMETERS = tuple(name for folder in _WEIGHTS_OF_TASK for name in folder)

_TEACHER = (("task", "condition_number"), ("seed",))

_PROBE = (("task", "condition_number"), ("time_step_ms",), ("seed",))

_BATCHES = (("task", "condition_number"), ("time_step_ms",), ("batch_size", "iterations"), ("seed",))

_RUN = (
    ("task", "condition_number"),
    ("structure", "rank", "decay_exponent", "matching"),
    ("size", "gain", "readout"),
    ("leak", "rectification", "time_step_ms", "time_constant_ms"),
    ("learning_rate", "optimiser", "momentum", "trained", "batch_size", "iterations"),
    ("seed",),
)


def run_path(run: Run) -> str:
    """Folder of a trained network."""
    return path_of(run, _RUN)


def condition_path(run: Run) -> str:
    """Folder of a condition: that of its trained networks, one for each seed."""
    return path_of(run, _RUN[:-1])


def connectivity_path(run: Run) -> str:
    """Folder of the initial weights that have the structure.

    Recurrent weights are shared by all tasks and ways of training, but for those of tasks with a teacher, which may be
    aligned with it. These, and a first layer, are shared by all ways of training.
    """
    of_task = run["architecture"] == "feedforward" or run["condition_number"] is not None
    return path_of(run, _WEIGHTS_OF_TASK if of_task else _RECURRENT_WEIGHTS)


def teacher_path(run: Run) -> str:
    """Folder of a teacher network, shared by all runs of a task, condition number and seed."""
    return path_of(run, _TEACHER)


def probe_path(run: Run) -> str:
    """Folder of the probe trials, shared by all runs of a task, time step and seed."""
    return path_of(run, _PROBE)


def batches_path(run: Run) -> str:
    """Folder of the training trials, shared by all conditions of a task, time step and seed."""
    return path_of(run, _BATCHES)


def path_of(run: Run, folders: tuple[tuple[str, ...], ...]) -> str:
    """The named folders of a run, without parameters that it does not take and usual ones."""
    # Not a comma: Snakemake names the jobs of a cluster by their wildcards and splits there (its issue 2366).
    parts = ("+".join(_named(run, name) for name in folder if _tells(run, name)) for folder in folders)
    return "/".join(part for part in parts if part)


def _tells(run: Run, name: str) -> bool:
    return run[name] is not None and run[name] != USUAL.get(name)


def _named(run: Run, name: str) -> str:
    return f"{name}~{_text(run[name])}"


def _text(value: Any) -> str:
    """A value as part of a path: gain 1 and gain 1.0 are the same network."""
    return repr(value).removesuffix(".0").replace("e+", "e") if isinstance(value, float) else str(value)


def seed_folder(seed: int) -> str:
    """Folder of one seed within that of its condition."""
    return f"/seed~{seed}"
