"""One file of a public release, checked against its checksum."""

from richlazy.storage import logs
from richlazy.storage.downloads import download

if __name__ == "__main__":
    logs.attach(snakemake.log[0], "pooch", "requests")
    download(snakemake.params.file["url"], snakemake.params.file["sha256"], snakemake.output[0])
