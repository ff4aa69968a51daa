"""Figure of the loss curves of an experiment."""

from richlazy import logs, plotting, tables

if __name__ == "__main__":
    logs.attach(snakemake.log[0], "matplotlib")
    inputs, output, params = snakemake.input, snakemake.output, snakemake.params
    plotting.draw_losses(
        tables.load_table(inputs.runs), tables.load_table(inputs.curves), params.arms, params.compare, params.title,
        params.settings, output.pdf, output.png,
    )  # fmt: skip
