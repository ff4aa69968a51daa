"""Whether networks that are trained again agree with the committed reference results."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

from richlazy.experiments import paths, variants
from richlazy.experiments.retraining import Network, network_of
from richlazy.measures.on_probe import MEASURES
from richlazy.reference import PROJECTIONS, RATE_NETWORKS, fingerprint, kind_of, same_class
from richlazy.storage import array_io, parquet


def runs_tables(folder: str | Path) -> list[pd.DataFrame]:
    """Committed tables of the runs that can be trained again: those of rate networks.

    Tables of LSTMs are left out: their rows are parts of weights, not networks, and the treebank is not committed.

    Args:
        folder: of the committed results.

    Returns:
        Tables by name of their experiment, which is their column ``experiment``; none where none is committed.

    Raises:
        ValueError: when a table is damaged.
    """
    paths = sorted(Path(folder, "experiments").glob("*/tables/runs.parquet"))
    found = [parquet.load_table(path).assign(experiment=path.parent.parent.name) for path in paths]
    return [runs for runs in found if kind_of(runs) == RATE_NETWORKS]


def sample_rows(tables: Sequence[pd.DataFrame], count: int, seed: int, without_tasks: Sequence[str]) -> pd.DataFrame:
    """Random rows of several tables of runs, each run once.

    Runs that start from a connectome, or learn tasks whose images are not at hand, are left out: the data of others
    cannot be committed here.
    """
    runs = _each_once(tables)
    runs = runs[_can_be_trained(runs, without_tasks)].reset_index(drop=True)
    chosen = np.random.default_rng(seed).permutation(len(runs))[:count]
    return runs.iloc[np.sort(chosen)]


def left_out(tables: Sequence[pd.DataFrame], without_tasks: Sequence[str]) -> str:
    """A sentence about the rows that ``sample_rows`` leaves out; empty where it leaves out none."""
    runs = _each_once(tables)
    count = int((~_can_be_trained(runs, without_tasks)).sum())
    if not count:
        return ""
    reasons = ["a connectome"] if runs["connectome"].notna().any() else []
    shown = sorted(set(without_tasks) & set(runs["task"]))
    reasons += [f"images of {', '.join(shown)}"] if shown else []
    return f"left out {count} of {len(runs)} rows, whose data is not here: {' and '.join(reasons)}"


def _each_once(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    return pd.concat(tables).drop_duplicates("run").sort_values("run", ignore_index=True)


def _can_be_trained(runs: pd.DataFrame, without_tasks: Sequence[str]) -> pd.Series:
    return runs["connectome"].isna() & ~runs["task"].isin(without_tasks)


def committed_network(config: str | Path, runs: str | Path, name: str) -> Network:
    """The network of a committed run, with everything that decides it.

    Args:
        config: YAML file, the configuration of all that is committed.
        runs: Parquet file with a row of it.
        name: of the run.
    """
    row = parquet.load_table(runs).set_index("run", drop=False).loc[name].to_dict()
    run = paths.parse(row["run"])
    return network_of(variants.with_entries_of(yaml.safe_load(Path(config).read_text()), run), run)


def committed_run(
    runs: str | Path, fingerprints: str | Path, provenance: str | Path, name: str
) -> tuple[dict[str, Any], dict[str, Any], dict[str, bool]]:
    """What is committed of a run.

    Args:
        runs, fingerprints: Parquet files.
        provenance: JSON file, which may be older than checksums.
        name: of the run.

    Returns:
        The row of the run, its fingerprint, and ``same_class``: whether they come from this class of machine.
    """
    loaded = (parquet.load_table(path).set_index("run", drop=False) for path in (runs, fingerprints))
    row, mark = (table.loc[name].to_dict() for table in loaded)
    return row, mark, {"same_class": same_class(array_io.load_json(provenance, sealed=False))}


def compare(
    row: Mapping[str, Any], committed: Mapping[str, Any], network: str | Path, measures: Mapping[str, Any]
) -> dict[str, Any]:
    """Compare a network trained again with its committed row.

    Args:
        row: committed row of runs.parquet.
        committed: committed fingerprint of the run.
        network: file of the network trained again.
        measures: its measures.

    Returns:
        ``equal_bytes``, and the largest relative differences ``weights`` and ``measures``.
    """
    again = fingerprint(network)
    weights = 0.0
    for matrix in RATE_NETWORKS.matrices:
        names = [f"{matrix}_{index}" for index in range(PROJECTIONS)]
        old, new = (np.array([source[name] for name in names]) for source in (committed, again))
        if not old.any() and not new.any():  # a feedforward network has no recurrent weights
            continue
        difference = float(np.linalg.norm(new - old) / np.linalg.norm(old))
        weights = max(weights, np.inf if np.isnan(difference) else difference)
    return {
        "run": row["run"],
        "equal_bytes": again["sha256"] == committed["sha256"],
        "weights": weights,
        # A published table may be older than some measures.
        "measures": max(_relative_difference(row[name], measures[name]) for name in MEASURES if name in row),
    }


def _relative_difference(old: float | None, new: float | None) -> float:
    old, new = (np.nan if value is None else float(value) for value in (old, new))
    if np.isnan(old) or np.isnan(new):
        return 0.0 if np.isnan(old) and np.isnan(new) else np.inf
    return abs(new - old) / max(abs(old), 1e-12)


def verdict(results: Sequence[Mapping[str, Any]], tolerance: float) -> tuple[bool, list[str]]:
    """Whether networks trained again agree with the committed ones, and a line for each.

    On the same class of machine every network must have equal bytes. On another one training amplifies what rounding
    does differently, and now and then takes a network elsewhere; so at least half must be within the tolerance.
    """
    lines, near, elsewhere, passed = [], 0, 0, True
    for result in results:
        within = result["equal_bytes"] or max(result["weights"], result["measures"]) <= tolerance
        mark, word = "ok  ", "equal bytes" if result["equal_bytes"] else "within tolerance"
        if result["same_class"]:
            mark, word = ("ok  ", "equal bytes") if result["equal_bytes"] else ("FAIL", "differs")
            passed &= result["equal_bytes"]
        else:
            elsewhere, near = elsewhere + 1, near + within
            if not within:
                mark, word = "far ", "beyond tolerance"
        lines.append(
            f"{mark} {word}: weights {result['weights']:.1e}, measures {result['measures']:.1e}  {result['run']}"
        )
    return passed and 2 * near >= elsewhere, lines
