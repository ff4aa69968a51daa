"""Test the effect of the compared parameter of an experiment, and the equality of its losses."""

from richlazy.statistics import hypothesis_tests, interactions
from richlazy.storage import logs, parquet


def compare_conditions(
    runs_table, trends, contrasts, losses, interaction_table, arms, compare, measures, settings
):  # fmt: skip
    runs, settings = parquet.load_table(runs_table), settings | {"measures": measures}
    meanings_of_runs = parquet.meanings(runs_table)
    for path, test, columns in (
        (trends, hypothesis_tests.trends, hypothesis_tests.TREND_COLUMNS),
        (contrasts, hypothesis_tests.contrasts, hypothesis_tests.CONTRAST_COLUMNS),
        (losses, hypothesis_tests.losses, hypothesis_tests.LOSS_COLUMNS),
        (interaction_table, interactions.interactions, interactions.INTERACTION_COLUMNS),
    ):
        meanings = {name: meanings_of_runs[name] for name in arms} | columns
        parquet.save_table(path, test(runs, arms, compare, settings), meanings)


if __name__ == "__main__":
    logs.attach(snakemake.log[0], "scipy", "pandas")
    output, params = snakemake.output, snakemake.params
    compare_conditions(
        snakemake.input.runs, output.trends, output.contrasts, output.losses, output.interactions,
        params.arms, params.compare, params.measures, params.settings,
    )  # fmt: skip
