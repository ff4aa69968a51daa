"""Figure of the effect sizes of an experiment."""

from richlazy import logs, plotting, tables

if __name__ == "__main__":
    logs.attach(snakemake.log[0], "matplotlib")
    inputs, output, params = snakemake.input, snakemake.output, snakemake.params
    plotting.draw_effects(
        tables.load_table(inputs.trends), tables.load_table(inputs.contrasts), params.arms, params.compare,
        params.title, params.significance_level, params.settings, output.pdf, output.png,
    )  # fmt: skip
