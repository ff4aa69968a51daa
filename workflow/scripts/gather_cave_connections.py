"""Connections between the selected cells of a connectome from their downloaded synapses, and where all comes from."""

from richlazy.connectome import assembly, cave_cells
from richlazy.storage import array_io, jobs, parquet


def gather_cave_connections(synapses, selection, cells, source, connections, provenance):
    chosen = parquet.load_table(selection)
    between = cave_cells.synapses_between(parquet.load_table(synapses), chosen)
    parquet.save_table(connections, assembly.connections_from_synapses(between, chosen), assembly.CONNECTION_COLUMNS)
    cells, synapses = array_io.load_json(cells), array_io.load_json(source)
    array_io.save_json(
        provenance,
        {"source": "cave", "cells": cells["cells"], "synapses": len(between)}
        | {"tables": [*cells["tables"], synapses]},
    )


if __name__ == "__main__":
    with jobs.running(snakemake, "pandas", "pyarrow"):
        inputs, output = snakemake.input, snakemake.output
        gather_cave_connections(
            synapses=inputs.synapses,
            selection=inputs.selection,
            cells=inputs.cells,
            source=inputs.provenance,
            connections=output.connections,
            provenance=output.provenance,
        )
