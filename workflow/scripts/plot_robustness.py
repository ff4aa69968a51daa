"""Forest plot of the effect of rank over several experiments, and its table."""

from pathlib import Path

from richlazy.figures import robustness, robustness_figure
from richlazy.storage import logs, parquet


def plot_robustness(trends, comparisons, significance_level, settings, table, png, pdf=None):
    found = {Path(path).parent.parent.name: parquet.load_table(path) for path in trends}
    measures = robustness.panels(settings["measures"])
    rows = robustness.robustness(found, comparisons, measures)
    parquet.save_table(table, rows, robustness.ROBUSTNESS_COLUMNS)
    robustness_figure.draw(rows, measures, significance_level, settings, pdf, png)


if __name__ == "__main__":
    logs.attach(snakemake.log[0], "pandas", "matplotlib")
    output, params = snakemake.output, snakemake.params
    plot_robustness(
        snakemake.input.trends, params.comparisons, params.significance_level, params.settings,
        output.table, output.png, output.pdf,
    )  # fmt: skip
