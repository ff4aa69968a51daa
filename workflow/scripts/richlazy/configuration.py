"""Checks of the configuration: each mistake is one sentence that says where, what, and how to mend it."""

import difflib
import math
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import jsonschema
import yaml

from richlazy.connectivity import STRUCTURES

# Environments with semantics of the paper, and a vectorised sampler for them; the same as
# tasks.PAPER_ENVIRONMENTS, named here because importing NeuroGym takes seconds.
PAPER_ENVIRONMENTS = ("PerceptualDecisionMaking-v0", "DelayMatchSample-v0", "ContextDecisionMaking-v0")

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
    _check_schema(config, yaml.safe_load(Path(schema_path).read_text()))
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
            key = self.construct_object(key_node, deep=True)
            if key in seen:
                raise ConfigurationError(
                    f"{Path(self.name).name}, line {key_node.start_mark.line + 1}: {key!r} stands twice; "
                    "remove or rename one of the two"
                )
            seen.add(key)
        return super().construct_mapping(node, deep)


def _check_duplicate_keys(file: Path) -> None:
    with file.open() as stream:
        try:
            yaml.load(stream, _StrictLoader)
        except yaml.YAMLError as error:
            problem = " ".join(str(error).split())
            raise ConfigurationError(f"{file.name} is not valid YAML: {problem}; mend the line it names") from error


def _walk(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    yield path, value
    children = value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list) else ()
    for key, child in children:
        yield from _walk(child, (*path, key))


def _where(path: Iterable[Any]) -> str:
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text or "the configuration"


def _check_finite(config: Config) -> None:
    for path, value in _walk(config):
        if isinstance(value, float) and not math.isfinite(value):
            raise ConfigurationError(f"{_where(path)} is {value}; give a finite number")


def _check_schema(config: Config, schema: Mapping[str, Any]) -> None:
    validator = jsonschema.Draft202012Validator(schema)
    error = jsonschema.exceptions.best_match(validator.iter_errors(config))
    if error is not None:
        raise ConfigurationError(_sentence(error))


def _sentence(error: jsonschema.ValidationError) -> str:
    """What a schema violation means for whoever wrote the configuration."""
    where, found, wanted = _where(error.absolute_path), error.instance, error.validator_value
    match error.validator:
        case "additionalProperties":
            known = list(error.schema.get("properties", {}))
            unknown = next(key for key in found if key not in known)
            guess = difflib.get_close_matches(str(unknown), known, 1)
            hint = f"did you mean {guess[0]!r}?" if guess else "remove it;"
            return f"{where} has an unknown key {unknown!r}: {hint} known keys are {', '.join(known)}"
        case "required":
            missing = [key for key in wanted if key not in found]
            return f"{where} lacks {', '.join(missing)}; add it as in config.yaml"
        case "type":
            text = f"{where} must be {_article(wanted)}, not {found!r}"
            if isinstance(found, str) and _is_number(found):
                text += "; write it without quotes, with a decimal point before an exponent (3.0e-3)"
            return text if ";" in text else f"{text}; see the key in workflow/docs/configuration.md"
        case "enum" | "const":
            choices = wanted if isinstance(wanted, list) else [wanted]
            guess = difflib.get_close_matches(str(found), [str(choice) for choice in choices], 1)
            hint = f" (did you mean {guess[0]!r}?)" if guess else ""
            return f"{where} is {found!r}{hint}; choose one of {', '.join(map(str, choices))}"
        case "minimum" | "exclusiveMinimum" | "maximum" | "exclusiveMaximum":
            relation = {
                "minimum": "at least", "exclusiveMinimum": "above",
                "maximum": "at most", "exclusiveMaximum": "below",
            }[error.validator]  # fmt: skip
            return f"{where} is {found}; it must be {relation} {wanted}"
        case "minItems" | "minProperties" | "minLength":
            return f"{where} is empty; give at least {wanted} entry"
        case "uniqueItems":
            repeated = next(item for item in found if found.count(item) > 1)
            return f"{where} names {repeated!r} twice; remove one"
        case "pattern":
            return f"{where} is {found!r}, which does not match {wanted}; {_pattern_hint(str(wanted))}"
        case _:
            return f"{where}: {error.message}; see workflow/docs/configuration.md"


def _pattern_hint(pattern: str) -> str:
    if pattern.startswith("^#"):
        return 'write a colour as "#RRGGBB" in quotes'
    if "-v" in pattern:
        return "write a NeuroGym id such as PerceptualDecisionMaking-v0"
    return "use letters, digits, _ and - (experiments: lower case, no -), because names become part of paths"


def _article(type_name: str) -> str:
    names = {"object": "a mapping of keys to values", "array": "a list", "integer": "a whole number",
             "number": "a number", "string": "a text", "boolean": "true or false"}  # fmt: skip
    return names.get(type_name, str(type_name))


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _known(where: str, what: str, name: str, known: Iterable[str]) -> None:
    names = list(known)
    if name not in names:
        guess = difflib.get_close_matches(name, names, 1)
        hint = f"did you mean {guess[0]!r}? " if guess else ""
        raise ConfigurationError(
            f"{where} names {what} {name!r}, which is not configured; {hint}known: {', '.join(names)}"
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
    selection = config["experiments_to_build"]
    for name in [] if selection == "all" else selection:
        _known("experiments_to_build", "experiment", name, config["experiments"])
    unbuilt = set(config["figures"]["measures"]) - set(config["statistics"]["measures"])
    if unbuilt:
        raise ConfigurationError(
            f"figures.measures shows {', '.join(sorted(unbuilt))} without a test; add it to statistics.measures"
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
    for parameter in {structure.parameter for structure in STRUCTURES.values()} - {None}:
        if parameter in grid and parameter not in needed:
            raise ConfigurationError(
                f"{where}.grid.{parameter} has no effect on {', '.join(grid['structure'])}; remove it"
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
            f"{where}.compare is {compare!r}, which the grid does not vary; choose one of {', '.join(grid)}"
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
