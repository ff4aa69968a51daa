"""Training batches of a task that shows images, shared by every condition of a seed."""

from richlazy import image_trials, images, logs, records


def draw_image_batches(inputs, targets, image_set, task, run):
    shown = (images.load(image_set), task["presentation"], task["held_out"])
    batches, classes = image_trials.batches(*shown, run["batch_size"], run["iterations"], run["seed"])
    records.save_array(inputs, batches)
    records.save_array(targets, classes)


if __name__ == "__main__":
    logs.attach(snakemake.log[0], "numpy")
    output, params = snakemake.output, snakemake.params
    draw_image_batches(output.inputs, output.targets, snakemake.input.images, params.task, params.run)
