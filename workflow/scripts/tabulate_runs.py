"""Collect the runs of an experiment into its two tables."""

from richlazy.measures import during_training, predictions
from richlazy.storage import array_io, logs, parquet
from richlazy.tables import experiment_tables


def tabulate_runs(measures, histories, followed, runs_table, curves_table, settings, connectomes, theory, swept):
    rows, courses = ([array_io.load_json(path) for path in paths] for paths in (measures, histories))
    moved = {run: during_training.chosen(array_io.load_json(path), names) for run, (path, names) in followed.items()}
    rows, courses = experiment_tables.measured(rows, courses, moved, theory)
    runs = experiment_tables.runs_table(
        rows, settings["convergence_factor"], settings["loss_margin"], connectomes, swept
    )
    moved = predictions.with_predicted_movement(moved, runs, theory["targets"])
    parquet.save_table(runs_table, runs, experiment_tables.with_swept(experiment_tables.RUN_COLUMNS, swept))
    parquet.save_table(
        curves_table, experiment_tables.curves_table(courses, runs["run"], moved), experiment_tables.CURVE_COLUMNS
    )


if __name__ == "__main__":
    logs.attach(snakemake.log[0], "pandas", "pyarrow")
    inputs, output, params = snakemake.input, snakemake.output, snakemake.params
    followed = {run: (path, names) for path, (run, names) in zip(inputs.followed, params.followed.items(), strict=True)}
    tabulate_runs(
        inputs.measures, inputs.histories, followed, output.runs, output.curves,
         params.settings, params.connectomes, params.theory, params.swept,
    )  # fmt: skip
