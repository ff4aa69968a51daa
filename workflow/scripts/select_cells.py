"""Cells of a connectome that become units of the network."""

from richlazy.connectome import assembly, cell_selection
from richlazy.storage import array_io, jobs, logs, parquet


def select_cells(cells, connections, selection, table, record):
    found = parquet.load_table(connections) if connections else None
    chosen, counts = cell_selection.select_cells(parquet.load_table(cells), found, selection)
    logs.LOGGER.info("%s", ", ".join(cell_selection.describe_stages(counts)))
    parquet.save_table(table, chosen, assembly.CELL_COLUMNS)
    array_io.save_json(record, counts)


if __name__ == "__main__":
    with jobs.running(snakemake, "numpy", "scipy", "pandas"):
        inputs, output = snakemake.input, snakemake.output
        select_cells(
            inputs.cells, inputs.get("connections"), snakemake.params.selection, output.selection, output.counts
        )
