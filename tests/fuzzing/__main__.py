"""Try random configurations, and run a sample of those that are accepted; exit status 1 where one fails."""

import argparse
import random
import sys
import tempfile
from collections import Counter
from pathlib import Path

from .mutants import mutant
from .outcomes import outcome, runs_in_seconds
from .runs import run_to_figures


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzzing", description=__doc__)
    parser.add_argument("--mutants", type=int, default=5000, metavar="N", help="how many configurations (5000)")
    parser.add_argument("--runs", type=int, default=20, metavar="N", help="how many accepted ones to run (20)")
    parser.add_argument("--seed", type=int, default=0, help="of the first; each has the next (0)")
    asked = parser.parse_args()
    counts: Counter[str] = Counter()
    accepted = []
    for seed in range(asked.seed, asked.seed + asked.mutants):
        config, changes = mutant(random.Random(seed))
        found = outcome(config)
        counts["FAILED" if found.failure else "accepted" if found.plan else "refused in clear sentences"] += 1
        if found.failure:
            print(f"seed {seed}: {'; '.join(changes)}\n{found.failure}")
        elif found.plan and runs_in_seconds(found.plan):
            accepted.append((seed, config, changes))
    with tempfile.TemporaryDirectory() as folder:
        for seed, config, changes in random.Random(asked.seed).sample(accepted, min(asked.runs, len(accepted))):
            failure = run_to_figures(config, Path(folder) / str(seed))
            counts["of these FAILED in a run" if failure else "of these run to figures"] += 1
            print(f"seed {seed}: {'; '.join(changes)}: {failure or 'ran to figures'}", flush=True)
    for name, number in counts.items():
        print(f"{number:6}  {name}")
    sys.exit(any("FAILED" in name for name in counts))


if __name__ == "__main__":
    main()
