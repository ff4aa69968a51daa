"""Figure of the effect sizes of an experiment."""

from richlazy.figures import effect_figure
from richlazy.figures.figure_context import FigureContext
from richlazy.storage import jobs, parquet

if __name__ == "__main__":
    with jobs.running(snakemake, "matplotlib"):
        inputs = snakemake.input
        trends, contrasts = parquet.load_table(inputs.trends), parquet.load_table(inputs.contrasts)
        effect_figure.plot(FigureContext.of_job(snakemake), trends, contrasts, snakemake.params.statistics)
