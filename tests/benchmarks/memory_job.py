"""One training job in a process of its own; prints its peak resident memory in bytes."""

import json
import re
import resource
import sys
from pathlib import Path

import snakemake.iocontainers  # noqa: F401  (Snakemake loads this before every script)

from richlazy.training import network_job


def peak_resident_bytes() -> int:
    """Highest resident memory of this process so far.

    On Linux the peak that ``getrusage`` gives is also that of the process which started this one, however large.
    """
    status = Path("/proc/self/status")
    if status.exists():
        return int(re.search(r"VmHWM:\s+(\d+) kB", status.read_text())[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


if __name__ == "__main__":
    job = json.loads(sys.argv[1])
    files = [network_job.NetworkFiles(**job["files"])]
    network_job.train_files(files, [job["run"]], job["description"], job["training"])
    print(peak_resident_bytes())
