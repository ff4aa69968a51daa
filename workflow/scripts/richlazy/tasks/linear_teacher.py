"""Data of the linear student-teacher setting (Liu et al. 2024, section 2.3 and appendix C.2).

A teacher reads z = F x with a vector w of ones, y = w'F x = beta'x. F, the feature modulation, makes the first half of
its features kappa times as strong as the others (Figure 3A); with kappa = 1 they are equally strong.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from richlazy.storage import seeds
from richlazy.tasks.samples import ProbeTrials, TrainingTrials
from richlazy.theory import two_layer


@dataclass(frozen=True)
class Teacher:
    """What a student learns.

    Attributes:
        task_vector: beta = F'w, (d,).
        dominant_task_vector: the same for the dominant features alone, F truncated to rank d/2, (d,).
    """

    task_vector: np.ndarray
    dominant_task_vector: np.ndarray


def teacher(inputs: int, condition_number: float, seed: int) -> Teacher:
    """The teacher of a seed.

    Args:
        inputs: d.
        condition_number: kappa of F; its random orthogonal matrices are those of the seed for every kappa.
        seed: of the run.
    """
    modulation = two_layer.feature_modulation(inputs, condition_number, seeds.generator(seed, "teacher"))
    ones = np.ones(inputs)
    return Teacher(modulation.T @ ones, two_layer.dominant_features(modulation).T @ ones)


def second_moment(inputs: int, samples: int, whitened: bool, seed: int) -> np.ndarray:
    """X X'/m of m samples with entries U(-2, 2), (d, d); the identity where they are whitened (C.2)."""
    if whitened:
        return np.eye(inputs)
    drawn = seeds.generator(seed, "trials").uniform(-2.0, 2.0, (inputs, samples))
    return drawn @ drawn.T / samples


def trials(settings: Mapping[str, Any], condition_number: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Trials that teach a linear network exactly what all samples would.

    A linear student of a linear teacher learns from its samples through their second moment alone, and so do its
    tangent kernel and its similarities. So d trials that have this second moment take the place of m samples:
    the columns of sqrt(d) (X X'/m)^(1/2).

    Args:
        settings: ``teacher`` of the task: inputs, samples, whitened.
        condition_number: of the teacher.
        seed: of the run.

    Returns:
        inputs (1, d, d) float32, one step of d trials, and targets (1, d, 1) float32.
    """
    count = settings["inputs"]
    moment = second_moment(count, settings["samples"], settings["whitened"], seed)
    values, vectors = np.linalg.eigh(moment)
    values = np.maximum(values, 0.0)  # fewer samples than inputs leave zeros, which rounding makes negative
    rows = math.sqrt(count) * (vectors * np.sqrt(values)) @ vectors.T  # symmetric: its rows are the trials
    targets = rows @ teacher(count, condition_number, seed).task_vector
    return rows[None].astype(np.float32), targets[None, :, None].astype(np.float32)


def describe(settings: Mapping[str, Any], condition_number: float, seed: int) -> dict[str, Any]:
    """What later stages need to know of the task, ready for JSON; the teacher can be learned without error."""
    known = teacher(settings["inputs"], condition_number, seed)
    return {
        "environment": "linear teacher",
        "input_units": settings["inputs"],
        "outputs": 1,
        "bayes_loss": 0.0,
        "bayes_accuracy": None,
        "task_vector": known.task_vector.tolist(),
        "dominant_task_vector": known.dominant_task_vector.tolist(),
    }


def training_trials(entry: Mapping[str, Any], run: Mapping[str, Any], files: Mapping[str, str]) -> TrainingTrials:
    """The one batch of a run; see ``Task``."""
    inputs, targets = trials(entry["teacher"], run["condition_number"], run["seed"])
    return TrainingTrials(inputs[None], targets[None])


def probe_trials(entry: Mapping[str, Any], run: Mapping[str, Any], files: Mapping[str, str], count: int) -> ProbeTrials:
    """The same batch, with the vector that is to be learned; see ``Task``."""
    setting = (entry["teacher"], run["condition_number"], run["seed"])
    inputs, targets = trials(*setting)
    return ProbeTrials(inputs, targets, np.ones(inputs.shape[:2], bool), describe(*setting))
