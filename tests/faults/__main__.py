"""Inject faults into runs of a tiny workflow, and print what became of them.

After each fault the commands of workflow/docs/when_things_fail.md are run; at the end of a chain of faults every
result has the bytes of an undisturbed run, or the chain is kept and named. Filling the disk needs root.
"""

import argparse
import sys
import time
from functools import partial
from pathlib import Path

from slurm_cluster import missing

from . import campaign
from .every_kind import EVERY_KIND, KINDS, impossible


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--faults", type=int, default=1000, metavar="N", help="how many to inject (1000)")
    parser.add_argument("--seed", type=int, default=0, help="of kinds, files and moments (0)")
    parser.add_argument("--per-chain", type=int, default=12, metavar="N", help="faults in one project (12)")
    parser.add_argument("--at-once", type=int, default=1, metavar="N", help="chains that run at once (1)")
    parser.add_argument(
        "--only", action="append", choices=EVERY_KIND, metavar="KIND", help="this kind alone; may be repeated"
    )
    parser.add_argument("--output", type=Path, metavar="PATH", help="write every fault with its outcome to JSON")
    options = parser.parse_args()
    started = time.monotonic()
    show = partial(print, file=sys.stderr, flush=True)
    kinds = options.only or [kind for kind in (KINDS if missing() else EVERY_KIND) if kind not in impossible()]
    for kind, reason in impossible().items():
        show(f"not possible here: {kind}: {reason}")
    if missing():
        show(f"without faults of a cluster: {missing()}")
    faults = campaign.campaign(kinds, options.faults, options.seed, options.per_chain, options.at_once, show)
    print(campaign.table(faults))
    print(f"seed {options.seed}, {(time.monotonic() - started) / 60:.0f} minutes")
    if options.output:
        campaign.save(options.output, faults, options.seed)
    sys.exit(any(fault.outcome == "FAILED" for fault in faults) or len(faults) < options.faults)


if __name__ == "__main__":
    main()
