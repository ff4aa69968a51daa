"""Figure of the measures of change of an experiment."""

from richlazy import logs, plotting, tables

if __name__ == "__main__":
    logs.attach(snakemake.log[0], "matplotlib")
    inputs, output, params = snakemake.input, snakemake.output, snakemake.params
    plotting.draw_measures(
        tables.load_table(inputs.runs), params.arms, params.compare, params.title, params.measures, params.settings,
        output.pdf, output.png, params.schematic, tables.load_table(inputs.spectra) if params.spectrum else None,
        params.spectrum,
    )  # fmt: skip
