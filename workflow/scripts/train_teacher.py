"""Train the network that teaches a task: on features of images shown row by row, with their labels as classes."""

from richlazy import devices, image_trials, images, logs, networks, records, teacher_network, training


def train_teacher(saved, history, image_set, teacher, held_out, settings):
    device = devices.prepare(settings["device"])
    shown = images.load(image_set)
    outputs = image_trials.describe(shown, "rows")["outputs"]
    rows, classes = image_trials.batches(
        shown, "rows", held_out, teacher["batch_size"], teacher["iterations"], teacher["seed"]
    )
    modulation = teacher_network.feature_modulation(rows.shape[-1], teacher["condition_number"], teacher["seed"])
    initial = networks.Weights.stacked([teacher_network.initial_weights(teacher, rows.shape[-1], outputs)])
    final, course = training.train(
        initial.map(lambda matrix: matrix.to(device)), [teacher_network.features(rows, modulation)], [classes],
        networks.dynamics_of(teacher), teacher["learning_rate"], teacher["momentum"], "last",
        settings["divergence_loss"], iterations=teacher["iterations"],
    )  # fmt: skip
    outcome = course.of_network(0, settings["final_loss_fraction"])
    if outcome["diverged"]:
        raise ValueError(
            f"the teacher diverged at iteration {outcome['diverged_at']} and can teach nothing; "
            "lower the learning_rate of its task"
        )
    networks.save_network(saved, initial.of_network(0), final.of_network(0).map(lambda matrix: matrix.cpu()))
    records.save_json(history, outcome | {"device": devices.name(device)})


if __name__ == "__main__":
    logs.attach(snakemake.log[0], "numpy", "torch")
    output, params = snakemake.output, snakemake.params
    train_teacher(
        output.network, output.history, snakemake.input.images, params.teacher, params.held_out, params.settings
    )
