"""What a network is like before it learns: how chaotic it is, what its eigenvalues are, and how wrong its answers."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import scipy  # imports scipy.linalg when it is used: planning does without

from richlazy.measures.base import (
    measure,
    recurrent_networks,
    single_channel_linear_networks,
    tanh_networks,
)

if TYPE_CHECKING:
    import torch

    from richlazy.measures.probed_network import ProbedNetwork
    from richlazy.models.rate_network import Dynamics

# Trials of the probe that a network gets one after another to find its Lyapunov exponent, and the share of their steps
# in which its state and the perturbation settle.
LYAPUNOV_TRIALS = 64
_SETTLING = 0.25
# An eigenvalue is an outlier beyond this multiple of the radius of the circular law. The largest of 100 to 300 random
# eigenvalues lies within a tenth of that radius.
OUTLIER = 1.2


def largest_lyapunov_exponent(recurrent: torch.Tensor, drive: torch.Tensor, dynamics: Dynamics) -> float:
    """Mean growth of the logarithm of a small perturbation in each step, along the response to an input.

    The perturbation follows the derivative of the dynamics and is brought back to length 1 after each step. It starts
    with equal entries, a direction that no order of units changes. The first quarter of the steps does not count.

    Args:
        recurrent: W_h, (N, N), double precision.
        drive: W_x x[t] at each step, (S, N), from the silent state on.
        dynamics: of networks whose nonlinearity stands inside the recurrence, or of linear ones.

    Returns:
        In nats per step: above 0 for chaos; nan where a perturbation is gone after one step.
    """
    import torch

    rho, size = dynamics.leak_factor, len(recurrent)
    state, perturbation = drive.new_zeros(size), drive.new_full((size,), size**-0.5)
    growth = []
    for current in drive:
        rates = dynamics.activate(state)
        # Columns: what units send, and how the perturbation changes it.
        received = recurrent @ torch.stack([rates, dynamics.derivative(rates) * perturbation], 1)
        state = rho * state + (1 - rho) * (received[:, 0] + current)
        perturbation = rho * perturbation + (1 - rho) * received[:, 1]
        length = float(perturbation.norm())
        if length == 0:
            return math.nan
        perturbation /= length
        growth.append(math.log(length))
    return float(np.mean(growth[int(_SETTLING * len(growth)) :]))


def outliers(weights: np.ndarray) -> int:
    """Eigenvalues of weights (N, N) far outside the circle |W|_F / sqrt(N) that holds those of a random matrix."""
    radius = np.linalg.norm(weights) / math.sqrt(len(weights))
    return int((np.abs(scipy.linalg.eigvals(weights)) > OUTLIER * radius).sum())


@measure(
    "lyapunov_exponent_initial",
    unit="nats per time step",
    meaning="largest Lyapunov exponent of the untrained network with the input of the task, trials one after another; "
    "null but for tanh units",
    label="largest Lyapunov\nexponent at start",
    defined_for=tanh_networks,
)
def lyapunov_exponent_before(network: ProbedNetwork) -> float:
    """Section 2 of Schuessler et al. 2020 names chaos; no paper measures it."""
    weights = network.before.weights.map(lambda matrix: matrix.double())
    trials = network.inputs[:, :LYAPUNOV_TRIALS].double().transpose(0, 1).flatten(0, 1)
    return largest_lyapunov_exponent(weights.recurrent, trials @ weights.input.T, network.dynamics)


@measure(
    "outlier_eigenvalues_initial",
    unit="eigenvalues",
    meaning="eigenvalues of the initial recurrent weights beyond 1.2 times the radius of the circular law, |W|_F / "
    "sqrt(N)",
    label="outlier eigenvalues\nat start",
    defined_for=recurrent_networks,
    invariant_to=("scale of weights",),
)
def outlier_eigenvalues_before(network: ProbedNetwork) -> float:
    """Section 3 of Liu et al. 2024, cell types and chain motifs; the bound is ours."""
    return outliers(network.before.structured)


@measure(
    "relative_loss_initial",
    unit="1",
    meaning="loss on the probe before training, over that of a network that answers 0",
    label="loss at start over\nthat of a silent\nnetwork",
)
def relative_loss_before(network: ProbedNetwork) -> float:
    """Section 2.3 of Liu et al. 2024, the initial error; nan where a silent network makes none."""
    silent = network.loss_when_silent
    return network.loss_before / silent if silent > 0 else math.nan


@measure(
    "amplification_initial",
    unit="1",
    meaning="|B'w| |Bm| / (|w| |m|), B = (I - W_0)^-1, with input and output weights m and w (Eqs. 11, 12); null but "
    "for linear networks of one input and output",
    label="amplification by\ninitial weights",
    defined_for=single_channel_linear_networks,
)
def amplification_before(network: ProbedNetwork) -> float:
    """Eqs. 11 and 12 of Schuessler et al. 2020: the norm of the first gradient over the target."""
    recurrent, drive, readout = (matrix.double().numpy() for matrix in network.before.weights)
    left = np.eye(len(recurrent)) - recurrent
    forward, backward = np.linalg.solve(left, drive), np.linalg.solve(left.T, readout.T)
    sizes = np.linalg.norm(drive) * np.linalg.norm(readout)
    return float(np.linalg.norm(forward) * np.linalg.norm(backward) / sizes)
