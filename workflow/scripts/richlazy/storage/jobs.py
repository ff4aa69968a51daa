"""What every job that makes results does before and after: log, look whether its inputs are what they say, certify."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from richlazy.storage import certificates, logs


@contextmanager
def running(job: Any, *packages: str) -> Iterator[None]:
    """Log a job, check the files that it reads, and certify those that the block has made.

    Args:
        job: the object ``snakemake`` of a script.
        *packages: distributions whose versions go into the log.

    Raises:
        ValueError: when an input has a certificate and is not the file that was made there.
    """
    logs.attach(job.log[0], *packages)
    # Before the block: what is read now is what is certified.
    made = certificates.recipes(job.params, job.input, job.output)
    yield
    for file, recipe in made.items():
        certificates.certify(file, recipe)
