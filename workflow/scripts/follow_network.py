"""Measure how one network moved during training: its tangent kernel, and the change of its weights."""

import torch

from richlazy import devices, logs, movement, networks, records


def follow_network(snapshots, probe, output, run, settings):
    devices.prepare("cpu")
    trials = records.load_arrays(probe)
    inputs, targets = (torch.from_numpy(trials[name]) for name in ("inputs", "targets"))
    followed = movement.follow(
        networks.load_snapshots(snapshots), inputs, targets, networks.dynamics_of(run),
        settings["kernel_trials"], settings["kernel_times"], settings["quantities"],
    )  # fmt: skip
    records.save_json(output, followed)


if __name__ == "__main__":
    logs.attach(snakemake.log[0], "numpy", "torch")
    inputs, params = snakemake.input, snakemake.params
    follow_network(inputs.snapshots, inputs.probe, snakemake.output[0], params.run, params.settings)
