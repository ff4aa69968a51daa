"""Figure of the loss curves of an experiment."""

from richlazy.figures import measure_figure
from richlazy.storage import logs, parquet

if __name__ == "__main__":
    logs.attach(snakemake.log[0], "matplotlib")
    inputs, output, params = snakemake.input, snakemake.output, snakemake.params
    measure_figure.plot_losses(
        parquet.load_table(inputs.runs), parquet.load_table(inputs.curves), params.arms, params.compare, params.title,
        params.settings, output.pdf, output.png,
    )  # fmt: skip
