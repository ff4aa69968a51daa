"""Train one row of the reference results again, from nothing, and compare it with what is committed."""

import tempfile

from build_connectivity import build_connectivity
from build_teacher_aligned import build_teacher_aligned
from measure_networks import measure_networks
from richlazy import rechecking
from richlazy.experiments import grids, parameters, trials
from richlazy.storage import array_io, logs
from sample_probe_trials import sample_probe_trials
from sample_training_trials import sample_training_trials
from train_networks import train_networks
from train_teacher import train_teacher


def train_again(config, run, images, at):
    task, structure = trials.task_of(config, run), {"signs_held": False} | config["structures"][run["structure"]]
    training, probing = task.of_training(config["training"] | {"device": "cpu"}), task.of_measuring(config)
    recurrent, inputs, targets, about = at("recurrent.npy"), at("inputs.npy"), at("targets.npy"), at("task.json")
    files, probe, decision = {"images": images, "teacher": at("teacher.npz")}, at("probe.npz"), at("decision.npy")
    if teacher := "teacher" in task.needs and grids.teacher(config, run):
        train_teacher(files["teacher"], at("teacher.json"), images, teacher, task.entry["held_out"], training)
    sample_training_trials(inputs, targets, *trials.of_training(config, run), files)
    sample_probe_trials(probe, decision, about, *trials.of_probe(config, run), files, probing["trials"])
    if aligned := grids.is_teacher_aligned(config, run["structure"]):
        build_teacher_aligned(recurrent, at("input.npy"), files["teacher"], teacher, run, structure["features"])
    else:
        build_connectivity(recurrent, run, structure, description=about if task.is_feedforward else None)
    network, history, given = [at("network.npz")], [at("history.json")], [at("input.npy")] if aligned else []
    train_networks([recurrent], given, [inputs], [targets], about, network, history, [run], structure, training, {})
    measure_networks(network, history, [probe], [decision], about, [at("measures.json")], [run], probing, "cpu")


def recheck_run(files, images, output, run_name):
    config, row, committed, origin = rechecking.committed_run(*files, run_name)
    with tempfile.TemporaryDirectory() as folder:
        train_again(config, parameters.run_of_row(row), images, f"{folder}/{{}}".format)
        measures = array_io.load_json(f"{folder}/measures.json")
        array_io.save_json(output, rechecking.compare(row, committed, f"{folder}/network.npz", measures) | origin)


if __name__ == "__main__":
    logs.attach(snakemake.log[0], "torch", "numpy")
    files = [snakemake.input[name] for name in ("config", "runs", "fingerprints", "provenance")]
    recheck_run(files, snakemake.input.get("images"), snakemake.output[0], snakemake.params.run)
