"""Measure how the tangent kernel of one network moved during training."""

import torch

from richlazy import devices, kernel_movement, logs, networks, records


def follow_network(snapshots, probe, output, run, settings):
    devices.prepare("cpu")
    trials = records.load_arrays(probe)
    inputs, targets = (torch.from_numpy(trials[name]) for name in ("inputs", "targets"))
    followed = kernel_movement.follow(
        networks.load_snapshots(snapshots), inputs, targets, networks.dynamics_of(run),
        settings["kernel_trials"], settings["kernel_times"],
    )  # fmt: skip
    records.save_json(output, followed)


if __name__ == "__main__":
    logs.attach(snakemake.log[0], "numpy", "torch")
    inputs, params = snakemake.input, snakemake.params
    follow_network(inputs.snapshots, inputs.probe, snakemake.output[0], params.run, params.settings)
