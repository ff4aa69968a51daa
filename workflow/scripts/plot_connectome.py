"""One page on a connectome: which cells were chosen, and the weights among them."""

from richlazy.figures import connectome_figure
from richlazy.figures.figure_context import FigureContext
from richlazy.storage import array_io, jobs, parquet


def plot_connectome(context, inputs):
    connectome_figure.plot(
        context,
        cells=parquet.load_table(inputs.cells),
        chosen=parquet.load_table(inputs.selection),
        counts=array_io.load_json(inputs.counts),
        weights=array_io.load_array(inputs.weights),
        provenance=array_io.load_json(inputs.provenance),
    )


if __name__ == "__main__":
    with jobs.running(snakemake, "matplotlib", "numpy", "pandas"):
        plot_connectome(FigureContext.of_job(snakemake), snakemake.input)
