"""Candidate cells of a connectome from the downloaded tables of CAVE."""

from richlazy import cave_cells, connectome, logs, records, tables


def gather_cave_cells(cell_types, nuclei, proofreading, sources, cells, counts, datastack):
    found, left_out = cave_cells.cells_from_tables(
        tables.load_table(cell_types), tables.load_table(nuclei), tables.load_table(proofreading), datastack
    )
    tables.save_table(cells, found, connectome.CELL_COLUMNS)
    records.save_json(counts, {"cells": left_out, "tables": [records.load_json(source) for source in sources]})


if __name__ == "__main__":
    logs.attach(snakemake.log[0], "pandas", "pyarrow", "standard_transform")
    inputs, output = snakemake.input, snakemake.output
    gather_cave_cells(
        inputs.cell_types, inputs.nuclei, inputs.proofreading, inputs.provenance,
        output.cells, output.counts, snakemake.params.datastack,
    )  # fmt: skip
