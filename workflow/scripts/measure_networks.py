"""Measure what learning changed in the networks of one job, whatever their model."""

from richlazy.models import base
from richlazy.storage import late_import, logs


def measure_networks(implementation, runs, files, saved, settings):
    late_import.load(implementation).measure_networks(runs, files, saved, settings)


if __name__ == "__main__":
    logs.attach(snakemake.log[0], "numpy", "scipy", "torch")
    files, saved, params = base.files(snakemake.input), base.files(snakemake.output), snakemake.params
    measure_networks(params.implementation, params.runs, files, saved, params.settings)
