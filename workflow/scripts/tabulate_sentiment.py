"""Collect the networks of an experiment on language into its tables."""

from richlazy import logs, records, sentiment_tables, tables


def tabulate_sentiment(measures, histories, output, weights, parts):
    measured = [records.load_json(path) for path in measures]
    courses = [records.load_json(path) for path in histories]
    for path, table, columns in (
        (output.runs, sentiment_tables.runs_table(measured, weights, parts), sentiment_tables.RUN_COLUMNS),
        (output.spectra, sentiment_tables.spectra_table(measured), sentiment_tables.SPECTRUM_COLUMNS),
        (output.truncations, sentiment_tables.truncations_table(measured), sentiment_tables.TRUNCATION_COLUMNS),
        (output.curves, sentiment_tables.curves_table(measured, courses), sentiment_tables.CURVE_COLUMNS),
    ):
        tables.save_table(path, table, columns)


if __name__ == "__main__":
    logs.attach(snakemake.log[0], "pandas", "pyarrow")
    inputs, params = snakemake.input, snakemake.params
    tabulate_sentiment(inputs.measures, inputs.histories, snakemake.output, params.weights, params.parts)
