"""Fetch the trained networks of experiments, and use them in place of training.

Takes names of experiments, and after them the options with which you run Snakemake. `data/sources.yaml` says under
`networks` where the pack of each experiment lies and what its checksum is. Networks that are here already stay; those
of other code or other parameters than your configuration's are refused. Then `snakemake EXPERIMENT` measures, and
trains nothing that was fetched.
"""

import argparse
import sys

from richlazy.adoption import fetching

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, usage="%(prog)s EXPERIMENT [...] [options of Snakemake]")
    _, options = parser.parse_known_args()
    try:
        print(*fetching.fetch(options), sep="\n")
    except ValueError as error:
        sys.exit(str(error))
