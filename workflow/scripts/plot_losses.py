"""Figure of the loss curves of an experiment."""

from richlazy.figures import loss_figure
from richlazy.figures.figure_context import FigureContext
from richlazy.storage import jobs, parquet

if __name__ == "__main__":
    with jobs.running(snakemake, "matplotlib"):
        runs, curves = parquet.load_table(snakemake.input.runs), parquet.load_table(snakemake.input.curves)
        loss_figure.plot(FigureContext.of_job(snakemake), runs, curves)
