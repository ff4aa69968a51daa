"""The recurrent network: its weights, its dynamics, and its response to a set of trials.

States are (time, batch, unit); ``W[i, j]`` is the weight from j to i. With f the rectifier and rho the
leak factor, time 0 being the silent state before the first input:

    inside:     h[t] = rho h[t-1] + (1 - rho) (W_h f(h[t-1]) + W_x x[t]),   r[t] = f(h[t])    (Liu et al. 2024, Eq. 1)
    after_leak: r[t] = f(rho r[t-1] + (1 - rho) (W_h r[t-1] + W_x x[t]))                      (the authors' script)
    none:       h[t] = rho h[t-1] + (1 - rho) (W_h h[t-1] + W_x x[t]),      r[t] = h[t]       (linear units)
    tanh:       as inside with f the hyperbolic tangent                       (Schuessler et al. 2020, Eqs. 2 and 3)

and the output is w r[t] (Eq. 2). The first two agree when rho is 0. The first step takes no product with W_h, since
nothing comes before it: networks of a single step, f(W_x x), may have empty recurrent weights (0, 0).
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import torch

from richlazy.storage import array_io
from richlazy.storage.seeds import generator

# Of a network file, in the order of ``Weights``.
MATRICES = ("recurrent", "input", "readout")
LEAKS = ("euler", "exponential")
RECTIFICATIONS = ("after_leak", "inside", "none", "tanh")


@dataclass(frozen=True)
class Dynamics:
    """How a state follows from the one before.

    Attributes:
        leak_factor: rho, the share of the old state that stays after one step.
        rectification: ``after_leak``, ``inside``, ``tanh``, or ``none`` for linear units (module docstring).
    """

    leak_factor: float
    rectification: str = "after_leak"

    @property
    def inside(self) -> bool:
        """Whether the nonlinearity stands inside the recurrence and the leak outside it."""
        return self.rectification in ("inside", "tanh")

    @property
    def linear(self) -> bool:
        """Whether there is no nonlinearity at all."""
        return self.rectification == "none"

    def activate(self, state: torch.Tensor) -> torch.Tensor:
        """Rates of a state, or (``after_leak``) of what the rectifier gets; a linear state itself."""
        if self.linear:
            return state
        return state.tanh() if self.rectification == "tanh" else state.relu()

    def derivative(self, rates: torch.Tensor) -> torch.Tensor:
        """Derivative of the nonlinearity where it gives these rates."""
        if self.linear:
            return torch.ones_like(rates)
        return 1 - rates.square() if self.rectification == "tanh" else (rates > 0).to(rates.dtype)


def dynamics_of(run: Mapping[str, Any]) -> Dynamics:
    """Dynamics of the network of a run; without a leak nothing stays of an old state."""
    if run["leak"] is None:
        return Dynamics(0.0, run["rectification"])
    return Dynamics(leak_factor(run["leak"], run["time_step_ms"], run["time_constant_ms"]), run["rectification"])


def leak_factor(leak: str, time_step_ms: float, time_constant_ms: float) -> float:
    """Share rho of the old state that stays: 1 - dt/tau (``euler``) or exp(-dt/tau) (``exponential``, Eq. 1)."""
    ratio = time_step_ms / time_constant_ms
    if leak == "euler":
        return 1.0 - ratio
    if leak == "exponential":
        return math.exp(-ratio)
    raise ValueError(f"unknown leak {leak!r}; choose one of {', '.join(LEAKS)}")


@dataclass(frozen=True)
class Weights:
    """Weights of one or several networks, each with an optional leading network axis.

    Attributes:
        recurrent: W_h, (N, N), or (0, 0) in networks of a single step.
        input: W_x, (N, N_in).
        readout: w, (N_out, N).
    """

    recurrent: torch.Tensor
    input: torch.Tensor
    readout: torch.Tensor

    @property
    def is_recurrent(self) -> bool:
        """Whether there are recurrent weights."""
        return bool(self.recurrent.numel())

    @property
    def has_single_channels(self) -> bool:
        """Whether one network has one input and one output."""
        return self.input.shape[-1] == len(self.readout) == 1

    def map(self, function) -> "Weights":
        """The same function of each of the three matrices."""
        return Weights(function(self.recurrent), function(self.input), function(self.readout))

    def __iter__(self):
        return iter((self.recurrent, self.input, self.readout))

    @staticmethod
    def stacked(networks: Iterable["Weights"]) -> "Weights":
        """Weights of several networks with a leading network axis."""
        return Weights(*(torch.stack(matrices) for matrices in zip(*networks, strict=True)))

    def of_network(self, network: int) -> "Weights":
        """Weights of one network, by its place on the network axis."""
        return self.map(lambda matrix: matrix[network])


def linear_layer_weights(outputs: int, inputs: int, rng: np.random.Generator) -> np.ndarray:
    """Entries U(-1/√inputs, 1/√inputs), shape (outputs, inputs): PyTorch's default linear layer, as in C.1."""
    bound = 1.0 / math.sqrt(inputs)
    return rng.uniform(-bound, bound, (outputs, inputs))


def gaussian_directions(count: int, size: int, norm: float, rng: np.random.Generator) -> np.ndarray:
    """Vectors of random direction and equal norm, (count, size): input and readout of Schuessler et al. 2020."""
    drawn = rng.standard_normal((count, size))
    return drawn * (norm / np.linalg.norm(drawn, axis=1, keepdims=True))


def initial_weights(
    recurrent: np.ndarray,
    input_units: int,
    outputs: int,
    seed: int,
    input_weights: np.ndarray | None = None,
    readout: str = "linear_layer",
) -> Weights:
    """Weights of a network before training, float32.

    Input and readout weights are those of the seed, unless input weights (N, N_in) are given: entries of PyTorch's
    linear layer (C.1), or ``gaussian_directions``, in which each input has weights of norm √N and each output of 1/√N
    (Schuessler et al. 2020, section 2), or ``aligned_directions``: such inputs, and each output along the input of its
    place (their cosine task).

    Raises:
        ValueError: for aligned directions of another number of outputs than inputs, and for another readout.
    """
    size, of_input, of_readout = len(recurrent), generator(seed, "input_weights"), generator(seed, "readout_weights")
    if readout == "gaussian_directions":
        drawn = gaussian_directions(input_units, size, math.sqrt(size), of_input).T
        readout_weights = gaussian_directions(outputs, size, 1 / math.sqrt(size), of_readout)
    elif readout == "aligned_directions":
        if outputs != input_units:
            raise ValueError(f"aligned_directions need as many outputs as inputs, not {outputs} and {input_units}")
        drawn = gaussian_directions(input_units, size, math.sqrt(size), of_input).T
        readout_weights = drawn.T / size
    elif readout == "linear_layer":
        drawn = linear_layer_weights(size, input_units, of_input)
        readout_weights = linear_layer_weights(outputs, size, of_readout)
    else:
        raise ValueError(f"recurrent networks have no readout {readout!r}")
    matrices = (recurrent, drawn if input_weights is None else input_weights, readout_weights)
    return Weights(*(torch.from_numpy(matrix.astype(np.float32)) for matrix in matrices))


# How the readout weights can start: those of a feedforward network with the first three, those of a recurrent one, with
# its input weights, with the first or the last two.
READOUTS = ("linear_layer", "normal", "equal_norm", "gaussian_directions", "aligned_directions")


def initial_feedforward_weights(first_layer: np.ndarray, outputs: int, readout: str, seed: int) -> Weights:
    """Weights of a two-layer network before training, float32, without recurrent weights (shape (0, 0)).

    Args:
        first_layer: (N, N_in).
        outputs: N_out.
        readout: ``linear_layer`` as in recurrent networks; ``normal``: Gaussian entries of the same scale as those of
            the first layer (the simulations of Liu et al. 2024, C.2); ``equal_norm``: Gaussian, with the Frobenius
            norm of the first layer (the setting of Theorem 1, appendix B.1).
        seed: of the run.

    Raises:
        ValueError: for another readout.
    """
    size, rng = len(first_layer), generator(seed, "readout_weights")
    norm = float(np.linalg.norm(first_layer))
    if readout == "linear_layer":
        readout_weights = linear_layer_weights(outputs, size, rng)
    elif readout == "normal":
        readout_weights = rng.standard_normal((outputs, size)) * (norm / math.sqrt(first_layer.size))
    elif readout == "equal_norm":
        drawn = rng.standard_normal((outputs, size))
        readout_weights = drawn * (norm / np.linalg.norm(drawn))
    else:
        raise ValueError(f"unknown readout {readout!r}; choose one of {', '.join(READOUTS)}")
    matrices = (np.zeros((0, 0)), first_layer, readout_weights)
    return Weights(*(torch.from_numpy(matrix.astype(np.float32)) for matrix in matrices))


def initial_weights_of_runs(
    runs: Sequence[Mapping[str, Any]],
    structured: Sequence[str | Path],
    input_weights: Sequence[str | Path | None],
    input_units: int,
    outputs: int,
) -> Weights:
    """Weights of the networks of runs before training, with a leading network axis.

    Args:
        runs: with architecture, readout and seed.
        structured: file of each with the weights that have the structure: recurrent ones (N, N), or a first layer
            (N, N_in).
        input_weights: file of each with input weights (N, N_in), None where its seed decides these.
        input_units, outputs: N_in and N_out.
    """

    def initial(run: Mapping[str, Any], matrix: str | Path, given: str | Path | None) -> Weights:
        weights = array_io.load_array(matrix)
        if run["architecture"] == "feedforward":
            return initial_feedforward_weights(weights, outputs, run["readout"], run["seed"])
        chosen = None if given is None else array_io.load_array(given)
        return initial_weights(weights, input_units, outputs, run["seed"], chosen, run["readout"])

    return Weights.stacked(map(initial, runs, structured, input_weights))


def respond(weights: Weights, inputs: torch.Tensor, dynamics: Dynamics) -> tuple[torch.Tensor, torch.Tensor]:
    """Rates, and derivatives of the nonlinearity, on a set of trials.

    Args:
        weights: of one network, or of K networks.
        inputs: (T, m, N_in); for K networks (K, T, m, N_in), each with trials of its own.
        dynamics: leak and place of the rectifier.

    Returns:
        rates r, (T, m, N), and the derivative of the nonlinearity at each step, (T, m, N): of the rectifier 0 or 1, of
        linear units 1; with the network axis where the weights have one.
    """
    if weights.recurrent.dim() == 2:
        rates, slopes = respond(weights.map(lambda matrix: matrix[None]), inputs[None], dynamics)
        return rates[0], slopes[0]
    rho = dynamics.leak_factor
    _, steps, trials, _ = inputs.shape
    drive = torch.bmm(inputs.flatten(1, 2), weights.input.mT).mul_(1.0 - rho).unflatten(1, (steps, trials))
    rates = torch.empty_like(drive)
    recurrent = weights.recurrent.mT * (1.0 - rho)
    state = rate = torch.zeros_like(drive[:, 0])
    for time in range(steps):
        if time:
            state = torch.baddbmm(drive[:, time], rate, recurrent).add_(state, alpha=rho)
        else:
            state = drive[:, 0] + rho * state
        rate = rates[:, time] = dynamics.activate(state)
        if not dynamics.inside:
            state = rate
    return rates, dynamics.derivative(rates)


def save_network(
    path: str | Path, initial: Weights, final: Weights, kept: Mapping[str, np.ndarray] = MappingProxyType({})
) -> None:
    """Write initial and final weights as float32 to ``network.npz``, atomically, and what is ``kept`` beside them.

    Keys: ``recurrent_initial``, ``recurrent`` (N, N), or (0, 0) in a feedforward network; ``input_initial``,
    ``input`` (N, N_in); ``readout_initial``, ``readout`` (N_out, N).
    """
    arrays = {}
    for name in MATRICES:
        arrays[f"{name}_initial"] = getattr(initial, name).numpy().astype(np.float32)
        arrays[name] = getattr(final, name).numpy().astype(np.float32)
    array_io.save_arrays(path, **arrays, **kept)


def load_network(path: str | Path) -> tuple[Weights, Weights]:
    """Initial and final weights of a ``network.npz``."""
    arrays = array_io.load_arrays(path)
    initial = Weights(*(torch.from_numpy(arrays[f"{name}_initial"]) for name in MATRICES))
    final = Weights(*(torch.from_numpy(arrays[name]) for name in MATRICES))
    return initial, final
