"""How well a network does each of several tasks, before it learns them one after another and after each of them."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from richlazy.measures.performance import loss_and_accuracy
from richlazy.measures.trained_network import is_finite
from richlazy.models import kept_weights, rate_network
from richlazy.models.rate_network import Dynamics, Weights
from richlazy.storage import array_io
from richlazy.tasks.stages import stage_ends


def measure(
    network: str | Path, probe: str | Path, run: Mapping[str, Any], stages: Sequence[int], loss_steps: str = "all"
) -> dict[str, Any]:
    """Performance on every task at the end of every stage: accuracy, or minus the loss where targets are numbers.

    Args:
        network: network.npz with the weights at the ends of all stages but the last.
        probe: probe.npz with trials of every task.
        run: parameters of the network.
        stages: places of the tasks in the order in which they were learned.
        loss_steps: as ``performance.loss_and_accuracy`` takes it.

    Returns:
        ``stages``, and ``performance``, a row before training and one after each stage, with a value for each task, nan
        for weights that are not finite and for stages that training, which diverged, did not come to.
    """
    initial, final = rate_network.load_network(network)
    kept = dict(kept_weights.load_snapshots(network))
    trials = {name: torch.from_numpy(array) for name, array in array_io.load_arrays(probe).items()}
    tasks = list(zip(*(trials[f"task_{name}"] for name in ("inputs", "targets", "decision")), strict=True))
    ends = stage_ends(run["iterations"], len(stages))[:-1]
    moments = [initial, *(kept.get(end) for end in ends), final]
    dynamics = rate_network.dynamics_of(run)
    rows = [[_performance(weights, task, dynamics, loss_steps) for task in tasks] for weights in moments]
    return {"stages": list(stages), "performance": rows}


def _performance(weights: Weights | None, task: Sequence[torch.Tensor], dynamics: Dynamics, loss_steps: str) -> float:
    inputs, targets, decision = task
    if weights is None or not is_finite(weights):
        return math.nan
    rates, _ = rate_network.respond(weights, inputs, dynamics)
    is_number = targets.is_floating_point()
    loss, accuracy = loss_and_accuracy(
        weights, rates, targets, decision, loss_steps, "masked_squared_error" if is_number else None
    )
    return -loss if is_number else accuracy
