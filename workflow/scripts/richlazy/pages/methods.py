"""What was run, for the methods of a page: the values that parameters have in its networks."""

from collections.abc import Iterable
from typing import Any

import pandas as pd

from richlazy.experiments.parameters import PARAMETERS, USUAL

# How the methods call units by their rectification; others have the name of their function.
_UNITS = {"after_leak": "rectified-linear", "inside": "rectified-linear", "none": "linear"}


def ran(tables: Iterable[pd.DataFrame]) -> dict[str, list[str]]:
    """Values of each parameter in any network, as text, each once and in order.

    Besides: ``models``, ``rate`` networks or ``lstm``; ``units``, in words; ``targets``, ``classes`` or ``numbers``;
    and ``probes``, ``drawn`` trials or one for each of the ``inputs`` of a linear teacher.

    Args:
        tables: rows of runs.parquet of each experiment.
    """
    found: dict[str, set[Any]] = {name: set() for name in (*PARAMETERS, "models", "units", "targets", "probes")}
    for table in tables:
        if "structure" not in table:
            found["models"].add("lstm")
            continue
        found["models"].add("rate")
        # Tables of before something was a parameter lack it.
        whole = table.assign(**{name: USUAL.get(name) for name in PARAMETERS if name not in table})
        for name in PARAMETERS:
            found[name].update(whole[name].dropna())
        has_classes = whole.groupby("task")["guess_accuracy"].transform("count") > 0
        is_taught = whole["condition_number"].notna() & ~has_classes
        found["targets"].update(has_classes.map({True: "classes", False: "numbers"}))
        found["probes"].update(is_taught.map({True: "inputs", False: "drawn"}))
    found["units"] = {_UNITS.get(name, name) for name in found["rectification"]}
    return {name: [_text(value) for value in sorted(values)] for name, values in found.items()}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else f"{value:.6g}"
