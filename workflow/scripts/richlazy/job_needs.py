"""What a job needs of a cluster: memory in MB and time in minutes, with the margins that all estimates share."""

import math
from typing import NamedTuple

MEMORY_MARGIN = 1.25
TIME_MARGIN = 3.0
# A script with PyTorch before it has read anything, and the two Snakemake processes that run it in a job of a cluster.
BASE_MB = 260.0 + 2 * 190.0
# Start of Python and Snakemake on a node that has not read them before.
START_S = 60.0


class Need(NamedTuple):
    """What the first attempt of a job asks for; a job that failed for want of it asks for more."""

    memory_mb: int
    minutes: int


def grown(need: float, margin: float, attempt: int) -> int:
    """A need with its margin, the larger the more often a job was tried."""
    return math.ceil(need * margin) * attempt


def memory_mb(own_mb: float, attempt: int = 1) -> int:
    """MB of a job whose data and work take some MB beside those that every job takes."""
    return grown(BASE_MB + own_mb, MEMORY_MARGIN, attempt)


def minutes(own_seconds: float, attempt: int = 1) -> int:
    """Minutes of a job that works for some seconds after its start."""
    return grown((START_S + own_seconds * TIME_MARGIN) / 60, 1.0, attempt)
