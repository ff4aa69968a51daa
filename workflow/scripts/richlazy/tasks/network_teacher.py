"""A recurrent network as teacher of images shown row by row (Liu et al. 2024, Figure 3C).

The teacher sees features z_t = F x_t of each row x_t and is trained to name the digit. Its students see x_t itself
and learn its answers. One that starts with the teacher's W_h and with W_x F as input weights sees what the teacher
sees; with F truncated to its dominant half, it sees the strong features alone.

The paper says no more than that the teacher has pre-trained weights. Chosen here: everything random in the teacher
comes from the seed's stream "teacher", so that no student starts with the weights with which the teacher did; and F is
scaled to a mean squared singular value of 1. Unscaled, with a condition number of 100, features are so large that
training diverges within a hundred iterations. As it is, the condition number changes how strong features are beside
each other, not how strong inputs are as a whole.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from richlazy.connectivity.draws import gaussian_entries
from richlazy.connectivity.matching import match_magnitude
from richlazy.connectivity.truncation import truncate_rank
from richlazy.models import rate_network
from richlazy.models.rate_network import Dynamics, Weights
from richlazy.storage import seeds
from richlazy.theory import two_layer


def feature_modulation(inputs: int, condition_number: float, seed: int) -> np.ndarray:
    """F of a seed, (N_in, N_in), with a mean squared singular value of 1.

    Args:
        inputs: N_in, pixels of a row.
        condition_number: kappa; the random orthogonal matrices of a seed are the same for every kappa.
        seed: of the run.
    """
    modulation = two_layer.feature_modulation(inputs, condition_number, seeds.generator(seed, "teacher"))
    return modulation * (math.sqrt(inputs) / np.linalg.norm(modulation))


def features(inputs: np.ndarray, modulation: np.ndarray) -> np.ndarray:
    """z = F x of each step, (..., N_in) float32."""
    return inputs @ modulation.T.astype(np.float32)


def initial_weights(settings: Mapping[str, Any], inputs: int, outputs: int) -> Weights:
    """Weights of a teacher before training: recurrent ones of low rank by SVD truncation, the others as in C.1.

    Args:
        settings: of the teacher (``experiments.teacher``).
        inputs: N_in.
        outputs: classes.
    """
    [rng] = seeds.generator(settings["seed"], "teacher").spawn(1)
    size = settings["size"]
    base = gaussian_entries(size, size, settings["gain"], rng)
    matrices = (
        match_magnitude(truncate_rank(base, settings["rank"]), base, settings["matching"]),
        rate_network.linear_layer_weights(size, inputs, rng),
        rate_network.linear_layer_weights(outputs, size, rng),
    )
    return Weights(*(torch.from_numpy(matrix.astype(np.float32)) for matrix in matrices))


# What of F a student that is aligned with the teacher starts with.
ALIGNED_FEATURES = {"all": lambda modulation: modulation, "dominant": two_layer.dominant_features}


@dataclass(frozen=True)
class Teacher:
    """A teacher after its training.

    Attributes:
        weights: of the network.
        modulation: F.
        dynamics: of the network.
    """

    weights: Weights
    modulation: np.ndarray
    dynamics: Dynamics

    def answers(self, inputs: np.ndarray) -> np.ndarray:
        """Its classes for trials (T, m, N_in), at the last step: (m,) uint8."""
        seen = torch.from_numpy(features(inputs, self.modulation))
        rates, _ = rate_network.respond(self.weights, seen, self.dynamics)
        return (rates[-1] @ self.weights.readout.T).argmax(-1).numpy().astype(np.uint8)

    def input_weights(self, which: str) -> np.ndarray:
        """W_x F, (N, N_in): input weights that see what the teacher sees, or the ``dominant`` half of it."""
        return self.weights.input.numpy() @ ALIGNED_FEATURES[which](self.modulation)


def load(path: str | Path, settings: Mapping[str, Any]) -> Teacher:
    """The teacher of a ``network.npz``, with its settings."""
    _, weights = rate_network.load_network(path)
    modulation = feature_modulation(weights.input.shape[-1], settings["condition_number"], settings["seed"])
    return Teacher(weights, modulation, rate_network.dynamics_of(settings))
