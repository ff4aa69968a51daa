"""Pack all trained networks of an experiment into one file."""

from pathlib import Path

from richlazy import packing
from richlazy.storage import array_io, jobs, logs


def pack_experiment(path, experiment, files, parameters):
    results, networks = Path(path).parents[1], {}
    for file in map(Path, files):
        networks.setdefault(file.parent.relative_to(results).as_posix(), []).append(file)
    packing.save(path, experiment, results, networks, parameters)
    logs.LOGGER.info("%s: sha256 %s, %d bytes", path, array_io.checksum(path), Path(path).stat().st_size)


if __name__ == "__main__":
    with jobs.running(snakemake):
        parameters, experiment = snakemake.params.parameters, snakemake.wildcards.experiment
        pack_experiment(snakemake.output[0], experiment, snakemake.input, parameters)
