"""Train one row of the reference results again, from nothing, and compare it with what is committed."""

import tempfile
from pathlib import Path

import yaml

from build_connectivity import build_connectivity
from draw_batches import draw_batches
from draw_probe import draw_probe
from draw_teacher_batches import draw_teacher_batches
from draw_teacher_probe import draw_teacher_probe
from measure_networks import measure_networks
from richlazy import experiments, logs, records, reference, tables, task_settings
from train_networks import train_networks


def recheck_run(config_file, runs_table, fingerprints_table, provenance, output, run_name):
    # Committed provenance may be older than checksums.
    config, origin = yaml.safe_load(Path(config_file).read_text()), records.load_json(provenance, sealed=False)
    row = tables.load_table(runs_table).set_index("run", drop=False).loc[run_name].to_dict()
    committed = tables.load_table(fingerprints_table).set_index("run").loc[run_name].to_dict()
    run = experiments.run_of_row(row)
    task, structure = config["tasks"][run["task"]], config["structures"][run["structure"]]
    with tempfile.TemporaryDirectory() as folder:
        names = ["w.npy", "x.npy", "y.npy", "probe.npz", "d.npy", "task.json", "n.npz", "h.json", "m.json"]
        w, x, y, probe, decision, about, network, history, measures = (f"{folder}/{name}" for name in names)
        probing = task_settings.probe(task, config["probe"])
        counted = {"loss": task_settings.loss(task), "loss_steps": task_settings.loss_steps(task, config["training"])}
        if task_settings.kind(task) == "teacher":
            draw_teacher_batches(x, y, task, run)
            draw_teacher_probe(probe, decision, about, task, run)
        else:
            draw_batches(x, y, task, run)
            draw_probe(probe, decision, about, task, run, probing["trials"])
        build_connectivity(w, run, structure, description=about if task_settings.is_feedforward(task) else None)
        training = config["training"] | task_settings.target(task, config["training"]) | counted
        training |= {"device": "cpu", "snapshot_at": []}
        signs = {"signs_held": structure.get("signs_held", False)}
        train_networks([w], [], [x], [y], about, [network], [history], [run], signs, training, {})
        measure_networks([network], [history], [probe], [decision], about, [measures], [run], probing | counted, "cpu")
        result = reference.compare(row, committed, network, records.load_json(measures))
    records.save_json(output, result | {"same_class": reference.same_class(origin)})


if __name__ == "__main__":
    logs.attach(snakemake.log[0], "torch", "numpy")
    files = [snakemake.input[name] for name in ("config", "runs", "fingerprints", "provenance")]
    recheck_run(*files, snakemake.output[0], snakemake.params.run)
