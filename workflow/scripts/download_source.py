"""One file of a source, from the first mirror that sends it."""

from pathlib import Path

import yaml

from richlazy.storage import downloads, logs


def download_source(registry, source, path):
    files = yaml.safe_load(Path(registry).read_text())[source]["files"].values()
    downloads.fetch(next(file for file in files if file["file"] == Path(path).name), path)


if __name__ == "__main__":
    logs.attach(snakemake.log[0], "pooch", "requests")
    download_source(snakemake.input.registry, snakemake.wildcards.source, snakemake.output[0])
