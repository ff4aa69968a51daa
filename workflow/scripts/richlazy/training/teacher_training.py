"""Training of the network that teaches a task: on features of images shown row by row, with their labels as classes."""

from collections.abc import Mapping
from typing import Any

import torch

from richlazy.models.rate_network import Weights, dynamics_of
from richlazy.tasks import image_trials, network_teacher
from richlazy.tasks.image_sets import ImageSet
from richlazy.training.loop import train
from richlazy.training.settings import TrainingSettings


def train_teacher(
    images: ImageSet, teacher: Mapping[str, Any], held_out: int, training: Mapping[str, Any], device: torch.device
) -> tuple[Weights, Weights, dict[str, Any]]:
    """Train a teacher.

    Args:
        images: with their labels.
        teacher: its settings (``grids.teacher``).
        held_out: how many of the images the probe keeps for itself.
        training: ``divergence_loss`` and ``final_loss_fraction``.
        device: where it is trained.

    Returns:
        Initial and final weights, on the CPU, and curves and outcome of its training.

    Raises:
        ValueError: where training diverged.
    """
    outputs = image_trials.describe(images, "rows")["outputs"]
    rows, classes = image_trials.batches(
        images, "rows", held_out, teacher["batch_size"], teacher["iterations"], teacher["seed"]
    )
    modulation = network_teacher.feature_modulation(rows.shape[-1], teacher["condition_number"], teacher["seed"])
    initial = network_teacher.initial_weights(teacher, rows.shape[-1], outputs)
    settings = TrainingSettings(
        teacher["learning_rate"],
        teacher["momentum"],
        loss_steps="last",
        iterations=teacher["iterations"],
        divergence_loss=training["divergence_loss"],
    )
    placed = Weights.stacked([initial]).map(lambda matrix: matrix.to(device))
    final, course = train(
        placed, [network_teacher.features(rows, modulation)], [classes], dynamics_of(teacher), settings
    )
    outcome = course.of_network(0, training["final_loss_fraction"])
    if outcome["diverged"]:
        raise ValueError(
            f"the teacher diverged at iteration {outcome['diverged_at']} and can teach nothing; "
            "lower the learning_rate of its task"
        )
    return initial, final.of_network(0).map(torch.Tensor.cpu), outcome
