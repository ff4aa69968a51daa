"""A synthetic stand-in for the V1 column, where no connectome can be had."""

from richlazy import connectome, logs, records, synthetic_connectome, tables


def generate_connectome(output, settings):
    cells, synapses = synthetic_connectome.generate(settings["seed"])
    tables.save_table(output.cells, cells, connectome.CELL_COLUMNS)
    connections = connectome.connections_from_synapses(synapses, cells)
    tables.save_table(output.connections, connections, connectome.CONNECTION_COLUMNS)
    counts = {"cells": len(cells), "connections": len(connections), "synapses": len(synapses)}
    records.save_json(output.provenance, {**settings, "note": synthetic_connectome.NOTE, "counts": counts})


if __name__ == "__main__":
    logs.attach(snakemake.log[0], "numpy", "pandas", "pyarrow")
    generate_connectome(snakemake.output, snakemake.params.settings)
