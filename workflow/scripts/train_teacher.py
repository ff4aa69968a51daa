"""Train the network that teaches a task: on features of images shown row by row, with their labels as classes."""

from richlazy.models import rate_network
from richlazy.storage import array_io, devices, logs
from richlazy.tasks import image_sets, image_trials, network_teacher
from richlazy.training import loop


def train_teacher(saved, history, image_set, teacher, held_out, settings):
    device = devices.prepare(settings["device"])
    shown = image_sets.load(image_set)
    outputs = image_trials.describe(shown, "rows")["outputs"]
    rows, classes = image_trials.batches(
        shown, "rows", held_out, teacher["batch_size"], teacher["iterations"], teacher["seed"]
    )
    modulation = network_teacher.feature_modulation(rows.shape[-1], teacher["condition_number"], teacher["seed"])
    initial = rate_network.Weights.stacked([network_teacher.initial_weights(teacher, rows.shape[-1], outputs)])
    final, course = loop.train(
        initial.map(lambda matrix: matrix.to(device)), [network_teacher.features(rows, modulation)], [classes],
        rate_network.dynamics_of(teacher), teacher["learning_rate"], teacher["momentum"], "last",
        settings["divergence_loss"], iterations=teacher["iterations"],
    )  # fmt: skip
    outcome = course.of_network(0, settings["final_loss_fraction"])
    if outcome["diverged"]:
        raise ValueError(
            f"the teacher diverged at iteration {outcome['diverged_at']} and can teach nothing; "
            "lower the learning_rate of its task"
        )
    rate_network.save_network(saved, initial.of_network(0), final.of_network(0).map(lambda matrix: matrix.cpu()))
    array_io.save_json(history, outcome | {"device": devices.name(device)})


if __name__ == "__main__":
    logs.attach(snakemake.log[0], "numpy", "torch")
    output, params = snakemake.output, snakemake.params
    train_teacher(
        output.network, output.history, snakemake.input.images, params.teacher, params.held_out, params.settings
    )
