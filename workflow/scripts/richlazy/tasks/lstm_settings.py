"""What the configuration says of networks that read sentiment, and what can be wrong with it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from richlazy import wording

# As in sentiment_network, sentiment_measures and treebank, which import PyTorch; a test holds them together.
MATRICES = ("weight_hh_l0", "weight_ih_l1", "weight_hh_l1", "weight_ih_l0")
TRUNCATIONS = ("from_units", "from_words")
TRUNCATED = ("weights", "change")
RANK = "rank_for_final_accuracy"
ARCHIVE = "trees"
PARTS = ("training", "validation", "test")

# What each source of sentences and of word vectors needs beside itself.
_SENTENCES = {"registry": ("entry",), "folder": ("entry", "folder"), "bundled": ()}
_VECTORS = {"random": ("dimensions", "seed"), "file": ("file",)}


def seeds(experiment: Mapping[str, Any]) -> list[int]:
    """Seeds of an experiment on language."""
    chosen = experiment["seeds"]
    return list(range(chosen)) if isinstance(chosen, int) else list(chosen)


def problems(config: Mapping[str, Any], selected: Iterable[str]) -> Iterator[str]:
    """All that is wrong with sentences, word vectors and the selected experiments on language, a sentence each."""
    yield from _problems_of_sources("sentence_sets", config["sentence_sets"], _SENTENCES, ("lower_case",))
    yield from _problems_of_sources("word_vectors", config["word_vectors"], _VECTORS, ())
    for name, task in config["tasks"].items():
        if "sentences" in task:
            for key, group in (("sentences", "sentence_sets"), ("word_vectors", "word_vectors")):
                yield from _unknown(f"tasks.{name}.{key}", task[key], config[group])
    for name in config["language_experiments"]:
        if name in config["experiments"]:
            yield f"language_experiments.{name} is also the name of one of experiments; rename one of the two"
    for name in selected:
        yield from _problems_of_experiment(config, name, config["language_experiments"][name])


def problems_of_entry(where: str, entry: Mapping[str, Any]) -> Iterator[str]:
    """What a source of the registry lacks to be a treebank."""
    members = entry["files"].get(ARCHIVE, {}).get("members", {})
    missing = [part for part in PARTS if part not in members]
    if missing:
        yield (
            f"whose files in data/sources.yaml lack {ARCHIVE} with the members {wording.listed(missing)}; name a "
            "treebank"
        )


def _problems_of_sources(
    group: str, entries: Mapping[str, Any], needed: Mapping[str, Sequence[str]], usual: Sequence[str]
) -> Iterator[str]:
    for name, settings in entries.items():
        source, where = settings["source"], f"{group}.{name}"
        for key in needed[source]:
            if key not in settings:
                yield f"{where} lacks {key}, which source: {source} needs; add it"
        for key in settings:
            if key not in ("source", *usual, *needed[source]):
                yield f"{where}.{key} has no effect on source: {source}; remove it or take a new name"


def _unknown(where: str, name: str, known: Mapping[str, Any]) -> Iterator[str]:
    if name not in known:
        yield f"{where} names {wording.shown(name)}, which does not exist; known: {wording.listed(known)}"


def _problems_of_experiment(config: Mapping[str, Any], name: str, experiment: Mapping[str, Any]) -> Iterator[str]:
    where = f"language_experiments.{name}"
    tasks = {task: settings for task, settings in config["tasks"].items() if "sentences" in settings}
    yield from _unknown(f"{where}.task", experiment["task"], tasks)
    if len(seeds(experiment)) < 2:
        yield f"{where}.seeds gives one seed, but seeds are the sample; give at least two"
    ranked = RANK in experiment["measures"]
    if ranked and len(experiment["measures"]) > 1:
        yield f"{where}.measures joins {RANK} with norms, which other weights have; give each an experiment of its own"
    fitting = TRUNCATIONS if ranked else MATRICES
    for weights in experiment["weights"]:
        if weights not in fitting:
            yield f"{where}.weights names {weights!r}, which has no {experiment['measures'][0]}; choose from " + (
                wording.listed(fitting)
            )
    if ranked and set(experiment["parts"]) - set(TRUNCATED):
        yield f"{where}.parts names initial_weights, which are not truncated; choose from {wording.listed(TRUNCATED)}"
