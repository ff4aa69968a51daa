"""One page on a connectome: which cells were chosen, and the weights among them."""

from richlazy.figures import connectome_figure
from richlazy.storage import array_io, logs, parquet


def plot_connectome(inputs, output, title, settings):
    connectome_figure.draw(
        cells=parquet.load_table(inputs.cells),
        chosen=parquet.load_table(inputs.selection),
        counts=array_io.load_json(inputs.counts),
        weights=array_io.load_array(inputs.weights),
        source=array_io.load_json(inputs.provenance)["source"],
        title=title,
        settings=settings,
        pdf=output.pdf,
        png=output.png,
    )


if __name__ == "__main__":
    logs.attach(snakemake.log[0], "matplotlib", "numpy", "pandas")
    plot_connectome(snakemake.input, snakemake.output, snakemake.params.title, snakemake.params.settings)
