"""Rules that join several groups of the configuration; those of one entry stand in its model.

A rule yields sentences. It passes over entries that their own models have refused already, and over what builds on
them: what is wrong there is said once.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from richlazy import wording
from richlazy.configuration import rules_of_experiments
from richlazy.tasks import lstm_settings, registry

Config = Mapping[str, Any]
Broken = frozenset[tuple[Any, ...]]

# Folders of results/ at paper scale, which no other scale may take as its own.
RESULT_FOLDERS = (
    "benchmarks", "connectivity", "connectomes", "experiments", "figures", "images", "language", "logs", "recheck",
    "reference", "runs", "sentences", "tasks", "teachers", "trials", "word_vectors",
)  # fmt: skip

# Groups without which no experiment can be judged.
_OF_EVERY_EXPERIMENT = {
    "connectivity", "dynamics", "training", "tasks", "structures", "presets", "connectomes", "experiments",
    "language_experiments",
}  # fmt: skip


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
    if "training" in sound and (config["training"]["device"], config["training"]["batching"]) == ("cuda", "network"):
        yield "training.device is 'cuda', but one network alone leaves it idle; set training.batching to condition"
    if sound.keys() >= _OF_EVERY_EXPERIMENT:
        yield from _of_experiments(config, sound)
    for name in selected(config, "language_experiments") if "tasks" in sound else ():
        if name in sound.get("language_experiments", {}):
            yield from _of_language(config, name)


def selected(config: Config, group: str) -> list[str]:
    """Names of the experiments of a group that this set of results has; others are neither judged further nor built."""
    selection, known = config["experiments_to_build"], config[group]
    if not isinstance(known, Mapping) or not isinstance(selection, (str, list)):
        return []
    return list(known) if selection == "all" else [name for name in selection if name in known]


def _of_selection(config: Config, broken: Broken) -> Iterator[str]:
    if config["scale"] in RESULT_FOLDERS:
        yield (
            f"scale is {config['scale']!r}, a folder of the paper-scale results, with which other results would mix; "
            "choose another name"
        )
    if not {("experiments_to_build",), ("experiments",), ("language_experiments",)} & broken:
        selection, known = config["experiments_to_build"], [*config["experiments"], *config["language_experiments"]]
        for name in [] if selection == "all" else selection:
            yield from unknown("experiments_to_build", "experiment", name, known)
        for name in config["language_experiments"]:
            if name in config["experiments"]:
                yield f"language_experiments.{name} is also the name of one of experiments; rename one of the two"
    if not {("figures",), ("statistics",)} & broken:
        unbuilt = set(config["figures"]["measures"]) - set(config["statistics"]["measures"])
        if unbuilt:
            shown = wording.listed(sorted(unbuilt))
            yield f"figures.measures shows {shown} without a test; add it to statistics.measures"


def _of_entries(config: Config, sound: Config) -> Iterator[str]:
    for name, entry in sound.get("tasks", {}).items():
        where = f"tasks.{name}"
        task = registry.task(entry)
        if {"connectivity", "image_sets", "presets"} <= set(sound):
            yield from (f"{where}{text}" for text in task.problems(config))
        for key, group in (("sentences", "sentence_sets"), ("word_vectors", "word_vectors")):
            if key in entry and entry[key] not in config[group]:
                known = wording.listed(config[group])
                yield f"{where}.{key} names {wording.shown(entry[key])}, which does not exist; known: {known}"
        readout = entry.get("defaults", {}).get("readout", "linear_layer")
        yield from rules_of_experiments.problems_of_readout(f"{where}.defaults.readout", task, [readout])
        if "probe" in sound and "probe" in entry:
            yield from _of_probe(f"{where}.probe", {**config["probe"], **entry["probe"]})
    if "probe" in sound:
        yield from _of_probe("probe", config["probe"])
    for name, entry in sound.get("structures", {}).items():
        if "connectome" in entry:
            where = f"structures.{name}.connectome"
            yield from unknown(where, "connectome", entry["connectome"], config["connectomes"])


def _of_experiments(config: Config, sound: Config) -> Iterator[str]:
    """Rules of all experiments that are built; what several say of one task is said of the first of them."""
    said = set()
    for name in selected(config, "experiments"):
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


def _of_language(config: Config, name: str) -> Iterator[str]:
    experiment, where = config["language_experiments"][name], f"language_experiments.{name}"
    tasks = [task for task, entry in config["tasks"].items() if isinstance(entry, Mapping) and "sentences" in entry]
    if experiment["task"] not in tasks:
        shown, known = wording.shown(experiment["task"]), wording.listed(tasks)
        yield f"{where}.task names {shown}, which does not exist; known: {known}"
    if len(lstm_settings.seeds(experiment)) < 2:
        yield f"{where}.seeds gives one seed, but seeds are the sample; give at least two"
    ranked = lstm_settings.RANK in experiment["measures"]
    if ranked and len(experiment["measures"]) > 1:
        yield (
            f"{where}.measures joins {lstm_settings.RANK} with norms, which other weights have; give each an "
            "experiment of its own"
        )
    fitting = lstm_settings.TRUNCATIONS if ranked else lstm_settings.MATRICES
    for weights in experiment["weights"]:
        if weights not in fitting:
            yield (
                f"{where}.weights names {weights!r}, which has no {experiment['measures'][0]}; choose from "
                f"{wording.listed(fitting)}"
            )
    if ranked and set(experiment["parts"]) - set(lstm_settings.TRUNCATED):
        known = wording.listed(lstm_settings.TRUNCATED)
        yield f"{where}.parts names initial_weights, which are not truncated; choose from {known}"


def unknown(where: str, what: str, name: Any, known: Iterable[Any]) -> Iterator[str]:
    """A name that does not exist, with the one that was probably meant."""
    names = list(known)
    if name not in names:
        yield where + wording.unknown(what, name, names)
