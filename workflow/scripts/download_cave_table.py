"""One whole table of a frozen CAVE version, with its provenance."""

import os

from richlazy.connectome import cave_answers, cave_source, cave_tables, cave_token
from richlazy.storage import logs


def download_cave_table(output, provenance, chunks, source, table, token):
    proofreading = table.startswith("proofreading_status")
    expected = cave_answers.PROOFREADING if proofreading else cave_answers.CELL_TYPES
    rows, origin = cave_tables.download_table(source, token, table, chunks, expected)
    cave_tables.save(table, rows, origin, output, provenance)


if __name__ == "__main__":
    logs.attach(snakemake.log[0], "caveclient", "pandas", "pyarrow")
    wildcards, output = snakemake.wildcards, snakemake.output
    download_cave_table(
        output=output.table,
        provenance=output.provenance,
        chunks=snakemake.params.chunks,
        source=cave_source.source(snakemake.config["connectomes"], wildcards.datastack, int(wildcards.version)),
        table=wildcards.table,
        token=cave_token.token(os.environ),
    )
