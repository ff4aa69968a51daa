"""Test the effect of the compared parameter of an experiment, and the equality of its losses."""

from richlazy.statistics import hypothesis_tests, interactions
from richlazy.storage import jobs, parquet


def compare_conditions(runs_table, tables, arms, compare, settings):
    tests = {
        "trends": (hypothesis_tests.trends, hypothesis_tests.TREND_COLUMNS),
        "contrasts": (hypothesis_tests.contrasts, hypothesis_tests.CONTRAST_COLUMNS),
        "losses": (hypothesis_tests.losses, hypothesis_tests.EQUIVALENCE_COLUMNS),
        "interactions": (interactions.interactions, interactions.INTERACTION_COLUMNS),
    }
    runs, meanings = parquet.load_table(runs_table), parquet.meanings(runs_table)
    for name, path in tables.items():
        test, columns = tests[name]
        of_arms = {column: meanings[column] for column in arms}
        parquet.save_table(path, test(runs, arms, compare, settings), of_arms | columns)


if __name__ == "__main__":
    with jobs.running(snakemake, "scipy", "pandas"):
        params, tables = snakemake.params, dict(snakemake.output.items())
        settings = params.settings | {"measures": params.measures}
        compare_conditions(snakemake.input.runs, tables, params.arms, params.compare, settings)
