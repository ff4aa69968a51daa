"""Probe trials of one task, time step and seed, with what is known about the task."""

from richlazy import logs, records, tasks, trials


def draw_probe(probe, decision, description, task, run, count):
    env = tasks.make_environment(
        task["environment"], task["semantics"], run["time_step_ms"], task["timing_ms"], task.get("arguments")
    )
    drawn = trials.draw(env, count, run["seed"], "probe", task["sampler"], task.get("sequence_steps"))
    records.save_arrays(probe, inputs=drawn.inputs, targets=drawn.targets)
    records.save_array(decision, drawn.decision)
    records.save_json(description, tasks.describe(env))


if __name__ == "__main__":
    logs.attach(snakemake.log[0], "numpy", "neurogym")
    output, params = snakemake.output, snakemake.params
    draw_probe(output.probe, output.decision, output.description, params.task, params.run, params.settings["trials"])
