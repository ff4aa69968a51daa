"""Print damaged and displaced files, and those that killed jobs left half written; `--delete` removes them.

Not for a folder on which a run is working: the half-written files of its jobs would be among them.
"""

import argparse
import sys
from pathlib import Path

from richlazy.storage import integrity


def check_results(folder, delete):
    """A line for every file found; the files are deleted where asked."""
    found = dict(integrity.damaged_files(folder))
    found |= {path: f"{path} is half written, by a job that was killed" for path in integrity.unfinished_files(folder)}
    if delete:
        for path in found:
            path.unlink()
    return list(found.values())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=Path("results"))
    parser.add_argument(
        "--delete", action="store_true", help="delete what was found, so that the next run makes it again"
    )
    asked = parser.parse_args()
    try:
        lines = check_results(asked.folder, asked.delete)
    except ValueError as error:
        sys.exit(str(error))
    done = "deleted; run the same command again" if asked.delete else "found; --delete removes them"
    print(*lines, f"{len(lines)} files {done}" if lines else f"every record in {asked.folder} is whole", sep="\n")
    sys.exit(bool(lines) and not asked.delete)
