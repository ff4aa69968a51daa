"""Set the numbers that papers give beside those of the experiments that were run."""

from pathlib import Path

from richlazy.statistics import published_values
from richlazy.storage import array_io, jobs, parquet


def compare_published_values(register, runs, table, markdown, page, confidence):
    tables = {Path(path).parent.parent.name: parquet.load_table(path) for path in runs}
    rows = published_values.compare(register, tables, confidence)
    parquet.save_table(table, rows, published_values.COLUMNS)
    array_io.save_text(markdown, published_values.as_markdown(rows))
    array_io.save_text(page, published_values.as_html(rows))


if __name__ == "__main__":
    with jobs.running(snakemake, "pandas", "scipy"):
        output, params = snakemake.output, snakemake.params
        saved = (output.table, output.markdown, output.page)
        compare_published_values(params.register, snakemake.input.runs, *saved, params.confidence)
