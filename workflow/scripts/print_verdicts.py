"""Print the outcome of a finished run: the way to its page, and verdicts by paper and figure."""

import sys
from pathlib import Path

from richlazy.statistics import claim_counts
from richlazy.storage import parquet


def outcome(results: Path) -> list[str]:
    """Lines for the terminal: a table of a dozen at most, and where the pages are."""
    verdicts = parquet.load_table(results / "claims.parquet")
    return [
        *claim_counts.as_text(verdicts),
        *claim_counts.substitutes(verdicts),
        "",
        f"Results page: {results / 'index.html'} (open it in a browser; scale {verdicts['scale'].iloc[0]})",
        f"To archive:   {results / 'report.html'}",
    ]


if __name__ == "__main__":
    print("\n".join(outcome(Path(sys.argv[1]))))
