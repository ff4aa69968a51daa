"""Rules that join several groups of the configuration; those of one entry stand in its model.

A rule yields sentences. It passes over entries that their own models have refused already, and over what builds on
them: what is wrong there is said once.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from richlazy import wording
from richlazy.configuration import rules_of_experiments, rules_of_sweeps
from richlazy.configuration.registries import OF_LSTMS_ALONE
from richlazy.experiments import variants
from richlazy.storage import late_import
from richlazy.tasks import registry

Config = Mapping[str, Any]
Broken = frozenset[tuple[Any, ...]]

# Folders of results/ at paper scale, which no other scale may take as its own.
RESULT_FOLDERS = (
    "artefacts", "benchmarks", "connectivity", "connectomes", "experiments", "figures", "images", "language", "logs",
    "recheck", "reference", "runs", "sentences", "tasks", "teachers", "trials", "word_vectors",
)  # fmt: skip

# Groups without which no experiment can be judged.
_OF_EVERY_EXPERIMENT = {
    "connectivity", "dynamics", "training", "probe", "tasks", "structures", "presets", "connectomes", "experiments",
}  # fmt: skip
_NAMED_BY_EXPERIMENTS = {"tasks", "structures", "presets", "experiments"}


def problems(config: Config, broken: Broken) -> Iterator[str]:
    """All that is wrong between groups, a sentence each.

    Args:
        config: the merged configuration; every group is there, and a mapping where it should be one.
        broken: groups, as (group,), and their entries, as (group, name), that are refused already.
    """
    sound = {
        group: {name: entry for name, entry in entries.items() if (group, name) not in broken}
        for group, entries in config.items()
        if isinstance(entries, Mapping) and (group,) not in broken
    }
    yield from _of_selection(config, broken)
    yield from _of_entries(config, sound)
    yield from _of_servers(sound.get("connectomes", {}))
    if "figures" in sound:
        yield from _of_names(config, sound)
    if "training" in sound and (config["training"]["device"], config["training"]["batching"]) == ("cuda", "network"):
        yield "training.device is 'cuda', but one network alone leaves it idle; set training.batching to condition"
    if "training" in sound and config["training"]["engine"] == "compiled":
        yield from _of_compiled(config["training"]["device"])
    if ("experiments_to_build",) in broken:
        return
    if sound.keys() >= _OF_EVERY_EXPERIMENT:
        yield from _of_experiments(config, sound)
    elif sound.keys() >= _NAMED_BY_EXPERIMENTS:
        for name in selected(config):
            if name in sound["experiments"]:
                yield from rules_of_experiments.problems_of_names(config, name)


def _of_compiled(device: str) -> Iterator[str]:
    """Compiled passes where they cannot run."""
    if device == "cuda":
        yield (
            "training.engine is 'compiled', which computes on the CPU, and training.device 'cuda'; set one of them to "
            "torch or cpu"
        )
        return
    try:
        late_import.load("compiled.library").passes()
    except ValueError as error:
        yield str(error)


def _of_names(config: Config, sound: Config) -> Iterator[str]:
    """Tasks, structures or connectomes that figures would call alike, and draw as one."""
    names = config["figures"]["names"]
    for group in ("tasks", "structures", "connectomes"):
        first: dict[str, str] = {}
        for name in sound.get(group, ()):
            shown = wording.named(name, names)
            other = first.setdefault(shown, name)
            if other != name:
                yield (
                    f"figures.names calls {group}.{other} and {group}.{name} both {shown!r}; give one of them another "
                    "name there"
                )


def _of_servers(connectomes: Config) -> Iterator[str]:
    """Connectomes that take one version of a datastack from two servers, though its tables stand in one folder."""
    first: dict[tuple[str, int], tuple[str, str]] = {}
    for name, entry in connectomes.items():
        if "cave" in entry:
            asked = entry["cave"]
            version = (asked["datastack"], asked["version"])
            other, server = first.setdefault(version, (name, asked["server"]))
            if server != asked["server"]:
                yield (
                    f"connectomes.{name}.cave.server is {asked['server']}, but {other} takes the same version of "
                    f"{asked['datastack']} from {server}, and its tables are kept once; name one server"
                )


def selected(config: Config) -> list[str]:
    """Names of the experiments that this set of results has; the others are neither judged further nor built."""
    selection, experiments = config["experiments_to_build"], config["experiments"]
    return list(experiments) if selection == "all" else [name for name in selection if name in experiments]


def _of_selection(config: Config, broken: Broken) -> Iterator[str]:
    if config["scale"] in RESULT_FOLDERS:
        yield (
            f"scale is {config['scale']!r}, a folder of the paper-scale results, with which other results would mix; "
            "choose another name"
        )
    if not {("experiments_to_build",), ("experiments",)} & broken and config["experiments_to_build"] != "all":
        for name in config["experiments_to_build"]:
            yield from unknown("experiments_to_build", "experiment", name, config["experiments"])
    if not {("experiments_to_build",), ("experiments_to_publish",), ("experiments",)} & broken:
        published = config["experiments_to_publish"]
        for name in () if published == "all" else published:
            if name in config["experiments"] and name not in selected(config):
                yield (
                    f"experiments_to_publish names {name!r}, which experiments_to_build leaves out; name it "
                    "there too, or leave it out here"
                )
            yield from unknown("experiments_to_publish", "experiment", name, config["experiments"])
    for group in ("statistics", "figures"):
        named = config[group]["measures"] if (group,) not in broken else ()
        foreign = [name for name in named if name in OF_LSTMS_ALONE]
        if foreign:
            yield (
                f"{group}.measures names {foreign[0]}, which is measured of LSTMs alone; name it in measures of their "
                "experiments"
            )
    if not {("figures",), ("statistics",)} & broken:
        unbuilt = set(config["figures"]["measures"]) - set(config["statistics"]["measures"])
        if unbuilt:
            shown = wording.listed(sorted(unbuilt))
            yield f"figures.measures shows {shown} without a test; add it to statistics.measures"


def _of_entries(config: Config, sound: dict[str, dict[Any, Any]]) -> Iterator[str]:
    """What tasks and structures name of other groups, and their probes; tasks with a mistake are sound no more."""
    for name, entry in list(sound.get("tasks", {}).items()):
        where = f"tasks.{name}"
        task = registry.task(entry, config["tasks"])
        if {"connectivity", "image_sets", "presets"} <= set(sound):
            texts = [*task.problems(config), *_of_unseen(config, name)]
            yield from (f"{where}{text}" for text in texts)
            if texts:
                del sound["tasks"][name]
        for key, group in (("sentences", "sentence_sets"), ("word_vectors", "word_vectors")):
            if key in entry and isinstance(config[group], Mapping) and entry[key] not in config[group]:
                known = wording.listed(config[group])
                yield f"{where}.{key} names {wording.shown(entry[key])}, which does not exist; known: {known}"
        readout = entry.get("defaults", {}).get("readout", "linear_layer")
        yield from rules_of_experiments.problems_of_readout(f"{where}.defaults.readout", task, [readout])
        if "probe" in sound and "probe" in entry:
            yield from _of_probe(f"{where}.probe", {**config["probe"], **entry["probe"]})
    if "probe" in sound:
        yield from _of_probe("probe", config["probe"])
    for name, entry in sound.get("structures", {}).items():
        if "connectome" in entry and isinstance(config["connectomes"], Mapping):
            where = f"structures.{name}.connectome"
            yield from unknown(where, "connectome", entry["connectome"], config["connectomes"])


def _of_unseen(config: Config, name: str) -> Iterator[str]:
    """Unseen trials that a task could not have, or that are its own; what follows its place in a sentence each."""
    entry = config["tasks"][name]
    for what, changes in entry.get(variants.UNSEEN, {}).items() if isinstance(name, str) else ():
        changed = variants.changed(entry, changes)
        fixed = [key for key in changes if key in variants.NO_OPTIONS_OF_A_TASK]
        if fixed:
            yield f".unseen.{what} has {fixed[0]}, which makes it another task; change its durations or options instead"
        elif changed == variants.changed(entry, {}):
            yield f".unseen.{what} changes nothing; say what is different in these trials"
        else:
            texts = rules_of_sweeps.of_entry(config, "tasks", name, changed)
            yield from (f".unseen.{what} does not fit: {text}" for text in texts)


def _of_experiments(config: Config, sound: Config) -> Iterator[str]:
    """Rules of all experiments that are built; what several say of one task is said of the first of them."""
    said = set()
    for name in selected(config):
        for sentence in rules_of_experiments.problems(config, sound, name) if name in sound["experiments"] else ():
            cause = sentence.replace(f" in experiments.{name}", "")
            if cause not in said:
                said.add(cause)
                yield sentence


def _of_probe(where: str, probe: Config) -> Iterator[str]:
    if probe["kernel_trials"] > probe["trials"]:
        yield (
            f"{where}.kernel_trials is {probe['kernel_trials']}, more than the {probe['trials']} of {where}.trials; "
            "lower it or draw more trials"
        )


def unknown(where: str, what: str, name: Any, known: Iterable[Any]) -> Iterator[str]:
    """A name that does not exist, with the one that was probably meant."""
    names = list(known)
    if name not in names:
        yield where + wording.unknown(what, name, names)
