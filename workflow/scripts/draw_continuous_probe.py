"""Probe trials of one task with numbers over time, with what is known about the task."""

import numpy as np

from richlazy import continuous_tasks, continuous_trials, logs, records


def draw_continuous_probe(probe, decision, description, task, run, count):
    drawn = continuous_trials.draw(task, run["time_step_ms"], count, run["seed"], "probe")
    inputs, targets = map(np.ascontiguousarray, drawn)
    records.save_arrays(probe, inputs=inputs, targets=targets)
    records.save_array(decision, np.ascontiguousarray(drawn.decision))
    records.save_json(description, continuous_tasks.describe(task))


if __name__ == "__main__":
    logs.attach(snakemake.log[0], "numpy")
    output, params = snakemake.output, snakemake.params
    draw_continuous_probe(
        output.probe, output.decision, output.description, params.task, params.run, params.settings["trials"]
    )
