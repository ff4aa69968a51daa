"""Figure of how low in rank the change of the recurrent weights of an experiment is."""

from richlazy.figures import truncation_figure
from richlazy.figures.figure_context import FigureContext
from richlazy.storage import jobs, parquet

if __name__ == "__main__":
    with jobs.running(snakemake, "matplotlib"):
        runs, truncated = parquet.load_table(snakemake.input.runs), parquet.load_table(snakemake.input.truncations)
        truncation_figure.plot(FigureContext.of_job(snakemake), runs, truncated)
