"""Probe of a linear teacher: its batch, which stands for all samples, with the vector that is to be learned."""

import numpy as np

from richlazy import logs, records, student_teacher


def draw_teacher_probe(probe, decision, description, task, run, count=None):  # as many trials as inputs, in any case
    setting = (task["teacher"], run["condition_number"], run["seed"])
    trials, answers = student_teacher.trials(*setting)
    records.save_arrays(probe, inputs=trials, targets=answers)
    records.save_array(decision, np.ones(trials.shape[:2], bool))
    records.save_json(description, student_teacher.describe(*setting))


if __name__ == "__main__":
    logs.attach(snakemake.log[0], "numpy")
    output, params = snakemake.output, snakemake.params
    draw_teacher_probe(output.probe, output.decision, output.description, params.task, params.run)
