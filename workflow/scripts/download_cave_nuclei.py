"""Nuclei of the cells that a table of cell types names, from a frozen CAVE version, with their provenance."""

import os

from richlazy.connectome import cave_answers, cave_source, cave_tables, cave_token
from richlazy.storage import logs, parquet


def download_cave_nuclei(cell_types, output, provenance, chunks, source, table, token):
    ids = parquet.load_table(cell_types)["target_id"].tolist()
    size, expected = cave_tables.NUCLEI_IN_ONE_CHUNK, cave_answers.NUCLEI
    rows, origin = cave_tables.download_rows(source, token, table, "id", ids, size, chunks, expected)
    cave_tables.save(table, rows, origin, output, provenance)


if __name__ == "__main__":
    logs.attach(snakemake.log[0], "caveclient", "pandas", "pyarrow")
    wildcards, output = snakemake.wildcards, snakemake.output
    download_cave_nuclei(
        cell_types=snakemake.input.cell_types,
        output=output.table,
        provenance=output.provenance,
        chunks=snakemake.params.chunks,
        source=cave_source.source(snakemake.config["connectomes"], wildcards.datastack, int(wildcards.version)),
        table=wildcards.nuclei,
        token=cave_token.token(os.environ),
    )
