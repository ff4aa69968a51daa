"""Probe trials of one task with numbers over time, with what is known about the task."""

import numpy as np

from richlazy.storage import array_io, logs
from richlazy.tasks import time_series, time_series_trials


def draw_continuous_probe(probe, decision, description, task, run, count):
    drawn = time_series_trials.draw(task, run["time_step_ms"], count, run["seed"], "probe")
    inputs, targets = map(np.ascontiguousarray, drawn)
    array_io.save_arrays(probe, inputs=inputs, targets=targets)
    array_io.save_array(decision, np.ascontiguousarray(drawn.decision))
    array_io.save_json(description, time_series.describe(task))


if __name__ == "__main__":
    logs.attach(snakemake.log[0], "numpy")
    output, params = snakemake.output, snakemake.params
    draw_continuous_probe(
        output.probe, output.decision, output.description, params.task, params.run, params.settings["trials"]
    )
