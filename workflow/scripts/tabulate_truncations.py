"""Collect the losses of the truncated networks of an experiment into one table."""

from richlazy.figures import truncations
from richlazy.storage import array_io, logs, parquet


def tabulate_truncations(truncated, table):
    found = {run: array_io.load_json(path) for run, path in truncated.items()}
    parquet.save_table(table, truncations.table(found), truncations.COLUMNS)


if __name__ == "__main__":
    logs.attach(snakemake.log[0], "pandas", "pyarrow")
    files = zip(snakemake.params.runs, snakemake.input.truncated, strict=True)
    tabulate_truncations(dict(files), snakemake.output[0])
