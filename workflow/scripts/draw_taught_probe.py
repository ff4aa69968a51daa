"""Probe of a task with a teacher network: images that are held out, with its answers and what is known of the task."""

import numpy as np

from richlazy.storage import array_io, devices, logs
from richlazy.tasks import image_sets, image_trials, network_teacher


def draw_taught_probe(probe, decision, description, image_set, network, teacher, run, held_out, count):
    devices.prepare("cpu")
    shown = image_sets.load(image_set)
    inputs, labels = image_trials.probe(shown, "rows", held_out, count, run["seed"])
    answers = network_teacher.load(network, teacher).answers(inputs)
    array_io.save_arrays(probe, inputs=inputs, targets=np.repeat(answers[None], len(inputs), axis=0))
    at_the_end = np.arange(len(inputs)) == len(inputs) - 1
    array_io.save_array(decision, np.repeat(at_the_end[:, None], count, axis=1))
    about = {
        "environment": "images, rows, answers of a teacher",
        "teacher_accuracy": float((answers == labels[0]).mean()),
    }
    array_io.save_json(description, image_trials.describe(shown, "rows") | about)


if __name__ == "__main__":
    logs.attach(snakemake.log[0], "numpy", "torch")
    inputs, output, params = snakemake.input, snakemake.output, snakemake.params
    draw_taught_probe(
        output.probe, output.decision, output.description, inputs.images, inputs.teacher, params.teacher, params.run,
        params.held_out, params.settings["trials"],
    )  # fmt: skip
