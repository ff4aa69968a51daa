"""Rules of the runs that an experiment expands to: that each can learn, and that each comparison compares something."""

from collections.abc import Iterator, Mapping
from typing import Any

from richlazy import wording
from richlazy.connectivity.base import STRUCTURES
from richlazy.experiments import grids, parameters
from richlazy.statistics import strata
from richlazy.tasks import registry
from richlazy.training import rules

Config = Mapping[str, Any]


def of_network(config: Config, where: str, run: parameters.Run) -> Iterator[str]:
    """A network that cannot learn like this, wherever its parameters come from."""
    yield from _of_stages(config, where, run)
    feedforward = run["architecture"] == "feedforward"
    if feedforward and run["trained"] == "recurrent":
        yield (
            f"{where} trains recurrent weights alone, but task {run['task']!r} is learned by feedforward networks; "
            "use trained: all"
        )
    rule = rules.rule(run["rule"])
    if feedforward and not rule.feedforward:
        yield (
            f"{where} has rule {run['rule']}, which is about errors between recurrent units, but task "
            f"{run['task']!r} is learned by feedforward networks; use rule: backpropagation or feedback_alignment"
        )
    if run["parametrisation"] == "scaled" and (feedforward or run["trained"] == "recurrent"):
        of_whom = (
            f"task {run['task']!r} has feedforward networks" if feedforward else "recurrent weights alone are trained"
        )
        yield (
            f"{where} has parametrisation scaled, which is about how input and readout weights of recurrent "
            f"networks are trained, but {of_whom}; use parametrisation: plain"
        )
    unstructured = STRUCTURES[config["structures"][run["structure"]]["kind"]].unstructured
    if run["gain"] == 0 and (feedforward or not unstructured):
        of_whom = "first layers" if feedforward else f"structure {run['structure']!r}"
        yield (
            f"{where} has gain 0, but {of_whom} cannot have weights of size 0; leave out 0, or use recurrent networks "
            "with a structure of kind gaussian or uniform"
        )


def _of_stages(config: Config, where: str, run: parameters.Run) -> Iterator[str]:
    """Iterations that tasks which are learned one after another cannot share."""
    try:
        registry.named(config["tasks"], run["task"]).stage_ends(run["iterations"])
    except ValueError as error:
        yield f"{where} has task {run['task']!r}: {error}"


def of_strata(config: Config, name: str, runs: list[parameters.Run]) -> Iterator[str]:
    """Conditions in which all values of the compared parameter give one and the same network."""
    compare = config["experiments"][name]["compare"]
    for stratum, places in strata.of(runs, grids.arms(config, name)):
        levels = [runs[place][compare] for place in places]
        if len(set(levels)) < len(levels):
            twice = next(level for level in levels if levels.count(level) > 1)
            yield (
                f"experiments.{name}.covaries leaves several networks with {compare} {wording.shown(twice)}; "
                "give each value of it one group with one value of what covaries"
            )
            return
        if len(set(levels)) < 2:
            fixed = (f"{key} is {wording.shown(value)}" for key, value in stratum.items())
            yield (
                f"experiments.{name}.compare is {compare!r}, which makes no difference where "
                f"{wording.listed(fixed, 120)}; compare another parameter or give these runs an experiment of their own"
            )
            return
