"""Test how parts of weights differ in an experiment on language."""

from richlazy import logs, sentiment_tables, statistics, tables


def compare_parts(runs, contrasts, settings):
    meanings = {"weights": sentiment_tables.RUN_COLUMNS["weights"]} | statistics.CONTRAST_COLUMNS
    tables.save_table(contrasts, statistics.contrasts(tables.load_table(runs), ["weights"], "part", settings), meanings)


if __name__ == "__main__":
    logs.attach(snakemake.log[0], "scipy", "pandas")
    params = snakemake.params
    compare_parts(snakemake.input.runs, snakemake.output[0], params.settings | {"measures": params.measures})
