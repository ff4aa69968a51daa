"""Probe of a task that shows images: images that are held out, with what is known about the task."""

import numpy as np

from richlazy.storage import array_io, logs
from richlazy.tasks import image_sets, image_trials


def draw_image_probe(probe, decision, description, image_set, task, run, count):
    loaded = image_sets.load(image_set)
    inputs, classes = image_trials.probe(loaded, task["presentation"], task["held_out"], count, run["seed"])
    array_io.save_arrays(probe, inputs=inputs, targets=classes)
    at_the_end = np.arange(len(inputs)) == len(inputs) - 1
    array_io.save_array(decision, np.repeat(at_the_end[:, None], count, axis=1))
    array_io.save_json(description, image_trials.describe(loaded, task["presentation"]))


if __name__ == "__main__":
    logs.attach(snakemake.log[0], "numpy")
    output, params = snakemake.output, snakemake.params
    draw_image_probe(
        output.probe, output.decision, output.description, snakemake.input.images, params.task, params.run,
        params.settings["trials"],
    )  # fmt: skip
