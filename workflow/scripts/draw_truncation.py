"""Figure of how low in rank the change of the recurrent weights of an experiment is."""

from richlazy import logs, tables, truncations

if __name__ == "__main__":
    logs.attach(snakemake.log[0], "matplotlib")
    inputs, output, params = snakemake.input, snakemake.output, snakemake.params
    truncations.draw(
        tables.load_table(inputs.runs), tables.load_table(inputs.truncations), params.arms, params.compare,
        params.title, params.settings, output.pdf, output.png,
    )  # fmt: skip
