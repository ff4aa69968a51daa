"""Training trials of one task, time step and seed, shared by every condition of that seed."""

from richlazy.storage import array_io, logs
from richlazy.tasks import neurogym_environments, trials


def draw_batches(inputs, targets, task, run):
    env = neurogym_environments.make_environment(
        task["environment"], task["semantics"], run["time_step_ms"], task["timing_ms"], task.get("arguments")
    )
    drawn = trials.draw(
        env, run["iterations"] * run["batch_size"], run["seed"], "trials", task["sampler"], task.get("sequence_steps")
    )
    shape = (run["iterations"], run["batch_size"])
    array_io.save_array(inputs, trials.as_batches(drawn.inputs, *shape))
    array_io.save_array(targets, trials.as_batches(drawn.targets, *shape))


if __name__ == "__main__":
    logs.attach(snakemake.log[0], "numpy", "neurogym")
    output, params = snakemake.output, snakemake.params
    draw_batches(output.inputs, output.targets, params.task, params.run)
