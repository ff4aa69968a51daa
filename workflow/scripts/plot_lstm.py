"""Figure of an experiment with LSTMs."""

from richlazy.figures import lstm_figure
from richlazy.storage import logs, parquet

if __name__ == "__main__":
    logs.attach(snakemake.log[0], "matplotlib")
    inputs, output, params = snakemake.input, snakemake.output, snakemake.params
    names = ("runs", "spectra", "truncations", "curves")
    lstm_figure.draw(
        {name: parquet.load_table(inputs[name]) for name in names}, params.weights, params.title, params.settings,
        output.pdf, output.png,
    )  # fmt: skip
