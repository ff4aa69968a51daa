"""Adopt results that were copied here: mark as done what matches the plan, and name what does not.

Takes the options with which you run Snakemake, and its targets. `--prove 2` adopts results of other code, and those
without certificates, too, if two networks of each task and structure that are made again for it are equal. With
`--dry-run` it tells what it would do without proof.
"""

import argparse
import random
import sys

from richlazy.adoption import adopting, judging, memory, planning, proving


def adopt_results(options, number):
    """Lines that say what came of it."""
    with planning.planned(options) as (workflow, args):
        results, judged = workflow.globals["RESULTS"], judging.judge(workflow.dag)
        proof, sample = None, proving.sample(judged.values(), number, random.Random(number))
        if sample and not args.dryrun:
            tolerance = workflow.globals["config"]["recheck"]["tolerance"]
            proof = proving.prove(sample, results, tolerance, options, args)
        proven = proving.vouched_for(workflow.dag, judged, proof.grown) if proof and not proof.far else set()
        stray = memory.unremembered(results, workflow.rules, workflow.persistence)
        found = adopting.verdict(workflow.dag, judged, proven, stray)
        if not args.dryrun:
            with memory.locked(workflow.persistence):
                adopting.adopt(workflow, found, judged, proof.note if proof else "")
        return [*(proof.lines() if proof else ()), *found.lines()]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--prove", type=int, default=0, help="networks of each task and structure to make again")
    asked, options = parser.parse_known_args()
    try:
        print(*adopt_results(options, asked.prove), sep="\n")
    except ValueError as error:
        sys.exit(str(error))
