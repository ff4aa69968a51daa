"""Probe trials of one task, time step and seed, with what is known about the task."""

from richlazy.storage import array_io, logs
from richlazy.tasks import neurogym_environments, trials


def draw_probe(probe, decision, description, task, run, count):
    env = neurogym_environments.make_environment(
        task["environment"], task["semantics"], run["time_step_ms"], task["timing_ms"], task.get("arguments")
    )
    drawn = trials.draw(env, count, run["seed"], "probe", task["sampler"], task.get("sequence_steps"))
    array_io.save_arrays(probe, inputs=drawn.inputs, targets=drawn.targets)
    array_io.save_array(decision, drawn.decision)
    array_io.save_json(description, neurogym_environments.describe(env))


if __name__ == "__main__":
    logs.attach(snakemake.log[0], "numpy", "neurogym")
    output, params = snakemake.output, snakemake.params
    draw_probe(output.probe, output.decision, output.description, params.task, params.run, params.settings["trials"])
