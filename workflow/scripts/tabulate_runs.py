"""Collect the runs of an experiment into its tables, whatever their model."""

from richlazy.models import base
from richlazy.storage import jobs, late_import


def tabulate_runs(implementation, files, tables, settings):
    late_import.load(implementation).save_tables(files, tables, settings)


if __name__ == "__main__":
    with jobs.running(snakemake, "pandas", "pyarrow"):
        params = snakemake.params
        tabulate_runs(
            params.implementation, base.files(snakemake.input), dict(snakemake.output.items()), params.settings
        )
