"""Columns of runs whose networks are asked more: how far two of them are apart, or what they were not trained on."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from richlazy.measures import solutions, unseen
from richlazy.measures.base import Measure
from richlazy.storage import array_io


def joined(
    runs: pd.DataFrame, files: Mapping[str, Sequence[str]], settings: Mapping[str, Any]
) -> tuple[pd.DataFrame, dict[str, str]]:
    """A table of runs with the columns that the experiment asks for, and the meanings of these.

    Distances of a pair stand with its first network, and there are none where one of the two diverged or learned
    nothing, which is no solution.

    Args:
        runs: with ``run``, ``diverged`` and ``failed``.
        files: ``solutions`` of each pair, and ``unseen`` of each network that was asked.
        settings: where the experiment asks for it, ``pairs``, runs of the first networks, each with that of its other
            one; and ``unseen``, runs that were asked, in the order of their files.
    """
    meanings: dict[str, str] = {}
    if pairs := settings.get("pairs"):
        solved = ~(runs["diverged"] | runs["failed"]).set_axis(runs["run"])
        both = [solved[first] and solved[second] for first, second in pairs.items()]
        runs = runs.join(_values(files["solutions"], list(pairs), solutions.MEASURES)[both], on="run")
        meanings |= {name: one.meaning for name, one in solutions.MEASURES.items()}
    if asked := settings.get("unseen"):
        runs = runs.join(_values(files["unseen"], asked, unseen.MEASURES), on="run")
        meanings |= {name: one.meaning for name, one in unseen.MEASURES.items()}
    return runs, meanings


def _values(files: Sequence[str], runs: Sequence[str], measures: Mapping[str, Measure]) -> pd.DataFrame:
    records = [array_io.load_json(path) for path in files]
    return pd.DataFrame(records, index=runs, columns=list(measures)).astype(float)
