"""Measure how one network moved during training: its tangent kernel, and the change of its weights."""

from richlazy.measures import following
from richlazy.models import kept_weights, rate_network
from richlazy.storage import array_io, devices, jobs


def follow_network(network, probe, output, run, settings):
    devices.prepare("cpu")
    dynamics = rate_network.dynamics_of(run)
    trials = following.KernelProbe.load(probe, dynamics, settings["kernel_trials"], settings["kernel_times"])
    followed = following.follow(kept_weights.load_snapshots(network), trials, settings["quantities"])
    array_io.save_json(output, followed)


if __name__ == "__main__":
    with jobs.running(snakemake, "numpy", "torch"):
        inputs, params = snakemake.input, snakemake.params
        follow_network(inputs.network, inputs.probe, snakemake.output[0], params.run, params.settings)
