"""Weights among the chosen cells of a connectome."""

from richlazy import connectome, logs, records, tables


def assemble_connectome(selection, connections, output):
    weights = connectome.weight_matrix(tables.load_table(selection), tables.load_table(connections))
    description = connectome.describe_matrix(weights)
    logs.LOGGER.info("%s", description)
    records.save_array(output.weights, weights)
    records.save_json(output.description, description)


if __name__ == "__main__":
    logs.attach(snakemake.log[0], "numpy", "pandas", "pyarrow")
    assemble_connectome(snakemake.input.selection, snakemake.input.connections, snakemake.output)
