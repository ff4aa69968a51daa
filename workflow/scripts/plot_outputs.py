"""Figure of what trained networks of an experiment answer, over what is asked of them."""

from richlazy.figures import trial_figure
from richlazy.figures.figure_context import FigureContext
from richlazy.storage import array_io, jobs


def plot_outputs(context, probes, answers, networks):
    answered = [
        trial_figure.Answered(**network, **array_io.load_arrays(probe), answers=array_io.load_array(answer))
        for probe, answer, network in zip(probes, answers, networks, strict=True)
    ]
    trial_figure.plot_answers(context, answered)


if __name__ == "__main__":
    with jobs.running(snakemake, "matplotlib"):
        inputs = snakemake.input
        plot_outputs(FigureContext.of_job(snakemake), inputs.probes, inputs.answers, snakemake.params.networks)
