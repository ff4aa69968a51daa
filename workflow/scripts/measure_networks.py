"""Measure what learning changed in the networks of one job."""

from richlazy.measures import measuring
from richlazy.storage import logs

if __name__ == "__main__":
    logs.attach(snakemake.log[0], "numpy", "scipy", "torch")
    inputs, params = snakemake.input, snakemake.params
    files = map(
        measuring.NetworkFiles, inputs.network, inputs.history, inputs.probe, inputs.decision, snakemake.output.measures
    )
    measuring.measure_files(
        list(files), params.runs, inputs.description[0], measuring.ProbeSettings.of(params.settings), params.device
    )
