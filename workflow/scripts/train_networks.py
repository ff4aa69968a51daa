"""Train the networks of one job, and keep their initial and final weights and loss curves."""

import torch

from richlazy import devices, logs, networks, records, training


def train_networks(
    structured, input_weights, inputs, targets, description, saved, histories, runs, structure, settings, snapshots
):
    device, outputs = devices.prepare(settings["device"]), records.load_json(description)["outputs"]
    for part in devices.parts(len(runs), device):
        own = [files[part] for files in (structured, input_weights, inputs, targets, runs)]
        initial, final, course = train_together(*own, outputs, settings | structure, device)
        for place, (network, history) in enumerate(zip(saved[part], histories[part], strict=True)):
            networks.save_network(network, initial.of_network(place), final.of_network(place))
            outcome = course.of_network(place, settings["final_loss_fraction"])
            records.save_json(history, outcome | {"device": devices.name(device)})
            if network in snapshots:
                networks.save_snapshots(snapshots[network], course.snapshots[place])


def train_together(structured, input_weights, inputs, targets, runs, outputs, settings, device):
    # Mapped, not read: a batch comes into memory when its turn comes.
    batches, answers = ([records.load_array(path, mapped=True) for path in paths] for paths in (inputs, targets))
    initial = networks.initial_weights_of_runs(runs, structured, input_weights, batches[0].shape[-1], outputs)
    run = runs[0]  # they differ in their seeds alone
    chosen = ("loss_steps", "divergence_loss", "signs_held", "loss", "target_accuracy", "stop_at_target", "snapshot_at")
    final, course = training.train(
        initial.map(lambda matrix: matrix.to(device)), batches, answers, networks.dynamics_of(run),
        run["learning_rate"], run["momentum"], iterations=run["iterations"],
        **{name: settings[name] for name in chosen},
    )  # fmt: skip
    return initial, final.map(torch.Tensor.cpu), course


if __name__ == "__main__":
    logs.attach(snakemake.log[0], "numpy", "torch")
    inputs, output, params = snakemake.input, snakemake.output, snakemake.params
    train_networks(
        inputs.structured, inputs.input_weights, inputs.inputs, inputs.targets, inputs.description[0], output.network,
        output.history, params.runs, params.structure, params.settings,
        dict(zip(params.followed, output.snapshots, strict=True)),
    )  # fmt: skip
