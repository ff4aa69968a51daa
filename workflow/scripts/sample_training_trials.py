"""Training trials of one task, shared by all conditions that see the same."""

from richlazy.storage import array_io, logs
from richlazy.tasks import loader


def sample_training_trials(inputs, targets, module, task, run, files):
    sampled = loader.load(module).training_trials(task, run, files)
    array_io.save_array(inputs, sampled.inputs)
    array_io.save_array(targets, sampled.targets)


if __name__ == "__main__":
    logs.attach(snakemake.log[0], "numpy", "neurogym", "torch")
    output, params = snakemake.output, snakemake.params
    files = {name: snakemake.input[name] for name in params.needs}
    sample_training_trials(output.inputs, output.targets, params.module, params.task, params.run, files)
