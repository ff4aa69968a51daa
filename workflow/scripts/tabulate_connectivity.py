"""Tables of the initial recurrent weights of an experiment: norms, motifs and spectra."""

from richlazy.storage import array_io, logs, parquet
from richlazy.tables import experiment_tables


def tabulate_connectivity(matrices, runs, connectomes, connectivity_table, spectra_table):
    connectivity, spectra = experiment_tables.connectivity_tables(runs, map(array_io.load_array, matrices), connectomes)
    parquet.save_table(connectivity_table, connectivity, experiment_tables.CONNECTIVITY_COLUMNS)
    parquet.save_table(spectra_table, spectra, experiment_tables.SPECTRUM_COLUMNS)


if __name__ == "__main__":
    logs.attach(snakemake.log[0], "numpy", "scipy", "pandas")
    output, params = snakemake.output, snakemake.params
    tabulate_connectivity(
        snakemake.input.matrices, params.runs, params.connectomes, output.connectivity, output.spectra
    )
