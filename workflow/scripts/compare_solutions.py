"""Compare one network with that of the next seed: their dynamics, weights and answers."""

from richlazy.measures import network_pair, solutions
from richlazy.models import rate_network
from richlazy.storage import array_io, devices, jobs


def compare_solutions(network, other, probe, decision, output, run):
    devices.prepare("cpu")
    pair = network_pair.NetworkPair.load(network, other, probe, decision, rate_network.dynamics_of(run))
    array_io.save_json(output, solutions.measured(pair))


if __name__ == "__main__":
    with jobs.running(snakemake, "numpy", "scipy", "torch"):
        inputs = snakemake.input
        compare_solutions(
            inputs.network, inputs.other, inputs.probe, inputs.decision, snakemake.output[0], snakemake.params.run
        )
