"""Benchmarks of the library: run all or some, print a table of each as it is measured.

Every ratio is the time of a stated reference over ours, both in one process with one thread, in turns (ours,
reference, ours, ...): the median of the pairwise ratios, with the lowest and the highest.
"""

import argparse
import sys

import torch

from . import (
    dry_run,
    measuring,
    memory,
    peers,
    tangent_kernel,
    together,
    training_autograd,
    training_engine,
    training_lstm,
    training_step,
    whole_run,
)

SUBJECTS = {
    module.NAME: module.rows
    for module in (
        training_step,
        training_engine,
        training_autograd,
        training_lstm,
        peers,
        tangent_kernel,
        whole_run,
        together,
        memory,
        dry_run,
    )
}


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--only", action="append", choices=SUBJECTS, help="run this subject alone; may be repeated")
    parser.add_argument("--repeats", type=int, metavar="N", help="pairs of measurements (20, or 4 with --quick)")
    parser.add_argument("--quick", action="store_true", help="few repetitions, fewer training iterations")
    parser.add_argument("--with-rerun", action="store_true", help="build the tiny scale to time a rerun of it")
    parser.add_argument("--json", metavar="PATH", help="write numbers, machine and versions to a file")
    options = parser.parse_args(arguments)
    repeats = options.repeats or (4 if options.quick else 20)
    settings = measuring.Settings(repeats, options.quick, options.with_rerun)

    torch.set_num_threads(1)
    torch.set_flush_denormal(True)  # as in the training job
    machine = measuring.machine()
    print(
        f"{machine['processor']}, {machine['cores']} cores, load {machine['load'][0]:.1f}; one thread; processor time"
    )
    print(", ".join(f"{name} {version}" for name, version in measuring.versions().items()), end="\n\n")
    rows = []
    for name in options.only or SUBJECTS:
        print(f"measuring {name} ...", file=sys.stderr, flush=True)
        found = SUBJECTS[name](settings)
        print(measuring.table(found), end="\n\n", flush=True)
        rows += found
    if options.json:
        measuring.save(options.json, rows, settings)


if __name__ == "__main__":
    main()
