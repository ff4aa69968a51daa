"""Weights among the chosen cells of a connectome."""

from richlazy.connectome import assembly
from richlazy.storage import array_io, jobs, logs, parquet


def assemble_connectome(selection, connections, output):
    weights = assembly.weight_matrix(parquet.load_table(selection), parquet.load_table(connections))
    description = assembly.describe_matrix(weights)
    logs.LOGGER.info("%s", description)
    array_io.save_array(output.weights, weights)
    array_io.save_json(output.description, description)


if __name__ == "__main__":
    with jobs.running(snakemake, "numpy", "pandas", "pyarrow"):
        assemble_connectome(snakemake.input.selection, snakemake.input.connections, snakemake.output)
