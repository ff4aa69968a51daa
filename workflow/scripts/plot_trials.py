"""Figure of a few trials of a task."""

from richlazy import wording
from richlazy.figures import trial_figure
from richlazy.figures.figure_context import FigureContext
from richlazy.figures.shown_trials import Trials
from richlazy.storage import array_io, jobs, late_import
from richlazy.tasks import answerable


def plot_trials(context, task, probe, decision, run, names):
    drawn = array_io.load_arrays(probe)
    answerable.refuse_guessing(task, drawn["inputs"], drawn["targets"])
    module, entry, parameters = names
    named = late_import.load(module).names(entry, parameters) if module else {}
    trials = Trials.of_probe(
        inputs=drawn["inputs"],
        targets=drawn["targets"],
        decision=array_io.load_array(decision),
        time_step_ms=run["time_step_ms"],
        loss_steps=run["loss_steps"],
        names=named,
    )
    trial_figure.plot(context, trials)


if __name__ == "__main__":
    with jobs.running(snakemake, "matplotlib", "neurogym"):
        files, params = snakemake.input, snakemake.params
        task = snakemake.wildcards.task
        shown = wording.named(task, params.settings["names"])
        context = FigureContext.of_job(snakemake, title=f"Task: {shown}")
        plot_trials(context, task, files.probe, files.decision, params.run, params.names)
