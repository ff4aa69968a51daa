"""Table of the loss of networks whose change of recurrent weights is truncated (Schuessler et al. 2020, Figure 1)."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

COLUMNS: dict[str, str] = {
    "run": "identity of the run, as in runs.parquet",
    "rank": "components of the change of the recurrent weights that are kept, the largest first",
    "loss": "loss on the probe with these, final input and readout weights; null where it is not finite",
    "singular_value": "singular value of the last of them; null at rank 0",
}


def table(truncated: Mapping[str, Mapping[str, Any]]) -> pd.DataFrame:
    """Long table with columns ``COLUMNS``.

    Args:
        truncated: truncation.json of each run, by run. A run whose weights are not finite has no ranks and no rows.
    """
    parts = [
        pd.DataFrame(
            {
                "run": run,
                "rank": np.array(record["ranks"], int),
                "loss": np.array(record["losses"], float),
                "singular_value": np.array([None, *record["singular_values"]][: len(record["ranks"])], float),
            }
        )
        for run, record in truncated.items()
    ]
    return pd.concat(parts, ignore_index=True).astype({"run": "string"})
