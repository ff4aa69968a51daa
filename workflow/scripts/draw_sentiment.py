"""Figure of an experiment on language."""

from richlazy import logs, sentiment_figure, tables

if __name__ == "__main__":
    logs.attach(snakemake.log[0], "matplotlib")
    inputs, output, params = snakemake.input, snakemake.output, snakemake.params
    names = ("runs", "spectra", "truncations", "curves")
    sentiment_figure.draw(
        {name: tables.load_table(inputs[name]) for name in names}, params.weights, params.title, params.settings,
        output.pdf, output.png,
    )  # fmt: skip
