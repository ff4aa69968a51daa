"""Rules of what an experiment asks of its figures: that its grid and its networks can be drawn like that."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from richlazy import wording
from richlazy.experiments import grids, parameters
from richlazy.statistics import foretold
from richlazy.tasks import registry

Config = Mapping[str, Any]


def problems(config: Config, where: str, name: str, runs: Iterable[parameters.Run]) -> Iterator[str]:
    """What is wrong with the group ``figure`` of an experiment, a sentence each.

    Args:
        config: the configuration.
        where: place of the experiment.
        name: of an experiment whose grid is sound.
        runs: its runs of one seed.
    """
    experiment = config["experiments"][name]
    figure, place = experiment.get("figure", {}), f"{where}.figure"
    yield from _of_measures(config, place, name, figure)
    yield from _of_time(place, figure, runs)
    yield from _of_outputs(config, place, experiment)
    if figure.get("interactions") and not foretold.interacting(config, name):
        yield (
            f"{place}.interactions is true, but no number besides {experiment['compare']} takes three values, "
            "over which the effect of a compared number could change; sweep one or remove it"
        )


def _of_measures(config: Config, place: str, name: str, figure: Mapping[str, Any]) -> Iterator[str]:
    experiment = config["experiments"][name]
    compare, as_means = experiment["compare"], figure.get("show") == "mean_and_spread"
    numbers = all(type(value) in (int, float) for value in grids.values(experiment, compare))
    if as_means and not numbers:
        yield (
            f"{place}.show is mean_and_spread, which is drawn over numbers, but {compare} is compared, whose values "
            "are names; use runs"
        )
    if as_means and experiment.get("spectrum"):
        yield f"{place}.show is mean_and_spread, beside which no spectrum stands; use runs, or remove spectrum"
    overlay = figure.get("overlay")
    arms = grids.arms(config, name)
    if overlay is not None and not as_means:
        yield f"{place}.overlay has no effect on dots; add show: mean_and_spread or remove it"
    elif overlay is not None and overlay not in arms:
        yield f"{place}.overlay" + wording.unknown("parameter with panels of its own", overlay, arms)
    idle = [one for one in figure.get("normalise", ()) if one not in grids.measures(config, name, "figures")]
    if idle:
        yield f"{place}.normalise names {wording.listed(idle)}, which the figure does not draw; remove it"


def _of_time(place: str, figure: Mapping[str, Any], runs: Iterable[parameters.Run]) -> Iterator[str]:
    if figure.get("x") != "rescaled_learning_time":
        return
    for run in runs:
        if run["optimiser"] != "gradient_descent":
            yield f"{place}.x is rescaled_learning_time, which is that of gradient descent alone; use iterations"
            return
        if run["gain"] >= 1:
            yield (
                f"{place}.x is rescaled_learning_time, which gain {run['gain']:g} does not have; use iterations, or "
                "gains below 1"
            )
            return


def _of_outputs(config: Config, place: str, experiment: Mapping[str, Any]) -> Iterator[str]:
    compare, wanted = experiment["compare"], experiment.get("figure", {}).get("outputs", [])
    known = grids.values(experiment, compare)
    unknown = [value for value in wanted if value not in known]
    if unknown:
        yield (
            f"{place}.outputs names {wording.listed(unknown)}, but {compare} takes {wording.listed(known)}; name "
            "values of it"
        )
    for name in grids.values(experiment, "task") if wanted else ():
        if registry.named(config["tasks"], name).key != "continuous":
            yield f"{place}.outputs has no figure of task {name!r}, which asks for no numbers over time; remove it"
            return
