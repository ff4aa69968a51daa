"""One call for the connectome of somebody's own files."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from richlazy.configuration import connectome_models
from richlazy.connectome import assembly, cell_selection, imported_files
from richlazy.public import checks


def read_connectome(settings: Mapping[str, Any]) -> tuple[np.ndarray, pd.DataFrame]:
    """Weights among the chosen cells of a connectome, and these cells.

    Args:
        settings: what ``connectomes.<name>.file`` of the configuration has: ``description``, ``connections``, ``cells``
            where there is a table of them, ``format`` and ``selection``. Paths are relative to the current folder.

    Returns:
        W (N, N), W[i, j] from cell j to cell i with its sign, in units of the source; and a row for each cell, in the
        order of the matrix.

    Raises:
        ValueError: for settings that do not fit, in the words of the check of a configuration, and for files that are
            not what they declare.
    """
    checks.entry("connectome.file", settings, connectome_models.Files)
    cells, connections, _ = imported_files.read(settings["connections"], settings.get("cells"), settings["format"])
    chosen, _ = cell_selection.select_cells(cells, connections, settings["selection"])
    return assembly.weight_matrix(chosen, connections), chosen.reset_index(drop=True)
