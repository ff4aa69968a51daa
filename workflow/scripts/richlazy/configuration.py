"""Checks of the configuration: each mistake is one sentence that says where, what, and how to mend it."""

import functools
import math
from collections.abc import Hashable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import jsonschema
import yaml

from richlazy import experiments, mistakes
from richlazy.connectivity import STRUCTURES

# Environments with semantics of the paper, and a vectorised sampler for them; the same as
# tasks.PAPER_ENVIRONMENTS, named here because importing NeuroGym takes seconds.
PAPER_ENVIRONMENTS = ("PerceptualDecisionMaking-v0", "DelayMatchSample-v0", "ContextDecisionMaking-v0")

# Grid parameters that only some structures take.
STRUCTURE_PARAMETERS = ("rank", "decay_exponent", "matching")

# Folders of results/ at paper scale, which no other scale may take as its own.
RESULT_FOLDERS = ("benchmarks", "connectivity", "experiments", "logs", "recheck", "reference", "runs", "trials")

Config = Mapping[str, Any]


class ConfigurationError(ValueError):
    """A mistake in the configuration, in one sentence."""


def check(config: Config, schema_path: str | Path, files: Iterable[str | Path] = ()) -> None:
    """Refuse a wrong configuration.

    Args:
        config: the merged configuration.
        schema_path: the JSON schema, in YAML.
        files: the files from which it was merged, checked for keys that stand twice.

    Raises:
        ConfigurationError: for the first mistake that is found.
    """
    for file in files:
        _check_duplicate_keys(Path(file))
    _check_finite(config)
    _check_schema(config, _load_schema(schema_path))
    _check_tasks(config)
    _check_structures(config)
    _check_probe(config)
    _check_selection(config)
    for name in selected(config):
        _check_experiment(config, name)


def selected(config: Config) -> list[str]:
    """Names of the experiments of this set of results; the others are neither checked further nor built."""
    selection = config["experiments_to_build"]
    return list(config["experiments"]) if selection == "all" else list(selection)


class _StrictLoader(yaml.SafeLoader):
    """YAML loader that refuses a key standing twice in one mapping, where YAML keeps the last silently."""

    def construct_mapping(self, node, deep=False):
        seen = set()
        for key_node, _ in node.value:
            if key_node.tag == "tag:yaml.org,2002:merge":  # `<<: *other`, whose keys may be overwritten
                continue
            key = self.construct_object(key_node, deep=True)
            if isinstance(key, Hashable) and key in seen:
                raise ConfigurationError(
                    f"{Path(self.name).name}, line {key_node.start_mark.line + 1}: {mistakes.shown(key)} stands twice; "
                    "remove or rename one of the two"
                )
            if isinstance(key, Hashable):  # YAML itself refuses the others
                seen.add(key)
        return super().construct_mapping(node, deep)


def _check_duplicate_keys(file: Path) -> None:
    with file.open("rb") as stream:
        try:
            yaml.load(stream, _StrictLoader)
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            line = f", line {mark.line + 1}," if mark else ""
            problem = getattr(error, "problem", None) or getattr(error, "reason", "unreadable")
            raise ConfigurationError(
                f"{file.name}{line} is not valid YAML: {problem}; mend this line or the one before it"
            ) from error


def _walk(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    yield path, value
    children = value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list) else ()
    for key, child in children:
        yield from _walk(child, (*path, key))


def _check_finite(config: Config) -> None:
    for path, value in _walk(config):
        if isinstance(value, float) and not math.isfinite(value):
            raise ConfigurationError(f"{mistakes.where(path)} is {value}; give a finite number")
        if isinstance(value, int) and abs(value) >= 2**63:
            raise ConfigurationError(
                f"{mistakes.where(path)} is {mistakes.shown(value)}, beyond 64 bits; give a smaller number"
            )


@functools.cache
def _load_schema(path: str | Path) -> Mapping[str, Any]:
    return yaml.safe_load(Path(path).read_text())


def _check_schema(config: Config, schema: Mapping[str, Any]) -> None:
    error = jsonschema.exceptions.best_match(_Validator(schema).iter_errors(config))
    if error is not None:
        raise ConfigurationError(mistakes.sentence(error))


def _is_whole(_: Any, value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


# JSON takes 300.0 for a whole number, but a count of seeds, units or trials is an int in every later step.
_Validator = jsonschema.validators.extend(
    jsonschema.Draft202012Validator,
    type_checker=jsonschema.Draft202012Validator.TYPE_CHECKER.redefine("integer", _is_whole),
)


def _known(where: str, what: str, name: str, known: Iterable[str]) -> None:
    names = list(known)
    if name not in names:
        meant = mistakes.guess(name, names)
        hint = f"did you mean {meant!r}? " if meant else ""
        raise ConfigurationError(
            f"{where} names {what} {mistakes.shown(name)}, which does not exist; {hint}known: {mistakes.listed(names)}"
        )


def _check_tasks(config: Config) -> None:
    for name, task in config["tasks"].items():
        where, environment = f"tasks.{name}", task["environment"]
        if task["semantics"] == "paper" and environment not in PAPER_ENVIRONMENTS:
            raise ConfigurationError(
                f"{where}.semantics is 'paper', which exists for {', '.join(PAPER_ENVIRONMENTS)} only; "
                "use semantics: installed"
            )
        if task["sampler"] == "vectorised":
            random_periods = [key for key, value in task["timing_ms"].items() if not isinstance(value, (int, float))]
            if task["semantics"] != "paper" or random_periods:
                raise ConfigurationError(
                    f"{where}.sampler is 'vectorised', which needs semantics: paper and fixed durations; "
                    "use sampler: neurogym"
                )
            if "sequence_steps" in task:
                raise ConfigurationError(
                    f"{where}.sequence_steps has no effect on sampler 'vectorised', whose trials are equally long; "
                    "remove it or use sampler: neurogym"
                )
        _check_task_times(where, task)


def _check_task_times(where: str, task: Mapping[str, Any]) -> None:
    for argument, key in (("dt", "dynamics.time_step_ms"), ("timing", f"{where}.timing_ms")):
        if argument in task.get("arguments", {}):
            raise ConfigurationError(f"{where}.arguments.{argument} would overrule {key}; remove it and set {key}")
    if not any(task["timing_ms"].values()):
        raise ConfigurationError(f"{where}.timing_ms has no period above 0 ms; give the decision a duration")


def _check_environment(where: str, environment: str) -> None:
    from neurogym.envs.registration import all_envs  # takes seconds, so only where it is needed

    _known(f"{where}.environment", "NeuroGym environment", environment, all_envs())


def _check_structures(config: Config) -> None:
    for name, structure in config["structures"].items():
        for option in set(structure) - {"kind"}:
            if option not in STRUCTURES[structure["kind"]].options:
                raise ConfigurationError(
                    f"structures.{name}.{option} has no meaning for kind {structure['kind']!r}; remove it"
                )


def _check_probe(config: Config) -> None:
    probe = config["probe"]
    if probe["kernel_trials"] > probe["trials"]:
        raise ConfigurationError(
            f"probe.kernel_trials is {probe['kernel_trials']}, more than the {probe['trials']} of probe.trials; "
            "lower it or draw more trials"
        )


def _check_selection(config: Config) -> None:
    if config["scale"] in RESULT_FOLDERS:
        raise ConfigurationError(
            f"scale is {config['scale']!r}, a folder of the paper-scale results, with which other results would mix; "
            "choose another name"
        )
    selection = config["experiments_to_build"]
    for name in [] if selection == "all" else selection:
        _known("experiments_to_build", "experiment", name, config["experiments"])
    unbuilt = set(config["figures"]["measures"]) - set(config["statistics"]["measures"])
    if unbuilt:
        raise ConfigurationError(
            f"figures.measures shows {mistakes.listed(sorted(unbuilt))} without a test; add it to statistics.measures"
        )


def _check_experiment(config: Config, name: str) -> None:
    experiment, where = config["experiments"][name], f"experiments.{name}"
    grid = experiment["grid"]
    _known(f"{where}.preset", "preset", experiment["preset"], config["presets"])
    for task in grid["task"]:
        _known(f"{where}.grid.task", "task", task, config["tasks"])
        if config["tasks"][task]["environment"] not in PAPER_ENVIRONMENTS:
            _check_environment(f"tasks.{task}", config["tasks"][task]["environment"])
    for structure in grid["structure"]:
        _known(f"{where}.grid.structure", "structure", structure, config["structures"])
    _check_structure_parameters(config, where, grid)
    _check_comparison(where, experiment)
    _check_times(config, where, experiment)
    _check_arms(config, name)


def _check_structure_parameters(config: Config, where: str, grid: Mapping[str, Any]) -> None:
    needed = {}
    for structure in grid["structure"]:
        parameter = STRUCTURES[config["structures"][structure]["kind"]].parameter
        if parameter is not None:
            needed[parameter] = structure
    for parameter, structure in needed.items():
        if parameter not in grid:
            raise ConfigurationError(
                f"{where}.grid lacks {parameter}, which structure {structure!r} needs; add a list of values"
            )
    for parameter in [key for key in STRUCTURE_PARAMETERS if key in grid]:
        if parameter not in needed and not (parameter == "matching" and needed):
            raise ConfigurationError(
                f"{where}.grid.{parameter} has no effect on {mistakes.listed(grid['structure'])}; remove it"
            )
    sizes = grid.get("size", [config["connectivity"]["size"]])
    if "rank" in grid and max(grid["rank"]) > min(sizes):
        raise ConfigurationError(
            f"{where}.grid.rank has {max(grid['rank'])}, more than the {min(sizes)} units of the network; "
            "lower the rank or raise the size"
        )


def _check_comparison(where: str, experiment: Mapping[str, Any]) -> None:
    compare, grid = experiment["compare"], experiment["grid"]
    if compare not in grid:
        raise ConfigurationError(
            f"{where}.compare is {mistakes.shown(compare)}, which the grid does not vary; "
            f"choose one of {', '.join(key for key in grid if key != 'task')}"
        )
    if compare == "task":
        raise ConfigurationError(
            f"{where}.compare is 'task', but tasks are not paired conditions; compare another parameter"
        )
    if len(grid[compare]) < 2:
        raise ConfigurationError(f"{where}.grid.{compare} has one value, but it is compared; give at least two")
    seeds = experiment["seeds"]
    if (seeds if isinstance(seeds, int) else len(seeds)) < 2:
        raise ConfigurationError(f"{where}.seeds gives one seed, but seeds are the sample; give at least two")


def _check_times(config: Config, where: str, experiment: Mapping[str, Any]) -> None:
    grid, preset = experiment["grid"], config["presets"][experiment["preset"]]
    steps = grid.get("time_step_ms", [config["dynamics"]["time_step_ms"]])
    constants = grid.get("time_constant_ms", [config["dynamics"]["time_constant_ms"]])
    if "euler" in grid.get("leak", [preset["leak"]]) and max(steps) > min(constants):
        raise ConfigurationError(
            f"{where} has a time step of {max(steps)} ms, longer than its time constant of {min(constants)} ms, "
            "where leak: euler is unstable; shorten the step or use leak: exponential"
        )
    for task in grid["task"]:
        for period, duration in config["tasks"][task]["timing_ms"].items():
            if isinstance(duration, (int, float)) and 0 < duration < max(steps):
                raise ConfigurationError(
                    f"tasks.{task}.timing_ms.{period} is {duration} ms, shorter than the time step of {max(steps)} ms "
                    f"in {where}; lengthen the period or set it to 0"
                )


def _check_arms(config: Config, name: str) -> None:
    """Refuse an arm in which all values of the compared parameter give one and the same network."""
    experiment = config["experiments"][name]
    compare, arms = experiment["compare"], experiments.arms(config, name)
    found: dict[tuple[Any, ...], set[Any]] = {}
    one_seed = {**config, "experiments": {name: {**experiment, "seeds": 1}}}
    for run in experiments.runs(one_seed, name):
        found.setdefault(tuple(run[arm] for arm in arms), set()).add(run[compare])
    for arm, values in found.items():
        if len(values) < 2:
            fixed = (f"{key} is {mistakes.shown(value)}" for key, value in zip(arms, arm, strict=True))
            raise ConfigurationError(
                f"experiments.{name}.compare is {compare!r}, which makes no difference where "
                f"{mistakes.listed(fixed, 120)}; "
                "compare another parameter or give these runs an experiment of their own"
            )
