"""Train the networks of one job, whatever their model, and keep their weights and loss curves."""

from richlazy.models import base
from richlazy.storage import jobs, late_import


def train_networks(implementation, runs, files, saved, settings):
    late_import.load(implementation).train_networks(runs, files, saved, settings)


if __name__ == "__main__":
    with jobs.running(snakemake, "numpy", "torch"):
        files, saved, params = base.files(snakemake.input), base.files(snakemake.output), snakemake.params
        train_networks(params.implementation, params.runs, files, saved, params.settings)
