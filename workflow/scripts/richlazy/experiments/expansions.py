"""Which networks the expansion in learning time is about (Schuessler et al. 2020, section 3)."""

from collections.abc import Mapping, Sequence
from typing import Any

from richlazy.experiments.parameters import Run
from richlazy.tasks import registry

# Linear networks that learn by gradient descent on their recurrent weights alone.
_EXPANDED = {
    "rectification": "none",
    "readout": "gaussian_directions",
    "trained": "recurrent",
    "optimiser": "gradient_descent",
    "momentum": 0.0,
}


def predicted_targets(config: Mapping[str, Any], runs: Sequence[Run]) -> list[float | None]:
    """Target output of each run that the expansion is about, None for others."""
    return [_predicted_target(config, run) for run in runs]


def _predicted_target(config: Mapping[str, Any], run: Run) -> float | None:
    target = registry.named(config["tasks"], run["task"]).constant_target
    expanded = (
        target is not None
        and target > 0
        and all(run[name] == value for name, value in _EXPANDED.items())
        and config["structures"][run["structure"]]["kind"] == "gaussian"
        and run["gain"] < 1
    )
    return target if expanded else None
