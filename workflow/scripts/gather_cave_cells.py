"""Candidate cells of a connectome from the downloaded tables of CAVE."""

from richlazy.connectome import assembly, cave_cells
from richlazy.storage import array_io, jobs, parquet


def gather_cave_cells(cell_types, nuclei, proofreading, sources, cells, counts, datastack):
    found, left_out = cave_cells.cells_from_tables(
        parquet.load_table(cell_types), parquet.load_table(nuclei), parquet.load_table(proofreading), datastack
    )
    parquet.save_table(cells, found, assembly.CELL_COLUMNS)
    array_io.save_json(counts, {"cells": left_out, "tables": [array_io.load_json(source) for source in sources]})


if __name__ == "__main__":
    with jobs.running(snakemake, "pandas", "pyarrow", "standard_transform"):
        inputs, output = snakemake.input, snakemake.output
        gather_cave_cells(
            cell_types=inputs.cell_types,
            nuclei=inputs.nuclei,
            proofreading=inputs.proofreading,
            sources=inputs.provenance,
            cells=output.cells,
            counts=output.counts,
            datastack=snakemake.params.datastack,
        )
