"""Checks of the configuration: each mistake is one sentence that says where, what, and how to mend it."""

import functools
import math
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import jsonschema
import pydantic
import yaml

from richlazy import wording
from richlazy.configuration import derived_schema, error_messages
from richlazy.connectivity.base import STRUCTURES, structure_parameters
from richlazy.experiments import grids, parameters, variants
from richlazy.statistics import strata
from richlazy.tasks import lstm_settings, registry
from richlazy.tasks.base import Task
from richlazy.tasks.image_sets import IDX_FILES

# Folders of results/ at paper scale, which no other scale may take as its own.
RESULT_FOLDERS = (
    "benchmarks", "connectivity", "connectomes", "experiments", "figures", "images", "language", "logs", "recheck",
    "reference", "runs", "sentences", "tasks", "teachers", "trials", "word_vectors",
)  # fmt: skip

# Measures that rate networks do not have.
_OF_LSTMS_ALONE = ("frobenius_norm", "leading_singular_value", "rank_for_final_accuracy")

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
    _check_older_groups(config)
    schema = derived_schema.completed(_load_schema(schema_path), config)
    _check_schema(config, schema)
    _check_tasks(config)
    _check_connectomes(config)
    _check_image_sets(config)
    _check_structures(config)
    _check_device(config)
    _check_probe(config)
    _check_selection(config)
    for sentence in lstm_settings.problems(config):
        raise ConfigurationError(sentence)
    for name in selected(config):
        _check_experiment(config, name, schema)


def _check_older_groups(config: Config) -> None:
    if isinstance(config, Mapping) and "language_experiments" in config:
        raise ConfigurationError(
            "language_experiments is no group any more, because LSTMs have experiments like other networks; move its "
            "entries to experiments, with grid: {task: [SST]} in place of task: SST, and add compare: part"
        )


def load_sources(path: str | Path, schema_path: str | Path) -> dict[str, Any]:
    """Registry of data, checked.

    Args:
        path: data/sources.yaml.
        schema_path: its JSON schema, in YAML.

    Returns:
        Sources by name, as the schema describes them.

    Raises:
        ConfigurationError: for the first mistake that is found.
    """
    path = Path(path)
    _check_duplicate_keys(path)
    registry = yaml.load(path.read_text(), _SafeLoader)
    error = jsonschema.exceptions.best_match(_Validator(_load_schema(schema_path)).iter_errors(registry))
    if error is not None:
        # Sentences about the configuration send their reader to its own files.
        sentence = error_messages.sentence(error).replace("the configuration", "the registry")
        for name in ("config.yaml", "workflow/docs/configuration.md"):
            sentence = sentence.replace(name, "workflow/schemas/sources.schema.yaml")
        raise ConfigurationError(f"{path.name}: {sentence}")
    for name, source in registry.items():
        files = [file["file"] for file in source["files"].values()]
        twice = sorted({file for file in files if files.count(file) > 1})
        if twice:
            raise ConfigurationError(
                f"{path.name}: {name}.files stores {wording.listed(twice)} twice; give each file a name of its own"
            )
    return registry


def check_entries(config: Config, sources: Mapping[str, Any]) -> None:
    """Refuse an image set whose entry of the registry is missing or holds no images.

    Args:
        config: a configuration that ``check`` accepts.
        sources: what ``load_sources`` gives.

    Raises:
        ConfigurationError: for the first mistake that is found.
    """
    for name, settings in config["image_sets"].items():
        if "entry" not in settings:
            continue
        where = f"image_sets.{name}.entry"
        _known(where, "source", settings["entry"], sources)
        missing = [file for file in IDX_FILES if file not in sources[settings["entry"]]["files"]]
        if missing:
            raise ConfigurationError(
                f"{where} is {settings['entry']!r}, whose files in data/sources.yaml lack {wording.listed(missing)}; "
                "name a source of images"
            )
    for name, settings in config["sentence_sets"].items():
        if "entry" in settings:
            where = f"sentence_sets.{name}.entry"
            _known(where, "source", settings["entry"], sources)
            for sentence in lstm_settings.problems_of_entry(where, sources[settings["entry"]]):
                raise ConfigurationError(f"{where} is {settings['entry']!r}, {sentence}")


def selected(config: Config) -> list[str]:
    """Names of the experiments of this set of results; the others are neither checked further nor built."""
    selection, experiments = config["experiments_to_build"], config["experiments"]
    return list(experiments) if selection == "all" else [name for name in selection if name in experiments]


# libyaml where PyYAML has it, which is ten times faster
_SafeLoader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _StrictLoader(_SafeLoader):
    """YAML loader that refuses a key standing twice in one mapping, where YAML keeps the last silently."""

    def construct_mapping(self, node, deep=False):
        seen = set()
        for key_node, _ in node.value:
            if key_node.tag == "tag:yaml.org,2002:merge":  # `<<: *other`, whose keys may be overwritten
                continue
            key = self.construct_object(key_node, deep=True)
            if isinstance(key, Hashable) and key in seen:
                mark = key_node.start_mark
                raise ConfigurationError(
                    f"{Path(mark.name).name}, line {mark.line + 1}: {wording.shown(key)} stands twice; "
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
            raise ConfigurationError(f"{wording.where(path)} is {value}; give a finite number")
        if isinstance(value, int) and abs(value) >= 2**63:
            raise ConfigurationError(
                f"{wording.where(path)} is {wording.shown(value)}, beyond 64 bits; give a smaller number"
            )


@functools.cache
def _load_schema(path: str | Path) -> Mapping[str, Any]:
    return yaml.load(Path(path).read_text(), _SafeLoader)


def _check_schema(config: Config, schema: Mapping[str, Any]) -> None:
    error = jsonschema.exceptions.best_match(_Validator(schema).iter_errors(config))
    if error is not None:
        raise ConfigurationError(error_messages.sentence(error))


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
        raise ConfigurationError(where + wording.unknown(what, name, names))


def _check_tasks(config: Config) -> None:
    for name, entry in config["tasks"].items():
        where = f"tasks.{name}"
        _check_entry_of_task(where, entry)
        task = registry.task(entry)
        for problem in task.problems(config):
            raise ConfigurationError(where + problem)
        _check_readout(f"{where}.defaults.readout", task, [entry.get("defaults", {}).get("readout", "linear_layer")])


def _check_entry_of_task(where: str, entry: Mapping[str, Any]) -> None:
    try:
        kind = registry.kind_of(entry)
        kind.settings.model_validate(entry)
    except pydantic.ValidationError as error:
        raise ConfigurationError(_first_problem(where, kind.variant_of or kind.key, error)) from None
    except ValueError as error:
        raise ConfigurationError(f"{where}{error}") from None


def _first_problem(where: str, key: str, error: pydantic.ValidationError) -> str:
    """The sentence about the first of the mistakes in an entry of a task, missing keys first."""
    problems = error.errors()
    missing = [str(problem["loc"][-1]) for problem in problems if problem["type"] == "missing"]
    if missing:
        return f"{where} lacks {wording.listed(missing)}; add it as in config.yaml"
    problem = problems[0]
    place = f"{where}.{wording.where(problem['loc'])}" if problem["loc"] else where
    if problem["type"] == "extra_forbidden":
        return f"{place} has no effect on a task with {key}; remove it"
    if problem["type"] == "value_error":
        return f"{place}{problem['ctx']['error']}"
    return f"{place} is {wording.shown(problem['input'])}; {problem['msg'][0].lower()}{problem['msg'][1:]}"


def _check_readout(where: str, task: Task, readouts: Iterable[str]) -> None:
    of_others = set(parameters.DIRECTIONS) if task.is_feedforward else {"normal", "equal_norm"}
    if of_others & set(readouts):
        own, other = ("feedforward", "recurrent") if task.is_feedforward else ("recurrent", "feedforward")
        raise ConfigurationError(
            f"{where} is for {other} networks, and this task is learned by {own} ones; use linear_layer"
        )
    if "aligned_directions" in readouts and task.input_units != task.outputs:
        raise ConfigurationError(
            f"{where} is aligned_directions, which only tasks of kind continuous with as many outputs as inputs have; "
            "use gaussian_directions"
        )


def _check_connectomes(config: Config) -> None:
    for name, entry in config["connectomes"].items():
        where, source = f"connectomes.{name}", entry["source"]
        if source not in entry:
            given = [key for key in entry if key != "source"]
            hint = f"; it has settings of {wording.listed(given)}" if given else ""
            raise ConfigurationError(
                f"{where}.source is {source!r}, but {where}.{source} is missing; add its settings{hint}"
            )
        for key in set(entry) - {"source"}:
            _check_selection_of_cells(f"{where}.{key}", key, entry[key])
            if "format" in entry[key]:
                _check_connectome_format(f"{where}.{key}", entry[key])


def _check_image_sets(config: Config) -> None:
    needed = {"registry": ("entry",), "folder": ("entry", "folder"), "scikit-learn": ()}
    for name, settings in config["image_sets"].items():
        where, source = f"image_sets.{name}", settings["source"]
        for key in needed[source]:
            if key not in settings:
                raise ConfigurationError(f"{where} lacks {key}, which source: {source} needs; add it")
        for key in [key for key in settings if key not in ("source", *needed[source])]:
            raise ConfigurationError(f"{where}.{key} has no effect on source: {source}; remove it or take a new name")


def _check_selection_of_cells(where: str, source: str, settings: Mapping[str, Any]) -> None:
    selection, where = settings["selection"], f"{where}.selection"
    estimated = selection["by"] == "boundary" and isinstance(selection.get("boundary"), str)
    if selection["by"] == "boundary" and "boundary" not in selection:
        raise ConfigurationError(
            f"{where} lacks boundary; give a depth in um, or logistic with two cell types in between"
        )
    if estimated and "between" not in selection:
        raise ConfigurationError(f"{where} lacks between, the two cell types whose boundary is estimated; add them")
    for key in ("boundary", "between"):
        if key in selection and (selection["by"] != "boundary" or (key == "between" and not estimated)):
            raise ConfigurationError(f"{where}.{key} has no effect here; remove it or set by: boundary")
    if source == "cave" and selection["by"] != "boundary":
        raise ConfigurationError(
            f"{where}.by is {selection['by']!r}, but synapses are asked of CAVE for chosen cells only; use by: boundary"
        )


def _check_connectome_format(where: str, settings: Mapping[str, Any]) -> None:
    layout, where = settings["format"], f"{where}.format"
    needed = {"edge_list": ("presynaptic", "postsynaptic"), "matrix": ("rows",)}[layout["connections"]]
    idle = {"edge_list": ("rows",), "matrix": ("presynaptic", "postsynaptic", "weight")}[layout["connections"]]
    reasons = dict.fromkeys(needed, f"connections: {layout['connections']}")
    if layout["sign"] == "cell_class":
        reasons |= dict.fromkeys(("class", "excitatory", "inhibitory"), "sign: cell_class")
    if "position" in layout:
        reasons |= dict.fromkeys(("x", "y", "z"), "position")
    for key, reason in reasons.items():
        if key not in layout:
            raise ConfigurationError(f"{where} lacks {key}, which {reason} needs; add it")
    for key in idle:
        if key in layout:
            raise ConfigurationError(f"{where}.{key} has no effect on connections: {layout['connections']}; remove it")
    if "cells" not in settings:
        columns = set(layout) - {"connections", "presynaptic", "postsynaptic", "weight", "rows", "sign"}
        if columns or layout["sign"] == "cell_class":
            named = wording.listed(sorted(columns)) or "sign: cell_class"
            raise ConfigurationError(f"{where} describes a table of cells ({named}), but cells names no file; add it")


def _check_structures(config: Config) -> None:
    for name, structure in config["structures"].items():
        where, kind = f"structures.{name}", STRUCTURES[structure["kind"]]
        fields, options = kind.Options.model_fields, {key: structure[key] for key in structure if key != "kind"}
        for option in options:
            if option not in fields:
                reason = ", whose units have outgoing weights of both signs" if option == "signs_held" else ""
                raise ConfigurationError(
                    f"{where}.{option} has no meaning for kind {structure['kind']!r}{reason}; remove it"
                )
        for option, field in fields.items():
            if option not in structure and field.is_required():
                raise ConfigurationError(
                    f"{where} lacks {option}, which kind {structure['kind']!r} needs; add it as in config.yaml"
                )
        try:
            kind.Options(**options)
        except pydantic.ValidationError as error:
            [first, *_] = error.errors()
            problem = first["ctx"]["error"] if first["type"] == "value_error" else f"is wrong: {first['msg']}"
            raise ConfigurationError(f"{wording.where(('structures', name, *first['loc']))} {problem}") from error
        if "connectome" in kind.needs:
            _known(f"{where}.connectome", "connectome", structure["connectome"], config["connectomes"])


def _check_device(config: Config) -> None:
    if config["training"]["device"] == "cuda" and config["training"]["batching"] == "network":
        raise ConfigurationError(
            "training.device is 'cuda', but one network alone leaves it idle; set training.batching to condition"
        )


def _check_probe(config: Config) -> None:
    probes = {"probe": config["probe"]}
    probes |= {
        f"tasks.{name}.probe": {**config["probe"], **task.get("probe", {})} for name, task in config["tasks"].items()
    }
    for where, probe in probes.items():
        if probe["kernel_trials"] > probe["trials"]:
            raise ConfigurationError(
                f"{where}.kernel_trials is {probe['kernel_trials']}, more than the {probe['trials']} of "
                f"{where}.trials; lower it or draw more trials"
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
            f"figures.measures shows {wording.listed(sorted(unbuilt))} without a test; add it to statistics.measures"
        )


def _check_experiment(config: Config, name: str, schema: Mapping[str, Any]) -> None:
    experiment, where = config["experiments"][name], f"experiments.{name}"
    if _has_lstms(config, where, experiment):
        for sentence in lstm_settings.problems_of_experiment(where, experiment):
            raise ConfigurationError(sentence)
        return
    _check_keys_of_experiment(where, experiment)
    _known(f"{where}.preset", "preset", experiment["preset"], config["presets"])
    for place, grid in _grids(where, experiment):
        for key in ("task", "structure"):
            if key not in grid:
                raise ConfigurationError(f"{place} lacks {key}; add a list of names from {key}s")
            for named in grid[key]:
                _known(f"{place}.{key}", key, named, config[f"{key}s"])
        _check_swept_options(config, place, grid, schema)
        varied, of_runs = grids.with_variants(config, [name]), grids.resolved(config, grid)
        _check_grid(varied, where, place, of_runs, experiment["preset"])
        _check_compared(place, grid, experiment)
    _check_comparison(config, where, experiment)
    _check_change_of_recurrent_weights(config, where, experiment)
    one_seed = {**config, "experiments": {name: {**experiment, "seeds": 1}}}
    runs, swept = grids.runs(one_seed, name), grids.swept_options(config, name)
    for run in runs:
        _check_network(grids.with_variants(config, [name]), where, run)
    _check_arms(config, name, [grids.row_of_table(run, swept) for run in runs])


def _check_grid(config: Config, where: str, place: str, grid: Mapping[str, Any], preset: str) -> None:
    """Refuse tasks, structures and parameters of runs that do not go together."""
    for task in grid["task"]:
        _check_task_in_use(config, task)
    _check_architectures(config, place, grid)
    _check_structure_parameters(config, place, grid)
    _check_connectome_sizes(config, place, grid)
    _check_times(config, where, place, grid, preset)


def _check_swept_options(config: Config, where: str, grid: Mapping[str, Any], schema: Mapping[str, Any]) -> None:
    """Refuse options that nothing in a grid has, and values that the entry of a task or structure could not have."""
    swept = grids.options(grid)
    having = {
        owner: {name: options_of(config[group][name]) for name in grid[owner]}
        for owner, (group, options_of) in variants.OWNERS.items()
    }
    for option in swept:
        with_it = {owner: [name for name in own if option in own[name]] for owner, own in having.items()}
        of_task, of_structure = with_it["task"], with_it["structure"]
        file = next((name for name in grid["structure"] if _names_a_file(config, name, option)), None)
        if file is not None:
            raise ConfigurationError(
                f"{where}.{option} names what structure {file!r} is made of, which cannot be swept; give each "
                f"{option} a structure of its own and list these under structure"
            )
        if not of_task and not of_structure:
            raise ConfigurationError(
                f"{where}.{option} has no effect on {wording.listed([*grid['structure'], *grid['task']])}; remove it"
            )
        if of_task and of_structure:
            raise ConfigurationError(
                f"{where}.{option} is an option of task {of_task[0]!r} and of structure {of_structure[0]!r}, which "
                "cannot be swept together; sweep it in two experiments"
            )
    for option, values in swept.items():
        one = {**{key: grid[key] for key in variants.OWNERS}, option: values}
        for owner, (group, _) in variants.OWNERS.items():
            for name in grids.resolved(config, one)[owner]:
                if name not in config[group]:
                    _check_variant(config, f"{where}.{option}", group, name, schema)


def _names_a_file(config: Config, structure: str, option: str) -> bool:
    return option in grids.structure_kind(config, structure).needs and option in config["structures"][structure]


def _check_variant(config: Config, where: str, group: str, name: str, schema: Mapping[str, Any]) -> None:
    """Refuse a variant of a task or structure for whatever its entry would be refused."""
    alone = {group: {variants.base_name(name): variants.entry(config[group], name)}}
    check_entries_of = {"tasks": _check_tasks, "structures": _check_structures}[group]
    try:
        _check_schema(alone, {"$defs": schema["$defs"], "properties": {group: schema["properties"][group]}})
        check_entries_of({**config, **alone})
    except ConfigurationError as error:
        raise ConfigurationError(f"{where} does not fit: {error}") from error


def _check_task_in_use(config: Config, name: str) -> None:
    task = registry.task(config["tasks"][name])
    for problem in task.problems_in_use(config):
        raise ConfigurationError(f"tasks.{name}{problem}")


def _has_lstms(config: Config, where: str, experiment: Mapping[str, Any]) -> bool:
    """Whether LSTMs learn the tasks of an experiment; one with other networks as well is refused."""
    tasks = [(name, config["tasks"].get(name, {})) for name in grids.values(experiment, "task")]
    read = [name for name, task in tasks if "sentences" in task]
    if read and len(read) < len(tasks):
        raise ConfigurationError(
            f"{where} names {read[0]!r}, whose sentences are learned by an LSTM, beside tasks of other networks; give "
            "each an experiment of its own"
        )
    return bool(read)


def _check_keys_of_experiment(where: str, experiment: Mapping[str, Any]) -> None:
    """Refuse an experiment of rate networks that lacks a preset, or has what only LSTMs have."""
    if "preset" not in experiment:
        raise ConfigurationError(f"{where} lacks preset; add it as in config.yaml")
    idle = [key for key in ("weights", "parts", "draw") if key in experiment]
    if idle:
        raise ConfigurationError(f"{where}.{idle[0]} has no effect on these networks, only on LSTMs; remove it")
    foreign = [name for name in experiment.get("measures", ()) if name in _OF_LSTMS_ALONE]
    if foreign:
        raise ConfigurationError(
            f"{where}.measures names {foreign[0]}, which is measured of LSTMs alone; choose another measure"
        )


def _grids(where: str, experiment: Mapping[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Every grid of an experiment, with the name of the place where it stands."""
    for index, group in enumerate(experiment.get("groups", [])):
        twice = wording.listed(sorted(set(group) & set(experiment["grid"])))
        if twice:
            raise ConfigurationError(
                f"{where}.groups[{index}] repeats {twice} of {where}.grid; keep it in one of the two"
            )
    completed = grids.completed(experiment)
    if "groups" not in experiment:
        return [(f"{where}.grid", completed[0])]
    return [(f"{where}.groups[{index}]", grid) for index, grid in enumerate(completed)]


def _check_structure_parameters(config: Config, where: str, grid: Mapping[str, Any]) -> None:
    kinds = {structure: grids.structure_kind(config, structure) for structure in grid["structure"]}
    needed = {kind.parameter: structure for structure, kind in kinds.items() if kind.parameter is not None}
    for parameter, structure in needed.items():
        if parameter not in grid:
            raise ConfigurationError(
                f"{where} lacks {parameter}, which structure {structure!r} needs; add a list of values"
            )
    idle = [parameter for parameter in grid if parameter in structure_parameters() and parameter not in needed]
    if "matching" in grid and all(kind.unstructured for kind in kinds.values()):
        idle.append("matching")
    if idle:
        raise ConfigurationError(f"{where}.{idle[0]} has no effect on {wording.listed(grid['structure'])}; remove it")
    sizes = _sizes(config, grid)
    for structure, kind in kinds.items():
        for size in sizes:
            problem = kind.refusal(config["structures"][structure], size, where)
            if problem is not None:
                raise ConfigurationError(f"structures.{structure}.{problem}")
    if "rank" in grid and max(grid["rank"]) > min(sizes):
        raise ConfigurationError(
            f"{where}.rank has {max(grid['rank'])}, more than the {min(sizes)} units of the network; "
            "lower the rank or raise the size"
        )
    for task in grid["task"]:
        learned = registry.task(config["tasks"][task])
        inputs = learned.input_units if learned.is_feedforward else None
        if inputs and "rank" in grid and max(grid["rank"]) > inputs:
            raise ConfigurationError(
                f"{where}.rank has {max(grid['rank'])}, more than the {inputs} inputs of task {task!r}; lower the rank"
            )


def _sizes(config: Config, grid: Mapping[str, Any]) -> list[int]:
    """Sizes of the networks of a grid."""
    return grid.get("size") or [registry.task(config["tasks"][task]).usual_size(config) for task in grid["task"]]


def _check_architectures(config: Config, where: str, grid: Mapping[str, Any]) -> None:
    """Refuse what the networks that learn a task cannot have."""
    for task in grid["task"]:
        learned = registry.task(config["tasks"][task])
        architecture = learned.architecture
        for structure in grid["structure"]:
            kind = config["structures"][structure]["kind"]
            if architecture not in STRUCTURES[kind].architectures:
                fitting = [name for name, known in STRUCTURES.items() if architecture in known.architectures]
                fitting.sort(key=lambda name: not STRUCTURES[name].unstructured)  # the simplest first
                raise ConfigurationError(
                    f"{where}.structure names {structure!r} of kind {kind!r}, but task {task!r} is learned by "
                    f"{architecture} networks, which cannot have it; choose one of {wording.listed(fitting)}"
                )
            matched = architecture == "feedforward" and not STRUCTURES[kind].unstructured
            if matched and "leading_eigenvalue" in grid.get("matching", [config["connectivity"]["matching"]]):
                raise ConfigurationError(
                    f"{where}.matching is leading_eigenvalue, but task {task!r} is learned by feedforward networks, "
                    "whose first layer has no eigenvalues; use matching: [frobenius]"
                )
            if "task" in STRUCTURES[kind].needs and not learned.has_task_vector:
                raise ConfigurationError(
                    f"{where}.structure names {structure!r}, aligned with a teacher, but task {task!r} has none; "
                    "use a task with teacher"
                )
            if "teacher" in STRUCTURES[kind].needs:
                _check_teacher_aligned(config, where, structure, task, grid)
        _check_optimiser(where, learned.entry, grid, config["structures"])
        _check_readout(f"{where}.readout", learned, grid.get("readout", []))
        if "condition_number" in grid and not learned.has_teacher:
            raise ConfigurationError(
                f"{where}.condition_number has no effect on task {task!r}, which has no teacher; remove it"
            )


def _check_optimiser(
    where: str, task: Mapping[str, Any], grid: Mapping[str, Any], structures: Mapping[str, Any]
) -> None:
    usual = {**parameters.USUAL, **task.get("defaults", {})}
    if "adam" not in grid.get("optimiser", [usual["optimiser"]]):
        return
    if any(grid.get("momentum", [])):
        raise ConfigurationError(f"{where}.momentum has no effect on adam; remove it or use gradient_descent")
    held = [name for name in grid["structure"] if structures[name].get("signs_held")]
    if held:
        raise ConfigurationError(
            f"{where}.structure names {held[0]!r}, whose signs are held, which adam cannot do; use gradient_descent"
        )


def _check_teacher_aligned(config: Config, where: str, structure: str, task: str, grid: Mapping[str, Any]) -> None:
    learned = registry.task(config["tasks"][task])
    if "teacher" not in learned.needs:
        raise ConfigurationError(
            f"{where}.structure names {structure!r}, aligned with a teacher network, but task {task!r} has none; "
            "use a task with teacher_network"
        )
    size = learned.usual_size(config)
    for other in set(grid.get("size", [])) - {size}:
        raise ConfigurationError(
            f"{where}.size has {other}, but structure {structure!r} has the {size} units of the teacher of task "
            f"{task!r}; set size in the defaults of the task instead"
        )


def _check_connectome_sizes(config: Config, where: str, grid: Mapping[str, Any]) -> None:
    for structure in grid["structure"]:
        name = grids.connectome_of(config, structure)
        if name is None:
            continue
        cells = grids.connectome(config, name)["selection"]["cells"]
        for size in _sizes(config, grid):
            if size != cells:
                raise ConfigurationError(
                    f"{where}.size is {size}, but structure {structure!r} has the {cells} cells of connectome "
                    f"{name!r}; give it a group with size: [{cells}]"
                )


def _check_compared(where: str, grid: Mapping[str, Any], experiment: Mapping[str, Any]) -> None:
    compare = experiment["compare"]
    if compare not in grid:
        raise ConfigurationError(
            f"{where.rpartition('.')[0]}.compare is {wording.shown(compare)}, which the grid does not vary; "
            f"choose one of {', '.join(key for key in grid if key != 'task')}"
        )
    # Each value of the compared parameter may have a group of its own, with what covaries.
    if compare != "task" and len(grid[compare]) < 2 and "covaries" not in experiment:
        raise ConfigurationError(f"{where}.{compare} has one value, but it is compared; give at least two")


def _check_comparison(config: Config, where: str, experiment: Mapping[str, Any]) -> None:
    kinds = {registry.task(config["tasks"][task]).comparable or task for task in grids.values(experiment, "task")}
    if experiment["compare"] == "task" and len(kinds) > 1:
        raise ConfigurationError(
            f"{where}.compare is 'task', but tasks are not paired conditions unless all are of one kind of continuous; "
            "compare another parameter"
        )
    seeds = experiment["seeds"]
    if (seeds if isinstance(seeds, int) else len(seeds)) < 2:
        raise ConfigurationError(f"{where}.seeds gives one seed, but seeds are the sample; give at least two")
    idle = [key for key in experiment.get("covaries", []) if not grids.values(experiment, key)]
    if idle:
        raise ConfigurationError(f"{where}.covaries names {wording.listed(idle)}, which no grid varies; remove it")
    _check_follow(where, experiment)


def _check_change_of_recurrent_weights(config: Config, where: str, experiment: Mapping[str, Any]) -> None:
    quantities = experiment.get("follow", {}).get("quantities", [])
    asked = [f"follow.quantities names {name}" for name in quantities if "singular_value" in name]
    asked += ["truncation is true"] if experiment.get("truncation") else []
    for task in grids.values(experiment, "task") if asked else []:
        if registry.task(config["tasks"][task]).is_feedforward:
            raise ConfigurationError(
                f"{where}.{asked[0]}, but task {task!r} is learned by feedforward networks, which have no "
                "recurrent weights; remove it"
            )


def _check_follow(where: str, experiment: Mapping[str, Any]) -> None:
    follow = experiment.get("follow")
    if follow is None:
        return
    if 0 not in follow["iterations"]:
        raise ConfigurationError(
            f"{where}.follow.iterations lacks 0, the start with which networks are compared; add it"
        )
    unknown = sorted(set(follow["seeds"]) - set(grids.seeds(experiment)))
    if unknown:
        raise ConfigurationError(
            f"{where}.follow.seeds names {wording.listed(unknown)}, which {where}.seeds does not have; name seeds of it"
        )


def _check_times(config: Config, where: str, place: str, grid: Mapping[str, Any], preset_name: str) -> None:
    for task in grid["task"]:
        settings = config["tasks"][task]
        usual = {**config["presets"][preset_name], **config["dynamics"], **settings.get("defaults", {})}
        leaks, steps, constants = (grid.get(key, [usual[key]]) for key in ("leak", "time_step_ms", "time_constant_ms"))
        if "euler" in leaks and max(steps) > min(constants):
            raise ConfigurationError(
                f"{place.removesuffix('.grid')} has a time step of {max(steps)} ms, "
                f"longer than its time constant of {min(constants)} ms, where leak: euler is unstable; "
                "shorten the step or use leak: exponential"
            )
        _check_whole_steps(where, task, settings.get("timing_ms", {}), steps)


def _check_whole_steps(where: str, task: str, timing: Mapping[str, Any], steps: Iterable[float]) -> None:
    """Refuse fixed periods that are not a whole number of steps, which NeuroGym would cut short in silence."""
    longest = max(steps)
    for period, duration in timing.items():
        if isinstance(duration, (int, float)) and 0 < duration < longest:
            raise ConfigurationError(
                f"tasks.{task}.timing_ms.{period} is {duration} ms, shorter than the time step of {longest} ms "
                f"in {where}; lengthen the period or set it to 0"
            )
    if not all(isinstance(duration, (int, float)) for duration in timing.values()):
        return
    for step in steps:
        end = 0.0
        for period, duration in timing.items():
            end += duration
            # As NeuroGym divides, which cuts 0.3 / 0.1 to 2.
            if int(end / step) != round(end / step) or abs(end / step - round(end / step)) > 1e-9:
                raise ConfigurationError(
                    f"tasks.{task}.timing_ms.{period} of {duration} ms ends at {end:g} ms, which is no whole number of "
                    f"time steps of {step} ms in {where}, so that it would be cut short; change one of the two"
                )


def _check_network(config: Config, where: str, run: parameters.Run) -> None:
    """Refuse a network that has nothing to learn with, wherever its parameters come from."""
    feedforward = run["architecture"] == "feedforward"
    if feedforward and run["trained"] == "recurrent":
        raise ConfigurationError(
            f"{where} trains recurrent weights alone, but task {run['task']!r} is learned by feedforward networks; "
            "use trained: all"
        )
    unstructured = STRUCTURES[config["structures"][run["structure"]]["kind"]].unstructured
    if run["gain"] == 0 and (feedforward or not unstructured):
        of_whom = "first layers" if feedforward else f"structure {run['structure']!r}"
        raise ConfigurationError(
            f"{where} has gain 0, but {of_whom} cannot have weights of size 0; leave out 0, or use recurrent networks "
            "with a structure of kind gaussian or uniform"
        )


def _check_arms(config: Config, name: str, found: Sequence[parameters.Run]) -> None:
    """Refuse an arm in which all values of the compared parameter give one and the same network."""
    compare = config["experiments"][name]["compare"]
    for arm, places in strata.of(found, grids.arms(config, name)):
        levels = [found[place][compare] for place in places]
        if len(set(levels)) < len(levels):
            twice = next(level for level in levels if levels.count(level) > 1)
            raise ConfigurationError(
                f"experiments.{name}.covaries leaves several networks with {compare} {wording.shown(twice)}; "
                "give each value of it one group with one value of what covaries"
            )
        if len({found[place][compare] for place in places}) < 2:
            fixed = (f"{key} is {wording.shown(value)}" for key, value in arm.items())
            raise ConfigurationError(
                f"experiments.{name}.compare is {compare!r}, which makes no difference where "
                f"{wording.listed(fixed, 120)}; "
                "compare another parameter or give these runs an experiment of their own"
            )
