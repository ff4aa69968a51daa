"""Figure of a few trials of a task."""

from richlazy.figures import trial_figure
from richlazy.figures.figure_context import FigureContext
from richlazy.figures.shown_trials import Trials
from richlazy.storage import array_io, jobs, late_import


def plot_trials(context, probe, decision, run, names):
    module, entry, parameters = names
    named = late_import.load(module).names(entry, parameters) if module else {}
    trials = Trials.of_probe(
        **array_io.load_arrays(probe),
        decision=array_io.load_array(decision),
        time_step_ms=run["time_step_ms"],
        loss_steps=run["loss_steps"],
        names=named,
    )
    trial_figure.plot(context, trials)


if __name__ == "__main__":
    with jobs.running(snakemake, "matplotlib", "neurogym"):
        files, params = snakemake.input, snakemake.params
        task = params.settings["names"].get(snakemake.wildcards.task, snakemake.wildcards.task)
        context = FigureContext.of_job(snakemake, title=f"Task: {task.replace('_', ' ')}")
        plot_trials(context, files.probe, files.decision, params.run, params.names)
