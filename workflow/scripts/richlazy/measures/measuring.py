"""All measures of the probe of many networks at once."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import torch

from richlazy.measures import at_matched_loss, curricula, on_probe
from richlazy.measures.base import Measure
from richlazy.measures.learning_rule import BACKPROPAGATION, LearningRule
from richlazy.measures.probed_network import Moment, ProbedNetwork
from richlazy.measures.tangent_kernel import TangentKernel, tangent_kernel
from richlazy.measures.task_alignment import targets_of_kernel
from richlazy.measures.trained_network import Trained, is_finite, load_trained, probe_losses
from richlazy.models import kept_weights, rate_network
from richlazy.models.rate_network import Dynamics, Weights, respond
from richlazy.storage import array_io, devices
from richlazy.training import training_history


@dataclass(frozen=True)
class ProbeSettings:
    """How networks are measured on their probe.

    Attributes:
        kernel_trials: the kernel is measured on this many first trials.
        kernel_times: ``all`` outputs of a trial, or those at the ``last`` step.
        loss_steps: likewise, for the loss.
        loss: as ``performance.loss_and_accuracy`` takes it.
    """

    kernel_trials: int
    kernel_times: str = "all"
    loss_steps: str = "all"
    loss: str | None = None

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> "ProbeSettings":
        """From settings that may hold more, such as those of ``Task.of_measuring``."""
        return cls(settings["kernel_trials"], settings["kernel_times"], settings["loss_steps"], settings["loss"])


@dataclass(frozen=True)
class NetworkFiles:
    """Files of one network.

    Attributes:
        network, history: of its training.
        probe, decision: trials on which it is measured, and when a decision is due.
        measures: to be written.
    """

    network: str
    history: str
    probe: str
    decision: str
    measures: str

    def load(self) -> Trained:
        """The network before and after training, with its probe."""
        return load_trained(self.network, self.probe, self.decision)


def measure_files(
    files: Sequence[NetworkFiles],
    runs: Sequence[Mapping[str, Any]],
    description: str | Path,
    settings: ProbeSettings,
    device_name: str,
) -> None:
    """Write measures.json of each network: parameters and outcome of its run, and all measures of the probe.

    Those with weights at levels of their loss have ``crossings``, too, and those that learned several tasks one after
    another ``curriculum``, as ``curricula.measure`` gives it.

    Args:
        files: of each network.
        runs: parameters of each, alike but for their seeds.
        description: task.json of their task.
        settings: how they are measured.
        device_name: as ``devices.prepare`` takes it.
    """
    device, task = devices.prepare(device_name), array_io.load_json(description)
    ceiling = {name: task[name] for name in ("bayes_loss", "bayes_accuracy")}
    for part in devices.parts(len(runs), device):
        trained = Trained.stacked(one.load() for one in files[part]).map(lambda array: array.to(device))
        seeds = [run["seed"] for run in runs[part]]
        dynamics, learning = rate_network.dynamics_of(runs[0]), LearningRule.of_run(runs[0])
        measured = measure_together(trained, dynamics, settings, seeds, learning)
        kept = [kept_weights.load_crossings(one.network) for one in files[part]]
        crossings = measure_crossings([levels or {} for levels in kept], trained, dynamics, settings)
        at_levels = [{} if kept[place] is None else {"crossings": found} for place, found in enumerate(crossings)]
        for one, run, values, crossed in zip(files[part], runs[part], measured, at_levels, strict=True):
            course = array_io.load_json(one.history)
            outcome = {name: course.get(name) for name in training_history.OUTCOME}
            where = {"network": one.network, "probe": one.probe}
            censored = {"censored": [name for name, value in values.items() if value == math.inf]}
            if "stages" in task:
                found = curricula.measure(one.network, one.probe, run, task["stages"], settings.loss_steps)
                crossed = crossed | {"curriculum": found}
            array_io.save_json(one.measures, {**run, **where, **outcome, **ceiling, **values, **censored, **crossed})


def measure_crossings(
    kept: Sequence[Mapping[str, tuple[int, Weights]]], trained: Trained, dynamics: Dynamics, settings: ProbeSettings
) -> list[dict[str, dict[str, float]]]:
    """Measures of change of each of K networks at the levels to which its loss came down, with the updates until then.

    Args:
        kept: of each network updates and weights by level, as ``kept_weights.load_crossings`` gives them.
        trained: the networks before and after training, where they are measured.
        dynamics, settings: as ``measure_together`` takes them.
    """
    found: list[dict[str, dict[str, float]]] = [{} for _ in kept]
    device = trained.inputs.device
    for level in at_matched_loss.LEVELS:
        crossed = [network for network, levels in enumerate(kept) if level in levels]
        if not crossed:
            continue
        then = Weights.stacked(kept[network][level][1] for network in crossed).map(lambda matrix: matrix.to(device))
        own = replace(trained.of_networks(crossed), final=then)
        measured = measure_together(own, dynamics, settings, measures=at_matched_loss.OF_CHANGE)
        for network, values in zip(crossed, measured, strict=True):
            found[network][level] = {"updates": kept[network][level][0], **values}
    return found


def measure(
    trained: Trained,
    dynamics: Dynamics,
    settings: ProbeSettings,
    seed: int = 0,
    learning: LearningRule = BACKPROPAGATION,
) -> dict[str, float]:
    """All measures of one trained network.

    Args:
        trained: the network and its probe.
        dynamics: leak and place of the rectifier.
        settings: how it is measured.
        seed: of the run, for what is random in measures.
        learning: the rule by which it learned.

    Returns:
        A value for each of ``on_probe.MEASURES``, nan where a measure has no meaning for the network; all nan for
        weights that are not finite.
    """
    return measure_together(trained.map(lambda array: array[None]), dynamics, settings, [seed], learning)[0]


def measure_together(
    trained: Trained,
    dynamics: Dynamics,
    settings: ProbeSettings,
    seeds: Sequence[int] | None = None,
    learning: LearningRule = BACKPROPAGATION,
    measures: Mapping[str, Measure] = on_probe.MEASURES,
) -> list[dict[str, float]]:
    """Measures of each of K networks, all of them as ``measure`` gives them for one; seeds are 0 where none are given.

    Responses and kernels are calculated for all networks at once where their arrays lie, the rest on the CPU.
    """
    sides = (trained.initial, trained.final)
    responses = [respond(weights, trained.inputs, dynamics)[0].cpu() for weights in sides]
    kernel_inputs = trained.inputs[:, :, : settings.kernel_trials]
    kernels = [tangent_kernel(weights, kernel_inputs, dynamics, settings.kernel_times) for weights in sides]
    kernels = [TangentKernel(kernel.recurrent.cpu(), kernel.all.cpu()) for kernel in kernels]
    placed, trained = trained, trained.map(torch.Tensor.cpu)
    found = []
    for network in range(len(trained.inputs)):
        one = trained.of_network(network)
        if not is_finite(one.final):
            found.append({name: _of_lost(one, one_measure) for name, one_measure in measures.items()})
            continue
        before, after = (
            Moment(weights, rates[network], TangentKernel(kernel.recurrent[network], kernel.all[network]))
            for weights, rates, kernel in zip((one.initial, one.final), responses, kernels, strict=True)
        )
        there = placed.of_network(network)
        of_kernel = one.targets[:, : settings.kernel_trials]
        context = ProbedNetwork(
            before=before,
            after=after,
            placed=there,
            inputs=one.inputs,
            targets=one.targets,
            decision=one.decision,
            kernel_targets=targets_of_kernel(of_kernel, len(one.final.readout), settings.kernel_times),
            kernel_times=settings.kernel_times,
            losses=partial(probe_losses, there, dynamics=dynamics, loss_steps=settings.loss_steps, loss=settings.loss),
            dynamics=dynamics,
            loss_steps=settings.loss_steps,
            loss=settings.loss,
            seed=seeds[network] if seeds is not None else 0,
            learning=learning,
        )
        found.append({name: one_measure(context) for name, one_measure in measures.items()})
    return found


def _of_lost(network: Trained, one_measure: Measure) -> float:
    """A measure of a network whose weights are not finite: what it waits for did not happen."""
    return math.inf if one_measure.censored and one_measure.defined_for(network) else math.nan
