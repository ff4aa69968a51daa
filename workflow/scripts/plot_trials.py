"""Figure of a few trials of a task with numbers over time."""

from richlazy.figures import trial_figures
from richlazy.storage import array_io, logs

if __name__ == "__main__":
    logs.attach(snakemake.log[0], "matplotlib")
    output, params = snakemake.output, snakemake.params
    trials = array_io.load_arrays(snakemake.input.probe)
    trial_figures.draw(
        trials["inputs"], trials["targets"], params.run["time_step_ms"], f"Task {snakemake.wildcards.task}",
        params.settings, output.pdf, output.png,
    )  # fmt: skip
