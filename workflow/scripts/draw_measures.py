"""Figure of the measures of change of an experiment."""

from richlazy import logs, plotting, tables

if __name__ == "__main__":
    logs.attach(snakemake.log[0], "matplotlib")
    output, params = snakemake.output, snakemake.params
    plotting.draw_measures(
        tables.load_table(snakemake.input.runs), params.arms, params.compare, params.title, params.settings,
        output.pdf, output.png, params.schematic,
    )  # fmt: skip
