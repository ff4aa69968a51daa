"""What the page of results is told of the configuration, plain, for its job."""

from collections.abc import Iterable, Mapping
from typing import Any

from richlazy.experiments import grids, planning
from richlazy.measures import registry

Config = Mapping[str, Any]

# Groups of which the methods speak (workflow/report/workflow.rst).
_OF_METHODS = ("scale", "connectivity", "dynamics", "training", "probe", "statistics", "lstm")


def described(config: Config, names: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Of each experiment what ``pages.networks.Asked`` has."""
    return {name: _described(config, name) for name in names}


def _described(config: Config, name: str) -> dict[str, Any]:
    experiment = config["experiments"][name]
    return {
        "name": name,
        "title": experiment["title"],
        "source": experiment["source"],
        "paper_shows": experiment.get("paper_shows", ""),
        "arms": planning.arms(config, name),
        "compare": experiment["compare"],
        "measures": grids.measures(config, name, "figures"),
        "options": dict(experiment.get("figure", {})),
        "figures": planning.figure_names(config, name),
        "networks": len(planning.runs(config, name)),
    }


def methods(config: Config) -> dict[str, Any]:
    """Groups of the configuration that the methods name."""
    return {group: config[group] for group in _OF_METHODS if group in config}


def measures() -> dict[str, Any]:
    """Labels and roles of all measures."""
    return {"labels": registry.labels(), "roles": registry.roles()}
