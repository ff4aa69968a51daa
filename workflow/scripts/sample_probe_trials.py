"""Trials of one task on which change is measured, with what is known about the task."""

from richlazy.storage import array_io, jobs, late_import


def sample_probe_trials(probe, decision, description, implementation, task, run, files, count):
    sampled = late_import.load(implementation).probe_trials(task, run, files, count)
    array_io.save_arrays(probe, **sampled.arrays)
    array_io.save_array(decision, sampled.decision)
    array_io.save_json(description, sampled.description)


if __name__ == "__main__":
    with jobs.running(snakemake, "numpy", "neurogym", "torch"):
        output, params = snakemake.output, snakemake.params
        sample_probe_trials(*output, *params.of_trials, dict(snakemake.input.items()), params.number)
