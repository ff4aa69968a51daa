"""A synthetic stand-in for the V1 column, where no connectome can be had."""

from richlazy.connectome import assembly, synthetic_connectome
from richlazy.storage import array_io, jobs, parquet


def generate_connectome(output, settings):
    cells, synapses = synthetic_connectome.generate(settings["seed"])
    parquet.save_table(output.cells, cells, assembly.CELL_COLUMNS)
    connections = assembly.connections_from_synapses(synapses, cells)
    parquet.save_table(output.connections, connections, assembly.CONNECTION_COLUMNS)
    counts = {"cells": len(cells), "connections": len(connections), "synapses": len(synapses)}
    array_io.save_json(output.provenance, {**settings, "note": synthetic_connectome.NOTE, "counts": counts})


if __name__ == "__main__":
    with jobs.running(snakemake, "numpy", "pandas", "pyarrow"):
        generate_connectome(snakemake.output, snakemake.params.settings)
