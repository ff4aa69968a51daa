"""Training trials of one task, shared by all conditions that see the same, with what training is told of the task."""

from richlazy.storage import array_io, jobs, late_import


def sample_training_trials(inputs, targets, description, implementation, task, run, files):
    sampler = late_import.load(implementation)
    sampled = sampler.training_trials(task, run, files)
    array_io.save_array(inputs, sampled.inputs)
    array_io.save_array(targets, sampled.targets)
    array_io.save_json(description, sampler.probe_trials(task, run, files, 1).told_to_training)


if __name__ == "__main__":
    with jobs.running(snakemake, "numpy", "neurogym", "torch"):
        sample_training_trials(*snakemake.output, *snakemake.params.of_trials, dict(snakemake.input.items()))
