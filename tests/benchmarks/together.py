"""Networks trained and measured together on a CUDA device, where there is one, against one at a time on one CPU core.

Both sides are timed by the clock on the wall, since a device does not count processor time.
"""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from richlazy.measures.tangent_kernel import tangent_kernel
from richlazy.models.rate_network import Dynamics, Weights
from richlazy.storage import devices
from richlazy.training import loop
from richlazy.training.settings import TrainingSettings

from .measuring import Comparison, Row, Settings
from .training_step import LEARNING_RATE, SHAPES, Shape, problem

NAME = "together"
NETWORKS = 10
ITERATIONS = 10_000  # of a network at paper scale; fewer are timed
KERNEL_TRIALS = 32


@dataclass(frozen=True)
class Problem:
    """Networks with the batches of each, and trials for their kernels."""

    weights: Weights
    inputs: list[np.ndarray]
    targets: list[np.ndarray]
    trials: torch.Tensor

    def train(self) -> None:
        """Train all of them on the device of their weights."""
        loop.train(self.weights, self.inputs, self.targets, Dynamics(0.0), TrainingSettings(LEARNING_RATE))

    def kernels(self) -> None:
        """Tangent kernels of all of them; the trace comes back to the host, so that they are finished."""
        kernel = tangent_kernel(self.weights, self.trials, Dynamics(0.0)).all
        float(kernel.diagonal(dim1=1, dim2=2).sum())


def problem_of(shape: Shape, networks: int, iterations: int, device: torch.device) -> Problem:
    """Equal networks on different trials."""
    weights, inputs, targets = problem(shape)
    rng = np.random.default_rng(1)
    chosen = [rng.integers(0, len(inputs), iterations) for _ in range(networks)]
    return Problem(
        Weights.stacked([weights] * networks).map(lambda matrix: matrix.to(device)),
        [inputs[each] for each in chosen],
        [targets[each] for each in chosen],
        torch.stack([torch.from_numpy(inputs[each[0]][:, :KERNEL_TRIALS]) for each in chosen]).to(device),
    )


def rows(settings: Settings, shape: Shape = SHAPES[0], networks: int = NETWORKS, iterations: int = 1000) -> list[Row]:
    """Seconds for each network, together and alone."""
    device = devices.prepare("cuda")
    together = problem_of(shape, networks, iterations, device)
    alone = problem_of(shape, 1, iterations // 10, torch.device("cpu"))
    training_time = wall_interleaved(together.train, alone.train, settings.few)
    # Each side trains its own number of networks and iterations: both become seconds of a network at paper scale.
    training_time = Comparison(
        [seconds / networks * ITERATIONS / iterations for seconds in training_time.ours],
        [seconds * ITERATIONS / (iterations // 10) for seconds in training_time.reference],
    )
    kernel_time = wall_interleaved(together.kernels, alone.kernels, settings.few)
    kernel_time = Comparison([seconds / networks for seconds in kernel_time.ours], kernel_time.reference)
    rate, slow_rate = (1 / statistics.median(times) for times in (training_time.ours, training_time.reference))
    where = f"{networks} networks together on {devices.name(device)}"
    reference = "Reference: one at a time on one CPU core."
    return [
        Row.of(
            NAME, f"training, {where}", training_time,
            note=f"{rate:.2f} networks of {ITERATIONS} iterations per second against {slow_rate:.3f}; timed over "
            f"{iterations} iterations, {shape.name}, recording of the CUDA graph included. {reference}",
        ),
        Row.of(NAME, f"tangent kernel, {where}", kernel_time, note=reference),
    ]  # fmt: skip


def wall_interleaved(ours: Callable[[], None], reference: Callable[[], None], pairs: int) -> Comparison:
    """Seconds on the wall of both sides in turn, each after one call that does not count."""
    ours()
    reference()
    return Comparison(*zip(*[(wall_seconds(ours), wall_seconds(reference)) for _ in range(pairs)], strict=True))


def wall_seconds(function: Callable[[], None]) -> float:
    """Seconds on the wall of one call."""
    started = time.perf_counter()
    function()
    return time.perf_counter() - started
