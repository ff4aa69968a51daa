"""Collect the runs of an experiment into its two tables."""

from richlazy import learning_time, logs, movement, records, summaries, tables


def tabulate_runs(measures, histories, followed, runs_table, curves_table, settings, connectomes, theory):
    rows, courses = ([records.load_json(path) for path in paths] for paths in (measures, histories))
    rows, courses = learning_time.with_theory(rows, courses, theory)
    moved = {run: movement.chosen(records.load_json(path), names) for run, (path, names) in followed.items()}
    runs = summaries.runs_table(rows, settings["convergence_factor"], settings["loss_margin"], connectomes, moved)
    moved = learning_time.with_predicted_movement(moved, runs, theory["targets"])
    tables.save_table(runs_table, runs, summaries.RUN_COLUMNS)
    tables.save_table(curves_table, summaries.curves_table(courses, runs["run"], moved), summaries.CURVE_COLUMNS)


if __name__ == "__main__":
    logs.attach(snakemake.log[0], "pandas", "pyarrow")
    inputs, output, params = snakemake.input, snakemake.output, snakemake.params
    followed = {run: (path, names) for path, (run, names) in zip(inputs.followed, params.followed.items(), strict=True)}
    tabulate_runs(
        inputs.measures, inputs.histories, followed, output.runs, output.curves,
         params.settings, params.connectomes, params.theory,
    )  # fmt: skip
