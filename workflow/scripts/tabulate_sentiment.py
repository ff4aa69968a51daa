"""Collect the networks of an experiment on language into its tables."""

from richlazy.storage import array_io, logs, parquet
from richlazy.tables import lstm_tables


def tabulate_sentiment(measures, histories, output, weights, parts):
    measured = [array_io.load_json(path) for path in measures]
    courses = [array_io.load_json(path) for path in histories]
    for path, table, columns in (
        (output.runs, lstm_tables.runs_table(measured, weights, parts), lstm_tables.RUN_COLUMNS),
        (output.spectra, lstm_tables.spectra_table(measured), lstm_tables.SPECTRUM_COLUMNS),
        (output.truncations, lstm_tables.truncations_table(measured), lstm_tables.TRUNCATION_COLUMNS),
        (output.curves, lstm_tables.curves_table(measured, courses), lstm_tables.CURVE_COLUMNS),
    ):
        parquet.save_table(path, table, columns)


if __name__ == "__main__":
    logs.attach(snakemake.log[0], "pandas", "pyarrow")
    inputs, params = snakemake.input, snakemake.params
    tabulate_sentiment(inputs.measures, inputs.histories, snakemake.output, params.weights, params.parts)
