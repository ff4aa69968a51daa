"""Training of the networks of one job, which share their parameters and differ in their seeds."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch

from richlazy.following import History
from richlazy.networks import Weights, dynamics_of, initial_weights_of_run
from richlazy.training import train

_SETTINGS = (
    "loss_steps", "divergence_loss", "signs_held", "loss", "target_accuracy", "stop_at_target", "snapshot_at",
)  # fmt: skip


def train_together(
    runs: Sequence[Mapping[str, Any]],
    structured: Sequence[np.ndarray],
    inputs: Sequence[np.ndarray],
    targets: Sequence[np.ndarray],
    outputs: int,
    settings: Mapping[str, Any],
    device: torch.device,
) -> tuple[Weights, Weights, History]:
    """Make the networks of some runs and train them together.

    Args:
        runs: parameters of each network.
        structured: of each network the initial weights that have the structure.
        inputs, targets: of each network its batches, as ``training.train`` takes them.
        outputs: N_out.
        settings: arguments of ``training.train`` that do not belong to a run; others are left aside.
        device: where they are trained.

    Returns:
        Initial and final weights, on the CPU, and what was followed.
    """
    initial = Weights.stacked(
        initial_weights_of_run(run, matrix, inputs[0].shape[-1], outputs)
        for run, matrix in zip(runs, structured, strict=True)
    )
    run = runs[0]
    final, course = train(
        initial.map(lambda matrix: matrix.to(device)), inputs, targets, dynamics_of(run), run["learning_rate"],
        run["momentum"], iterations=run["iterations"], **{name: settings[name] for name in _SETTINGS},
    )  # fmt: skip
    return initial, final.map(torch.Tensor.cpu), course
