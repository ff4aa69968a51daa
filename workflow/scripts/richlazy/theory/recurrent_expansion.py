"""Learning of a linear recurrent network, expanded in learning time (Schuessler et al. 2020, section 3).

The network learns to answer a constant input with a target output z* at its fixed point, z = w' (I - W)^-1 m, by
gradient flow on its recurrent weights alone. m and w are independent directions of norm 1, W starts as g times a
Gaussian matrix of spectral radius 1, g < 1, and N is large. The learning time tau is the learning rate times the number
of updates. With beta = 1 / (1 - g²) and the rescaled time T = beta² tau, to third order,

    z   = z* (T - T²/2 + (1 + 8 z*² beta) T³/6)
    s_1 = z* / beta (T - T²/2 + (1 + 7/2 z*² beta) T³/6)
    s_2 = z*³ T³/12

with s_1 and s_2 the leading singular values of the change of W (Eqs. 7 to 15). The expansion holds
until z has reached z*, where learning ends.
"""

import functools
from typing import NamedTuple

import numpy as np
import scipy  # imports scipy.integrate when it is used

ORDERS = (1, 2, 3)


def amplification(gain: float) -> float:
    """beta = 1 / (1 - g²), by which initial weights of gain g amplify a random direction squared (Eq. 12).

    Raises:
        ValueError: for a gain of 1 or more, where the linear network is not stable.
    """
    if not 0 <= gain < 1:
        raise ValueError(f"a linear network of gain {gain:g} is not stable; take a gain below 1")
    return 1.0 / (1.0 - gain**2)


def output(learning_time: np.ndarray, target: float, gain: float, order: int = 3) -> np.ndarray:
    """Output z at some learning times, which stays where it first reaches the target (Eqs. 13 and 15).

    Args:
        learning_time: tau, ascending, (S,).
        target: z*, above 0.
        gain: g of the initial recurrent weights.
        order: highest power of the learning time that is taken along, 1 to 3.
    """
    time = _until_target(learning_time, target, gain, order)
    return target * _series(time, 8 * target**2 * amplification(gain), order)


def loss(learning_time: np.ndarray, target: float, gain: float, order: int = 3) -> np.ndarray:
    """Loss (z* - z)² / 2 at some learning times; arguments as those of ``output``."""
    return (target - output(learning_time, target, gain, order)) ** 2 / 2


def singular_values(
    learning_time: np.ndarray, target: float, gain: float, order: int = 3
) -> tuple[np.ndarray, np.ndarray]:
    """The two leading singular values of the change of the recurrent weights (Eq. 14); arguments as for ``output``.

    All others are 0 without initial weights, where the change has rank 2 at most (Eq. 9).
    """
    beta, time = amplification(gain), _until_target(learning_time, target, gain, order)
    leading = target / beta * _series(time, 3.5 * target**2 * beta, order)
    second = target**3 * time**3 / 12 if order == 3 else np.zeros_like(time)
    return leading, second


# Entries of A in the change [w m] A [w m]' of a network without initial weights (Eq. 9), its directions of norm 1: what
# goes from the input weights m to the readout weights w, back, and from each of them to itself.
IN_PLANE = ("change_input_to_output", "change_output_to_input", "change_output_to_output", "change_input_to_input")


def change_in_plane(learning_time: np.ndarray, target: float) -> dict[str, np.ndarray]:
    """Entries of A without initial weights, by ``IN_PLANE``, until the output reaches its target (Eq. 10)."""
    time = _until_target(learning_time, target, 0.0, order=3)
    diagonal = target**2 / 2 * (time**2 - time**3)
    across = target * (time - time**2 / 2 + time**3 / 6 * (1 + 2 * target**2))
    return dict(zip(IN_PLANE, (across, target**3 * time**3 / 3, diagonal, diagonal), strict=True))


class WholeCourse(NamedTuple):
    """Learning of a large network without initial weights, to all orders.

    Attributes:
        convergence_time: learning time until the loss is at a fraction of that at the start.
        weight_change_norm: Frobenius norm of the change when learning has ended.
        gradient_norm: mean Frobenius norm of the gradient until ``convergence_time``.
    """

    convergence_time: float
    weight_change_norm: float
    gradient_norm: float


@functools.cache
def without_initial_weights(target: float, loss_fraction: float) -> WholeCourse:
    """Gradient flow of Eq. 6 without initial weights, where the change has four entries (Eq. 9), integrated."""

    def flow(_: float, state: np.ndarray) -> np.ndarray:
        inverse = np.linalg.inv(np.eye(2) - state[:4].reshape(2, 2))
        gradient = (target - inverse[0, 1]) * np.outer(inverse[0], inverse[:, 1])
        return np.append(gradient, np.linalg.norm(gradient))

    def until_converged(_: float, state: np.ndarray) -> float:
        output = np.linalg.inv(np.eye(2) - state[:4].reshape(2, 2))[0, 1]
        return float((1 - output / target) ** 2 - loss_fraction)

    # The error falls at a rate of 1 or more: at time 30, nothing is left of it.
    solved = scipy.integrate.solve_ivp(flow, (0, 30), np.zeros(5), events=until_converged, rtol=1e-9, atol=1e-12)
    (time, *_), (state, *_) = solved.t_events[0], solved.y_events[0]
    return WholeCourse(float(time), float(np.linalg.norm(solved.y[:4, -1])), float(state[4] / time))


def _series(time: np.ndarray, correction: float, order: int) -> np.ndarray:
    """T - T²/2 + (1 + c) T³/6 up to some order."""
    terms = (time, -(time**2) / 2, (1 + correction) * time**3 / 6)
    return np.sum(terms[: ORDERS.index(order) + 1], axis=0)


def _until_target(learning_time: np.ndarray, target: float, gain: float, order: int) -> np.ndarray:
    """Rescaled times, none beyond the first at which the output is at its target."""
    beta = amplification(gain)
    ends = _first_time_at_target(8 * target**2 * beta, order)
    return np.minimum(beta**2 * np.asarray(learning_time, float), ends)


def _first_time_at_target(correction: float, order: int) -> float:
    """Rescaled time at which the output first is its target, infinite where it never is (second order)."""
    coefficients = [(1 + correction) / 6, -0.5, 1.0][3 - order :]
    roots = np.roots([*coefficients, -1.0])
    real = roots.real[(np.abs(roots.imag) < 1e-9) & (roots.real > 0)]
    return float(real.min(initial=np.inf))


def convergence_time(gain: float, loss_fraction: float = 0.0) -> float:
    """Learning time in which the loss falls to a fraction of that at the start, to first order (Figure 4a).

    The output is at its target, and the fraction 0, at 1/beta², from where the paper takes how this time scales.
    """
    return (1 - loss_fraction**0.5) * amplification(gain) ** -2


def weight_change_norm(target: float, gain: float) -> float:
    """Frobenius norm of the change of the recurrent weights at the target, z*/beta, to first order (Figure 4b)."""
    return target / amplification(gain)


def gradient_norm(target: float, gain: float) -> float:
    """Frobenius norm of the gradient at the start, z* beta, constant to first order (Eq. 11, Figure 4c)."""
    return target * amplification(gain)


def loss_ratio_shuffled(gain: float) -> float:
    """Loss of a trained network after shuffling its initial weights over the initial one, g⁴ (2 - g²)² (Figure 4d)."""
    return gain**4 * (2 - gain**2) ** 2
