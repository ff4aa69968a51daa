"""Tables of an experiment: its runs, what was followed during training, and its initial weights."""

import math
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
from scipy import linalg

from richlazy.connectivity.matching import frobenius_norm
from richlazy.connectivity.motifs import MOTIFS, second_order_motifs
from richlazy.experiments import parameters, paths, variants
from richlazy.measures import after_training, at_matched_loss, forgetting, on_probe, predictions
from richlazy.measures.base import ASKED_FOR
from richlazy.measures.during_training import QUANTITIES, chosen
from richlazy.measures.registry import MEASURES
from richlazy.measures.trained_run import TrainedRun
from richlazy.models.base import Files
from richlazy.storage import array_io, parquet
from richlazy.tables import further_columns, learning
from richlazy.tables.records import load_measures

_TYPES = {int: "Int64", float: "Float64", str: "string", bool: "boolean"}

Swept = Mapping[str, Mapping[str, Any]]

RUN_COLUMNS: dict[str, str] = {
    "run": "identity of the run: its folder below runs/",
    **{name: parameter.meaning for name, parameter in parameters.PARAMETERS.items()},
    "connectome": "where the connectome of the structure comes from; null for other structures",
    "substitute": "data that stand in for those of a paper; null where there are none",
    "network": "path of the weights before and after training, relative to the folder of the workflow",
    "probe": "path of the trials on which change was measured, likewise",
    "final_loss": MEASURES["final_loss"].meaning,
    "diverged": "whether the loss was not finite or rose above the stated bound",
    "diverged_at": "iteration at which divergence was seen; null otherwise",
    "bayes_loss": "nats per step; the lowest loss any observer can reach; null where unknown",
    "bayes_accuracy": "the highest accuracy any observer can reach; null where unknown",
    "guess_loss": "loss of the best constant answer at each step that counts, on the batches of the run; for numbers "
    "that of a silent network",
    "guess_accuracy": MEASURES["guess_accuracy"].meaning,
    "converged": "whether the final loss or the accuracy is near the best; null where no best is known",
    "failed": "whether it has learned nothing: its accuracy, or else its final loss, is about that of guessing",
    "reached_at": "iteration at which the accuracy in training reached its target; null before, or where none is set",
    "convergence_iterations": MEASURES["convergence_iterations"].meaning,
    "kernel_task_alignment_iterations": MEASURES["kernel_task_alignment_iterations"].meaning,
    **{name: measure.meaning for name, measure in MEASURES.items() if measure.stage not in ASKED_FOR},
}

# Quantities of a history that have a curve.
FOLLOWED_IN_TRAINING = ("loss", "accuracy", "loss_predicted")

CURVE_COLUMNS: dict[str, str] = {
    "run": "identity of the run, as in runs.parquet",
    "iteration": "updates done",
    "quantity": "what was followed; loss (nats per step, or half squared error) and accuracy are means since the point "
    "before; loss_predicted: loss by the expansion to third order in learning time, where that is known; "
    + "; ".join(f"{name}: {quantity.meaning}" for name, quantity in QUANTITIES.items())
    + "; with _predicted, a singular value by that expansion, likewise; performance_on_task_1 and so on: accuracy, "
    "or minus the loss, on each of several tasks that are learned one after another, before training and after each",
    "value": "its value; null where it was not finite",
}

CONNECTIVITY_COLUMNS: dict[str, str] = {
    **{name: parameters.PARAMETERS[name].meaning for name in parameters.CONNECTIVITY_PARAMETERS},
    "connectome": RUN_COLUMNS["connectome"],
    "frobenius_norm": "square root of the summed squared weights",
    "leading_eigenvalue": "largest modulus among the eigenvalues",
    "density": "share of pairs of different units that are connected",
    **{f"motif_{name}": meaning for name, meaning in MOTIFS.items()},
}

SPECTRUM_COLUMNS: dict[str, str] = {
    **{name: parameters.PARAMETERS[name].meaning for name in parameters.CONNECTIVITY_PARAMETERS},
    "connectome": RUN_COLUMNS["connectome"],
    "index": "1 for the largest, to size for the smallest",
    "eigenvalue_modulus": "modulus of an eigenvalue of the initial recurrent weights, sorted",
    "singular_value": "singular value of the initial recurrent weights, sorted",
}


def save_tables(files: Files, tables: Mapping[str, str], settings: Mapping[str, Any]) -> None:
    """Write ``runs`` and ``curves`` of an experiment.

    Args:
        files: ``measures`` and ``histories`` of its networks; ``followed`` of those followed, and what
            ``further_columns.joined`` takes.
        tables: where each goes.
        settings: ``learned``, as ``learning.converged`` and ``learning.failed`` take it; ``connectomes`` and
            ``substitutes``, what is said of these; ``swept``, options that the experiment sweeps; ``followed``, by run
            what of it is followed, in the order of its files; ``matched``, whether it compares networks at levels of
            their loss; ``theory``, what ``predictions.with_theory`` takes; and what ``further_columns.joined`` does.
    """
    rows = load_measures(files["measures"])
    courses = [array_io.load_json(path) for path in files["histories"]]
    moved = {
        run: chosen(array_io.load_json(path), names)
        for path, (run, names) in zip(files["followed"], settings["followed"].items(), strict=True)
    }
    rows, courses = measured(rows, courses, moved, settings["theory"], settings["matched"])
    swept = settings["swept"]
    runs = runs_table(rows, settings["learned"], settings["connectomes"], swept, settings["substitutes"])
    moved = predictions.with_predicted_movement(moved, runs, settings["theory"]["targets"])
    runs, further = further_columns.joined(runs, files, settings)
    parquet.save_table(tables["runs"], runs, with_swept(RUN_COLUMNS, swept) | further)
    staged = {run: found for run, row in zip(runs["run"], rows, strict=True) if (found := forgetting.course(row))}
    parquet.save_table(tables["curves"], curves_table(courses, runs["run"], moved, staged), CURVE_COLUMNS)


def measures_of_row(record: Mapping[str, Any], row: Mapping[str, Any]) -> dict[str, Any]:
    """Measures of the probe of a network that stand in its row of ``runs.parquet``.

    Args:
        record: its measures.json.
        row: its row.
    """
    known = _with_censored(record)
    found = {name: known[name] for name in on_probe.MEASURES if name in known}
    about = {**row, **record}
    run = TrainedRun(about, {}, target=None, convergence_fraction=math.nan, crossings=record.get("crossings"))
    if "crossings" in record:
        found |= {name: of.formula(run) for name, of in at_matched_loss.MEASURES.items()}
    return found | {of.name: of(run) for of in forgetting.OF_PERFORMANCE if "curriculum" in record}


def with_swept(columns: Mapping[str, str], swept: Swept) -> dict[str, str]:
    """Columns of a table, each followed by the options of tasks or structures that the experiment sweeps.

    Args:
        columns: names with meanings.
        swept: options as ``experiments.grids.swept_options`` gives them.

    Raises:
        ValueError: where an option has the name of a column, which it would take over.
    """
    for option in swept.keys() & columns.keys():
        raise ValueError(f"option {option!r} has the name of a column of tables; give it another where it is declared")
    found: dict[str, str] = {}
    for name, meaning in columns.items():
        found |= {name: meaning}
        found |= {option: of["meaning"] for option, of in swept.items() if of["owner"] == name}
    return found


def _name_options(table: pd.DataFrame, swept: Swept) -> None:
    """Give each swept option its column, and tasks and structures their own names in place of those of variants."""
    for option, of in swept.items():
        known = {variant: value for variant, value in of["values"].items() if value is not None}
        types = {type(value) for value in known.values()}
        kind = float if types == {int, float} else types.pop() if len(types) == 1 else str
        table[option] = table[of["owner"]].map(known).astype(_TYPES[kind])
    for owner in variants.OWNERS if swept else ():
        table[owner] = table[owner].map(variants.base_name, na_action="ignore").astype("string")


def measured(
    rows: Sequence[Mapping[str, Any]],
    histories: Sequence[Mapping[str, Any]],
    followed: Mapping[str, Mapping[str, Any]],
    theory: Mapping[str, Any],
    matched: bool = False,
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Rows with all measures of their runs, and histories with what theory says of their loss.

    Args:
        rows: measures.json of each run.
        histories: history.json of each.
        followed: what was followed of some of them in training, by run.
        theory: as ``predictions.with_theory`` takes it.
        matched: whether they are compared at levels of their loss, too, where each has ``crossings``.
    """
    crossings = [row["crossings"] for row in rows] if matched else None
    rows = [_with_censored({name: value for name, value in row.items() if name != "crossings"}) for row in rows]
    courses = [followed.get(paths.run_path(parameters.run_of_row(row)), {}) for row in rows]
    return predictions.with_theory(rows, histories, courses, theory, crossings)


def _with_censored(record: Mapping[str, Any]) -> dict[str, Any]:
    """A measures.json with infinity, which JSON has not, in place of what did not happen."""
    return {**record, **dict.fromkeys(record.get("censored", ()), math.inf)}


def runs_table(
    rows: Sequence[Mapping[str, Any]],
    learned: Mapping[str, float],
    connectomes: Mapping[str, str] = MappingProxyType({}),
    swept: Swept = MappingProxyType({}),
    substitutes: Mapping[str, Mapping[str, str]] = MappingProxyType({}),
) -> pd.DataFrame:
    """One row per run with typed columns ``RUN_COLUMNS``, and those of swept options.

    ``learned`` has the settings by which a run counts as converged or failed (module ``learning``).
    ``connectomes`` says of each structure that is made of a connectome where that comes from; ``swept`` holds the
    options that the experiment sweeps (``with_swept``); ``substitutes`` what stands in for data of a paper
    (``grids.substitutes``).
    """
    table, runs = pd.DataFrame(list(rows)), [parameters.run_of_row(row) for row in rows]
    # Records leave out what is usual of a parameter that came later.
    told = {name: [run[name] for run in runs] for name in parameters.PARAMETERS}
    typed = {
        name: pd.Series(told[name], table.index, dtype=_TYPES[of.type]) for name, of in parameters.PARAMETERS.items()
    }
    unknown = {name: math.nan for name in after_training.MEASURES if name not in table}
    known = table.drop(columns=list(typed), errors="ignore")
    table = pd.concat([known, pd.DataFrame(typed), pd.DataFrame(unknown, table.index)], axis=1)
    table["run"] = [paths.run_path(run) for run in runs]
    table["connectome"] = table["structure"].map(connectomes).astype("string")
    table["substitute"] = _substitute(table, substitutes)
    table["diverged"] = table["diverged"].astype(bool)
    for name in ("diverged_at", "reached_at"):
        table[name] = table[name].astype("Int64")
    numbers = ("bayes_loss", "bayes_accuracy", "guess_loss", *on_probe.MEASURES, *after_training.MEASURES)
    table = table.astype(dict.fromkeys(numbers, float)).copy()  # in one piece again, to which columns can be added
    table["converged"] = learning.converged(table, learned)
    table["failed"] = learning.failed(table, learned)
    _name_options(table, swept)
    return table[list(with_swept(RUN_COLUMNS, swept))]


def _substitute(table: pd.DataFrame, substitutes: Mapping[str, Mapping[str, str]]) -> pd.Series:
    """What stands in for data of a paper in each run, by its structure and its task; null where nothing does."""
    rows = table.to_dict("records")
    named = [[found[row[owner]] for owner, found in substitutes.items() if row[owner] in found] for row in rows]
    return pd.Series(["; ".join(of_one) or None for of_one in named], table.index, "string")


def curves_table(
    histories: Sequence[Mapping[str, Any]],
    runs: Sequence[str],
    followed: Mapping[str, Mapping[str, Any]] = MappingProxyType({}),
    staged: Mapping[str, Mapping[str, Any]] = MappingProxyType({}),
) -> pd.DataFrame:
    """Long table (run, iteration, quantity, value) of losses and other quantities during training.

    Args:
        histories: history.json of each run, with the loss that theory predicts where there is a theory.
        runs: paths of these runs.
        followed: followed.json of the runs that have one, by run.
        staged: performance of those that learned tasks one after another (``forgetting.course``), likewise.
    """
    parts = []
    for run, history in zip(runs, histories, strict=True):
        parts += [_curve(run, history, name) for name in FOLLOWED_IN_TRAINING if name in history]
        for course in (followed.get(run, {}), staged.get(run, {})):
            parts += [_curve(run, course, name) for name in course if name != "iterations"]
    return pd.concat(parts, ignore_index=True)


def _curve(run: str, course: Mapping[str, Any], quantity: str) -> pd.DataFrame:
    values = np.array(course[quantity], float)
    return pd.DataFrame({"run": run, "iteration": course["iterations"], "quantity": quantity, "value": values})


def connectivity_tables(
    runs: Sequence[Mapping[str, Any]],
    matrices: Iterable[np.ndarray],
    connectomes: Mapping[str, str],
    swept: Swept = MappingProxyType({}),
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Properties of initial weights, one row per matrix, and their spectra, one row per eigenvalue.

    Args:
        runs: a run that starts with each matrix.
        matrices: initial recurrent weights, (N, N), or first layers, (N, N_in).
        connectomes: origin of the connectome of each structure that has one.
        swept: options that the experiment sweeps.

    Returns:
        Tables with columns ``CONNECTIVITY_COLUMNS`` and ``SPECTRUM_COLUMNS``, and those of swept options.
    """
    rows, spectra = [], []
    for run, weights in zip(runs, matrices, strict=True):
        row = {name: run[name] for name in parameters.CONNECTIVITY_PARAMETERS}
        if run["architecture"] == "recurrent" and run["condition_number"] is None:  # weights are those of every task
            row |= {"task": None, "condition_number": None}
        row["connectome"] = connectomes.get(run["structure"])
        singular_values = linalg.svdvals(weights)
        moduli: np.ndarray = np.full(len(singular_values), np.nan)  # of a first layer
        row_of_recurrent = {"density": np.nan} | {f"motif_{name}": np.nan for name in MOTIFS}
        if run["architecture"] == "recurrent":
            moduli = np.sort(np.abs(linalg.eigvals(weights)))[::-1]
            connected = np.count_nonzero(weights - np.diag(np.diag(weights)))
            row_of_recurrent = {"density": connected / (len(weights) * (len(weights) - 1))}
            row_of_recurrent |= {f"motif_{name}": value for name, value in second_order_motifs(weights).items()}
        norms = {"frobenius_norm": frobenius_norm(weights), "leading_eigenvalue": moduli[0]}
        rows.append(row | norms | row_of_recurrent)
        values = {"eigenvalue_modulus": moduli, "singular_value": singular_values}
        spectrum = pd.DataFrame(row | {"index": np.arange(1, len(singular_values) + 1)} | values)
        spectra.append(_typed(spectrum, SPECTRUM_COLUMNS, swept))
    return _typed(pd.DataFrame(rows), CONNECTIVITY_COLUMNS, swept), pd.concat(spectra, ignore_index=True)


def _typed(table: pd.DataFrame, columns: Mapping[str, str], swept: Swept) -> pd.DataFrame:
    kinds = {name: _TYPES[of.type] for name, of in parameters.PARAMETERS.items() if name in columns}
    table = table.astype(kinds | {"connectome": "string"})
    _name_options(table, swept)
    return table[list(with_swept(columns, swept))].reset_index(drop=True)
