"""Synapses among the selected cells of a connectome, from a frozen CAVE version, with their provenance."""

import os

from richlazy.connectome import cave, cave_tables, cave_token
from richlazy.storage import logs, parquet


def download_cave_synapses(selection, output, provenance, chunks, source, table, chunk_cells, token):
    roots = parquet.load_table(selection)["root"].tolist()
    rows, origin = cave_tables.download_synapses(source, token, table, roots, chunk_cells, chunks)
    cave_tables.save(table, rows, origin, output, provenance)


if __name__ == "__main__":
    logs.attach(snakemake.log[0], "caveclient", "pandas", "pyarrow")
    params, output = snakemake.params, snakemake.output
    # Patience and chunks change no row, so they are read here and are not params, which would download again.
    connectomes = snakemake.config["connectomes"]
    download_cave_synapses(
        snakemake.input.selection, output.synapses, output.provenance, params.chunks,
        cave.source(connectomes, params.datastack, params.version), params.table,
        connectomes[snakemake.wildcards.connectome]["cave"]["chunk_cells"], cave_token.token(os.environ),
    )  # fmt: skip
