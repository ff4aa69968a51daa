"""Collect the runs of an experiment into its two tables."""

from richlazy.measures import during_training, predictions
from richlazy.storage import array_io, logs, parquet
from richlazy.tables import experiment_tables as tables


def tabulate_runs(measures, histories, followed, runs_table, curves_table, settings, connectomes, theory, swept):
    rows = [array_io.load_json(path) for path in measures]
    records = [array_io.load_json(path) for path in histories]
    moved = {run: during_training.chosen(array_io.load_json(path), names) for run, (path, names) in followed.items()}
    rows, records = tables.measured(rows, records, moved, theory)
    runs = tables.runs_table(rows, settings["convergence_factor"], settings["loss_margin"], connectomes, swept)
    moved = predictions.with_predicted_movement(moved, runs, theory["targets"])
    parquet.save_table(runs_table, runs, tables.with_swept(tables.RUN_COLUMNS, swept))
    parquet.save_table(curves_table, tables.curves_table(records, runs["run"], moved), tables.CURVE_COLUMNS)


if __name__ == "__main__":
    logs.attach(snakemake.log[0], "pandas", "pyarrow")
    inputs, output, params = snakemake.input, snakemake.output, snakemake.params
    followed = {run: (path, names) for path, (run, names) in zip(inputs.followed, params.followed.items(), strict=True)}
    tabulate_runs(
        measures=inputs.measures,
        histories=inputs.histories,
        followed=followed,
        runs_table=output.runs,
        curves_table=output.curves,
        settings=params.settings,
        connectomes=params.connectomes,
        theory=params.theory,
        swept=params.swept,
    )
