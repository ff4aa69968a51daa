"""Figure of how low in rank the change of the recurrent weights of an experiment is."""

from richlazy.figures import truncations
from richlazy.storage import logs, parquet

if __name__ == "__main__":
    logs.attach(snakemake.log[0], "matplotlib")
    inputs, output, params = snakemake.input, snakemake.output, snakemake.params
    truncations.draw(
        parquet.load_table(inputs.runs), parquet.load_table(inputs.truncations), params.arms, params.compare,
        params.title, params.settings, output.pdf, output.png,
    )  # fmt: skip
