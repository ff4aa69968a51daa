"""Train one row of the reference results again, from nothing, and compare it with what is committed."""

import tempfile
from pathlib import Path

import yaml

from build_connectivity import build_connectivity
from draw_batches import draw_batches
from draw_probe import draw_probe
from measure_network import measure_network
from richlazy import experiments, logs, records, reference, tables
from train_network import train_network


def recheck_run(config_file, runs_table, fingerprints_table, provenance, output, run_name):
    # Committed provenance may be older than checksums.
    config, origin = yaml.safe_load(Path(config_file).read_text()), records.load_json(provenance, sealed=False)
    row = tables.load_table(runs_table).set_index("run", drop=False).loc[run_name].to_dict()
    committed = tables.load_table(fingerprints_table).set_index("run").loc[run_name].to_dict()
    run = experiments.run_of_row(row)
    task, structure = config["tasks"][run["task"]], config["structures"][run["structure"]]
    with tempfile.TemporaryDirectory() as folder:
        names = ("w.npy", "x.npy", "y.npy", "probe.npz", "d.npy", "task.json", "n.npz", "h.json", "m.json")
        recurrent, inputs, targets, probe, decision, description, *made = (str(Path(folder, name)) for name in names)
        network, history, measures = made
        build_connectivity(recurrent, run, structure)
        draw_batches(inputs, targets, task, run)
        draw_probe(probe, decision, description, task, run, config["probe"]["trials"])
        train_network(recurrent, inputs, targets, description, network, history, run, structure, config["training"])
        measure_network(network, history, probe, decision, description, measures, run, config["probe"])
        result = reference.compare(row, committed, network, records.load_json(measures))
    records.save_json(output, result | {"same_class": reference.same_class(origin)})


if __name__ == "__main__":
    logs.attach(snakemake.log[0], "torch", "numpy")
    files = [snakemake.input[name] for name in ("config", "runs", "fingerprints", "provenance")]
    recheck_run(*files, snakemake.output[0], snakemake.params.run)
