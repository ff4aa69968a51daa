"""Backpropagation with compiled passes: loss and gradient as ``models.backpropagation`` has them, on the CPU.

Trials lie along the contiguous axis, in groups. Rectified units that are silent in a group, about a third in the tasks
of Liu et al. 2024, are left out of all three products. The losses are PyTorch's, as there.
"""

import ctypes
from functools import partial

import torch
from torch.nn.functional import pad

from richlazy.compiled import library
from richlazy.models.backpropagation import Backpropagation, aligned_zeros
from richlazy.models.rate_network import RECTIFICATIONS, Dynamics, Weights

_COUNTS = (
    "size", "inputs", "outputs", "steps", "trials", "groups", "first_loss_step", "loss_rows", "rectification",
    "all_trained", "input_row", "input_column",
)  # fmt: skip
_ARRAYS = (
    "recurrent", "input", "readout", "batch", "states", "rates", "deltas", "outputs_or_errors", "errors", "active",
    "counts", "turned", "sums", "first_order", "second_order", "first_busy", "second_busy", "keys",
)  # fmt: skip


class Network(ctypes.Structure):
    """One network and its batch, as passes.c has it."""

    _fields_ = (
        *((name, ctypes.c_int64) for name in _COUNTS),
        ("leak_factor", ctypes.c_double),
        *((name, ctypes.c_void_p) for name in _ARRAYS),
    )


class CompiledBackpropagation(Backpropagation):
    """``Backpropagation`` by compiled passes: arguments and what they mean are the same, rounding is not.

    Attributes:
        inputs: the batch, (K, T, groups, N_in, trials of a group), 0 beyond the trials; set by ``load``.
        block_rates: of each network, (K, blocks, N, trials of a group); a block is a step with a group of trials.
        counts: units of each network that are not silent in a block, (K, blocks).

    Raises:
        ValueError: where the passes cannot be built, and for weights that are not on the CPU or whose rows are not
            contiguous.
    """

    def _allocate(self, steps: int, batch_size: int, dynamics: Dynamics) -> None:
        self.passes = library.passes()
        _check_rows(self.weights)
        weights, like = self.weights, self.weights.input
        if like.device.type != "cpu":
            raise ValueError("training.engine 'compiled' computes on the CPU alone; set training.engine to torch")
        if like.dtype not in (torch.float32, torch.float64):
            raise ValueError(f"compiled passes have single or double precision, not {like.dtype}")
        networks, size, input_units = like.shape
        outputs, group = weights.readout.shape[1], self.passes.group
        groups = -(-batch_size // group)
        blocks, zeros = steps * groups, partial(aligned_zeros, like)
        self.inputs = zeros(networks, steps, groups, input_units, group)
        rates, deltas = (zeros(networks, blocks, size, group) for _ in range(2))
        states = zeros(networks, blocks, size, group) if self.inside else rates
        self.block_rates = rates
        errors = zeros(networks, blocks, outputs, group)
        active = torch.zeros(networks, blocks, size, dtype=torch.int32)
        self.counts = torch.zeros(networks, blocks, dtype=torch.int32)
        # Networks take their turns, and what a gradient needs on its way is one for all.
        rows = max(size, outputs) + self.passes.spare_rows if blocks > self.passes.chunk else 0
        shared = (
            zeros(1, self.passes.chunk, group, self.passes.strip),
            zeros(1, rows, max(size, input_units) + self.passes.strip),
            *(torch.zeros(size, dtype=torch.int32) for _ in range(2)),
            *(torch.zeros(blocks, size, dtype=torch.uint8) for _ in range(2)),
            torch.zeros(size, dtype=torch.int64),
        )
        own = (*weights, self.inputs, states, rates, deltas, self.outputs, errors, active, self.counts)
        self.arrays = (*own, *shared)  # which live as long as the networks that point to them
        _, input_row, input_column = like.stride()
        self.networks = [
            Network(
                size, input_units, outputs, steps, batch_size, groups, self.first_loss_step, self.loss_rows,
                RECTIFICATIONS.index(dynamics.rectification), self.all_trained, input_row, input_column, self.rho,
                *(array[place].data_ptr() for array in own),
                *(array.data_ptr() for array in shared),
            )
            for place in range(networks)
        ]  # fmt: skip
        self.double = int(like.dtype == torch.float64)

    def arranged(self, inputs: torch.Tensor, targets: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Batches as ``load`` takes them, with any axes before, in the shapes of ``inputs`` and ``targets``."""
        group = self.passes.group
        trials = pad(inputs.transpose(-1, -2), (0, -inputs.shape[-2] % group)).unflatten(-1, (-1, group))
        return trials.transpose(-2, -3), self.loss.arranged(targets, self.first_loss_step)

    def forward(self, log_likelihoods: torch.Tensor) -> None:
        """Run the networks on the batch; write the log-likelihood of each target, (K, 1, loss rows)."""
        for network in self.networks:
            self.passes.forward(self.double, ctypes.addressof(network))
        self.loss.forward(self.outputs, log_likelihoods)

    def backward(self) -> None:
        """Propagate the errors of the last ``forward`` back through time."""
        self.loss.backward(self.errors)
        for network in self.networks:
            self.passes.backward(self.double, ctypes.addressof(network))

    def add_gradient(self, target: Weights, factor: float, keep: float = 1.0) -> None:
        """target <- keep * target + factor * dL/dW of the trained matrices."""
        if self.networks[0].steps == 1:
            target.recurrent.mul_(keep)  # nothing comes before the only step
        _check_rows(target, self.weights)
        for network, matrices in zip(self.networks, zip(*target, strict=True), strict=True):
            places = (matrix.data_ptr() for matrix in matrices)
            self.passes.gradient(self.double, ctypes.addressof(network), *places, factor / self.loss_rows, keep)


def _check_rows(weights: Weights, like: Weights | None = None) -> None:
    """ValueError where the passes would read or write beside a matrix."""
    for matrix in (weights.recurrent, weights.readout):
        if matrix.shape[-1] and matrix.stride()[1:] != (matrix.shape[-1], 1):
            raise ValueError("compiled passes need recurrent and readout weights with contiguous rows: see laid_out")
    if like is not None and weights.input.stride()[1:] != like.input.stride()[1:]:
        raise ValueError("the gradient of the input weights needs their layout: see laid_out")
