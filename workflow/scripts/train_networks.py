"""Train the networks of one job, and keep their initial and final weights and loss curves."""

from pathlib import Path

from richlazy.storage import logs
from richlazy.training import network_job


def files_of(inputs, output):
    snapshots = {str(Path(path).with_name("network.npz")): path for path in output.snapshots}
    given = inputs.input_weights or [None] * len(output.network)
    files = zip(inputs.structured, inputs.inputs, inputs.targets, output.network, output.history, given, strict=True)
    return [
        network_job.NetworkFiles(structured, batches, targets, network, history, own, snapshots.get(network))
        for structured, batches, targets, network, history, own in files
    ]


if __name__ == "__main__":
    logs.attach(snakemake.log[0], "numpy", "torch")
    inputs, params = snakemake.input, snakemake.params
    files = files_of(inputs, snakemake.output)
    network_job.train_files(files, params.runs, inputs.description[0], params.settings | params.structure)
