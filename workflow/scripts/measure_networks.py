"""Measure what learning changed in the networks of one job, whatever their model."""

from richlazy.models import base
from richlazy.storage import jobs, late_import


def measure_networks(implementation, runs, files, saved, settings):
    late_import.load(implementation).measure_networks(runs, files, saved, settings)


if __name__ == "__main__":
    with jobs.running(snakemake, "numpy", "scipy", "torch"):
        files, saved, params = base.files(snakemake.input), base.files(snakemake.output), snakemake.params
        measure_networks(params.implementation, params.runs, files, saved, params.settings)
