"""Which rows of the committed reference results are trained again: a sample of each kind whose data is at hand."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from richlazy.experiments.parameters import is_missing
from richlazy.experiments.paths import JOINT
from richlazy.reference import run_of
from richlazy.storage import parquet


def runs_tables(folder: str | Path) -> list[pd.DataFrame]:
    """Committed tables of runs.

    Args:
        folder: of the committed results.

    Returns:
        Tables with the columns ``experiment`` and ``run``, whose rows may be parts of one network; none where none is
        committed.

    Raises:
        ValueError: when a table is damaged.
    """
    paths = sorted(Path(folder, "experiments").glob("*/tables/runs.parquet"))
    return [load_runs(path).assign(experiment=path.parent.parent.name) for path in paths]


def load_runs(path: str | Path) -> pd.DataFrame:
    """A table of runs with the column ``run``, which those of models whose rows are parts of a network do not have."""
    runs = parquet.load_table(path)
    return runs if "run" in runs else runs.assign(run=runs["network"].map(run_of))


@dataclass(frozen=True)
class AtHand:
    """What rows can be trained again here: the data of others cannot be committed.

    Attributes:
        without_tasks: tasks whose data is not here, with what that is, such as ``images``.
        connectomes: notes of the connectomes that are here, as tables have them.
        kinds: kind of each task that is named here; another task is a kind of its own.
    """

    without_tasks: Mapping[str, str] = field(default_factory=dict)
    connectomes: Collection[str] = ()
    kinds: Mapping[str, str] = field(default_factory=dict)

    def can_be_trained(self, runs: pd.DataFrame) -> pd.Series:
        """Which rows can."""
        own = runs["connectome"].isna() | runs["connectome"].isin(list(self.connectomes))
        return own & ~runs["task"].isin(list(self.without_tasks))

    def kinds_of(self, runs: pd.DataFrame) -> pd.Series:
        """Kind of each row: that of its task, and its connectome."""
        tasks = runs["task"].map(lambda task: self.kinds.get(task.partition(JOINT)[0], task))
        return tasks + runs["connectome"].map(lambda note: "" if is_missing(note) else f" {note}")


def sample_rows(tables: Sequence[pd.DataFrame], count: int, seed: int, here: AtHand) -> pd.DataFrame:
    """Random rows of several tables of runs, each run once, and of each kind as many as of the others if it has them.

    Args:
        tables: of runs.
        count: how many rows.
        seed: of the draw.
        here: what can be trained, and what kinds there are.
    """
    runs = _each_once(tables)
    runs = runs[here.can_be_trained(runs)].reset_index(drop=True)
    drawn = np.random.default_rng(seed).permutation(len(runs))
    kinds = here.kinds_of(runs).to_numpy()[drawn]
    turns = pd.Series(kinds).groupby(kinds).cumcount().to_numpy()
    chosen = drawn[np.argsort(turns, kind="stable")[:count]]
    return runs.iloc[np.sort(chosen)]


def left_out(tables: Sequence[pd.DataFrame], here: AtHand) -> str:
    """A sentence about the rows that ``sample_rows`` leaves out; empty where it leaves out none."""
    runs = _each_once(tables)
    count = int((~here.can_be_trained(runs)).sum())
    if not count:
        return ""
    missing = runs["connectome"].notna() & ~runs["connectome"].isin(list(here.connectomes))
    reasons = ["a connectome"] if missing.any() else []
    for what in sorted(set(here.without_tasks.values())):
        names = sorted({task for task, of in here.without_tasks.items() if of == what} & set(runs["task"]))
        reasons += [f"{what} of {', '.join(names)}"] if names else []
    return f"left out {count} of {len(runs)} rows, whose data is not here: {' and '.join(reasons)}"


def _each_once(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    # Whatever types a column without values has in some of them.
    every = pd.concat([table.astype(object) for table in tables])
    return every.drop_duplicates("run").sort_values("run", ignore_index=True)
