"""Train the network of one row of the reference results again, from nothing, and measure it."""

import tempfile

from build_connectivity import build_connectivity
from build_teacher_aligned import build_teacher_aligned
from richlazy import rechecking
from richlazy.measures import measuring
from richlazy.storage import logs
from richlazy.training import network_job
from sample_probe_trials import sample_probe_trials
from sample_training_trials import sample_training_trials
from train_teacher import train_teacher


def train_again(net, images, network, measures, at):
    files, about, history = {"images": images, "teacher": at("teacher.npz")}, at("task.json"), at("history.json")
    weights, x, y, probe, decision = map(at, ("first.npy", "inputs.npy", "targets.npy", "probe.npz", "decision.npy"))
    if net.teacher:
        train_teacher(at("teacher.npz"), history, images, net.teacher, net.task.entry["held_out"], net.training)
    sample_training_trials(x, y, *net.training_trials, files)
    sample_probe_trials(probe, decision, about, *net.probe_trials, files, net.measuring["trials"])
    given = at("input.npy") if net.starts_aligned else None
    if given:
        build_teacher_aligned(weights, given, at("teacher.npz"), net.teacher, net.run, net.structure["features"])
    else:
        build_connectivity(weights, net.run, net.structure, description=about if net.task.is_feedforward else None)
    training = net.training | {"signs_held": net.structure["signs_held"]}
    trained = network_job.NetworkFiles(weights, x, y, network, history, given)
    network_job.train_files([trained], [net.run], about, training)
    measured = measuring.NetworkFiles(network, history, probe, decision, measures)
    measuring.measure_files([measured], [net.run], about, measuring.ProbeSettings.of(net.measuring), "cpu")


if __name__ == "__main__":
    logs.attach(snakemake.log[0], "torch", "numpy")
    net = rechecking.committed_network(snakemake.input.config, snakemake.input.runs, snakemake.params.run)
    with tempfile.TemporaryDirectory() as folder:
        train_again(net, snakemake.input.get("images"), *snakemake.output, f"{folder}/{{}}".format)
