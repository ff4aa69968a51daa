"""One call each for drawing trials, and for starting, training and measuring one network.

Each calls what the jobs of the workflow call, with what is in memory in place of files, and first refuses arrays of
another shape and settings that do not fit. Training and measuring take one thread, as jobs do. ``richlazy`` gives these
names (``richlazy.train``).

N are the units of a network, N_in its inputs and N_out its outputs; T the steps of a trial, B the trials of a batch and
m those of a probe.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from richlazy.configuration import registries
from richlazy.connectivity.base import STRUCTURES, settings_of, structured_weights
from richlazy.experiments import parameters
from richlazy.measures import measuring
from richlazy.measures import tangent_kernel as kernels
from richlazy.measures.learning_rule import LearningRule
from richlazy.measures.tangent_kernel import TangentKernel
from richlazy.measures.trained_network import Trained
from richlazy.models import rate_network
from richlazy.models.rate_network import Dynamics, Weights
from richlazy.public import checks
from richlazy.storage import devices
from richlazy.storage.seeds import generator
from richlazy.tasks import registry as task_registry
from richlazy.tasks.base import Task
from richlazy.tasks.samples import ProbeTrials, TrainingTrials
from richlazy.training import loop, training_history
from richlazy.training.settings import TrainingSettings

# The share of the last iterations whose mean is the final loss, as in config.yaml.
FINAL_LOSS_FRACTION = 0.2


# How input and readout weights of a recurrent network can start.
_READOUTS = ("linear_layer", *parameters.DIRECTIONS)


@contextmanager
def _as_jobs_compute() -> Iterator[None]:
    """Compute in one thread, and so to the bytes of jobs; numbers too small to be normal are 0."""
    threads = torch.get_num_threads()
    devices.prepare("cpu")
    try:
        yield
    finally:
        torch.set_num_threads(threads)
        torch.set_flush_denormal(False)


@dataclass(frozen=True)
class TrainedNetwork:
    """One network before and after training.

    Attributes:
        initial, final: its weights.
        dynamics: leak and place of the rectifier.
        settings: how it was trained.
        history: curves and outcome (``iterations``, ``loss``, ``final_loss``, ``diverged``, ...), as in history.json.
    """

    initial: Weights
    final: Weights
    dynamics: Dynamics
    settings: TrainingSettings
    history: Mapping[str, Any]


def draw_trials(
    task: Mapping[str, Any], *, batches: int, batch_size: int = 32, seed: int = 0, time_step_ms: float = 100.0
) -> TrainingTrials:
    """Trials on which a network is trained, the same for equal arguments.

    Args:
        task: an entry as ``tasks`` of the configuration has it: a NeuroGym environment or numbers over time
            (``continuous``). Its ``defaults`` are those of experiments, and none of these arguments.
        batches: how many batches; training starts again at the first after the last.
        batch_size: trials B of a batch.
        seed: of the run; trials of one seed do not depend on those of another.
        time_step_ms: duration of a step, in ms.

    Returns:
        ``inputs`` (batches, T, B, N_in) and ``targets``, classes (batches, T, B) or numbers (batches, T, B, N_out).

    Raises:
        ValueError: for an entry that does not fit, in the words of the check of a configuration.
    """
    run = {"iterations": batches, "batch_size": batch_size, "seed": seed, "time_step_ms": time_step_ms}
    return _task(task, time_step_ms).training_trials(run, {})


def draw_probe(
    task: Mapping[str, Any], *, trials: int = 320, seed: int = 0, time_step_ms: float = 100.0
) -> ProbeTrials:
    """Trials on which change is measured, which training never shows.

    Args:
        task, seed, time_step_ms: as in ``draw_trials``.
        trials: how many, m.

    Returns:
        ``inputs`` (T, m, N_in), ``targets`` (T, m) or (T, m, N_out), ``decision`` (T, m) and a ``description`` of the
        task with ``input_units`` and ``outputs``.

    Raises:
        ValueError: likewise.
    """
    return _task(task, time_step_ms).probe_trials({"seed": seed, "time_step_ms": time_step_ms}, {}, trials)


def initial_weights(
    structure: str | Mapping[str, Any],
    probe: ProbeTrials,
    *,
    size: int,
    seed: int = 0,
    gain: float = 1.0,
    matching: str = "frobenius",
    readout: str = "linear_layer",
    connectome: np.ndarray | None = None,
    **parameter: Any,
) -> Weights:
    """Weights of a recurrent network before training, with a structure and the magnitude of the seed's Gaussian draw.

    Args:
        structure: an entry as ``structures`` of the configuration has it, or the name of a kind without options.
        probe: of the task; its inputs (T, m, N_in) and ``outputs`` of its description say how many of them there are.
        size: units N.
        seed: of the run; weights of all structures of a seed start from one draw.
        gain: g; entries of that draw have the scale g / √N.
        matching: magnitude that is equal to that of the draw, ``frobenius`` or ``leading_eigenvalue``.
        readout: how input and readout weights start, as ``connectivity.readout`` of the configuration has it.
        connectome: W (N, N) of a structure that is made of one, W[i, j] from cell j to cell i.
        **parameter: what the structure takes from the grid of an experiment, such as ``rank=3``.

    Raises:
        ValueError: for an entry, a parameter or a connectome that does not fit.
    """
    own = {"kind": structure} if isinstance(structure, str) else dict(structure)
    if connectome is not None:
        own.setdefault("connectome", "given")
    checks.entry("structure", own, registries.StructureEntry)
    if own.get("signs_held"):
        raise ValueError("structure: signs_held is of training; give TrainingSettings(signs_held=True) to train")
    if readout not in _READOUTS:
        raise ValueError(f"readout of a recurrent network is one of {', '.join(_READOUTS)}, got {readout!r}")
    name, kind = own["kind"], STRUCTURES[own["kind"]]
    for need in {"task", "teacher"} & set(kind.needs):
        raise ValueError(f"structure {name} needs a {need}; run it with Snakemake")
    if "connectome" in kind.needs and connectome is None:
        raise ValueError(f"structure {name} needs a connectome; give connectome=W, (N, N)")
    if parameter.keys() != ({kind.parameter} if kind.parameter else set()):
        given = ", ".join(parameter) or "nothing"
        raise ValueError(f"structure {name} takes {kind.parameter or 'no parameter'}, got {given}")
    settings = settings_of(kind, own) | parameter
    if connectome is not None:
        settings["connectome"] = checks.array("connectome", connectome, ("N", "N"), {"N": size})
    rng = generator(seed, "connectivity")
    recurrent = structured_weights(name, size, gain, matching, rng, **settings)
    inputs = checks.array("inputs", probe.inputs, ("T", "m", "N_in")).shape[-1]
    if "outputs" not in probe.description:
        raise ValueError("probe.description lacks outputs, how many of them the network has")
    return rate_network.initial_weights(recurrent, inputs, probe.description["outputs"], seed, readout=readout)


@_as_jobs_compute()
def train(
    weights: Weights, trials: TrainingTrials, settings: TrainingSettings, dynamics: Dynamics | None = None
) -> TrainedNetwork:
    """Train one network on stored batches, an update for each unless ``settings.iterations`` says otherwise.

    Args:
        weights: before training, which stay as they are.
        trials: ``inputs`` (batches, T, B, N_in) and ``targets``, classes (batches, T, B) or numbers
            (batches, T, B, N_out). Arrays of your own go into ``TrainingTrials``.
        settings: how it is trained.
        dynamics: leak and place of the rectifier; by default nothing of the old state stays.

    Raises:
        ValueError: for arrays of another shape, targets that do not fit the loss, and numbers that are not finite.
    """
    sizes = checks.sizes_of(weights)
    inputs = checks.array("inputs", trials.inputs, ("batches", "T", "B", "N_in"), sizes)
    shape = dict(zip(("batches", "T", "B"), inputs.shape, strict=False))
    targets = checks.targets(trials.targets, list(shape), shape | sizes, settings.loss)
    dynamics = Dynamics(0.0) if dynamics is None else dynamics
    final, course = loop.train(weights.map(lambda one: one[None].clone()), [inputs], [targets], dynamics, settings)
    own = final.of_network(0).map(torch.Tensor.contiguous)
    return TrainedNetwork(weights, own, dynamics, settings, course.of_network(0, FINAL_LOSS_FRACTION))


@_as_jobs_compute()
def measure(
    network: TrainedNetwork,
    probe: ProbeTrials,
    *,
    kernel_trials: int = 32,
    kernel_times: str = "all",
    seed: int | None = None,
) -> dict[str, Any]:
    """All measures of one trained network, a row of a table of runs.

    Args:
        network: as ``train`` gives it.
        probe: ``inputs`` (T, m, N_in), ``targets`` (T, m) or (T, m, N_out) and ``decision`` (T, m).
        kernel_trials: the tangent kernel is measured on this many first trials.
        kernel_times: of ``all`` steps of a trial, or of the ``last`` one.
        seed: of the run, for what is random in measures; by default that of its training, or 0 where that has none.

    Returns:
        A value for each of ``MEASURES``, nan where a measure has no meaning for the network; outcome of training, such
        as ``final_loss`` and ``diverged``; ``bayes_loss`` and ``bayes_accuracy`` of the best observer.

    Raises:
        ValueError: for arrays of another shape.
    """
    sizes = checks.sizes_of(network.initial)
    inputs = checks.array("inputs", probe.inputs, ("T", "m", "N_in"), sizes)
    shape = dict(zip(("T", "m"), inputs.shape, strict=False))
    settings = network.settings
    seed = next(iter(settings.seeds), 0) if seed is None else seed
    targets = checks.targets(probe.targets, list(shape), shape | sizes, settings.loss)
    decision = checks.array("decision", probe.decision, ("T", "m"), shape)
    # In the layout of files, as jobs have it: another one would round otherwise.
    arrays = [np.ascontiguousarray(one) for one in (inputs.astype(np.float32), targets, decision.astype(bool))]
    how = measuring.ProbeSettings(kernel_trials, kernel_times, settings.loss_steps, settings.loss)
    values = measuring.measure(
        Trained(network.initial, network.final, *map(torch.from_numpy, arrays)),
        network.dynamics,
        how,
        seed,
        LearningRule.of_run(vars(settings)),
    )
    outcome = {name: network.history.get(name) for name in training_history.OUTCOME}
    best = {name: probe.description.get(name) for name in ("bayes_loss", "bayes_accuracy")}
    return {**outcome, **best, **values}


@_as_jobs_compute()
def tangent_kernel(weights: Weights, inputs: np.ndarray, dynamics: Dynamics, times: str = "all") -> TangentKernel:
    """Exact empirical tangent kernel of a recurrent network, in the precision of its weights.

    Args:
        weights: of one network.
        inputs: trials (T, m, N_in).
        dynamics: leak and place of the rectifier.
        times: outputs that count: of ``all`` steps, or of the ``last`` one.

    Returns:
        ``recurrent``, the part that recurrent weights contribute, and ``all``, each (R, R) with R = T N_out m outputs
        in the order (step, output, trial); R = N_out m for ``last``.

    Raises:
        ValueError: for inputs of another shape.
    """
    trials = torch.from_numpy(checks.array("inputs", inputs, ("T", "m", "N_in"), checks.sizes_of(weights)))
    return kernels.tangent_kernel(weights, trials.to(weights.input.dtype), dynamics, times)


def _task(entry: Mapping[str, Any], time_step_ms: float) -> Task:
    """The task of an entry, of which trials can be drawn from nothing but the entry."""
    checks.entry("task", entry, registries.TaskEntry)
    task = task_registry.task(entry)
    if task.needs or task.trials is None:
        raise ValueError(f"task has {task.key}, and its trials are made of files; run it with Snakemake")
    if task.is_feedforward:
        raise ValueError(f"task has {task.key}, whose networks have no recurrent weights; run it with Snakemake")
    if task.parts:
        raise ValueError(f"task has {task.key}, which names other tasks of a configuration; run it with Snakemake")
    if problem := next(task.problems_in_use({"dynamics": {"time_step_ms": time_step_ms}}), None):
        raise ValueError(f"task{problem}")
    return task
