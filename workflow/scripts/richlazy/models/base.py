"""Kinds of networks: where their files lie, and which modules train, measure and tabulate them.

To add one, write

- a module with ``initial_weights``, ``train_networks`` and ``gradients`` as ``Training`` describes them,
- one with ``measure_networks`` as ``Measuring`` describes it,
- one with ``save_tables`` as ``Tabulating`` describes it,
- one that plans its jobs, as ``experiments.planning`` describes it,
- its ``Model`` in ``registry.MODELS``, and a kind of task whose ``architecture`` it is.

Each network is one ``network.npz`` with a float32 array ``<matrix>`` for each trained matrix or vector after training,
and ``<matrix>_initial`` for the same before. ``tests/conformance/test_models.py`` holds every model to all this.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from richlazy.storage import array_io

Run = Mapping[str, Any]
# Input or output files of a job by name; where a name stands for networks, one file each in the order of the runs.
Files = Mapping[str, Sequence[str]]
Matrices = dict[str, np.ndarray]


class Training(Protocol):
    """What a module that trains networks has."""

    def initial_weights(self, runs: Sequence[Run], files: Files, settings: Mapping[str, Any]) -> list[Matrices]:
        """Weights of each network before training, float32: the same whenever the seed of the run is the same."""

    def train_networks(self, runs: Sequence[Run], files: Files, saved: Files, settings: Mapping[str, Any]) -> None:
        """Train the networks of a job and write ``network`` (.npz) and ``history`` (.json) of each.

        Args:
            runs: parameters of each network.
            files: inputs of the job, as the plan of the model names them.
            saved: where ``network`` and ``history`` of each network go, and whatever else the plan names.
            settings: what the plan gives beside the runs. A history has ``diverged`` and ``diverged_at``.
        """

    def gradients(
        self, run: Run, weights: Matrices, files: Files, settings: Mapping[str, Any]
    ) -> tuple[float, Matrices]:
        """Loss of the first batch in training, and its gradient for every matrix that is trained.

        Both have the precision of ``weights``. It is the gradient that an update follows, without dropout.
        """


class Measuring(Protocol):
    """What a module that measures networks has."""

    def measure_networks(self, runs: Sequence[Run], files: Files, saved: Files, settings: Mapping[str, Any]) -> None:
        """Measure networks from ``network`` and ``history`` of each and write ``measures`` (.json) of each."""


class Tabulating(Protocol):
    """What a module that makes the tables of an experiment has."""

    def save_tables(self, files: Files, tables: Mapping[str, str], settings: Mapping[str, Any]) -> None:
        """Write ``tables`` (Parquet, by name) from ``measures`` and ``histories`` of all networks of an experiment."""

    def measures_of_row(self, record: Mapping[str, Any], row: Mapping[str, Any]) -> dict[str, Any]:
        """Measures that a row of ``runs.parquet`` has, from the measures.json of its network: what recheck compares."""


@dataclass(frozen=True)
class Model:
    """A kind of network, as planning knows it, which imports none of its modules.

    Attributes:
        architecture: its name in tasks, in run parameters and in tables.
        folder: of its networks, below the results; the path of a run follows (``paths.run_path``).
        training, measuring, tabulating, planning: names of its modules below the library, for ``late_import``. Rules
            that load one list its closure.
        by_rules: whether its networks learn by a rule and with an engine (``training.rules``), whose module training
            loads beside its own.
        identity: column of ``tables/runs.parquet`` that tells one network from another.
        matrices: arrays of two dimensions in ``network.npz``, which fingerprints project.
        suffix: of the names of its rules.
        together: whether ``training.batching`` may put the networks of a condition into one job.
        tables, statistics, figures: files in these folders of an experiment, beside those that it asks for itself.
    """

    architecture: str
    folder: str
    training: str
    measuring: str
    tabulating: str
    planning: str
    by_rules: bool
    identity: str
    matrices: tuple[str, ...]
    suffix: str
    together: bool
    tables: tuple[str, ...]
    statistics: tuple[str, ...]
    figures: tuple[str, ...]


def files(named: Any) -> dict[str, list[str]]:
    """Input or output files of a Snakemake job by name, as lists."""
    return {name: [paths] if isinstance(paths, str) else list(paths) for name, paths in named.items()}


def load_network(path: str | Path) -> tuple[Matrices, Matrices]:
    """Weights of any network before and after training, by matrix; without those that it keeps of its way.

    Raises:
        ValueError: when the file is damaged.
    """
    arrays = array_io.load_arrays(path)
    initial = {name.removesuffix("_initial"): array for name, array in arrays.items() if name.endswith("_initial")}
    return initial, {name: arrays[name] for name in initial}
