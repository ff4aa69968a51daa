"""Rules of what experiments compare and follow: seeds, conditions, levels of the loss, repetitions of others."""

import itertools
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from richlazy import wording
from richlazy.experiments import grids, solution_pairs, variants
from richlazy.measures import at_matched_loss, solutions, unseen
from richlazy.measures.during_training import OF_RECURRENT_WEIGHTS
from richlazy.tasks import registry

Config = Mapping[str, Any]


def problems(config: Config, sound: Config, name: str) -> Iterator[str]:
    """All that is wrong with what an experiment with rate networks compares and follows, a sentence each."""
    experiment, where = config["experiments"][name], f"experiments.{name}"
    yield from _of_comparison(config, where, experiment)
    yield from _of_recurrent_weights(config, where, experiment)
    yield from _of_matched_loss(config, where, experiment)
    yield from _of_solutions(where, experiment)
    yield from _of_unseen(config, where, experiment)
    yield from of_repeats(sound, name, config["experiments"])


def of_seeds(where: str, experiment: Config) -> Iterator[str]:
    """A sample of one."""
    if len(grids.seeds(experiment)) < 2:
        yield f"{where}.seeds gives one seed, but seeds are the sample; give at least two"


def _of_comparison(config: Config, where: str, experiment: Config) -> Iterator[str]:
    tasks = {name: registry.named(config["tasks"], name) for name in grids.values(experiment, "task")}
    if experiment["compare"] == "task" and len({task.comparable or name for name, task in tasks.items()}) > 1:
        yield (
            f"{where}.compare is 'task', but tasks are not paired conditions unless all are of one kind of continuous; "
            "compare another parameter"
        )
    yield from of_seeds(where, experiment)
    idle = [key for key in experiment.get("covaries", []) if not grids.values(experiment, key)]
    if idle:
        yield f"{where}.covaries names {wording.listed(idle)}, which no grid varies; remove it"
    follow = experiment.get("follow")
    if follow and 0 not in follow["iterations"]:
        yield f"{where}.follow.iterations lacks 0, the start with which networks are compared; add it"
    unseen = sorted(set(follow["seeds"]) - set(grids.seeds(experiment))) if follow else []
    if unseen:
        yield (
            f"{where}.follow.seeds names {wording.listed(unseen)}, which {where}.seeds does not have; name seeds of it"
        )


def _of_recurrent_weights(config: Config, where: str, experiment: Config) -> Iterator[str]:
    """What asks for the change of recurrent weights, where networks have none."""
    quantities = experiment.get("follow", {}).get("quantities", [])
    asked = [f"follow.quantities names {name}" for name in quantities if name in OF_RECURRENT_WEIGHTS]
    asked += [f"{key} is true" for key in ("truncation", "solutions") if experiment.get(key)]
    for name in grids.values(experiment, "task") if asked else []:
        if registry.named(config["tasks"], name).is_feedforward:
            yield (
                f"{where}.{asked[0]}, but task {name!r} is learned by feedforward networks, which have no "
                "recurrent weights; remove it"
            )


def _of_matched_loss(config: Config, where: str, experiment: Config) -> Iterator[str]:
    """Measures at levels of the loss, where networks are not compared there, or lose what they had learned."""
    staged = [name for name in grids.values(experiment, "task") if registry.named(config["tasks"], name).parts]
    if experiment.get("matched_loss") and staged:
        yield (
            f"{where}.matched_loss is true, but the loss of task {staged[0]!r} is that of one task after another, "
            "which comes down to a level several times; remove it"
        )
    levelled = [name for name in experiment.get("measures", ()) if name in at_matched_loss.MEASURES]
    if levelled and not experiment.get("matched_loss"):
        yield f"{where}.measures names {levelled[0]}, which needs matched_loss: true; add that"


def _of_solutions(where: str, experiment: Config) -> Iterator[str]:
    """Measures of pairs of networks where none are compared, and seeds without pairs."""
    of_pairs = [name for name in experiment.get("measures", ()) if name in solutions.MEASURES]
    if of_pairs and not experiment.get("solutions"):
        yield f"{where}.measures names {of_pairs[0]}, which needs solutions: true; add that"
    elif experiment.get("solutions") and not solution_pairs.seeds(experiment):
        yield f"{where}.solutions is true, but {where}.seeds has no even seed and the next; add two such as 0 and 1"


def _of_unseen(config: Config, where: str, experiment: Config) -> Iterator[str]:
    """Measures of unseen trials where networks are not asked any, or their tasks have none like that."""
    tasks = grids.values(experiment, "task")
    different = {what for name in tasks for what in config["tasks"][name].get(variants.UNSEEN, ())}
    measures = [name for name in experiment.get("measures", ()) if name in unseen.MEASURES]
    idle = [name for name in measures if not any(name.startswith(f"unseen_{what}_") for what in different)]
    if measures and not experiment.get("unseen"):
        yield f"{where}.measures names {measures[0]}, which needs unseen: true; add that"
    elif experiment.get("unseen") and not different:
        yield (
            f"{where}.unseen is true, but {wording.listed(tasks)} has no unseen trials; say under "
            f"tasks.{tasks[0]}.unseen what is different in them"
        )
    elif idle:
        yield (
            f"{where}.measures names {idle[0]}, but {wording.listed(tasks)} has unseen trials of "
            f"{wording.listed(sorted(different))} alone; name another measure"
        )


def of_repeats(sound: Config, name: str, known: Iterable[str]) -> Iterator[str]:
    """Whether an experiment can be set beside the one that it repeats.

    Args:
        sound: the groups of the configuration, with the entries that their models accept.
        name: of the experiment, one of those.
        known: names of all experiments, sound or not.
    """
    experiments = sound["experiments"]
    own, where = experiments[name], f"experiments.{name}.repeats"
    repeats = own.get("repeats")
    if repeats is None:
        return
    other, others = repeats["experiment"], [one for one in known if one != name]
    if other not in others:
        yield f"{where}.experiment" + wording.unknown("other experiment", other, others)
        return
    compare = own["compare"]
    compared = experiments[other]["compare"] if other in experiments else compare
    if compared != compare:
        yield f"{where}.experiment is {other!r}, which compares {compared}, not {compare}; name one that compares it"
    earlier = itertools.takewhile(lambda one: one != name, experiments)
    same = [one for one in earlier if experiments[one].get("repeats") == repeats]
    if same:
        yield f"{where}.as is {repeats['as']!r}, as in {same[0]}; name what is different"
