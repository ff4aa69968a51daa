"""The one batch of a linear teacher: a few trials that teach what all samples would."""

from richlazy.storage import array_io, logs
from richlazy.tasks import linear_teacher


def draw_teacher_batches(inputs, targets, task, run):
    trials, answers = linear_teacher.trials(task["teacher"], run["condition_number"], run["seed"])
    array_io.save_array(inputs, trials[None])
    array_io.save_array(targets, answers[None])


if __name__ == "__main__":
    logs.attach(snakemake.log[0], "numpy")
    output, params = snakemake.output, snakemake.params
    draw_teacher_batches(output.inputs, output.targets, params.task, params.run)
