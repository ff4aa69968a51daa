"""Training trials of one task, shared by all conditions that see the same."""

from richlazy.storage import array_io, jobs, late_import


def sample_training_trials(inputs, targets, implementation, task, run, files):
    sampled = late_import.load(implementation).training_trials(task, run, files)
    array_io.save_array(inputs, sampled.inputs)
    array_io.save_array(targets, sampled.targets)


if __name__ == "__main__":
    with jobs.running(snakemake, "numpy", "neurogym", "torch"):
        output, params = snakemake.output, snakemake.params
        sample_training_trials(output.inputs, output.targets, *params.of_trials, dict(snakemake.input.items()))
