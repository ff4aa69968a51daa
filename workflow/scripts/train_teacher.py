"""Train the network that teaches a task: on features of images shown row by row, with their labels as classes."""

from richlazy.models import rate_network
from richlazy.storage import array_io, devices, jobs
from richlazy.tasks import image_sets
from richlazy.training import teacher_training


def train_teacher(saved, history, image_set, teacher, held_out, settings):
    device, images = devices.prepare(settings["device"]), image_sets.load(image_set)
    initial, final, outcome = teacher_training.train_teacher(images, teacher, held_out, settings, device)
    rate_network.save_network(saved, initial, final)
    array_io.save_json(history, outcome | {"device": devices.name(device)})


if __name__ == "__main__":
    with jobs.running(snakemake, "numpy", "torch"):
        output, params = snakemake.output, snakemake.params
        train_teacher(
            output.network, output.history, snakemake.input.images, params.teacher, params.held_out, params.settings
        )
