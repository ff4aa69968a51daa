"""Figure of the effect sizes of an experiment."""

from richlazy.figures import measure_figure
from richlazy.storage import logs, parquet

if __name__ == "__main__":
    logs.attach(snakemake.log[0], "matplotlib")
    inputs, output, params = snakemake.input, snakemake.output, snakemake.params
    measure_figure.plot_effects(
        parquet.load_table(inputs.trends), parquet.load_table(inputs.contrasts), params.arms, params.compare,
        params.title, params.significance_level, params.settings, output.pdf, output.png,
    )  # fmt: skip
