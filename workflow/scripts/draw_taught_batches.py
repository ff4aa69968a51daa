"""Training batches of a task that shows images, whose classes are the answers of a teacher."""

import numpy as np

from richlazy.storage import array_io, devices, logs
from richlazy.tasks import image_sets, image_trials, network_teacher


def draw_taught_batches(inputs, targets, image_set, network, teacher, run, held_out):
    devices.prepare("cpu")
    shown = image_sets.load(image_set)
    batches, _ = image_trials.batches(shown, "rows", held_out, run["batch_size"], run["iterations"], run["seed"])
    known = network_teacher.load(network, teacher)
    answers = np.stack([known.answers(batch) for batch in batches])
    array_io.save_array(inputs, batches)
    array_io.save_array(targets, np.repeat(answers[:, None], batches.shape[1], axis=1))


if __name__ == "__main__":
    logs.attach(snakemake.log[0], "numpy", "torch")
    inputs, output, params = snakemake.input, snakemake.output, snakemake.params
    draw_taught_batches(
        output.inputs, output.targets, inputs.images, inputs.teacher, params.teacher, params.run, params.held_out
    )
