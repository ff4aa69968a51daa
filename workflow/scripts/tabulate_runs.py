"""Collect the runs of an experiment into its two tables."""

from richlazy import logs, records, summaries, tables


def tabulate_runs(measures, histories, followed, runs_table, curves_table, settings, connectomes):
    rows = [records.load_json(path) for path in measures]
    courses = {run: records.load_json(path) for run, path in followed.items()}
    how = (settings["convergence_factor"], settings["loss_margin"], connectomes, courses)
    runs = summaries.runs_table(rows, *how)
    tables.save_table(runs_table, runs, summaries.RUN_COLUMNS)
    curves = summaries.curves_table([records.load_json(path) for path in histories], runs["run"], courses)
    tables.save_table(curves_table, curves, summaries.CURVE_COLUMNS)


if __name__ == "__main__":
    logs.attach(snakemake.log[0], "pandas", "pyarrow")
    inputs, output, params = snakemake.input, snakemake.output, snakemake.params
    tabulate_runs(
        inputs.measures, inputs.histories, dict(zip(params.followed, inputs.followed, strict=True)), output.runs,
        output.curves, params.settings, params.connectomes,
    )  # fmt: skip
