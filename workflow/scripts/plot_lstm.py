"""Figure of an experiment with LSTMs."""

from richlazy.figures import lstm_figure
from richlazy.figures.figure_context import FigureContext
from richlazy.storage import jobs, parquet

if __name__ == "__main__":
    with jobs.running(snakemake, "matplotlib"):
        names = ("runs", "spectra", "truncations", "curves")
        tables = {name: parquet.load_table(snakemake.input[name]) for name in names}
        lstm_figure.plot(FigureContext.of_job(snakemake), tables, snakemake.params.weights)
