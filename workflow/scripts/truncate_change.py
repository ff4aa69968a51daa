"""Ask one network again with the change of its recurrent weights truncated to few components."""

from functools import partial

from richlazy.measures import low_rank_change, trained_network
from richlazy.models import rate_network
from richlazy.storage import array_io, devices, jobs


def truncate_change(network, probe, decision, output, run, settings):
    devices.prepare("cpu")
    trained = trained_network.load_trained(network, probe, decision)
    losses = partial(trained_network.probe_losses, trained, dynamics=rate_network.dynamics_of(run), **settings)
    array_io.save_json(output, low_rank_change.record(trained.initial.recurrent, trained.final.recurrent, losses))


if __name__ == "__main__":
    with jobs.running(snakemake, "numpy", "scipy", "torch"):
        inputs, params = snakemake.input, snakemake.params
        truncate_change(inputs.network, inputs.probe, inputs.decision, snakemake.output[0], params.run, params.settings)
