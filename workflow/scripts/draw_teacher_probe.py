"""Probe of a linear teacher: its batch, which stands for all samples, with the vector that is to be learned."""

import numpy as np

from richlazy.storage import array_io, logs
from richlazy.tasks import linear_teacher


def draw_teacher_probe(probe, decision, description, task, run, count=None):  # as many trials as inputs, in any case
    setting = (task["teacher"], run["condition_number"], run["seed"])
    trials, answers = linear_teacher.trials(*setting)
    array_io.save_arrays(probe, inputs=trials, targets=answers)
    array_io.save_array(decision, np.ones(trials.shape[:2], bool))
    array_io.save_json(description, linear_teacher.describe(*setting))


if __name__ == "__main__":
    logs.attach(snakemake.log[0], "numpy")
    output, params = snakemake.output, snakemake.params
    draw_teacher_probe(output.probe, output.decision, output.description, params.task, params.run)
