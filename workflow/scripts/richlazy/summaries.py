"""Tables of an experiment: its runs, what was followed during training, and its initial weights."""

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
from scipy import linalg

from richlazy import experiments
from richlazy.connectivity import frobenius_norm
from richlazy.metrics import MEASURES
from richlazy.motifs import MOTIFS, second_order_motifs

_TYPES = {int: "Int64", float: "Float64", str: "string"}

RUN_COLUMNS: dict[str, str] = {
    "run": "identity of the run: its folder below runs/",
    **{name: meaning for name, (_, meaning) in experiments.PARAMETERS.items()},
    "connectome": "where the connectome of the structure comes from; null for other structures",
    "network": "path of the weights before and after training, relative to the folder of the workflow",
    "probe": "path of the trials on which change was measured, likewise",
    "final_loss": "nats per step; mean over the last part of training; null where training diverged",
    "diverged": "whether the loss was not finite or rose above the stated bound",
    "diverged_at": "iteration at which divergence was seen; null otherwise",
    "bayes_loss": "nats per step; the lowest loss any observer can reach; null where unknown",
    "bayes_accuracy": "the highest accuracy any observer can reach; null where unknown",
    "converged": "whether the final loss is near the floor; null where no floor is known",
    **MEASURES,
}

CURVE_COLUMNS: dict[str, str] = {
    "run": "identity of the run, as in runs.parquet",
    "iteration": "updates done",
    "quantity": "what was followed: loss, nats per step, mean since the point before",
    "value": "its value; null where it was not finite",
}

CONNECTIVITY_COLUMNS: dict[str, str] = {
    **{name: experiments.PARAMETERS[name][1] for name in experiments.CONNECTIVITY_PARAMETERS},
    "connectome": RUN_COLUMNS["connectome"],
    "frobenius_norm": "square root of the summed squared weights",
    "leading_eigenvalue": "largest modulus among the eigenvalues",
    "density": "share of pairs of different units that are connected",
    **{f"motif_{name}": meaning for name, meaning in MOTIFS.items()},
}

SPECTRUM_COLUMNS: dict[str, str] = {
    **{name: experiments.PARAMETERS[name][1] for name in experiments.CONNECTIVITY_PARAMETERS},
    "connectome": RUN_COLUMNS["connectome"],
    "index": "1 for the largest, to size for the smallest",
    "eigenvalue_modulus": "modulus of an eigenvalue of the initial recurrent weights, sorted",
    "singular_value": "singular value of the initial recurrent weights, sorted",
}


def runs_table(
    rows: Sequence[Mapping[str, Any]],
    convergence_factor: float,
    loss_margin: float,
    connectomes: Mapping[str, str] = MappingProxyType({}),
) -> pd.DataFrame:
    """One row per run with typed columns ``RUN_COLUMNS``.

    A run counts as converged when its final loss is at most the floor times the factor plus the margin.
    ``connectomes`` says of each structure that is made of a connectome where that comes from.
    """
    table = pd.DataFrame(list(rows))
    for name, (kind, _) in experiments.PARAMETERS.items():
        table[name] = table[name].astype(_TYPES[kind])
    table["run"] = [experiments.run_path(experiments.run_of_row(row)) for row in rows]
    table["connectome"] = table["structure"].map(connectomes).astype("string")
    table["diverged"] = table["diverged"].astype(bool)
    table["diverged_at"] = table["diverged_at"].astype("Int64")
    for name in ("final_loss", "bayes_loss", "bayes_accuracy", *MEASURES):
        table[name] = table[name].astype(float)
    bound = table["bayes_loss"] * convergence_factor + loss_margin
    converged = (table["final_loss"] <= bound).astype("boolean")
    table["converged"] = converged.mask(table["bayes_loss"].isna())
    return table[list(RUN_COLUMNS)]


def curves_table(histories: Sequence[Mapping[str, Any]], runs: Sequence[str]) -> pd.DataFrame:
    """Long table (run, iteration, quantity, value) of what was followed during training."""
    parts = [
        pd.DataFrame(
            {
                "run": run,
                "iteration": history["iterations"],
                "quantity": "loss",
                "value": np.array(history["loss"], float),
            }
        )
        for run, history in zip(runs, histories, strict=True)
    ]
    return pd.concat(parts, ignore_index=True)


def connectivity_tables(
    runs: Sequence[Mapping[str, Any]], matrices: Iterable[np.ndarray], connectomes: Mapping[str, str]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """What initial recurrent weights are like, one row per matrix, and their spectra, one row per eigenvalue.

    Args:
        runs: for each matrix a run that starts with it.
        matrices: initial recurrent weights, (N, N).
        connectomes: for each structure that is made of a connectome where that comes from.

    Returns:
        Tables with columns ``CONNECTIVITY_COLUMNS`` and ``SPECTRUM_COLUMNS``.
    """
    rows, spectra = [], []
    for run, weights in zip(runs, matrices, strict=True):
        row = {name: run[name] for name in experiments.CONNECTIVITY_PARAMETERS}
        row["connectome"] = connectomes.get(run["structure"])
        moduli = np.sort(np.abs(linalg.eigvals(weights)))[::-1]
        connected = np.count_nonzero(weights - np.diag(np.diag(weights)))
        rows.append(
            row
            | {"frobenius_norm": frobenius_norm(weights), "leading_eigenvalue": moduli[0]}
            | {"density": connected / (len(weights) * (len(weights) - 1))}
            | {f"motif_{name}": value for name, value in second_order_motifs(weights).items()}
        )
        spectra.append(
            pd.DataFrame(
                row
                | {"index": np.arange(1, len(weights) + 1)}
                | {"eigenvalue_modulus": moduli, "singular_value": linalg.svdvals(weights)}
            )
        )
    return _typed(pd.DataFrame(rows), CONNECTIVITY_COLUMNS), _typed(pd.concat(spectra), SPECTRUM_COLUMNS)


def _typed(table: pd.DataFrame, columns: Mapping[str, str]) -> pd.DataFrame:
    kinds = {name: _TYPES[kind] for name, (kind, _) in experiments.PARAMETERS.items() if name in columns}
    return table.astype(kinds | {"connectome": "string"})[list(columns)].reset_index(drop=True)
