"""Test how parts of weights differ in an experiment on language."""

from richlazy.statistics import hypothesis_tests
from richlazy.storage import logs, parquet
from richlazy.tables import lstm_tables


def compare_parts(runs, contrasts, settings):
    meanings = {"weights": lstm_tables.RUN_COLUMNS["weights"]} | hypothesis_tests.CONTRAST_COLUMNS
    parquet.save_table(
        contrasts, hypothesis_tests.contrasts(parquet.load_table(runs), ["weights"], "part", settings), meanings
    )


if __name__ == "__main__":
    logs.attach(snakemake.log[0], "scipy", "pandas")
    params = snakemake.params
    compare_parts(snakemake.input.runs, snakemake.output[0], params.settings | {"measures": params.measures})
