"""Compare a network that was trained again with its committed row of the reference results."""

from richlazy import rechecking
from richlazy.storage import array_io, logs


def recheck_run(committed, network, measures, output, run_name):
    row, mark, origin = rechecking.committed_run(*committed, run_name)
    array_io.save_json(output, rechecking.compare(row, mark, network, array_io.load_json(measures)) | origin)


if __name__ == "__main__":
    logs.attach(snakemake.log[0], "torch", "numpy")
    inputs = snakemake.input
    committed = [inputs[name] for name in ("runs", "fingerprints", "provenance")]
    recheck_run(committed, inputs.network, inputs.measures, snakemake.output[0], snakemake.params.run)
