"""Tables of an experiment: one row per trained network, and one per point of what was followed."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from richlazy import experiments
from richlazy.metrics import MEASURES

_TYPES = {int: "Int64", float: "Float64", str: "string"}

RUN_COLUMNS: dict[str, str] = {
    "run": "identity of the run: its folder below runs/",
    **{name: meaning for name, (_, meaning) in experiments.PARAMETERS.items()},
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


def runs_table(rows: Sequence[Mapping[str, Any]], convergence_factor: float, loss_margin: float) -> pd.DataFrame:
    """One row per run with typed columns ``RUN_COLUMNS``.

    A run counts as converged when its final loss is at most the floor times the factor plus the margin.
    """
    table = pd.DataFrame(list(rows))
    for name, (kind, _) in experiments.PARAMETERS.items():
        table[name] = table[name].astype(_TYPES[kind])
    table["run"] = [experiments.run_path(experiments.run_of_row(row)) for row in rows]
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
