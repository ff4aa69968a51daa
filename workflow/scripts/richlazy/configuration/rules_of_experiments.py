"""Rules of experiments that are built: whether every grid gives networks that can be trained, compared and tested."""

import itertools
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from richlazy import wording
from richlazy.configuration import (
    rules_of_comparisons,
    rules_of_figures,
    rules_of_runs,
    rules_of_sweeps,
    rules_of_times,
)
from richlazy.configuration.registries import OF_LSTMS_ALONE
from richlazy.connectivity.base import STRUCTURES, structure_parameters
from richlazy.experiments import grids, parameters, unseen_probes, variants
from richlazy.tasks import lstm_settings, registry
from richlazy.tasks.base import Task

Config = Mapping[str, Any]
Grid = Mapping[str, Any]


def problems(config: Config, sound: Config, name: str) -> Iterator[str]:
    """All that is wrong with an experiment, a sentence each; what builds on a mistake is looked at once it is mended.

    Args:
        config: the configuration.
        sound: the groups of it, with the entries that their models accept.
        name: of an experiment that its model accepts.
    """
    experiment, where = config["experiments"][name], f"experiments.{name}"
    tasks = {task: config["tasks"].get(task, {}) for task in grids.values(experiment, "task")}
    read = [task for task, entry in tasks.items() if isinstance(entry, Mapping) and "sentences" in entry]
    if read and len(read) < len(tasks):
        yield (
            f"{where} names {read[0]!r}, whose sentences are learned by an LSTM, beside tasks of other networks; give "
            "each an experiment of its own"
        )
        return
    if read:
        yield from lstm_settings.problems_of_experiment(where, experiment)
        yield from rules_of_comparisons.of_seeds(where, experiment)
        yield from rules_of_comparisons.of_repeats(sound, name, config["experiments"])
        return
    found = list(_of_keys(where, experiment)) or list(_of_names(config, where, experiment))
    yield from found
    if found or not _is_sound(sound, experiment):
        return
    varied = unseen_probes.with_variants(config, [name])
    for place, grid in _grids(where, experiment):
        one = list(rules_of_sweeps.problems(config, place, grid)) or [
            *_of_grid(varied, where, place, _asked(varied, grid, experiment), experiment),
            *_of_compared(place, grid, experiment),
        ]
        yield from one
        found += one
    one = list(rules_of_comparisons.problems(config, sound, name))
    yield from one
    if found or one:
        return
    runs = grids.runs({**config, "experiments": {name: {**experiment, "seeds": 1}}}, name)
    swept, varied = grids.swept_options(config, name), grids.with_variants(config, [name])
    found = list(dict.fromkeys(text for run in runs for text in rules_of_runs.of_network(varied, where, run)))
    yield from found
    if not found:
        yield from rules_of_figures.problems(varied, where, name, runs)
        yield from rules_of_runs.of_strata(config, name, [grids.row_of_table(run, swept) for run in runs])


def problems_of_names(config: Config, name: str) -> Iterator[str]:
    """What an experiment names and nothing has, which can be said while other groups are broken."""
    experiment, where = config["experiments"][name], f"experiments.{name}"
    if "preset" in experiment:
        yield from _of_names(config, where, experiment)


def _of_grid(config: Config, where: str, place: str, grid: Grid, experiment: Config) -> Iterator[str]:
    """Tasks, structures and parameters of runs that do not go together."""
    found = list(_of_architectures(config, place, grid))
    yield from found
    if not found:
        yield from _of_structure_parameters(config, place, grid)
        yield from _of_connectome_sizes(config, place, grid)
        yield from rules_of_times.problems(config, where, place, grid, experiment["preset"])


def _of_keys(where: str, experiment: Config) -> Iterator[str]:
    """A preset that is missing, and what only LSTMs have."""
    idle = [key for key in ("weights", "parts", "draw") if key in experiment]
    foreign = [name for name in experiment.get("measures", ()) if name in OF_LSTMS_ALONE]
    if "preset" not in experiment:
        yield f"{where} lacks preset; add it as in config.yaml"
    elif idle:
        yield f"{where}.{idle[0]} has no effect on these networks, only on LSTMs; remove it"
    elif foreign:
        yield f"{where}.measures names {foreign[0]}, which is measured of LSTMs alone; choose another measure"


def _of_names(config: Config, where: str, experiment: Config) -> Iterator[str]:
    """Names of presets, tasks and structures that do not exist, and parameters that stand in two places."""
    if experiment["preset"] not in config["presets"]:
        yield f"{where}.preset" + wording.unknown("preset", experiment["preset"], config["presets"])
    for index, group in enumerate(experiment.get("groups", [])):
        twice = wording.listed(sorted(set(group) & set(experiment["grid"])))
        if twice:
            yield f"{where}.groups[{index}] repeats {twice} of {where}.grid; keep it in one of the two"
    for place, grid in _grids(where, experiment):
        for key in ("task", "structure"):
            if key not in grid:
                yield f"{place} lacks {key}; add a list of names from {key}s"
            for name in grid.get(key, []):
                if name not in config[f"{key}s"]:
                    yield f"{place}.{key}" + wording.unknown(key, name, config[f"{key}s"])


def _is_sound(sound: Config, experiment: Config) -> bool:
    """Whether all that an experiment names is accepted by its own model."""
    names = {"presets": [experiment["preset"]]}
    names |= {f"{key}s": grids.values(experiment, key) for key in ("task", "structure")}
    made = (registry.task(sound["tasks"][name]) for name in names["tasks"] if name in sound["tasks"])
    names["tasks"] = [*names["tasks"], *(part for task in made for part in task.parts)]
    connectomes = (sound["structures"].get(name, {}).get("connectome") for name in names["structures"])
    names["connectomes"] = [name for name in connectomes if name is not None]
    return all(name in sound[group] for group, found in names.items() for name in found)


def _grids(where: str, experiment: Config) -> list[tuple[str, dict[str, Any]]]:
    """Every grid of an experiment, with the name of the place where it stands."""
    completed = grids.completed(experiment)
    if "groups" not in experiment:
        return [(f"{where}.grid", completed[0])]
    return [(f"{where}.groups[{index}]", grid) for index, grid in enumerate(completed)]


def _asked(config: Config, grid: Grid, experiment: Config) -> Grid:
    """A grid of parameters of runs alone, and with tasks of unseen trials where networks are asked these."""
    found = grids.resolved(config, grid)
    if not experiment.get("unseen"):
        return found
    unseen = (variants.unseen(config["tasks"], task).values() for task in found["task"])
    return {**found, "task": [*found["task"], *itertools.chain.from_iterable(unseen)]}


def _of_architectures(config: Config, where: str, grid: Grid) -> Iterator[str]:
    """What the networks that learn a task cannot have."""
    for name in grid["task"]:
        entry = config["tasks"][name]
        task = registry.named(config["tasks"], name)
        yield from (f"tasks.{name}{text}" for text in task.problems_in_use(config))
        for structure in grid["structure"]:
            yield from _of_structure(config, where, grid, name, structure)
        usual = {**parameters.USUAL, **entry.get("defaults", {})}
        if "adam" in grid.get("optimiser", [usual["optimiser"]]):
            yield from _of_adam(config, where, grid)
        yield from problems_of_readout(f"{where}.readout", task, grid.get("readout", []))
    untaught = [name for name in grid["task"] if not registry.named(config["tasks"], name).has_teacher]
    if "condition_number" in grid and untaught:
        yield f"{where}.condition_number has no effect on task {untaught[0]!r}, which has no teacher; remove it"


def _of_structure(config: Config, where: str, grid: Grid, name: str, structure: str) -> Iterator[str]:
    """Whether the networks of a task can have a structure."""
    task, known = registry.named(config["tasks"], name), config["structures"][structure]["kind"]
    kind = STRUCTURES[known]
    if task.architecture not in kind.architectures:
        fitting = [other for other in STRUCTURES if task.architecture in STRUCTURES[other].architectures]
        fitting.sort(key=lambda other: not STRUCTURES[other].unstructured)  # the simplest first
        yield (
            f"{where}.structure names {structure!r} of kind {known!r}, but task {name!r} is learned by "
            f"{task.architecture} networks, which cannot have it; choose one of {wording.listed(fitting)}"
        )
        return
    matched = task.is_feedforward and not kind.unstructured
    if matched and "leading_eigenvalue" in grid.get("matching", [config["connectivity"]["matching"]]):
        yield (
            f"{where}.matching is leading_eigenvalue, but task {name!r} is learned by feedforward networks, "
            "whose first layer has no eigenvalues; use matching: [frobenius]"
        )
    if "task" in kind.needs and not task.has_task_vector:
        yield (
            f"{where}.structure names {structure!r}, aligned with a teacher, but task {name!r} has none; "
            "use a task with teacher"
        )
    if "teacher" in kind.needs and "teacher" not in task.needs:
        yield (
            f"{where}.structure names {structure!r}, aligned with a teacher network, but task {name!r} has none; "
            "use a task with teacher_network"
        )
    elif "teacher" in kind.needs:
        size = task.usual_size(config)
        for other in set(grid.get("size", [])) - {size}:
            yield (
                f"{where}.size has {other}, but structure {structure!r} has the {size} units of the teacher of task "
                f"{name!r}; set size in the defaults of the task instead"
            )


def _of_adam(config: Config, where: str, grid: Grid) -> Iterator[str]:
    if any(grid.get("momentum", [])):
        yield f"{where}.momentum has no effect on adam; remove it or use gradient_descent"
    for name in grid["structure"]:
        if config["structures"][name].get("signs_held"):
            yield f"{where}.structure names {name!r}, whose signs are held, which adam cannot do; use gradient_descent"


def problems_of_readout(where: str, task: Task, readouts: Iterable[str]) -> Iterator[str]:
    """Readouts that the networks of a task cannot start with."""
    given = set(readouts)
    of_others = set(parameters.DIRECTIONS) if task.is_feedforward else {"normal", "equal_norm"}
    if of_others & given:
        own, other = ("feedforward", "recurrent") if task.is_feedforward else ("recurrent", "feedforward")
        yield f"{where} is for {other} networks, and this task is learned by {own} ones; use linear_layer"
    elif "aligned_directions" in given and task.input_units != task.outputs:
        yield (
            f"{where} is aligned_directions, which only tasks of kind continuous with as many outputs as inputs have; "
            "use gaussian_directions"
        )


def _of_structure_parameters(config: Config, where: str, grid: Grid) -> Iterator[str]:
    kinds = {name: STRUCTURES[config["structures"][name]["kind"]] for name in grid["structure"]}
    needed = {kind.parameter: name for name, kind in kinds.items() if kind.parameter is not None}
    for parameter, name in needed.items():
        if parameter not in grid:
            yield f"{where} lacks {parameter}, which structure {name!r} needs; add a list of values"
    idle = [parameter for parameter in sorted(structure_parameters()) if parameter in grid and parameter not in needed]
    if "matching" in grid and all(kind.unstructured for kind in kinds.values()):
        idle.append("matching")
    for key in idle:
        yield f"{where}.{key} has no effect on {wording.listed(grid['structure'])}; remove it"
    sizes = _sizes(config, grid)
    for name, kind in kinds.items():
        refusals = (kind.refusal(config["structures"][name], size, where) for size in sizes)
        yield from (f"structures.{name}.{text}" for text in refusals if text)
    if "rank" in grid and max(grid["rank"]) > min(sizes):
        yield (
            f"{where}.rank has {max(grid['rank'])}, more than the {min(sizes)} units of the network; "
            "lower the rank or raise the size"
        )
    for name in grid["task"]:
        task = registry.named(config["tasks"], name)
        inputs = task.input_units if task.is_feedforward else None
        if inputs and "rank" in grid and max(grid["rank"]) > inputs:
            yield (
                f"{where}.rank has {max(grid['rank'])}, more than the {inputs} inputs of task {name!r}; lower the rank"
            )


def _sizes(config: Config, grid: Grid) -> list[int]:
    """Sizes of the networks of a grid."""
    usual = [registry.named(config["tasks"], name).usual_size(config) for name in grid["task"]]
    return list(dict.fromkeys(grid.get("size") or usual))


def _of_connectome_sizes(config: Config, where: str, grid: Grid) -> Iterator[str]:
    made = {grids.connectome_of(config, structure): structure for structure in reversed(grid["structure"])}
    for name, structure in made.items():
        if name is None:
            continue
        cells = grids.connectome(config, name)["selection"]["cells"]
        for size in _sizes(config, grid):
            if size != cells:
                yield (
                    f"{where}.size is {size}, but structure {structure!r} has the {cells} cells of connectome "
                    f"{name!r}; give it a group with size: [{cells}]"
                )


def _of_compared(where: str, grid: Grid, experiment: Config) -> Iterator[str]:
    compare = experiment["compare"]
    if compare not in grid:
        yield (
            f"{where.rpartition('.')[0]}.compare is {wording.shown(compare)}, which the grid does not vary; "
            f"choose one of {', '.join(key for key in grid if key != 'task')}"
        )
    # Each value of the compared parameter may have a group of its own, with what covaries.
    elif compare != "task" and len(grid[compare]) < 2 and "covaries" not in experiment:
        yield f"{where}.{compare} has one value, but it is compared; give at least two"
