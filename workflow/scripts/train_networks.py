"""Train the networks of one job, and keep their initial and final weights and loss curves."""

import torch

from richlazy import devices, logs, networks, records, training


def train_networks(recurrents, inputs, targets, description, saved, histories, runs, structure, settings):
    device, classes = devices.prepare(settings["device"]), records.load_json(description)["classes"]
    for part in devices.parts(len(runs), device):
        own = [files[part] for files in (recurrents, inputs, targets, runs)]
        initial, final, course = train_together(*own, classes, settings | structure, device)
        for place, (network, history) in enumerate(zip(saved[part], histories[part], strict=True)):
            networks.save_network(network, initial.of_network(place), final.of_network(place))
            outcome = course.of_network(place, settings["final_loss_fraction"])
            records.save_json(history, outcome | {"device": devices.name(device)})


def train_together(recurrents, inputs, targets, runs, classes, settings, device):
    # Mapped, not read: a batch comes into memory when its turn comes.
    batches, answers = ([records.load_array(path, mapped=True) for path in paths] for paths in (inputs, targets))
    initial = networks.Weights.stacked(
        networks.initial_weights(records.load_array(recurrent), batches[0].shape[-1], classes, run["seed"])
        for recurrent, run in zip(recurrents, runs, strict=True)
    )
    run = runs[0]  # they differ in their seeds alone
    rho = networks.leak_factor(run["leak"], run["time_step_ms"], run["time_constant_ms"])
    chosen = {name: settings[name] for name in ("loss_steps", "divergence_loss", "signs_held")}
    start, dynamics = initial.map(lambda matrix: matrix.to(device)), networks.Dynamics(rho, run["rectification"])
    how = (dynamics, run["learning_rate"], run["momentum"])
    final, course = training.train(start, batches, answers, *how, **chosen)
    return initial, final.map(torch.Tensor.cpu), course


if __name__ == "__main__":
    logs.attach(snakemake.log[0], "numpy", "torch")
    inputs, out, params = snakemake.input, snakemake.output, snakemake.params
    files = (inputs.recurrent, inputs.inputs, inputs.targets, inputs.description[0], out.network, out.history)
    train_networks(*files, params.runs, params.structure, params.settings)
