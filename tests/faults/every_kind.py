"""All kinds of faults, and which of them this machine cannot have."""

import os

from . import places
from .kinds import KINDS_OF_RUNS
from .kinds_of_copies import KINDS_OF_COPIES
from .kinds_of_surroundings import KINDS_OF_SURROUNDINGS
from .slurm_kinds import SLURM_KINDS

KINDS = KINDS_OF_RUNS | KINDS_OF_SURROUNDINGS | KINDS_OF_COPIES
EVERY_KIND = KINDS | SLURM_KINDS


def impossible() -> dict[str, str]:
    """Kinds that are not possible here, on one machine, and why."""
    if places.can_mount():
        return {}
    found = {"disk full": "mounting a small disk needs root"}
    if os.geteuid() == 0:
        found["results read-only"] = "root may write everywhere but on a disk of its own"
    return found
