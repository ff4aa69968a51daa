"""One file of a public release, checked against its checksum."""

from richlazy.storage import logs
from richlazy.storage.downloads import download

if __name__ == "__main__":
    logs.attach(snakemake.log[0], "pooch", "requests")
    wildcards = snakemake.wildcards
    release = snakemake.config["connectomes"][wildcards.connectome]["release"]
    download(release[wildcards.part]["url"], snakemake.params.sha256, snakemake.output[0])
