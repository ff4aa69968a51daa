"""Figure of the interactions of an experiment: how the effect of the compared number changes over swept ones."""

from richlazy.figures import interaction_figure
from richlazy.figures.figure_context import FigureContext
from richlazy.storage import jobs, parquet

if __name__ == "__main__":
    with jobs.running(snakemake, "matplotlib", "numpy", "pandas"):
        inputs, level = snakemake.input, snakemake.params.significance_level
        runs, tests = parquet.load_table(inputs.runs), parquet.load_table(inputs.interactions)
        interaction_figure.plot(FigureContext.of_job(snakemake), runs, tests, level)
