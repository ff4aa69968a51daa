"""Whether networks that are trained again agree with the committed reference results."""

import math
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from richlazy import wording
from richlazy.experiments import variants
from richlazy.experiments.parameters import Run, is_missing
from richlazy.experiments.retraining import Network, network_of
from richlazy.measures import at_matched_loss
from richlazy.models.base import Model
from richlazy.models.registry import MODELS
from richlazy.recheck_sample import load_runs
from richlazy.reference import PROJECTIONS, fingerprint, model_of
from richlazy.storage import array_io, late_import, parquet


def check_connectome(origin: Sequence[str], committed: Sequence[str]) -> None:
    """Refuse a connectome that is not the one of the committed results.

    What only one of them says is no difference: later versions count more.

    Args:
        origin: what says where it comes from, and which cells were chosen; nothing where a network has no connectome.
        committed: the same of the committed results.

    Raises:
        ValueError: when where it comes from, or which cells were chosen, differs.
    """
    for path, published in zip(map(Path, origin), map(Path, committed), strict=True):
        differing = _differing(array_io.load_json(path), array_io.load_json(published))
        if differing:
            raise ValueError(
                f"the connectome in {path.parent} is not that of {published.parent}: {path.name} differs in "
                f"{wording.listed(differing)}; recheck needs the same files and the same selection"
            )


def _differing(own: Mapping[str, Any], theirs: Mapping[str, Any]) -> list[str]:
    """Keys that two records share and whose values differ; of records within them in what these share."""
    return [key for key in own if key in theirs and not _agree(own[key], theirs[key])]


def _agree(own: Any, theirs: Any) -> bool:
    both_records = isinstance(own, Mapping) and isinstance(theirs, Mapping)
    return not _differing(own, theirs) if both_records else bool(own == theirs)


@dataclass(frozen=True)
class Committed:
    """What is committed of a network.

    Attributes:
        model: of it.
        run: its parameters.
        rows: its rows in ``runs.parquet``, one or one for each part of it.
    """

    model: Model
    run: Run
    rows: list[dict[str, Any]]


def committed_network(runs: str | Path, name: str) -> Committed:
    """A committed network, from a table of runs and the path of its run."""
    table = load_runs(runs)
    rows = table[table["run"] == name].to_dict("records")
    model = model_of(rows[0]["network"])
    run = late_import.load(model.planning).run_of_path(name)
    return Committed(MODELS[run["architecture"]], run, rows)


@dataclass(frozen=True)
class ToTrain:
    """A network to be trained again on the CPU.

    Attributes:
        model, run: what it is.
        config: the configuration of all that is committed.
        sources: the registry of data, or of each source its title.
        net: what decides its inputs where rules do not give them: weights with a structure, and trials.
        matched: whether it was measured at levels of its loss, too.
    """

    model: Model
    run: Run
    config: Mapping[str, Any]
    sources: Mapping[str, Any]
    net: Network | None
    matched: bool = False


def to_train(config: Mapping[str, Any], run: Run, sources: Mapping[str, Any], matched: bool = False) -> ToTrain:
    """The network of a run, measured at levels of its loss or not."""
    own = variants.with_entries_of(config, run) | {"training": config["training"] | {"device": "cpu"}}
    net = None if run["structure"] is None else network_of(own, run)
    return ToTrain(MODELS[run["architecture"]], run, own, sources, net, matched)


def network_to_train(config: str | Path, runs: str | Path, name: str, sources: Mapping[str, Any]) -> ToTrain:
    """The network of a committed run, from the configuration of all that is committed and a table of runs."""
    known = committed_network(runs, name)
    matched = any(not is_missing(row.get(of)) for row in known.rows for of in at_matched_loss.MEASURES)
    return to_train(yaml.safe_load(Path(config).read_text()), known.run, sources, matched)


def train_and_measure(
    own: ToTrain,
    data: Mapping[str, str],
    made: Mapping[str, Sequence[str]],
    folder: str | Path,
    network: str,
    measures: str,
) -> None:
    """Train a network and measure it.

    Args:
        own: the network.
        data: files of data by name, which rules give.
        made: its other inputs by name.
        folder: where all its files are written.
        network: file to which its weights are copied.
        measures: file to write: its measures.json.
    """
    planner, config = late_import.load(own.model.planning), own.config
    files = {name: [path] for name, path in data.items()} | dict(made)
    at = {name: str(Path(folder, name)) for name in ("network.npz", "history.json", "measures.json")}
    saved = {"network": [at["network.npz"]], "history": [at["history.json"]]}
    kept = planner.kept_in_training(config, own.run, [], own.matched)
    how = planner.training_settings(config, [own.run])
    late_import.load(own.model.training).train_networks([own.run | kept], files, saved, how)
    how = planner.measuring_settings(config, own.sources, [own.run])
    found = {"measures": [at["measures.json"]]}
    late_import.load(own.model.measuring).measure_networks([own.run], files | saved, found, how)
    shutil.copyfile(at["network.npz"], network)
    array_io.save_json(measures, array_io.load_json(at["measures.json"]) | {"network": network})


def committed_fingerprint(fingerprints: str | Path, network: Committed) -> dict[str, Any]:
    """Its row in a table of fingerprints."""
    identity = network.model.identity
    table = parquet.load_table(fingerprints).set_index(identity, drop=False)
    found: dict[str, Any] = table.loc[network.rows[0][identity]].to_dict()
    return found


def compare(
    network: Committed, committed: Mapping[str, Any], again: str | Path, record: Mapping[str, Any]
) -> dict[str, Any]:
    """Compare a network trained again with what is committed of it.

    Args:
        network: the committed one.
        committed: its fingerprint.
        again: file of the network trained again.
        record: its measures.json.

    Returns:
        ``equal_bytes``, and the largest relative differences ``weights`` and ``measures``.
    """
    found = fingerprint(again, network.model.matrices)
    weights = 0.0
    for matrix in network.model.matrices:
        names = [f"{matrix}_{index}" for index in range(PROJECTIONS)]
        old, new = (np.array([source[name] for name in names]) for source in (committed, found))
        if not old.any() and not new.any():  # a feedforward network has no recurrent weights
            continue
        difference = float(np.linalg.norm(new - old) / np.linalg.norm(old))
        weights = max(weights, np.inf if np.isnan(difference) else difference)
    measures_of_row = late_import.load(network.model.tabulating).measures_of_row
    return {
        "run": network.rows[0]["run"],
        "equal_bytes": found["sha256"] == committed["sha256"],
        "weights": weights,
        "measures": max(
            (
                _relative_difference(row[name], value)
                for row in network.rows
                for name, value in measures_of_row(record, row).items()
                if name in row  # a published table may be older than some measures
            ),
            default=0.0,  # of a network that diverged
        ),
    }


def _relative_difference(old: float | None, new: float | None) -> float:
    # What did not happen is missing in older tables and infinite in newer ones.
    if old is None or new is None or not (_is_known(old) and _is_known(new)):
        return np.inf if _is_known(old) or _is_known(new) else 0.0
    return abs(new - old) / max(abs(old), 1e-12)


def _is_known(value: float | None) -> bool:
    return value is not None and not is_missing(value) and math.isfinite(value)


def verdict(results: Sequence[Mapping[str, Any]], tolerance: float) -> tuple[bool, list[str]]:
    """Whether networks trained again agree with the committed ones, and a line for each.

    On the same class of machine every network must have equal bytes. On another one training amplifies what rounding
    does differently, and now and then takes a network elsewhere; so at least half must be within the tolerance.
    """
    lines, near, elsewhere, passed = [], 0, 0, True
    for result in results:
        # Infinity, of a network that failed one time alone, is missing in a JSON file.
        weights, measures = (math.inf if result[of] is None else result[of] for of in ("weights", "measures"))
        within = result["equal_bytes"] or max(weights, measures) <= tolerance
        mark, word = "ok  ", "equal bytes" if result["equal_bytes"] else "within tolerance"
        if result["same_class"]:
            mark, word = ("ok  ", "equal bytes") if result["equal_bytes"] else ("FAIL", "differs")
            passed &= result["equal_bytes"]
        else:
            elsewhere, near = elsewhere + 1, near + within
            if not within:
                mark, word = "far ", "beyond tolerance"
        lines.append(f"{mark} {word}: weights {weights:.1e}, measures {measures:.1e}  {result['run']}")
    return passed and 2 * near >= elsewhere, lines
