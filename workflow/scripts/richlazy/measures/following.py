"""Quantities of a network at each of its snapshots in training."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
import scipy
import torch

from richlazy.measures import low_rank_change
from richlazy.measures.during_training import QUANTITIES, USUAL
from richlazy.measures.tangent_kernel import TangentKernel, tangent_kernel
from richlazy.measures.task_alignment import targets_of_kernel
from richlazy.models.rate_network import Dynamics, Weights
from richlazy.storage import array_io


@dataclass(frozen=True)
class KernelProbe:
    """Trials on which tangent kernels are measured.

    Attributes:
        inputs: trials (T, m, N_in).
        targets: classes (T, m), or numbers (T, m, N_out).
        dynamics: of the network.
        times: ``all`` outputs of a trial, or those at the ``last`` step.
    """

    inputs: torch.Tensor
    targets: torch.Tensor
    dynamics: Dynamics
    times: str = "all"

    @staticmethod
    def load(probe: str | Path, dynamics: Dynamics, kernel_trials: int, kernel_times: str) -> KernelProbe:
        """The first trials of a probe.npz."""
        trials = array_io.load_arrays(probe)
        inputs, targets = torch.from_numpy(trials["inputs"]), torch.from_numpy(trials["targets"])
        return KernelProbe(inputs[:, :kernel_trials], targets[:, :kernel_trials], dynamics, kernel_times)


@dataclass(frozen=True)
class Snapshot:
    """A network at one moment of its training.

    Attributes:
        weights: of the network.
        probe: on which its kernel is measured.
        earlier: the same network before training, None for that itself.
        values: of the quantities that were calculated.
    """

    weights: Weights
    probe: KernelProbe
    earlier: Snapshot | None = None
    values: dict[str, float] = field(default_factory=dict)

    @property
    def start(self) -> Snapshot:
        """The network before training."""
        return self if self.earlier is None else self.earlier

    @property
    def is_recurrent(self) -> bool:
        """Whether the network has recurrent weights."""
        return self.weights.is_recurrent

    @property
    def has_single_channels(self) -> bool:
        """Whether the network has one input and one output."""
        return self.weights.has_single_channels

    @cached_property
    def _kernels(self) -> TangentKernel:
        probe = self.probe
        return tangent_kernel(self.weights, probe.inputs, probe.dynamics, probe.times)

    @property
    def kernel(self) -> torch.Tensor:
        """Tangent kernel of all weights, (R, R)."""
        return self._kernels.all

    @property
    def kernel_recurrent(self) -> torch.Tensor:
        """Tangent kernel of the recurrent weights, (R, R)."""
        return self._kernels.recurrent

    @cached_property
    def kernel_targets(self) -> torch.Tensor:
        """Targets of the outputs of the kernel, (times, N_out, m)."""
        return targets_of_kernel(self.probe.targets, len(self.weights.readout), self.probe.times)

    @cached_property
    def singular_values(self) -> np.ndarray:
        """Of the change of the recurrent weights, descending; nan without recurrent weights or for lost networks."""
        change = low_rank_change.change(self.start.weights.recurrent, self.weights.recurrent)
        known = len(change) > 1 and np.isfinite(change).all()
        return scipy.linalg.svdvals(change) if known else np.full(2, np.nan)


def follow(
    snapshots: Sequence[tuple[int, Weights]], probe: KernelProbe, quantities: Collection[str] = USUAL
) -> dict[str, list[float]]:
    """Quantities of one network at each of its snapshots.

    Args:
        snapshots: iteration and weights, the first of them before training.
        probe: on which kernels are measured.
        quantities: some of ``during_training.QUANTITIES``; kernels are measured only where one of them needs them.

    Returns:
        ``iterations``, and a list of values for each of the quantities; singular values are nan for a network
        without recurrent weights.
    """
    chosen = {name: quantity for name, quantity in QUANTITIES.items() if name in quantities}
    found: dict[str, list[float]] = {"iterations": [iteration for iteration, _ in snapshots]}
    found |= {name: [] for name in chosen}
    start = Snapshot(snapshots[0][1], probe)
    for place, (_, weights) in enumerate(snapshots):
        snapshot = Snapshot(weights, probe, start) if place else start
        for name, quantity in chosen.items():
            found[name].append(quantity(snapshot))
    return found
