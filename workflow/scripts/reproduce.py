"""Go on with the reproduction for some hours: train what settles most claims for its time, then stop cleanly.

Takes the options with which you run Snakemake, such as `--profile cluster` or `--configfile mine.yaml`, and no targets.
At the end of the time no job is started any more, and those that run are finished: the next call goes on from there. An
experiment of which one network alone takes longer than what is left waits for a longer call. `--publish` copies
experiments that this call has completed to results/reference; `--dry-run` says how far everything is, and no more.
"""

import argparse
import sys

from richlazy.reproducing import Reproduction

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--hours", type=float, default=float("inf"), help="until no job is started any more")
    parser.add_argument("--publish", action="store_true", help="copy complete experiments to results/reference")
    parser.add_argument("-n", "--dry-run", action="store_true", help="say how far everything is")
    asked, options = parser.parse_known_args()
    try:
        going = Reproduction(options, asked.hours)
        print(*going.table(), sep="\n", flush=True)
        if not asked.dry_run:
            complete = going.go_on()
            status = going.publish(complete) if complete and asked.publish else 0
            print("", *going.table(), sep="\n")
            sys.exit(status)
    except ValueError as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit(130)
