"""Training of the networks of one job, which share their parameters and differ in their seeds."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch

from richlazy.following import History
from richlazy.networks import Weights, dynamics_of
from richlazy.training import train

# Of the loss curve, where the settings do not say how many points it has.
ITERATIONS_OF_A_POINT = 100
_SETTINGS = (
    "loss_steps", "divergence_loss", "signs_held", "loss", "target_accuracy", "stop_at_target", "snapshot_at",
    "convergence_fraction",
)  # fmt: skip


def train_together(
    runs: Sequence[Mapping[str, Any]],
    initial: Weights,
    inputs: Sequence[np.ndarray],
    targets: Sequence[np.ndarray],
    settings: Mapping[str, Any],
    device: torch.device,
) -> tuple[Weights, History]:
    """Train the networks of some runs together.

    Args:
        runs: parameters of each network.
        initial: their weights, with a leading network axis.
        inputs, targets: of each network its batches, as ``training.train`` takes them.
        settings: arguments of ``training.train`` that do not belong to a run; others are left aside.
        device: where they are trained.

    Returns:
        Final weights, on the CPU, and what was followed.
    """
    run, points = runs[0], settings["curve_points"]
    final, course = train(
        initial.map(lambda matrix: matrix.to(device)), inputs, targets, dynamics_of(run), run["learning_rate"],
        run["momentum"] or 0.0, iterations=run["iterations"], optimiser=run["optimiser"], trained=run["trained"],
        report_every=max(1, run["iterations"] // points) if points else ITERATIONS_OF_A_POINT,
        **{name: settings[name] for name in _SETTINGS},
    )  # fmt: skip
    return final.map(torch.Tensor.cpu), course
