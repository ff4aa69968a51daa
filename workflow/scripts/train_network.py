"""Train one network and keep its initial and final weights."""

import torch

from richlazy import logs, networks, records, training


def train_network(recurrent, inputs, targets, description, network, history, run, structure, settings):
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)  # decaying activity would otherwise slow the products a hundredfold
    # Mapped, not read: a batch comes into memory when its turn comes.
    batches = records.load_array(inputs, mapped=True)
    classes = records.load_json(description)["classes"]
    initial = networks.initial_weights(records.load_array(recurrent), batches.shape[-1], classes, run["seed"])
    rho = networks.leak_factor(run["leak"], run["time_step_ms"], run["time_constant_ms"])
    final, course = training.train(
        initial.map(lambda matrix: matrix[None]), [batches], [records.load_array(targets, mapped=True)],
        networks.Dynamics(rho, run["rectification"]), run["learning_rate"], run["momentum"],
        settings["loss_steps"], settings["divergence_loss"], signs_held=structure.get("signs_held", False),
    )  # fmt: skip
    networks.save_network(network, initial, final.map(lambda matrix: matrix[0]))
    records.save_json(history, course.of_network(0, settings["final_loss_fraction"]))


if __name__ == "__main__":
    logs.attach(snakemake.log[0], "numpy", "torch")
    inputs, output = snakemake.input, snakemake.output
    train_network(
        inputs.recurrent, inputs.inputs, inputs.targets, inputs.description,
        output.network, output.history, snakemake.params.run, snakemake.params.structure, snakemake.params.settings,
    )  # fmt: skip
