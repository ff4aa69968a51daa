"""Measuring of rate networks, recurrent and feedforward, as jobs ask for it of every model."""

from collections.abc import Mapping, Sequence
from typing import Any

from richlazy.measures import measuring
from richlazy.models.base import Files, Run


def measure_networks(runs: Sequence[Run], files: Files, saved: Files, settings: Mapping[str, Any]) -> None:
    """Measure networks on the probes of their runs.

    Args:
        runs: parameters of each network.
        files: ``network``, ``history``, ``probe`` and ``decision`` of each; ``description`` of the task of one.
        saved: ``measures`` of each network.
        settings: as ``measuring.ProbeSettings.of`` takes it, with ``device``.
    """
    each = (files[name] for name in ("network", "history", "probe", "decision"))
    of_networks = list(map(measuring.NetworkFiles, *each, saved["measures"]))
    how = measuring.ProbeSettings.of(settings)
    measuring.measure_files(of_networks, runs, files["description"][0], how, settings["device"])
