"""Ask one trained network for its answers on a few trials of its probe, which a figure shows."""

from richlazy.measures import answers
from richlazy.models import rate_network
from richlazy.storage import array_io, devices, jobs


def answer_probe(network, probe, output, run):
    devices.prepare("cpu")
    array_io.save_array(output, answers.answers(network, probe, rate_network.dynamics_of(run)))


if __name__ == "__main__":
    with jobs.running(snakemake, "numpy", "torch"):
        inputs = snakemake.input
        answer_probe(inputs.network, inputs.probe, snakemake.output[0], snakemake.params.run)
