"""Tables of an experiment with LSTMs: what was measured of its networks, one row for each matrix and part."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import pandas as pd

from richlazy.models.base import Files
from richlazy.storage import array_io, parquet
from richlazy.tables.records import load_measures

_WHERE = {
    "seed": "seed of the network",
    "weights": "matrix, as PyTorch names it; from_units: the three whose columns are units, from_words: weight_ih_l0",
    "part": "initial_weights, weights (after training) or change; in truncations what was truncated",
}
MEASURES: dict[str, str] = {
    "frobenius_norm": "square root of the summed squares of the entries; null for sets of matrices",
    "leading_singular_value": "largest singular value; likewise",
    "stable_rank": "squared Frobenius norm over squared largest singular value; likewise",
    "rank_for_final_accuracy": "smallest rank of the part from which on the validation accuracy is within the margin "
    "of that of the network as it is; null for single matrices",
}
RUN_COLUMNS: dict[str, str] = {
    "task": "name of the task in the configuration",
    **_WHERE,
    **MEASURES,
    "corpus": "where the sentences come from",
    "word_vectors": "where the vectors of the words come from",
    "network": "path of the weights before and after training, relative to the folder of the workflow",
    "epochs": "passes through the training set that were asked for",
    "final_training_loss": "nats per sentence in the last epoch, with dropout; null where training diverged",
    "final_training_accuracy": "likewise",
    "final_validation_loss": "nats per sentence after the last epoch; likewise",
    "final_validation_accuracy": "likewise",
    "test_accuracy": "accuracy on the test set after training; likewise",
    "accuracy_margin": "margin of rank_for_final_accuracy, share of sentences",
    "diverged": "whether the loss was not finite or rose above the stated bound",
    "diverged_at": "epoch in which it did; null otherwise",
    "converged": "null: no floor of the loss is known",
    "connectome": "null: none is part of these networks",
    "substitute": "data that stand in for those of a paper; null where there are none",
}
SPECTRUM_COLUMNS: dict[str, str] = {
    **_WHERE,
    "index": "1 for the largest singular value",
    "singular_value": "of the part of the matrix",
}
TRUNCATION_COLUMNS: dict[str, str] = {
    **_WHERE,
    "rank": "singular components that are kept of each matrix",
    "loss": "nats per sentence on the validation set",
    "accuracy": "on the validation set",
}
CURVE_COLUMNS: dict[str, str] = {
    "seed": "seed of the network",
    "epoch": "passes through the training set; 0 before training",
    "quantity": "training_loss, training_accuracy (means over the epoch, with dropout), validation_loss or "
    "validation_accuracy (after it, without); losses in nats per sentence",
    "value": "its value; null where it was not finite, or before training",
}
_FOLLOWED = ("training_loss", "training_accuracy", "validation_loss", "validation_accuracy")
_WHOLE_NUMBERS = ("rank_for_final_accuracy", "diverged_at")
_NUMBERS = (
    "frobenius_norm",
    "leading_singular_value",
    "stable_rank",
    "final_training_loss",
    "final_training_accuracy",
    "final_validation_loss",
    "final_validation_accuracy",
    "test_accuracy",
)


def save_tables(files: Files, tables: Mapping[str, str], settings: Mapping[str, Any]) -> None:
    """Write ``runs``, ``spectra``, ``truncations`` and ``curves`` of an experiment.

    Args:
        files: ``measures`` and ``histories`` of its networks.
        tables: where each goes.
        settings: ``weights`` and ``parts`` that the experiment compares; ``substitutes``, what is said of those.
    """
    measured = load_measures(files["measures"])
    courses = [array_io.load_json(path) for path in files["histories"]]
    runs = runs_table(measured, settings["weights"], settings["parts"], settings["substitutes"])
    parquet.save_table(tables["runs"], runs, RUN_COLUMNS)
    parquet.save_table(tables["spectra"], spectra_table(measured), SPECTRUM_COLUMNS)
    parquet.save_table(tables["truncations"], truncations_table(measured), TRUNCATION_COLUMNS)
    parquet.save_table(tables["curves"], curves_table(measured, courses), CURVE_COLUMNS)


def measures_of_row(record: Mapping[str, Any], row: Mapping[str, Any]) -> dict[str, Any]:
    """Measures of a network, from its measures.json, that stand in one of its rows of ``runs.parquet``."""
    return {name: value for name, value in _of_part(record, row["weights"], row["part"]).items() if name in MEASURES}


def _of_part(record: Mapping[str, Any], weights: str, part: str) -> dict[str, Any]:
    """What was measured of a part of a matrix, or of a set of them; nothing where training diverged."""
    rows = (row for row in (*record["norms"], *record["ranks"]) if (row["weights"], row["part"]) == (weights, part))
    return dict(next(rows, {}))


def runs_table(
    measured: Sequence[Mapping[str, Any]],
    weights: Sequence[str],
    parts: Sequence[str],
    substitutes: Mapping[str, str] = MappingProxyType({}),
) -> pd.DataFrame:
    """One row for each network, matrix (or set of them) and part that an experiment compares.

    Args:
        measured: records of the networks: settings, outcome of training, and measures of ``lstm_measures.measure``.
        weights: matrices or sets of them, in their order.
        parts: parts, the reference first.
        substitutes: of a task, what stands in for data of a paper.

    Returns:
        Columns ``RUN_COLUMNS``. A network that diverged keeps its rows, with what could be measured.
    """
    rows = []
    for record in measured:
        for name in weights:
            for part in parts:
                own = {"weights": name, "part": part, **_of_part(record, name, part)}
                rows.append({column: {**record, **own}.get(column) for column in RUN_COLUMNS})
    table = pd.DataFrame(rows, columns=list(RUN_COLUMNS))
    types = dict.fromkeys(_NUMBERS, "Float64") | dict.fromkeys(_WHOLE_NUMBERS, "Int64")
    table["substitute"] = table["task"].map(substitutes)
    return table.astype(types | {"connectome": "string", "substitute": "string", "converged": "boolean"})


def spectra_table(measured: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Singular values of every matrix and part, columns ``SPECTRUM_COLUMNS``."""
    rows = [
        (record["seed"], row["weights"], row["part"], index, value)
        for record in measured
        for row in record["singular_values"]
        for index, value in enumerate(row["values"], 1)
    ]
    return pd.DataFrame(rows, columns=list(SPECTRUM_COLUMNS))


def truncations_table(measured: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Loss and accuracy at every rank, columns ``TRUNCATION_COLUMNS``."""
    rows = [{"seed": record["seed"], **row} for record in measured for row in record["truncations"]]
    return pd.DataFrame(rows, columns=list(TRUNCATION_COLUMNS))


def curves_table(measured: Sequence[Mapping[str, Any]], courses: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Losses and accuracies during training, columns ``CURVE_COLUMNS``."""
    rows = [
        {"seed": record["seed"], "epoch": epoch, "quantity": quantity, "value": value}
        for record, course in zip(measured, courses, strict=True)
        for quantity in _FOLLOWED
        for epoch, value in enumerate(course[quantity])
    ]
    return pd.DataFrame(rows, columns=list(CURVE_COLUMNS)).astype({"value": "Float64"})
