"""Train the networks of one job, and keep their initial and final weights and loss curves."""

import torch

from richlazy import devices, logs, networks, records, training


def train_networks(recurrents, inputs, targets, description, saved, histories, runs, structure, settings):
    device = devices.prepare(settings["device"])
    for part in devices.parts(len(runs), device):
        own = (files[part] for files in (recurrents, inputs, targets, saved, histories, runs))
        train_together(*own, description, structure, settings, device)


def train_together(recurrents, inputs, targets, saved, histories, runs, description, structure, settings, device):
    # Mapped, not read: a batch comes into memory when its turn comes.
    batches, classes = ([records.load_array(path, mapped=True) for path in paths] for paths in (inputs, targets))
    input_units, outputs = batches[0].shape[-1], records.load_json(description)["outputs"]
    initial = networks.Weights.stacked(
        networks.initial_weights(records.load_array(recurrent), input_units, outputs, run["seed"])
        for recurrent, run in zip(recurrents, runs, strict=True)
    )
    run = runs[0]  # they differ in their seeds alone
    rho = networks.leak_factor(run["leak"], run["time_step_ms"], run["time_constant_ms"])
    final, course = training.train(
        initial.map(lambda matrix: matrix.to(device)), batches, classes,
        networks.Dynamics(rho, run["rectification"]), run["learning_rate"], run["momentum"],
        settings["loss_steps"], settings["divergence_loss"], signs_held=structure["signs_held"],
    )  # fmt: skip
    final = final.map(torch.Tensor.cpu)
    for place, (network, history) in enumerate(zip(saved, histories, strict=True)):
        networks.save_network(network, initial.of_network(place), final.of_network(place))
        outcome = course.of_network(place, settings["final_loss_fraction"])
        records.save_json(history, outcome | {"device": devices.name(device)})


if __name__ == "__main__":
    logs.attach(snakemake.log[0], "numpy", "torch")
    inputs, output, params = snakemake.input, snakemake.output, snakemake.params
    train_networks(
        inputs.recurrent, inputs.inputs, inputs.targets, inputs.description[0], output.network, output.history,
        params.runs, params.structure, params.settings,
    )  # fmt: skip
