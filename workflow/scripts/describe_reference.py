"""Write ro-crate-metadata.json of published results, as publishing does: after an edit of a page among them.

Takes the folder; without one, results/reference.
"""

import argparse
import sys
from pathlib import Path

from richlazy import crate

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=Path("results/reference"))
    try:
        crate.save(parser.parse_args().folder, Path(__file__).resolve().parents[2])
    except (OSError, ValueError) as error:
        sys.exit(str(error))
