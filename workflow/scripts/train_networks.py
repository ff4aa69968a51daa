"""Train the networks of one job, and keep their initial and final weights and loss curves."""

from pathlib import Path

from richlazy.models import rate_network
from richlazy.storage import array_io, devices, logs
from richlazy.training import loop


def train_networks(
    structured, input_weights, inputs, targets, description, saved, histories, runs, structure, settings, snapshots
):
    device, outputs = devices.prepare(settings["device"]), array_io.load_json(description)["outputs"]
    for part in devices.parts(len(runs), device):
        # Mapped, not read: a batch comes into memory when its turn comes.
        trials = [[array_io.load_array(path, mapped=True) for path in paths[part]] for paths in (inputs, targets)]
        start = (structured[part], input_weights[part], trials[0][0].shape[-1], outputs)
        initial = rate_network.initial_weights_of_runs(runs[part], *start)
        final, course = loop.train_together(runs[part], initial, *trials, settings | structure, device)
        for place, (network, history) in enumerate(zip(saved[part], histories[part], strict=True)):
            rate_network.save_network(network, initial.of_network(place), final.of_network(place))
            outcome = course.of_network(place, settings["final_loss_fraction"])
            array_io.save_json(history, outcome | {"device": devices.name(device)})
            if network in snapshots:
                rate_network.save_snapshots(snapshots[network], course.snapshots[place])


if __name__ == "__main__":
    logs.attach(snakemake.log[0], "numpy", "torch")
    inputs, output, params = snakemake.input, snakemake.output, snakemake.params
    followed = {str(Path(snapshots).with_name("network.npz")): snapshots for snapshots in output.snapshots}
    train_networks(
        inputs.structured, inputs.input_weights, inputs.inputs, inputs.targets, inputs.description[0], output.network,
        output.history, params.runs, params.structure, params.settings, followed,
    )  # fmt: skip
