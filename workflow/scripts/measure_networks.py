"""Measure what learning changed in the networks of one job."""

import torch

from richlazy.measures import metrics
from richlazy.models import rate_network
from richlazy.storage import array_io, devices, logs
from richlazy.training import training_history


def load_trained(network, probe, decision):
    initial, final = rate_network.load_network(network)
    trials = array_io.load_arrays(probe)
    inputs, targets = (torch.from_numpy(trials[name]) for name in ("inputs", "targets"))
    return metrics.Trained(initial, final, inputs, targets, torch.from_numpy(array_io.load_array(decision)))


def measure_networks(saved, histories, probes, decisions, description, outputs, runs, settings, device):
    device, task = devices.prepare(device), array_io.load_json(description)
    ceiling = {name: task[name] for name in ("bayes_loss", "bayes_accuracy")}
    for part in devices.parts(len(runs), device):
        measured = measure_together(saved[part], probes[part], decisions[part], runs[part], settings, device)
        own = (files[part] for files in (outputs, runs, saved, probes, histories))
        for output, run, network, probe, history, measures in zip(*own, measured, strict=True):
            course = array_io.load_json(history)
            outcome = {name: course.get(name) for name in training_history.OUTCOME}
            array_io.save_json(output, run | {"network": network, "probe": probe} | outcome | ceiling | measures)


def measure_together(saved, probes, decisions, runs, settings, device):
    trained = metrics.Trained.stacked(map(load_trained, saved, probes, decisions)).map(lambda array: array.to(device))
    how = (settings[name] for name in ("kernel_trials", "kernel_times", "loss_steps", "loss"))
    return metrics.measure_together(trained, rate_network.dynamics_of(runs[0]), *how, [run["seed"] for run in runs])


if __name__ == "__main__":
    logs.attach(snakemake.log[0], "numpy", "scipy", "torch")
    inputs, params = snakemake.input, snakemake.params
    measure_networks(
        inputs.network, inputs.history, inputs.probe, inputs.decision, inputs.description[0],
        snakemake.output.measures, params.runs, params.settings, params.device,
    )  # fmt: skip
