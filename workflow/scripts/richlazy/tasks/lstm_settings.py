"""What the configuration says of networks that read sentiment, and what can be wrong with it."""

from collections.abc import Iterator, Mapping
from typing import Any

from richlazy import wording

# As in models.lstm, lstm_measures and treebank, some of which import PyTorch; a test holds them together.
MATRICES = ("weight_hh_l0", "weight_ih_l1", "weight_hh_l1", "weight_ih_l0")
TRUNCATIONS = ("from_units", "from_words")
TRUNCATED = ("weights", "change")
RANK = "rank_for_final_accuracy"
MEASURES = ("frobenius_norm", "stable_rank", "leading_singular_value", RANK)
# What experiments compare, and what they must have beside what every experiment has.
COMPARED = "part"
_EXPERIMENT = ("weights", "parts", "measures")
_IDLE = (
    "preset", "groups", "covaries", "follow", "matched_loss", "truncation", "solutions", "unseen", "figure", "spectrum",
)  # fmt: skip
ARCHIVE = "trees"
PARTS = ("training", "validation", "test")


def problems_of_entry(where: str, entry: Mapping[str, Any]) -> Iterator[str]:
    """What a source of the registry lacks to be a treebank."""
    members = entry["files"].get(ARCHIVE, {}).get("members", {})
    missing = [part for part in PARTS if part not in members]
    if missing:
        yield (
            f"whose files in data/sources.yaml lack {ARCHIVE} with the members {wording.listed(missing)}; name a "
            "treebank"
        )


def problems_of_experiment(where: str, experiment: Mapping[str, Any]) -> Iterator[str]:
    """All that is wrong with an experiment whose task LSTMs learn, a sentence each."""
    missing = [key for key in _EXPERIMENT if key not in experiment]
    if missing:
        yield f"{where} lacks {wording.listed(missing)}, which an experiment with LSTMs needs; add it as in config.yaml"
        return
    idle = [key for key in _IDLE if key in experiment]
    idle += [f"grid.{key}" for key in experiment["grid"] if key != "task"]
    if idle:
        yield f"{where}.{idle[0]} has no effect on LSTMs, whose settings are those of group lstm; remove it"
    tasks = experiment["grid"]["task"]
    if len(tasks) > 1:
        yield f"{where}.grid.task names {len(tasks)} tasks, but LSTMs compare parts of the weights of one; name one"
    compare = experiment["compare"]
    if compare != COMPARED:
        yield (
            f"{where}.compare is {wording.shown(compare)}, but experiments with LSTMs compare parts of weights; use "
            f"compare: {COMPARED}"
        )
    foreign = [name for name in experiment["measures"] if name not in MEASURES]
    if foreign:
        known = wording.listed(MEASURES)
        yield f"{where}.measures names {foreign[0]}, which is not measured of LSTMs; choose from {known}"
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
