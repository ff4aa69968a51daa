"""Figure of the measures of change of an experiment."""

from richlazy.figures import measure_figure
from richlazy.figures.figure_context import FigureContext
from richlazy.storage import jobs, parquet

if __name__ == "__main__":
    with jobs.running(snakemake, "matplotlib"):
        inputs, params = snakemake.input, snakemake.params
        measure_figure.plot(
            FigureContext.of_job(snakemake),
            runs=parquet.load_table(inputs.runs),
            measures=params.measures,
            spectra=parquet.load_table(inputs.spectra) if params.spectrum else None,
            spectrum=params.spectrum,
        )
