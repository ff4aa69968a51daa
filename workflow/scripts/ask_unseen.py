"""Ask one network what it was not trained on: its task with other timing, noise or stimuli."""

from richlazy.measures import asked_network, unseen
from richlazy.models import rate_network
from richlazy.storage import array_io, devices, jobs


def ask_unseen(network, own, others, output, run):
    devices.prepare("cpu")
    asked = asked_network.AskedNetwork.load(network, own, others, rate_network.dynamics_of(run))
    array_io.save_json(output, unseen.measured(asked))


if __name__ == "__main__":
    with jobs.running(snakemake, "numpy", "scipy", "torch"):
        inputs, params = snakemake.input, snakemake.params
        own, *others = zip(inputs.probes, inputs.decisions, strict=True)
        unlike = dict(zip(params.different, others, strict=True))
        ask_unseen(inputs.network, own, unlike, snakemake.output[0], params.run)
