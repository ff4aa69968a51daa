"""Training of rate networks, recurrent and feedforward, as jobs ask for it of every model."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch

from richlazy.models import rate_network
from richlazy.models.backpropagation import Backpropagation
from richlazy.models.base import Files, Matrices, Run
from richlazy.models.rate_network import Weights
from richlazy.storage import array_io
from richlazy.training import network_job


def initial_weights(runs: Sequence[Run], files: Files, settings: Mapping[str, Any]) -> list[Matrices]:
    """``recurrent`` (N, N), ``input`` (N, N_in) and ``readout`` (N_out, N) of each network before training, float32."""
    input_units = array_io.load_array(files["inputs"][0], mapped=True).shape[-1]
    outputs = array_io.load_json(files["description"][0])["outputs"]
    together = rate_network.initial_weights_of_runs(
        runs, files["structured"], _given_input_weights(runs, files), input_units, outputs
    )
    return [_matrices(together.of_network(place)) for place in range(len(runs))]


def train_networks(runs: Sequence[Run], files: Files, saved: Files, settings: Mapping[str, Any]) -> None:
    """Train networks and keep their weights and loss curves.

    Args:
        runs: parameters of each network, as ``network_job.train_files`` takes them.
        files: ``structured`` weights and ``inputs`` and ``targets`` of the batches of each network; ``input_weights``
            of each or none; ``description`` of the task, of one of them.
        saved: ``network`` and ``history`` of each network.
        settings: as ``network_job.train_files`` takes it.
    """
    read = (files[name] for name in ("structured", "inputs", "targets"))
    each = (*read, saved["network"], saved["history"], _given_input_weights(runs, files))
    of_networks = list(map(network_job.NetworkFiles, *each))
    network_job.train_files(of_networks, runs, files["description"][0], settings)


def gradients(run: Run, weights: Matrices, files: Files, settings: Mapping[str, Any]) -> tuple[float, Matrices]:
    """Loss of the first stored batch, and its gradient for each matrix, in the precision of ``weights``."""
    stacked = Weights(*(torch.from_numpy(weights[name])[None] for name in rate_network.MATRICES))
    inputs, targets = (
        torch.from_numpy(np.array(array_io.load_array(files[name][0], mapped=True)[:1]))
        for name in ("inputs", "targets")
    )
    _, steps, batch_size, _ = inputs.shape
    dynamics, how = rate_network.dynamics_of(run), (settings["loss_steps"], settings["loss"], run["trained"])
    pass_ = Backpropagation(stacked, steps, batch_size, dynamics, *how)
    pass_.load(inputs, targets)
    log_likelihoods = stacked.input.new_zeros(1, 1, pass_.loss_rows)
    pass_.forward(log_likelihoods)
    pass_.backward()
    gradient = stacked.map(torch.zeros_like)
    pass_.add_gradient(gradient, 1.0)
    return float(-log_likelihoods.mean()), _matrices(gradient.of_network(0))


def _given_input_weights(runs: Sequence[Run], files: Files) -> Sequence[str | None]:
    """File of each network with its initial input weights, None where its seed decides them."""
    return list(files["input_weights"]) or [None] * len(runs)


def _matrices(weights: Weights) -> Matrices:
    return {name: matrix.numpy() for name, matrix in zip(rate_network.MATRICES, weights, strict=True)}
