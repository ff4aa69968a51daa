"""Trials of one task on which change is measured, with what is known about the task."""

from richlazy.storage import array_io, logs
from richlazy.tasks import loader


def sample_probe_trials(probe, decision, description, module, task, run, files, count):
    sampled = loader.load(module).probe_trials(task, run, files, count)
    array_io.save_arrays(probe, inputs=sampled.inputs, targets=sampled.targets)
    array_io.save_array(decision, sampled.decision)
    array_io.save_json(description, sampled.description)


if __name__ == "__main__":
    logs.attach(snakemake.log[0], "numpy", "neurogym", "torch")
    output, params = snakemake.output, snakemake.params
    files = {name: snakemake.input[name] for name in params.needs}
    sample_probe_trials(
        *output, params.module, params.task, params.run, files, params.count,
    )  # fmt: skip
