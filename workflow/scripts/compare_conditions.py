"""Test the effect of the compared parameter of an experiment, and the equality of its losses."""

from richlazy.statistics import hypothesis_tests, interactions
from richlazy.storage import logs, parquet


def compare_conditions(runs_table, output, arms, compare, settings):
    runs, meanings = parquet.load_table(runs_table), parquet.meanings(runs_table)
    meanings_of_arms = {name: meanings[name] for name in arms}
    for path, test, columns in (
        (output.trends, hypothesis_tests.trends, hypothesis_tests.TREND_COLUMNS),
        (output.contrasts, hypothesis_tests.contrasts, hypothesis_tests.CONTRAST_COLUMNS),
        (output.losses, hypothesis_tests.losses, hypothesis_tests.LOSS_COLUMNS),
        (output.interactions, interactions.interactions, interactions.INTERACTION_COLUMNS),
    ):
        parquet.save_table(path, test(runs, arms, compare, settings), meanings_of_arms | columns)


if __name__ == "__main__":
    logs.attach(snakemake.log[0], "scipy", "pandas")
    params = snakemake.params
    settings = params.settings | {"measures": params.measures}
    compare_conditions(snakemake.input.runs, snakemake.output, params.arms, params.compare, settings)
