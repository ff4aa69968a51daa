"""Measuring of rate networks, recurrent and feedforward: the job of the model, around ``metrics``."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch

from richlazy.measures import metrics
from richlazy.models import rate_network
from richlazy.models.base import Files, Run
from richlazy.storage import array_io, devices
from richlazy.training import training_history


def measure_networks(runs: Sequence[Run], files: Files, saved: Files, settings: Mapping[str, Any]) -> None:
    """Measure networks on the probes of their runs.

    Args:
        runs: parameters of each network.
        files: ``network``, ``history``, ``probe`` and ``decision`` of each; ``description`` of the task, of one.
        saved: ``measures`` of each network.
        settings: ``kernel_trials``, ``kernel_times``, ``loss_steps``, ``loss`` and ``device``.
    """
    device, task = devices.prepare(settings["device"]), array_io.load_json(files["description"][0])
    ceiling = {name: task[name] for name in ("bayes_loss", "bayes_accuracy")}
    for part in devices.parts(len(runs), device):
        measured = _together(runs[part], {name: paths[part] for name, paths in files.items()}, settings, device)
        own = (files["network"][part], files["probe"][part], files["history"][part], saved["measures"][part])
        for run, network, probe, history, output, measures in zip(runs[part], *own, measured, strict=True):
            course = array_io.load_json(history)
            outcome = {name: course.get(name) for name in training_history.OUTCOME}
            array_io.save_json(output, {**run, "network": network, "probe": probe, **outcome, **ceiling, **measures})


def load_trained(network: str, probe: str, decision: str) -> metrics.Trained:
    """A network with the trials on which it is measured, from its files."""
    initial, final = rate_network.load_network(network)
    trials = array_io.load_arrays(probe)
    inputs, targets = (torch.from_numpy(trials[name]) for name in ("inputs", "targets"))
    return metrics.Trained(initial, final, inputs, targets, torch.from_numpy(array_io.load_array(decision)))


def _together(runs, files, settings, device):
    each = map(load_trained, files["network"], files["probe"], files["decision"])
    trained = metrics.Trained.stacked(each).map(lambda array: array.to(device))
    return metrics.measure_together(
        trained,
        rate_network.dynamics_of(runs[0]),
        settings["kernel_trials"],
        settings["kernel_times"],
        settings["loss_steps"],
        settings["loss"],
        [run["seed"] for run in runs],
    )
