"""Test the effect of the compared parameter of an experiment, and the equality of its losses."""

from richlazy import experiments, interactions, logs, statistics, tables


def compare_conditions(
    runs_table, trends, contrasts, losses, interaction_table, arms, compare, measures, settings
):  # fmt: skip
    runs, settings = tables.load_table(runs_table), settings | {"measures": measures}
    for path, test, columns in (
        (trends, statistics.trends, statistics.TREND_COLUMNS),
        (contrasts, statistics.contrasts, statistics.CONTRAST_COLUMNS),
        (losses, statistics.losses, statistics.LOSS_COLUMNS),
        (interaction_table, interactions.interactions, interactions.INTERACTION_COLUMNS),
    ):
        meanings = {name: experiments.PARAMETERS[name][1] for name in arms} | columns
        tables.save_table(path, test(runs, arms, compare, settings), meanings)


if __name__ == "__main__":
    logs.attach(snakemake.log[0], "scipy", "pandas")
    output, params = snakemake.output, snakemake.params
    compare_conditions(
        snakemake.input.runs, output.trends, output.contrasts, output.losses, output.interactions,
        params.arms, params.compare, params.measures, params.settings,
    )  # fmt: skip
