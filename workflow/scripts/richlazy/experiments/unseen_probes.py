"""Probes of trials that no network is trained on: those of variants of its task, of other timing, noise or stimuli."""

from collections.abc import Iterable, Mapping
from typing import Any

from richlazy.experiments import grids, variants
from richlazy.experiments.parameters import Run
from richlazy.experiments.paths import run_path

Config = Mapping[str, Any]


def with_variants(config: Config, names: Iterable[str]) -> Config:
    """The configuration with all variants of some experiments, those of unseen trials among them."""
    asking = [name for name in names if config["experiments"][name].get("unseen")]
    config = grids.with_variants(config, names)
    learned = (task for name in asking for grid in grids.completed(config["experiments"][name])
               for task in grids.resolved(config, grid)["task"])  # fmt: skip
    found = (variant for task in learned for variant in variants.unseen(config["tasks"], task).values())
    return {**config, "tasks": {**config["tasks"], **{name: variants.entry(config["tasks"], name) for name in found}}}


def runs(config: Config, name: str) -> dict[str, dict[str, Run]]:
    """For each run of an experiment that asks for them, by its path, runs whose probes it is asked too.

    They stand by what is different in them, and differ from the run in their task, a variant of its own.
    """
    if not config["experiments"][name].get("unseen"):
        return {}
    varied = grids.with_variants(config, [name])
    found = {
        run_path(run): {
            what: {**run, "task": variant} for what, variant in variants.unseen(varied["tasks"], run["task"]).items()
        }
        for run in grids.runs(config, name)
    }
    return {path: probes for path, probes in found.items() if probes}
