"""Figure of a few trials of a task with numbers over time."""

from richlazy.figures import trial_figure
from richlazy.figures.figure_context import FigureContext
from richlazy.storage import array_io, jobs

if __name__ == "__main__":
    with jobs.running(snakemake, "matplotlib"):
        trials = array_io.load_arrays(snakemake.input.probe)
        context = FigureContext.of_job(snakemake, title=f"Task {snakemake.wildcards.task}")
        trial_figure.plot(context, trials["inputs"], trials["targets"], snakemake.params.run["time_step_ms"])
