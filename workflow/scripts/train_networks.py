"""Train the networks of one job, and keep their initial and final weights and loss curves."""

from types import MappingProxyType

import numpy as np
import torch

from richlazy import devices, logs, networks, records, training

NOTHING_FOLLOWED: MappingProxyType = MappingProxyType({})


def train_networks(
    structured, inputs, targets, description, saved, histories, runs, structure, settings, snapshots=NOTHING_FOLLOWED,
    input_weights=(),
):  # fmt: skip
    device = devices.prepare(settings["device"])
    for part in devices.parts(len(runs), device):
        own = (files[part] for files in (structured, inputs, targets, saved, histories, runs, input_weights))
        train_together(*own, description, structure, settings, snapshots, device)


def initial_weights(structured, given, input_units, outputs, run):
    matrix = records.load_array(structured)
    if run["architecture"] == "feedforward":
        return networks.initial_feedforward_weights(matrix, outputs, run["readout"], run["seed"])
    input_weights = records.load_array(given) if given else None
    return networks.initial_weights(matrix, input_units, outputs, run["seed"], input_weights)


def train_together(
    structured, inputs, targets, saved, histories, runs, input_weights, description, structure, settings, snapshots,
    device,
):  # fmt: skip
    # Mapped, not read: a batch comes into memory when its turn comes.
    batches, answers = ([records.load_array(path, mapped=True) for path in paths] for paths in (inputs, targets))
    input_units, outputs = batches[0].shape[-1], records.load_json(description)["outputs"]
    initial = networks.Weights.stacked(
        initial_weights(matrix, given, input_units, outputs, run)
        for matrix, given, run in zip(structured, input_weights or [None] * len(runs), runs, strict=True)
    )
    run = runs[0]  # they differ in their seeds alone
    divergence_loss = settings["divergence_loss"]
    if settings["loss"] == "squared_error":  # of which there is no natural unit: in multiples of a silent network's
        divergence_loss *= max(float(np.square(one).sum(-1).mean() / 2) for one in answers)
    kept = {place: snapshots[network] for place, network in enumerate(saved) if network in snapshots}
    final, course = training.train(
        initial.map(lambda matrix: matrix.to(device)), batches, answers, networks.dynamics_of(run),
        run["learning_rate"], run["momentum"], settings["loss_steps"], divergence_loss,
        signs_held=structure["signs_held"], loss=settings["loss"], iterations=run["iterations"],
        target_accuracy=settings["target_accuracy"], stop_at_target=settings["stop_at_target"],
        snapshot_at=settings["snapshot_at"] if kept else (),
    )  # fmt: skip
    final = final.map(torch.Tensor.cpu)
    for place, (network, history) in enumerate(zip(saved, histories, strict=True)):
        networks.save_network(network, initial.of_network(place), final.of_network(place))
        outcome = course.of_network(place, settings["final_loss_fraction"])
        records.save_json(history, outcome | {"device": devices.name(device)})
    for place, path in kept.items():
        networks.save_snapshots(path, course.snapshots[place])


if __name__ == "__main__":
    logs.attach(snakemake.log[0], "numpy", "torch")
    inputs, output, params = snakemake.input, snakemake.output, snakemake.params
    train_networks(
        inputs.structured, inputs.inputs, inputs.targets, inputs.description[0], output.network, output.history,
        params.runs, params.structure, params.settings | {"snapshot_at": params.snapshot_at},
        dict(zip(params.followed, output.snapshots, strict=True)), inputs.input_weights,
    )  # fmt: skip
