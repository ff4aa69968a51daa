"""Collect the losses of the truncated networks of an experiment into one table."""

from richlazy.storage import array_io, jobs, parquet
from richlazy.tables import truncation_table


def tabulate_truncations(truncated, table):
    found = {run: array_io.load_json(path) for run, path in truncated.items()}
    parquet.save_table(table, truncation_table.table(found), truncation_table.COLUMNS)


if __name__ == "__main__":
    with jobs.running(snakemake, "pandas", "pyarrow"):
        files = zip(snakemake.params.runs, snakemake.input.truncated, strict=True)
        tabulate_truncations(dict(files), snakemake.output[0])
