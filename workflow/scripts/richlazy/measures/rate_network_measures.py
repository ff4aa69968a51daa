"""Measuring of rate networks, recurrent and feedforward, as jobs ask for it of every model."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from richlazy.measures import measuring
from richlazy.models.base import Files, Run


def measure_networks(runs: Sequence[Run], files: Files, saved: Files, settings: Mapping[str, Any]) -> None:
    """Measure networks on the probes of their runs.

    Args:
        runs: parameters of each network.
        files: ``network``, ``history``, ``probe`` and ``decision`` of each; ``description`` of the task of one; beside
            some networks their ``crossings``.
        saved: ``measures`` of each network; ``crossings`` of those that have them.
        settings: as ``measuring.ProbeSettings.of`` takes it, with ``device``.
    """
    each = (files[name] for name in ("network", "history", "probe", "decision"))
    beside = ({Path(file).parent: file for file in those.get("crossings", ())} for those in (files, saved))
    folders = [Path(file).parent for file in files["network"]]
    crossings = ([found.get(folder) for folder in folders] for found in beside)
    of_networks = list(map(measuring.NetworkFiles, *each, saved["measures"], *crossings))
    how = measuring.ProbeSettings.of(settings)
    measuring.measure_files(of_networks, runs, files["description"][0], how, settings["device"])
