"""Collect the losses of the truncated networks of an experiment into one table."""

from richlazy import logs, records, tables, truncations


def tabulate_truncations(truncated, table):
    found = {run: records.load_json(path) for run, path in truncated.items()}
    tables.save_table(table, truncations.table(found), truncations.COLUMNS)


if __name__ == "__main__":
    logs.attach(snakemake.log[0], "pandas", "pyarrow")
    files = zip(snakemake.params.runs, snakemake.input.truncated, strict=True)
    tabulate_truncations(dict(files), snakemake.output[0])
