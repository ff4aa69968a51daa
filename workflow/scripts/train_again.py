"""Train the network of one row of the reference results again, from nothing, and measure it."""

import tempfile
from pathlib import Path

import yaml

from build_connectivity import build_connectivity
from build_teacher_aligned import build_teacher_aligned
from richlazy import rechecking
from richlazy.experiments import retraining, variants
from richlazy.storage import late_import, logs
from sample_probe_trials import sample_probe_trials
from sample_training_trials import sample_training_trials
from train_teacher import train_teacher


def inputs_of_rate_network(net, given, at):
    """Files of training and measuring by name: weights and trials, made as the rules make them."""
    files, about, weights = given | {"teacher": at("teacher.npz")}, at("task.json"), at("first.npy")
    x, y, probe, decision = map(at, ("inputs.npy", "targets.npy", "probe.npz", "decision.npy"))
    if net.teacher:
        images, held_out = given["images"], net.task.entry["held_out"]
        train_teacher(files["teacher"], at("teacher.json"), images, net.teacher, held_out, net.training)
    sample_training_trials(x, y, *net.training_trials, files)
    sample_probe_trials(probe, decision, about, *net.probe_trials, files, net.probe_count)
    aligned = [at("input.npy")] if net.starts_aligned else []
    if aligned:
        build_teacher_aligned(weights, *aligned, files["teacher"], net.teacher, net.run, net.structure["features"])
    else:
        build_connectivity(weights, net.run, net.structure, description=about if net.task.is_feedforward else None)
    made = {"structured": [weights], "input_weights": aligned, "inputs": [x], "targets": [y], "description": [about]}
    return made | {"probe": [probe], "decision": [decision]}


def train_again(model, config, sources, run, given, network, measures, at):
    plan = late_import.load(model.planning)
    config = variants.with_entries_of(config, run) | {"training": config["training"] | {"device": "cpu"}}
    files = {name: [path] for name, path in given.items()}
    if set(plan.training_inputs(config, [run])) - set(files):  # what rules do not give whole
        files = inputs_of_rate_network(retraining.network_of(config, run), given, at)
    saved = {"network": [network], "history": [at("history.json")], "snapshots": []}
    settings = plan.training_settings(config, [run], {})
    late_import.load(model.training).train_networks([run], files, saved, settings)
    how, done = plan.measuring_settings(config, sources, [run]), {"measures": [measures]}
    late_import.load(model.measuring).measure_networks([run], files | saved, done, how)


if __name__ == "__main__":
    logs.attach(snakemake.log[0], "torch", "numpy")
    inputs, params = snakemake.input, snakemake.params
    committed = rechecking.committed_network(inputs.runs, params.run)
    with Path(inputs.config).open() as stream, tempfile.TemporaryDirectory() as folder:
        train_again(
            committed.model, yaml.safe_load(stream), params.sources, committed.run,
            {name: inputs[name] for name in params.given}, *snakemake.output, f"{folder}/{{}}".format,
        )  # fmt: skip
