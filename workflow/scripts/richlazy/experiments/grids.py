"""Experiments as lists of runs.

A run is one network: it is identified by its own parameters, never by the figure that wants it, so that
equal runs of different experiments are one file and train once.
"""

import itertools
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from richlazy.connectivity.base import STRUCTURES, Structure, structure_parameters
from richlazy.experiments import variants
from richlazy.experiments.parameters import DIRECTIONS, PARAMETERS, RANK_ORDER, TEACHER_PARAMETERS, USUAL, Run
from richlazy.experiments.paths import condition_path, run_path, seed_folder
from richlazy.measures import at_matched_loss, during_training
from richlazy.tasks import registry
from richlazy.training import rules

Config = Mapping[str, Any]


def seeds(experiment: Mapping[str, Any]) -> list[int]:
    """Seeds of an experiment: those listed, or 0 to count - 1."""
    given = experiment["seeds"]
    return list(range(given)) if isinstance(given, int) else list(given)


def completed(experiment: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Grids whose union is the experiment: its grid, completed in turn by each of its groups."""
    return [{**experiment["grid"], **group} for group in experiment.get("groups", [{}])]


def values(experiment: Mapping[str, Any], key: str) -> list[Any]:
    """Values that a grid parameter takes anywhere in an experiment, in the order in which they are named."""
    return list(dict.fromkeys(value for grid in completed(experiment) for value in grid.get(key, [])))


def options(grid: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Options of structures and tasks that a grid sweeps, with their values."""
    return {key: found for key, found in grid.items() if key not in PARAMETERS}


def resolved(config: Config, grid: Mapping[str, Any]) -> dict[str, list[Any]]:
    """A grid of parameters of runs alone: variants of its tasks and structures in place of the options it sweeps."""
    swept = options(grid)
    found = {key: values_of_one for key, values_of_one in grid.items() if key not in swept}
    for owner, (group, _) in variants.OWNERS.items() if swept else ():
        names = (variants.names(config[group], owner, name, swept) for name in found[owner])
        found[owner] = list(dict.fromkeys(itertools.chain.from_iterable(names)))
    return found


def with_variants(config: Config, names: Iterable[str]) -> Config:
    """The configuration with the variants of some experiments beside the entries of tasks and structures."""
    found: dict[str, dict[str, Any]] = {group: {} for group, _ in variants.OWNERS.values()}
    for grid in (grid for name in names for grid in completed(config["experiments"][name]) if options(grid)):
        grid = resolved(config, grid)
        for owner, (group, _) in variants.OWNERS.items():
            found[group] |= {name: variants.entry(config[group], name) for name in grid[owner]}
    return {**config, **{group: {**config[group], **entries} for group, entries in found.items() if entries}}


def runs(config: Config, name: str) -> list[Run]:
    """Every run of an experiment, each once, in the order of its grids and then of its seeds."""
    config, experiment = with_variants(config, [name]), config["experiments"][name]
    defaults = {
        **config["presets"][experiment["preset"]],
        **config["connectivity"],
        **config["dynamics"],
        **{key: config["training"][key] for key in ("learning_rate", "batch_size", "iterations", "engine")},
        "condition_number": 1.0,
        **{name: USUAL[name] for name in ("optimiser", "trained", "parametrisation", "rule")},
    }
    unique: dict[str, Run] = {}
    for grid in (resolved(config, grid) for grid in completed(experiment)):
        for values_of_one in itertools.product(*grid.values()):
            chosen = dict(zip(grid, values_of_one, strict=True))
            own = config["tasks"][chosen["task"]].get("defaults", {})
            run = _canonical(config, defaults | own | chosen | {"seed": 0})
            condition = condition_path(run)
            for seed in seeds(experiment):
                unique.setdefault(condition + seed_folder(seed), {**run, "seed": seed})
    return list(unique.values())


def _canonical(config: Config, given: Mapping[str, Any]) -> Run:
    """Parameters in their types and order, without those that make no difference to this network."""
    structure = structure_kind(config, given["structure"])
    task = registry.named(config["tasks"], given["task"])
    rule = rules.rule(given["rule"])
    pointless = {
        "matching": structure.unstructured,
        "condition_number": not task.has_teacher,
        "distinct_batches": task.one_trial or bool(task.parts),
        "momentum": given["optimiser"] == "adam",
    }
    ignored = {name for name, is_pointless in pointless.items() if is_pointless}
    ignored |= (set(structure_parameters()) - {structure.parameter}) | (set(rules.TAKEN) - set(rule.takes))
    given = {**given, "architecture": task.architecture, "batch_size": task.batch_size or given["batch_size"]}
    if task.is_feedforward:
        ignored |= {"leak", "time_step_ms", "time_constant_ms"}
        given["rectification"] = "after_leak" if given["rectification"] == "inside" else given["rectification"]
    elif given["readout"] not in DIRECTIONS:
        given["readout"] = USUAL["readout"]
    given = dict(rule.takes) | given
    given["engine"] = given["engine"] if rule.is_gradient else USUAL["engine"]  # no other rule is compiled
    run = {
        name: parameter.type(given[name]) if name in given and name not in ignored else None
        for name, parameter in PARAMETERS.items()
    }
    memoryless = run["leak"] == "euler" and run["time_step_ms"] == run["time_constant_ms"]
    if memoryless and run["rectification"] == "inside":
        run["rectification"] = "after_leak"
    return run


def swept_options(config: Config, name: str) -> dict[str, dict[str, Any]]:
    """What an experiment sweeps of its structures and tasks, by the names of the options; plain, for jobs.

    Returns:
        For each option ``owner``, ``task`` or ``structure``; ``meaning``; and ``values``, for each variant of the
        experiment its value, None where it is no number or word, or the option not one of the variant's.
    """
    config, experiment = with_variants(config, [name]), config["experiments"][name]
    grids_of_one = [(grid, resolved(config, grid)) for grid in completed(experiment)]
    found: dict[str, dict[str, Any]] = {}
    for option in dict.fromkeys(key for grid, _ in grids_of_one for key in options(grid)):
        for owner, (group, options_of) in variants.OWNERS.items():
            names = dict.fromkeys(name for _, grid in grids_of_one for name in grid[owner])
            own = {name: options_of(config[group][name]) for name in names}
            if any(option in options_of_one for options_of_one in own.values()):
                entry = next(config[group][name] for name in names if option in own[name])
                known = {name: options_of_one.get(option) for name, options_of_one in own.items()}
                plain = {name: None if isinstance(value, (list, dict)) else value for name, value in known.items()}
                meaning = variants.meaning(owner, entry, option)
                found[option] = {"owner": owner, "meaning": meaning, "values": plain}
    return found


def row_of_table(run: Run, swept: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """A run as tables have it: task and structure by their own names, with each option that the experiment sweeps."""
    found = {option: of["values"][run[of["owner"]]] for option, of in swept.items()}
    return {**run, **{owner: variants.base_name(run[owner]) for owner in variants.OWNERS}, **found}


def structure_kind(config: Config, structure: str) -> type[Structure]:
    """What kind of structure a name of the configuration is."""
    return STRUCTURES[config["structures"][structure]["kind"]]


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
    return {name: PARAMETERS[name].type(given[name]) for name in TEACHER_PARAMETERS}


def is_teacher_aligned(config: Config, structure: str) -> bool:
    """Whether networks with a structure start with weights of the teacher network of their task."""
    return "teacher" in structure_kind(config, structure).needs


def arms(config: Config, name: str) -> list[str]:
    """Parameters that an experiment varies beside the compared one: each combination is tested by itself.

    Those that change with the compared one, as the groups of the experiment have it, make no arms.
    """
    experiment = config["experiments"][name]
    keys = dict.fromkeys(key for grid in completed(experiment) for key in grid)
    compared = {experiment["compare"], *experiment.get("covaries", ())}
    return [key for key in keys if key not in compared and (key == "task" or len(values(experiment, key)) > 1)]


def rank_comparisons(config: Config, names: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Those of some experiments that compare the rank of the initial weights: title, compared parameter and arms."""
    return {
        name: {key: config["experiments"][name][key] for key in ("title", "compare")} | {"arms": arms(config, name)}
        for name in names
        if config["experiments"][name]["compare"] in RANK_ORDER
    }


def measures(config: Config, name: str, group: str) -> list[str]:
    """Measures that an experiment tests (group ``statistics``) or draws (group ``figures``): its own, or the usual.

    Where it compares networks at levels of their loss, it also tests its measures of change at these.
    """
    experiment = config["experiments"][name]
    found = _measures(config, experiment, group)
    if group == "statistics" and experiment.get("matched_loss"):
        of_change = [one for one in found if one in at_matched_loss.OF_CHANGE]
        found += [at_matched_loss.at_level(one, level) for level in at_matched_loss.LEVELS for one in of_change]
    return list(dict.fromkeys(found))


def _measures(config: Config, experiment: Mapping[str, Any], group: str) -> list[str]:
    if "measures" in experiment:
        return list(experiment["measures"])
    kinds = {registry.named(config["tasks"], task).architecture for task in values(experiment, "task")}
    usual = config[group]["measures"]
    return list(usual) if kinds != {"feedforward"} else [name for name in usual if "_recurrent" not in name]


def connectome(config: Config, name: str) -> dict[str, Any]:
    """The active source of a connectome: its settings, with the name of the source."""
    entry = config["connectomes"][name]
    return {"source": entry["source"], **entry[entry["source"]]}


def connectome_of(config: Config, structure: str) -> str | None:
    """Name of the connectome from which a structure is made, or None."""
    return config["structures"][structure].get("connectome")


def connectome_note(config: Config, name: str) -> str:
    """What every table and figure says of a connectome."""
    active = connectome(config, name)
    warning = ", not data" if active["source"] == "synthetic" else ""
    return f"{name} ({active['source']}{warning}): {active['description']}"


def connectome_notes(config: Config, structures: Iterable[str]) -> dict[str, str]:
    """These notes for those of some structures that are made of a connectome, in the order of their names."""
    named = {structure: connectome_of(config, structure) for structure in sorted(set(structures))}
    return {structure: connectome_note(config, name) for structure, name in named.items() if name}


def substitutes(config: Config, runs: Iterable[Run]) -> dict[str, dict[str, str]]:
    """What stands in for data of a paper (``stands_for``), for the ``structure`` and the ``task`` of runs; for jobs."""
    found: dict[str, dict[str, str]] = {owner: {} for owner in variants.OWNERS}
    for run in runs:
        entries = {"structure": [], "task": _data_of_task(config, run["task"])}
        if run["structure"] is not None and (name := connectome_of(config, run["structure"])):
            entries["structure"] = [(f"{name} ({config['connectomes'][name]['source']})", connectome(config, name))]
        for owner, of_one in entries.items():
            named = [f"{name} for {entry['stands_for']}" for name, entry in of_one if "stands_for" in entry]
            if named:
                found[owner][run[owner]] = "; ".join(named)
    return found


def _data_of_task(config: Config, task: str) -> list[tuple[str, Mapping[str, Any]]]:
    """Entries of images, sentences and word vectors of which a task is made, by names that say where they come from."""
    groups = {"images": "image_sets", "sentences": "sentence_sets", "word_vectors": "word_vectors"}
    named = [(group, config["tasks"][task][key]) for key, group in groups.items() if key in config["tasks"][task]]
    return [(f"{name} ({config[group][name]['source']})", config[group][name]) for group, name in named]


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
        found.setdefault(run_path(run), set()).update(follow.get("quantities", during_training.USUAL))
    return {path: sorted(names_of_one) for path, names_of_one in found.items()}


def matched(config: Config, names: Iterable[str]) -> set[str]:
    """Paths of the runs of those experiments that compare networks at levels of their loss."""
    asked = (name for name in names if config["experiments"][name].get("matched_loss"))
    return {run_path(run) for name in asked for run in runs(config, name)}


def _followings(config: Config, names: Iterable[str]) -> Iterator[tuple[Run, Mapping[str, Any]]]:
    """Each run that an experiment follows, with how."""
    for name in names:
        follow = config["experiments"][name].get("follow")
        for run in runs(config, name) if follow else []:
            if run["seed"] in follow["seeds"]:
                yield run, follow
