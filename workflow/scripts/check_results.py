"""Print damaged and displaced files, and those that killed jobs left half written; `--delete` removes them.

A file without a certificate may be yours: it is named, and stays. Not for a folder on which a run is working: the
half-written files of its jobs would be among them.
"""

import argparse
import sys
from pathlib import Path

from richlazy import wording
from richlazy.storage import certificates, integrity


def check_results(folder, delete):
    """Sentences about files that a run makes again, deleted where asked, and about those that may be the user's."""
    damaged, unfinished = dict(integrity.damaged_files(folder)), integrity.unfinished_files(folder)
    made = [path for path in damaged if certificates.path_of(path).exists()]
    if delete:
        for path in (*made, *unfinished):
            path.unlink()
    again = [damaged[path] for path in made] + [f"{path} is half written, by a killed job" for path in unfinished]
    return again, [f"{damaged[path]} (it has no certificate)" for path in damaged if path not in made]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=Path("results"))
    parser.add_argument("--delete", action="store_true", help="delete it, so that the next run makes it again")
    asked = parser.parse_args()
    try:
        again, left = check_results(asked.folder, asked.delete)
    except ValueError as error:
        sys.exit(str(error))
    done = "deleted; run the same command again" if asked.delete else "found; --delete removes them"
    lines = [*again, f"{len(again)} files {done}"] if again else []
    lines += [*left, f"{wording.counted(len(left), 'file')} left; remove what is not yours"] if left else []
    print(*lines or [f"every record in {asked.folder} is whole"], sep="\n")
    sys.exit(bool(left or (again and not asked.delete)))
