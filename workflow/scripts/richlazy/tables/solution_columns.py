"""Columns of the runs of experiments that compare solutions: how far a network is from that of the next seed."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from richlazy.measures import solutions

COLUMNS: dict[str, str] = {name: one.meaning for name, one in solutions.MEASURES.items()}


def joined(runs: pd.DataFrame, records: Sequence[Mapping[str, Any]], pairs: Mapping[str, str]) -> pd.DataFrame:
    """A table of runs with ``COLUMNS``, which have values for the first network of each pair alone.

    A network that diverged or learned nothing is no solution: its pair has none.

    Args:
        runs: with ``run``, ``diverged`` and ``failed``.
        records: solutions.json of each pair.
        pairs: runs of the first networks, each with that of its other one.
    """
    solved = ~(runs["diverged"] | runs["failed"]).set_axis(runs["run"])
    values = pd.DataFrame(list(records), index=list(pairs), columns=list(COLUMNS)).astype(float)
    both = [solved[first] and solved[second] for first, second in pairs.items()]
    return runs.join(values[both], on="run")
