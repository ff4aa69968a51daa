"""Tables of the initial recurrent weights of an experiment: norms, motifs and spectra."""

from richlazy.storage import array_io, jobs, parquet
from richlazy.tables import experiment_tables as tables


def tabulate_connectivity(matrices, runs, connectomes, swept, connectivity_table, spectra_table):
    loaded = map(array_io.load_array, matrices)
    connectivity, spectra = tables.connectivity_tables(runs, loaded, connectomes, swept)
    parquet.save_table(connectivity_table, connectivity, tables.with_swept(tables.CONNECTIVITY_COLUMNS, swept))
    parquet.save_table(spectra_table, spectra, tables.with_swept(tables.SPECTRUM_COLUMNS, swept))


if __name__ == "__main__":
    with jobs.running(snakemake, "numpy", "scipy", "pandas"):
        output, params = snakemake.output, snakemake.params
        tabulate_connectivity(
            snakemake.input.matrices, params.runs, params.connectomes, params.swept, output.connectivity, output.spectra
        )
