"""Training trials of one task with numbers over time, shared by every condition of a time step and seed."""

from richlazy.storage import array_io, logs
from richlazy.tasks import time_series_trials


def draw_continuous_batches(inputs, targets, task, run):
    how = (run[key] for key in ("time_step_ms", "batch_size", "iterations", "seed"))
    drawn = time_series_trials.batches(task, *how)
    array_io.save_array(inputs, drawn.inputs)
    array_io.save_array(targets, drawn.targets)


if __name__ == "__main__":
    logs.attach(snakemake.log[0], "numpy")
    output, params = snakemake.output, snakemake.params
    draw_continuous_batches(output.inputs, output.targets, params.task, params.run)
