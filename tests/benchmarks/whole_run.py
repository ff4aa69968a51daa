"""One run from its trials to its measures, as the workflow does it and as the paper's authors could have done it."""

import copy
import statistics
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import torch
from neurogym.utils.data import Dataset

from richlazy.connectivity.base import structured_weights
from richlazy.measures import measuring, trained_network
from richlazy.measures.tangent_kernel import TangentKernel
from richlazy.models import rate_network
from richlazy.storage.seeds import generator
from richlazy.tasks import neurogym_environments
from richlazy.training import loop
from richlazy.training.settings import TrainingSettings
from sample_probe_trials import sample_probe_trials
from sample_training_trials import sample_training_trials
from shipped import CONFIG

from .measuring import Comparison, Row, Settings, clock, seconds
from .references import AutogradTraining, PlainNetwork, per_output_kernel
from .tangent_kernel import seconds_of_growing

NAME = "whole_run"
TASK, PRESET, SEED = "2AF", "reproduction", 0
PROBE_BATCHES = 10  # of the authors' script
TOLERANCE = 1e-3


def paper_scale() -> dict[str, Any]:
    """The configuration of the repository."""
    return copy.deepcopy(CONFIG)


class Run:
    """One run of the configuration: both sides start from its initial weights.

    Args:
        config: as in ``config.yaml``.
        folder: where our side writes its trials.
    """

    def __init__(self, config: Mapping[str, Any], folder: str | Path):
        preset, dynamics, settings = config["presets"][PRESET], config["dynamics"], config["training"]
        self.config, self.folder, self.task = config, Path(folder), config["tasks"][TASK]
        self.iterations, self.batch_size = settings["iterations"], settings["batch_size"]
        self.parameters = dynamics | {"iterations": self.iterations, "batch_size": self.batch_size, "seed": SEED}
        self.dynamics = rate_network.Dynamics(
            rate_network.leak_factor(preset["leak"], dynamics["time_step_ms"], dynamics["time_constant_ms"]),
            preset["rectification"],
        )
        self.descent = TrainingSettings(
            settings["learning_rate"], preset["momentum"], loss_steps=settings["loss_steps"]
        )
        recurrent = structured_weights(
            "gaussian", config["connectivity"]["size"], preset["gain"], "frobenius", generator(SEED, "connectivity")
        )
        self.environment = neurogym_environments.make_environment(
            self.task["environment"], self.task["semantics"], dynamics["time_step_ms"], self.task["timing_ms"]
        )
        described = neurogym_environments.describe(self.environment)
        self.initial = rate_network.initial_weights(recurrent, described["input_units"], described["outputs"], SEED)

    def plot_trials(self) -> None:
        """Our trials, by the workflow's scripts: all batches and the probe, written to files."""
        paths = [str(self.folder / name) for name in ("inputs.npy", "targets.npy", "description.json")]
        trials = ("tasks.neurogym_trials", self.task, self.parameters, {})
        sample_training_trials(*paths, *trials)
        probe = [str(self.folder / name) for name in ("probe.npz", "decision.npy", "task.json")]
        sample_probe_trials(*probe, *trials, self.config["probe"]["trials"])

    def train(self, weights: rate_network.Weights, first: int, count: int) -> rate_network.Weights:
        """Our training on stored batches, from the one that is given, wherever the file ends."""
        inputs, targets = (np.load(self.folder / name, mmap_mode="c") for name in ("inputs.npy", "targets.npy"))
        chunk = slice(first % (len(inputs) - count), None)
        batches = [inputs[chunk][:count]], [targets[chunk][:count]]
        final, _ = loop.train(weights, *batches, self.dynamics, self.descent)
        return final

    def dataset(self) -> Dataset:
        """NeuroGym's own data set as the paper used it, filled once more after its seed so that it can be repeated."""
        dataset = Dataset(self.environment, batch_size=self.batch_size, seq_len=len(self.environment.ob))
        dataset.seed(SEED)
        dataset._cache()
        return dataset

    def plain_network(self, weights: rate_network.Weights) -> PlainNetwork:
        """The reference's network; its equation is the one with the rectifier after the leak."""
        if self.dynamics.leak_factor and self.dynamics.inside:
            raise ValueError("the reference knows the rectifier after the leak only")
        return PlainNetwork(weights, self.dynamics.leak_factor)

    def reference_kernel(self, weights, inputs, dynamics, times) -> TangentKernel:
        """One backward pass per output, in place of the library's kernel of one network on a network axis."""
        assert times == "all"
        recurrent, every = per_output_kernel(self.plain_network(weights.of_network(0)), inputs[0])
        return TangentKernel(recurrent[None], every[None])

    def measure(self, final: rate_network.Weights, kernel) -> tuple[dict[str, float], float, float]:
        """All measures with one kind of kernel; seconds of the two kernels, and of all other measures."""
        with np.load(self.folder / "probe.npz") as trials:
            inputs, targets = (torch.from_numpy(trials[name]) for name in ("inputs", "targets"))
        decision = torch.from_numpy(np.load(self.folder / "decision.npy"))
        spent = []

        def timed(*arguments):
            started = clock()
            result = kernel(*arguments)
            spent.append(clock() - started)
            return result

        probe = self.config["probe"]
        with mock.patch.object(measuring, "tangent_kernel", timed):
            started = clock()
            values = measuring.measure(
                trained_network.Trained(self.initial, final, inputs, targets, decision),
                self.dynamics,
                measuring.ProbeSettings(probe["kernel_trials"], probe["kernel_times"]),
            )
            total = clock() - started
        return values, sum(spent), total - sum(spent)


def rows(settings: Settings, config: Mapping[str, Any] | None = None) -> list[Row]:
    """Parts and totals of a run on both sides.

    Args:
        settings: of the benchmarks.
        config: by default the repository's.

    Raises:
        AssertionError: where the measures of both kinds of kernel differ.
    """
    with tempfile.TemporaryDirectory() as folder:
        run = Run(config or paper_scale(), folder)
        trials = seconds(run.plot_trials)
        dataset = run.dataset()
        chunk = dataset._cache_len // dataset.seq_len - 1  # the last slice of a cache is never served
        chunks = max(3, settings.repeats // 4)
        ours, reference, final = _train_in_turns(run, dataset, chunk, chunks)
        our_measures, reference_measures = _measure_in_turns(run, final, 1 if settings.quick else 3)

    outputs_of_kernel = dataset.seq_len * len(run.initial.readout) * run.config["probe"]["kernel_trials"]
    weights_of_kernel = sum(matrix.numel() for matrix in run.initial)
    scale = run.iterations / chunk
    drawn = (run.iterations + PROBE_BATCHES) / chunk
    parts = {
        "trials": ([trials] * chunks, [time * drawn for time in reference["trials"]]),
        "training": ([time * scale for time in ours], [time * scale for time in reference["training"]]),
        "kernels before and after": ([our_measures[0]] * chunks, [reference_measures[0]] * chunks),
        "other metrics": ([our_measures[1]] * chunks, [reference_measures[1]] * chunks),
    }
    # Appending the rows one by one costs the same before and after training.
    growing = 2 * seconds_of_growing(outputs_of_kernel, weights_of_kernel, 4 if settings.quick else 16)
    appends = {"appends": ([0.0] * chunks, [growing] * chunks)}
    without_trials = {name: part for name, part in parts.items() if name != "trials"}
    totals = {
        "run with trials": parts,
        "run without trials": without_trials,
        "run with trials, kernels with growing torch.cat": parts | appends,
        "run without trials, kernels with growing torch.cat": without_trials | appends,
    }
    measured = (
        f"{run.iterations} iterations of {TASK}. Training and the reference's trials were measured on {chunks} x "
        f"{chunk} = {chunks * chunk} iterations, in turns, and scaled to {run.iterations}; our trials, and the "
        "measures of both sides, whole. Reference: NeuroGym's Dataset batch by batch, autograd with "
        "torch.optim.SGD, one backward pass per output (rows stacked once), the same other metrics. Start of the "
        "process and import of PyTorch are left out on both sides; in the workflow the conditions of a seed share "
        "our trials, here they are counted in full."
    )
    grown = "As above, with J growing by torch.cat as in the authors' script; timed on a sample of the appends."
    found = [Row.of(NAME, f"part: {name}", Comparison(*part), note=measured) for name, part in parts.items()]
    for name, total in totals.items():
        note = grown if "appends" in total else measured
        found.append(Row.of(NAME, name, _sum(total.values()), required=8, moonshot=12, note=note))
    return found


def _train_in_turns(run: Run, dataset: Dataset, chunk: int, chunks: int):
    """Seconds per chunk: ours; the reference's trials and training; and our weights at the end."""
    weights = run.initial.map(lambda matrix: matrix[None])
    descent = run.descent
    network = run.plain_network(run.initial)
    autograd = AutogradTraining(network, descent.learning_rate, descent.momentum, descent.loss_steps)
    ours: list[float] = []
    reference: dict[str, list[float]] = {"trials": [], "training": []}
    for number in range(-1, chunks):  # the first is for warming up, and leaves the cache of the data set used up
        started = clock()
        weights = run.train(weights, (number + 1) * chunk, chunk)
        trained = clock()
        batches = [dataset() for _ in range(chunk)]  # fills the cache once
        drawn = clock()
        for inputs, targets in batches:
            autograd.step(torch.from_numpy(inputs), torch.from_numpy(targets))
        finished = clock()
        if number >= 0:
            ours.append(trained - started)
            reference["trials"].append(drawn - trained)
            reference["training"].append(finished - drawn)
    return ours, reference, weights.map(lambda matrix: matrix[0])


def _measure_in_turns(
    run: Run, final: rate_network.Weights, pairs: int
) -> tuple[tuple[float, float], tuple[float, float]]:
    """Median seconds of kernels and other measures, ours and the reference's, on the same weights."""
    library_kernel = measuring.tangent_kernel
    times: tuple[list, list] = ([], [])
    run.measure(final, library_kernel)
    for _ in range(pairs):
        values = []
        for side, kernel in zip(times, (library_kernel, run.reference_kernel), strict=True):
            measured, *spent = run.measure(final, kernel)
            values.append(list(measured.values()))
            side.append(spent)
        np.testing.assert_allclose(*values, rtol=TOLERANCE, atol=1e-6)
    ours, reference = (tuple(statistics.median(column) for column in zip(*side, strict=True)) for side in times)
    return ours, reference


def _sum(parts) -> Comparison:
    ours, reference = zip(*parts, strict=True)
    return Comparison(
        [sum(times) for times in zip(*ours, strict=True)], [sum(times) for times in zip(*reference, strict=True)]
    )
