"""Measure what learning changed in one network."""

import torch

from richlazy import logs, metrics, networks, records


def measure_network(network, history, probe, decision, description, output, run, settings):
    torch.set_num_threads(1)
    initial, final = networks.load_network(network)
    trials = records.load_arrays(probe)
    inputs, targets = (torch.from_numpy(trials[name]) for name in ("inputs", "targets"))
    rho = networks.leak_factor(run["leak"], run["time_step_ms"], run["time_constant_ms"])
    measures = metrics.measure(
        initial, final, inputs, targets, torch.from_numpy(records.load_array(decision)),
        networks.Dynamics(rho, run["rectification"]), settings["kernel_trials"], settings["kernel_times"],
    )  # fmt: skip
    task, course = records.load_json(description), records.load_json(history)
    outcome = {name: course[name] for name in ("final_loss", "diverged", "diverged_at")}
    ceiling = {name: task[name] for name in ("bayes_loss", "bayes_accuracy")}
    records.save_json(output, run | {"network": network, "probe": probe} | outcome | ceiling | measures)


if __name__ == "__main__":
    logs.attach(snakemake.log[0], "numpy", "scipy", "torch")
    inputs, params = snakemake.input, snakemake.params
    measure_network(
        inputs.network, inputs.history, inputs.probe, inputs.decision, inputs.description,
        snakemake.output.measures, params.run, params.settings,
    )  # fmt: skip
