"""Cells of a connectome that become units of the network."""

from richlazy import connectome, logs, records, tables


def select_cells(cells, connections, selection, table, record):
    found = tables.load_table(connections) if connections else None
    chosen, counts = connectome.select_cells(tables.load_table(cells), found, selection)
    logs.LOGGER.info("%s", ", ".join(connectome.describe_stages(counts)))
    tables.save_table(table, chosen, connectome.CELL_COLUMNS)
    records.save_json(record, counts)


if __name__ == "__main__":
    logs.attach(snakemake.log[0], "numpy", "scipy", "pandas")
    inputs, output = snakemake.input, snakemake.output
    select_cells(inputs.cells, inputs.get("connections"), snakemake.params.selection, output.selection, output.counts)
