"""Cells and connections of a connectome from files."""

from richlazy.connectome import assembly, imported_files
from richlazy.storage import array_io, jobs, logs, parquet


def import_connectome(connections, cells, output, settings):
    read_cells, read_connections, counts = imported_files.read(connections, cells, settings["format"])
    parquet.save_table(output.cells, read_cells, assembly.CELL_COLUMNS)
    parquet.save_table(output.connections, read_connections, assembly.CONNECTION_COLUMNS)
    provenance = imported_files.describe_origin({"connections": connections, "cells": cells}, settings, counts)
    array_io.save_json(output.provenance, provenance)
    logs.LOGGER.info("%s", counts)
    if counts.get("rows_of_unknown_cells"):
        logs.LOGGER.warning(
            "%s rows join cells outside the cell table and are left out", counts["rows_of_unknown_cells"]
        )


if __name__ == "__main__":
    with jobs.running(snakemake, "pandas", "pyarrow", "numpy"):
        inputs = snakemake.input
        import_connectome(inputs.connections, inputs.get("cells"), snakemake.output, snakemake.params.settings)
