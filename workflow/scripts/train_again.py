"""Train the network of one row of the reference results again, from nothing, and measure it."""

import tempfile

from build_connectivity import build_connectivity
from build_teacher_aligned import build_teacher_aligned
from richlazy import rechecking
from richlazy.storage import logs
from sample_probe_trials import sample_probe_trials
from sample_training_trials import sample_training_trials
from train_teacher import train_teacher


def inputs_of_rate_network(net, files, at):
    x, y, weights, aligned, about, probe, decision = map(at, net.FILES)
    if net.teacher:
        train_teacher(files["teacher"], at("teacher.json"), files["images"], *net.teaching)
    sample_training_trials(x, y, about, *net.training_trials, files)
    sample_probe_trials(probe, decision, about, *net.probe_trials, files, net.probe_count)
    if net.starts_aligned:
        build_teacher_aligned(weights, aligned, files["teacher"], net.teacher, net.run, net.structure["features"])
    else:
        build_connectivity(weights, net.run, net.structure, files.get("connectome"), net.first_layer_of(about))
    return net.files(x, y, weights, aligned, about, probe, decision)


def train_again(network, data, output, folder):
    data, at = data | {"teacher": f"{folder}/teacher.npz"}, f"{folder}/{{}}".format
    made = inputs_of_rate_network(network.net, data, at) if network.net else {}
    rechecking.train_and_measure(network, data, made, folder, output.network, output.measures)


if __name__ == "__main__":
    logs.attach(snakemake.log[0], "torch", "numpy")
    inputs, params = snakemake.input, snakemake.params
    rechecking.check_connectome(inputs.origin, inputs.published_origin)
    network = rechecking.network_to_train(inputs.config, inputs.runs, params.run, params.sources)
    with tempfile.TemporaryDirectory() as own:
        train_again(network, {name: inputs[name] for name in params.given}, snakemake.output, own)
