"""Figure of how the networks of an experiment change during training."""

from richlazy.figures import trajectory_figure
from richlazy.figures.figure_context import FigureContext
from richlazy.storage import jobs, parquet

if __name__ == "__main__":
    with jobs.running(snakemake, "matplotlib"):
        runs, curves = parquet.load_table(snakemake.input.runs), parquet.load_table(snakemake.input.curves)
        trajectory_figure.plot(FigureContext.of_job(snakemake), runs, curves)
