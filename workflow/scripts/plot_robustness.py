"""Forest plot of the effect of rank over several experiments, and its table."""

from pathlib import Path

from richlazy.figures import robustness, robustness_figure
from richlazy.figures.figure_context import FigureContext
from richlazy.storage import jobs, parquet


def plot_robustness(context, trends, comparisons, settings, table):
    found = {Path(path).parent.parent.name: context.named(parquet.load_table(path)) for path in trends}
    measures = robustness.panels(context.settings["measures"], context.labels)
    rows = robustness.robustness(found, comparisons, measures)
    parquet.save_table(table, rows, robustness.ROBUSTNESS_COLUMNS)
    robustness_figure.plot(context, rows, list(measures), settings)


if __name__ == "__main__":
    with jobs.running(snakemake, "pandas", "matplotlib"):
        context = FigureContext.of_job(snakemake, title=robustness_figure.TITLE)
        params = snakemake.params
        trends, table = snakemake.input.trends, snakemake.output.table
        plot_robustness(context, trends, params.comparisons, params.statistics, table)
