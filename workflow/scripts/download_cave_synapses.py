"""Synapses among the selected cells of a connectome, from a frozen CAVE version, with their provenance."""

import os

from richlazy.connectome import cave_source, cave_tables, cave_token
from richlazy.storage import logs, parquet


def download_cave_synapses(selection, output, provenance, chunks, source, table, chunk_cells, token):
    roots = parquet.load_table(selection)["root"].tolist()
    rows, origin = cave_tables.download_synapses(source, token, table, roots, chunk_cells, chunks)
    cave_tables.save(table, rows, origin, output, provenance)


if __name__ == "__main__":
    logs.attach(snakemake.log[0], "caveclient", "pandas", "pyarrow")
    params, output = snakemake.params, snakemake.output
    # Patience and the size of chunks change no row. As params they would start the download again.
    connectomes = snakemake.config["connectomes"]
    download_cave_synapses(
        selection=snakemake.input.selection,
        output=output.synapses,
        provenance=output.provenance,
        chunks=params.chunks,
        source=cave_source.source(connectomes, params.datastack, params.version),
        table=params.table,
        chunk_cells=connectomes[snakemake.wildcards.connectome]["cave"]["chunk_cells"],
        token=cave_token.token(os.environ),
    )
