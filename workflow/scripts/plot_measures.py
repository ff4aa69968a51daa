"""Figure of the measures of change of an experiment."""

from richlazy.figures import measure_figure
from richlazy.storage import logs, parquet

if __name__ == "__main__":
    logs.attach(snakemake.log[0], "matplotlib")
    inputs, output, params = snakemake.input, snakemake.output, snakemake.params
    measure_figure.plot_measures(
        parquet.load_table(inputs.runs), params.arms, params.compare, params.title, params.measures, params.settings,
        output.pdf, output.png, params.schematic, parquet.load_table(inputs.spectra) if params.spectrum else None,
        params.spectrum,
    )  # fmt: skip
