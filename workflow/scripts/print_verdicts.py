"""Print the outcome of a finished run in three lines: where the report is, and what became of the claims."""

import sys
from pathlib import Path

from richlazy.statistics import claims
from richlazy.storage import parquet


def verdict_lines(results: Path) -> list[str]:
    """Three lines: report, verdicts of the claims that were tested, and how many were not."""
    verdicts = parquet.load_table(results / "claims.parquet")
    tested = verdicts[verdicts["verdict"] != "not run"]
    named = ", ".join(f"{row.id.split('-', 1)[1]} {row.verdict}" for row in tested.itertuples())
    return [
        f"Report:   {results / 'report.html'} (open it in a browser)",
        f"Verdicts: {named} (scale {verdicts['scale'].iloc[0]})",
        f"Claims:   {claims.summary(verdicts)}",
    ]


if __name__ == "__main__":
    print("\n".join(verdict_lines(Path(sys.argv[1]))))
