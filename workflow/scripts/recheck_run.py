"""Train one row of the reference results again, from nothing, and compare it with what is committed."""

import tempfile

from build_connectivity import build_connectivity
from draw_batches import draw_batches
from draw_probe import draw_probe
from draw_teacher_batches import draw_teacher_batches
from draw_teacher_probe import draw_teacher_probe
from measure_networks import measure_networks
from richlazy import reference
from richlazy.experiments import parameters
from richlazy.storage import array_io, logs
from richlazy.tasks import task_settings
from train_networks import train_networks


def recheck_run(files, output, run_name):
    config, row, committed, origin = reference.committed_run(*files, run_name)
    run = parameters.run_of_row(row)
    task, structure = config["tasks"][run["task"]], {"signs_held": False} | config["structures"][run["structure"]]
    training = task_settings.of_training(task, config["training"] | {"device": "cpu"})
    probing = task_settings.of_measuring(task, config)
    batches, trials = (draw_teacher_batches, draw_teacher_probe) if "teacher" in task else (draw_batches, draw_probe)
    with tempfile.TemporaryDirectory() as folder:
        names = ["w.npy", "x.npy", "y.npy", "probe.npz", "d.npy", "task.json", "n.npz", "h.json", "m.json"]
        w, x, y, probe, decision, about, network, history, measures = (f"{folder}/{name}" for name in names)
        batches(x, y, task, run)
        trials(probe, decision, about, task, run, probing["trials"])
        build_connectivity(w, run, structure, description=about if task_settings.is_feedforward(task) else None)
        train_networks([w], [], [x], [y], about, [network], [history], [run], structure, training, {})
        measure_networks([network], [history], [probe], [decision], about, [measures], [run], probing, "cpu")
        array_io.save_json(output, reference.compare(row, committed, network, array_io.load_json(measures)) | origin)


if __name__ == "__main__":
    logs.attach(snakemake.log[0], "torch", "numpy")
    files = [snakemake.input[name] for name in ("config", "runs", "fingerprints", "provenance")]
    recheck_run(files, snakemake.output[0], snakemake.params.run)
