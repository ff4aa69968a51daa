"""Experiments as lists of runs, and the identity of a run in paths.

A run is one network: it is identified by its own parameters, never by the figure that wants it, so that
equal runs of different experiments are one file and train once.
"""

import itertools
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from richlazy import quantities, task_settings
from richlazy.arms import is_missing
from richlazy.connectivity import STRUCTURE_PARAMETERS, STRUCTURES

Config = Mapping[str, Any]
Run = dict[str, Any]

# Every parameter of a run, with type and meaning, in the order of the tables.
PARAMETERS: dict[str, tuple[type, str]] = {
    "task": (str, "name of the task in the configuration"),
    "condition_number": (float, "kappa of the feature modulation F of a teacher; null for tasks without one"),
    "architecture": (str, "recurrent, or feedforward: two layers, the first with the structure (trials of one step)"),
    "structure": (str, "name of the structure of the initial recurrent weights, or of those of the first layer"),
    "rank": (int, "rank of svd_truncation; null for other structures"),
    "decay_exponent": (float, "exponent k of soft_rank; null for other structures"),
    "matching": (str, "magnitude that is equal to that of the unstructured draw; null for unstructured weights"),
    "size": (int, "number of recurrent units"),
    "gain": (float, "g; the unstructured draw has entries of scale g / sqrt(columns of the matrix)"),
    "readout": (
        str,
        "how readout weights start: linear_layer, normal, equal_norm, gaussian_ or aligned_directions",
    ),
    "leak": (str, "euler: 1 - dt/tau of a state stays; exponential: exp(-dt/tau); null for feedforward networks"),
    "rectification": (str, "after_leak, inside (Eq. 1), none or tanh; after_leak where nothing of the old state stays"),
    "time_step_ms": (float, "ms; step dt of network and task; null for feedforward networks"),
    "time_constant_ms": (float, "ms; membrane time constant tau; likewise"),
    "learning_rate": (float, "eta of Eq. 3"),
    "optimiser": (str, "gradient_descent or adam"),
    "momentum": (float, "of the gradient descent; null for adam"),
    "trained": (str, "weights that training changes: all, or the recurrent ones"),
    "batch_size": (int, "trials in a batch"),
    "iterations": (int, "updates"),
    "seed": (int, "seed of the run; runs of one seed are paired"),
}

# What a parameter is in most networks, and in all that were published before it could be anything else.
USUAL = {
    "architecture": "recurrent",
    "readout": "linear_layer",
    "optimiser": "gradient_descent",
    "trained": "all",
}

# Readouts of recurrent networks alone.
DIRECTIONS = ("gaussian_directions", "aligned_directions")

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


def seeds(experiment: Mapping[str, Any]) -> list[int]:
    """Seeds of an experiment: those listed, or 0 to count - 1."""
    given = experiment["seeds"]
    return list(range(given)) if isinstance(given, int) else list(given)


def grids(experiment: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Grids whose union is the experiment: its grid, completed in turn by each of its groups."""
    return [{**experiment["grid"], **group} for group in experiment.get("groups", [{}])]


def values(experiment: Mapping[str, Any], key: str) -> list[Any]:
    """Values that a grid parameter takes anywhere in an experiment, in the order in which they are named."""
    return list(dict.fromkeys(value for grid in grids(experiment) for value in grid.get(key, [])))


def runs(config: Config, name: str) -> list[Run]:
    """Every run of an experiment, each once, in the order of its grids and then of its seeds."""
    experiment = config["experiments"][name]
    defaults = {
        **config["presets"][experiment["preset"]],
        **config["connectivity"],
        **config["dynamics"],
        **{key: config["training"][key] for key in ("learning_rate", "batch_size", "iterations")},
        "condition_number": 1.0,
        "optimiser": USUAL["optimiser"],
        "trained": USUAL["trained"],
    }
    unique: dict[str, Run] = {}
    for grid in grids(experiment):
        for values_of_one in itertools.product(*grid.values()):
            chosen = dict(zip(grid, values_of_one, strict=True))
            own = config["tasks"][chosen["task"]].get("defaults", {})
            for seed in seeds(experiment):
                run = _canonical(config, defaults | own | chosen | {"seed": seed})
                unique.setdefault(run_path(run), run)
    return list(unique.values())


def _canonical(config: Config, given: Mapping[str, Any]) -> Run:
    """Parameters in their types and order, without those that make no difference to this network."""
    structure = STRUCTURES[config["structures"][given["structure"]]["kind"]]
    task = config["tasks"][given["task"]]
    ignored = set(STRUCTURE_PARAMETERS) - {structure.parameter}
    if structure.unstructured:
        ignored.add("matching")
    if not task_settings.has_teacher(task):
        ignored.add("condition_number")
    given = {**given, "architecture": task_settings.architecture(task)}
    if task_settings.is_feedforward(task):
        ignored |= {"leak", "time_step_ms", "time_constant_ms"}
        given["rectification"] = "after_leak" if given["rectification"] == "inside" else given["rectification"]
    elif given["readout"] not in DIRECTIONS:
        given["readout"] = USUAL["readout"]
    if given["optimiser"] == "adam":
        ignored.add("momentum")
    if "teacher" in task:  # its one batch stands for all samples
        given["batch_size"] = task["teacher"]["inputs"]
    if task_settings.has_one_trial(task):
        given["batch_size"] = 1
    run = {
        name: kind(given[name]) if name in given and name not in ignored else None
        for name, (kind, _) in PARAMETERS.items()
    }
    memoryless = run["leak"] == "euler" and run["time_step_ms"] == run["time_constant_ms"]
    if memoryless and run["rectification"] == "inside":
        run["rectification"] = "after_leak"
    return run


# What decides a teacher network, beside the images it sees.
TEACHER_PARAMETERS = (
    "condition_number", "rank", "matching", "size", "gain", "leak", "rectification", "time_step_ms", "time_constant_ms",
    "learning_rate", "momentum", "batch_size", "iterations", "seed",
)  # fmt: skip
# What decides its answers, beside its weights.
ANSWERING_PARAMETERS = ("condition_number", "leak", "rectification", "time_step_ms", "time_constant_ms", "seed")


def teacher(config: Config, run: Run) -> dict[str, Any]:
    """Parameters of the teacher network of a run.

    They are those of its task and general ones, never those of a grid: all students of a task, condition number and
    seed, in whatever way they are trained, have one teacher and learn the same answers.
    """
    task = config["tasks"][run["task"]]
    own = task["teacher_network"]
    given = {
        **config["presets"][own["preset"]],
        **config["connectivity"],
        **config["dynamics"],
        **config["training"],
        **task.get("defaults", {}),
        **own,
        "condition_number": run["condition_number"],
        "seed": run["seed"],
    }
    return {name: PARAMETERS[name][0](given[name]) for name in TEACHER_PARAMETERS}


def is_teacher_aligned(config: Config, structure: str) -> bool:
    """Whether networks with a structure start with weights of the teacher network of their task."""
    return config["structures"][structure]["kind"] == "teacher_aligned"


def run_of_row(row: Mapping[str, Any]) -> Run:
    """Run of a row of a table or JSON file, its parameters in their types again."""
    found = {name: row.get(name, USUAL.get(name)) for name in PARAMETERS}  # a published table may be older than some
    return {name: None if is_missing(found[name]) else kind(found[name]) for name, (kind, _) in PARAMETERS.items()}


def arms(config: Config, name: str) -> list[str]:
    """Parameters that an experiment varies beside the compared one: each combination is tested by itself.

    Those that change with the compared one, as the groups of the experiment have it, make no arms.
    """
    experiment = config["experiments"][name]
    keys = dict.fromkeys(key for grid in grids(experiment) for key in grid)
    compared = {experiment["compare"], *experiment.get("covaries", ())}
    return [key for key in keys if key not in compared and (key == "task" or len(values(experiment, key)) > 1)]


# Parameters that order the rank of the initial weights, and whether it grows with them.
RANK_ORDER = {"rank": 1, "decay_exponent": -1}


def rank_comparisons(config: Config, names: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Those of some experiments that compare the rank of the initial weights: title, compared parameter and arms."""
    return {
        name: {key: config["experiments"][name][key] for key in ("title", "compare")} | {"arms": arms(config, name)}
        for name in names
        if config["experiments"][name]["compare"] in RANK_ORDER
    }


def measures(config: Config, name: str, group: str) -> list[str]:
    """Measures that an experiment tests (group ``statistics``) or draws (group ``figures``): its own, or the usual."""
    experiment = config["experiments"][name]
    if "measures" in experiment:
        return list(experiment["measures"])
    kinds = {task_settings.architecture(config["tasks"][task]) for task in values(experiment, "task")}
    usual = config[group]["measures"]
    return list(usual) if kinds != {"feedforward"} else [name for name in usual if "_recurrent" not in name]


def connectome(config: Config, name: str) -> dict[str, Any]:
    """The active source of a connectome: its settings, with the name of the source."""
    entry = config["connectomes"][name]
    return {"source": entry["source"], **entry[entry["source"]]}


def connectome_of(config: Config, structure: str) -> str | None:
    """Name of the connectome from which a structure is made, or None."""
    return config["structures"][structure].get("connectome")


def connectome_note(config: Config, structure: str) -> str | None:
    """What every table and figure says of the connectome behind a structure, or None."""
    name = connectome_of(config, structure)
    if name is None:
        return None
    active = connectome(config, name)
    warning = ", not data" if active["source"] == "synthetic" else ""
    return f"{name} ({active['source']}{warning}): {active['description']}"


def run_path(run: Run) -> str:
    """Folder of a trained network."""
    return _path(run, _RUN)


def condition_path(run: Run) -> str:
    """Folder of a condition: that of its trained networks, one for each seed."""
    return _path(run, _RUN[:-1])


def followed(config: Config, names: Iterable[str]) -> dict[str, list[int]]:
    """Iterations at which runs are followed during training, by the paths of these runs.

    Args:
        config: the configuration.
        names: the experiments that are built; where several follow a run, it is followed at the iterations of all.
    """
    found: dict[str, set[int]] = {}
    for run, follow in _followings(config, names):
        within = (iteration for iteration in follow["iterations"] if iteration <= run["iterations"])
        found.setdefault(run_path(run), set()).update(within)
    return {path: sorted(iterations) for path, iterations in found.items()}


def followed_quantities(config: Config, names: Iterable[str]) -> dict[str, list[str]]:
    """What is followed of these runs, by their paths, sorted; arguments as for ``followed``."""
    found: dict[str, set[str]] = {}
    for run, follow in _followings(config, names):
        found.setdefault(run_path(run), set()).update(follow.get("quantities", quantities.USUAL))
    return {path: sorted(names_of_one) for path, names_of_one in found.items()}


def _followings(config: Config, names: Iterable[str]) -> Iterator[tuple[Run, Mapping[str, Any]]]:
    """Each run that an experiment follows, with how."""
    for name in names:
        follow = config["experiments"][name].get("follow")
        for run in runs(config, name) if follow else []:
            if run["seed"] in follow["seeds"]:
                yield run, follow


@dataclass(frozen=True)
class NetworkJobs:
    """Training or measuring jobs of one kind.

    Attributes:
        folders: those of the jobs.
        members: folders of the networks within each of them.
        followed: those members that are followed during training.
    """

    folders: list[str]
    members: list[str]
    followed: list[str]


def network_jobs(runs: Mapping[str, Run], followed: Container[str], batching: str) -> dict[str, NetworkJobs]:
    """What a training or measuring job holds: one network, or all seeds of a condition.

    Args:
        runs: all runs by their paths.
        followed: paths of those that are followed during training.
        batching: ``network`` or ``condition``.

    Returns:
        The kinds of jobs, by name. Conditions with other seeds, or with others of them followed, are another kind.
    """
    if batching == "network":
        kinds = {"network": NetworkJobs([path for path in runs if path not in followed], [""], [])}
        kinds["followed_network"] = NetworkJobs([path for path in runs if path in followed], [""], [""])
        return {name: jobs for name, jobs in kinds.items() if jobs.folders}
    conditions: dict[str, list[tuple[int, bool]]] = {}
    for path, run in runs.items():
        conditions.setdefault(condition_path(run), []).append((run["seed"], path in followed))
    alike: dict[tuple[tuple[int, bool], ...], list[str]] = {}
    for condition, seeds_of_one in conditions.items():
        alike.setdefault(tuple(sorted(seeds_of_one)), []).append(condition)
    return {
        "condition" if len(alike) == 1 else _name_of_kind(kind): NetworkJobs(
            folders,
            [_seed_folder(seed) for seed, _ in kind],
            [_seed_folder(seed) for seed, is_followed in kind if is_followed],
        )
        for kind, folders in alike.items()
    }


def _seed_folder(seed: int) -> str:
    return f"/{_path({'seed': seed}, _RUN[-1:])}"


def _name_of_kind(kind: tuple[tuple[int, bool], ...]) -> str:
    followed_seeds = tuple(seed for seed, is_followed in kind if is_followed)
    name = f"condition_of_seeds_{_range_text(tuple(seed for seed, _ in kind))}"
    return f"{name}_followed_{_range_text(followed_seeds)}" if followed_seeds else name


def _range_text(numbers: tuple[int, ...]) -> str:
    """Ascending numbers as part of a name: 0_to_9, or each of them where some are left out."""
    whole = len(numbers) > 1 and numbers[-1] - numbers[0] == len(numbers) - 1
    return f"{numbers[0]}_to_{numbers[-1]}" if whole else "_".join(map(str, numbers))


def connectivity_path(run: Run) -> str:
    """Folder of the initial weights that have the structure.

    Recurrent weights are shared by all tasks and ways of training, but for those of tasks with a teacher, which may be
    aligned with it. These, and a first layer, are shared by all ways of training.
    """
    of_task = run["architecture"] == "feedforward" or run["condition_number"] is not None
    return _path(run, _WEIGHTS_OF_TASK if of_task else _RECURRENT_WEIGHTS)


def teacher_path(run: Run) -> str:
    """Folder of a teacher network, shared by all runs of a task, condition number and seed."""
    return _path(run, _TEACHER)


def probe_path(run: Run) -> str:
    """Folder of the probe trials, shared by all runs of a task, time step and seed."""
    return _path(run, _PROBE)


def batches_path(run: Run) -> str:
    """Folder of the training trials, shared by all conditions of a task, time step and seed."""
    return _path(run, _BATCHES)


def _path(run: Run, folders: tuple[tuple[str, ...], ...]) -> str:
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
