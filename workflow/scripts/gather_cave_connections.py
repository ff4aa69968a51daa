"""Connections between the selected cells of a connectome from their downloaded synapses, and where all comes from."""

from richlazy import cave_cells, connectome, logs, records, tables


def gather_cave_connections(synapses, selection, cells, source, connections, provenance, description):
    chosen = tables.load_table(selection)
    between = cave_cells.synapses_between(tables.load_table(synapses), chosen)
    tables.save_table(connections, connectome.connections_from_synapses(between, chosen), connectome.CONNECTION_COLUMNS)
    cells, synapses = records.load_json(cells), records.load_json(source)
    records.save_json(
        provenance,
        {"source": "cave", "description": description, "cells": cells["cells"], "synapses": len(between)}
        | {"tables": [*cells["tables"], synapses]},
    )


if __name__ == "__main__":
    logs.attach(snakemake.log[0], "pandas", "pyarrow")
    inputs, output = snakemake.input, snakemake.output
    gather_cave_connections(
        inputs.synapses, inputs.selection, inputs.cells, inputs.provenance,
        output.connections, output.provenance, snakemake.params.description,
    )  # fmt: skip
