"""One page on a connectome: which cells were chosen, and the weights among them."""

from richlazy import connectome_figure, logs, records, tables


def draw_connectome(inputs, output, title, settings):
    connectome_figure.draw(
        cells=tables.load_table(inputs.cells),
        chosen=tables.load_table(inputs.selection),
        counts=records.load_json(inputs.counts),
        weights=records.load_array(inputs.weights),
        source=records.load_json(inputs.provenance)["source"],
        title=title,
        settings=settings,
        pdf=output.pdf,
        png=output.png,
    )


if __name__ == "__main__":
    logs.attach(snakemake.log[0], "matplotlib", "numpy", "pandas")
    draw_connectome(snakemake.input, snakemake.output, snakemake.params.title, snakemake.params.settings)
