"""Training batches of a task that shows images, shared by every condition of a seed."""

from richlazy.storage import array_io, logs
from richlazy.tasks import image_sets, image_trials


def draw_image_batches(inputs, targets, image_set, task, run):
    shown = (image_sets.load(image_set), task["presentation"], task["held_out"])
    batches, classes = image_trials.batches(*shown, run["batch_size"], run["iterations"], run["seed"])
    array_io.save_array(inputs, batches)
    array_io.save_array(targets, classes)


if __name__ == "__main__":
    logs.attach(snakemake.log[0], "numpy")
    output, params = snakemake.output, snakemake.params
    draw_image_batches(output.inputs, output.targets, snakemake.input.images, params.task, params.run)
