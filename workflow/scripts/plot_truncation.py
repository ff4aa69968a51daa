"""Figure of how low in rank the change of the recurrent weights of an experiment is."""

from richlazy.figures import truncation_figure
from richlazy.figures.figure_context import FigureContext
from richlazy.storage import logs, parquet

if __name__ == "__main__":
    logs.attach(snakemake.log[0], "matplotlib")
    runs, truncated = parquet.load_table(snakemake.input.runs), parquet.load_table(snakemake.input.truncations)
    truncation_figure.plot(FigureContext.of_job(snakemake), runs, truncated)
