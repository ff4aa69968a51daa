"""Planning of experiments whatever their model: which it is, and what its own planning module says.

The planning module of a model (``Model.planning``) has these functions, which import no numerics. Files are named below
the folder of the results; ``runs`` are those of a job, or one of them where they are alike.

- ``runs(config, name)``: every run of an experiment, with all ``parameters.PARAMETERS``
- ``RUN_PATH``: regular expression of the paths of runs; ``run_of_path(path)``: the run of one
- ``arms(config, name)``: columns of ``runs.parquet`` whose combinations are tested separately
- ``training_inputs(config, runs)``, ``measuring_inputs(config, runs)``: files by name, as its modules take them
- ``training_settings(config, runs)``, ``measuring_settings(config, sources, runs)``
- ``kept_in_training(config, run, iterations, matched)``: what training is told of a run beside its parameters
- ``training_need(config, runs, attempt)``, ``measuring_need(config, runs, attempt)``: MB and minutes, with their
  margins; ``seconds(config, runs)``: to train and to measure, without
- ``tabulating_settings(config, name, followed)``
"""

from collections.abc import Iterable, Mapping
from typing import Any

from richlazy.experiments.parameters import Run
from richlazy.models.base import Model
from richlazy.models.registry import MODELS
from richlazy.storage import late_import
from richlazy.tasks import registry

Config = Mapping[str, Any]


def model_of(config: Config, name: str) -> Model:
    """Model of the networks of an experiment, of which all tasks have one of the same folder."""
    first = _tasks(config["experiments"][name])[0]
    return MODELS[registry.named(config["tasks"], first).architecture]


def _tasks(experiment: Mapping[str, Any]) -> list[str]:
    """Names of the tasks of all grids of an experiment."""
    return [task for grid in (experiment["grid"], *experiment.get("groups", ())) for task in grid.get("task", ())]


def runs(config: Config, name: str) -> list[Run]:
    """Every run of an experiment, each once."""
    found: list[Run] = late_import.load(model_of(config, name).planning).runs(config, name)
    return found


def arms(config: Config, name: str) -> list[str]:
    """Columns of the table of an experiment whose combinations are tested separately."""
    found: list[str] = late_import.load(model_of(config, name).planning).arms(config, name)
    return found


def comparisons(config: Config, names: Iterable[str]) -> dict[str, dict[str, Any]]:
    """What some experiments compare, in which arms, and which experiment each of them repeats, if any; for jobs."""
    experiments = config["experiments"]
    return {
        name: {"compare": experiments[name]["compare"], "arms": arms(config, name)}
        | {key: experiments[name][key] for key in ("repeats",) if key in experiments[name]}
        for name in names
    }


def figure_names(config: Config, name: str) -> list[str]:
    """Names of the figures of an experiment: those of its model, and those that it asks for itself."""
    asked = config["experiments"][name]
    own = {
        "trajectories": asked.get("follow")
        or any(registry.named(config["tasks"], task).parts for task in _tasks(asked)),
        "truncation": asked.get("truncation"),
        "outputs": asked.get("figure", {}).get("outputs"),
        "interactions": asked.get("figure", {}).get("interactions"),
    }
    return [*model_of(config, name).figures, *(figure for figure, wanted in own.items() if wanted)]
