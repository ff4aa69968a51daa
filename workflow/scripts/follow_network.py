"""Measure how one network moved during training: its tangent kernel, and the change of its weights."""

import torch

from richlazy.measures import during_training
from richlazy.models import rate_network
from richlazy.storage import array_io, devices, logs


def follow_network(snapshots, probe, output, run, settings):
    devices.prepare("cpu")
    trials = array_io.load_arrays(probe)
    inputs, targets = (torch.from_numpy(trials[name]) for name in ("inputs", "targets"))
    followed = during_training.follow(
        rate_network.load_snapshots(snapshots), inputs, targets, rate_network.dynamics_of(run),
        settings["kernel_trials"], settings["kernel_times"], settings["quantities"],
    )  # fmt: skip
    array_io.save_json(output, followed)


if __name__ == "__main__":
    logs.attach(snakemake.log[0], "numpy", "torch")
    inputs, params = snakemake.input, snakemake.params
    follow_network(inputs.snapshots, inputs.probe, snakemake.output[0], params.run, params.settings)
