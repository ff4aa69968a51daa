"""Tables of the initial recurrent weights of an experiment: norms, motifs and spectra."""

from richlazy import logs, records, summaries, tables


def tabulate_connectivity(matrices, runs, connectomes, connectivity_table, spectra_table):
    connectivity, spectra = summaries.connectivity_tables(runs, map(records.load_array, matrices), connectomes)
    tables.save_table(connectivity_table, connectivity, summaries.CONNECTIVITY_COLUMNS)
    tables.save_table(spectra_table, spectra, summaries.SPECTRUM_COLUMNS)


if __name__ == "__main__":
    logs.attach(snakemake.log[0], "numpy", "scipy", "pandas")
    output, params = snakemake.output, snakemake.params
    tabulate_connectivity(
        snakemake.input.matrices, params.runs, params.connectomes, output.connectivity, output.spectra
    )
