"""Fixed points of the dynamics after learning: where a network stays that gets no more input.

A state h stays where W_h tanh(h) = h, whatever the leak. A task with memory, such as the flip-flop of c channels, asks
for 2^c such states that are stable (Sussillo and Barak 2013); a channel without a pulse so far may have one more. The
number is that of states that were found, a lower bound.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from richlazy.measures.base import measure, tanh_networks

if TYPE_CHECKING:
    import torch

    from richlazy.measures.probed_network import ProbedNetwork
    from richlazy.models.rate_network import Dynamics

# States of the probe from which fixed points are sought, and steps without input in which they settle. Of 16 fixed
# points, each as likely, so many find all with a probability of 0.996.
STARTS, SETTLING = 128, 500
# Entries of a state that is near a fixed point move by less in a step, and those of a fixed point by less than rounding
# leaves; rates of two fixed points differ by more.
_SLOW, _STILL, _APART = 1e-2, 1e-9, 1e-3
_NEWTON_STEPS = 30


def last_states(rates: torch.Tensor) -> torch.Tensor:
    """States at the ends of trials, (``STARTS``, N), as many as there are: the last step of each, then the one before.

    Args:
        rates: of tanh units, (T, m, N).
    """
    largest = 1 - 1e-7  # what single precision rounds to 1 has a state too
    return rates.flip(0).flatten(0, 1)[:STARTS].double().clamp(-largest, largest).atanh()


def stable_fixed_points(
    recurrent: torch.Tensor, states: torch.Tensor, dynamics: Dynamics
) -> tuple[torch.Tensor, torch.Tensor]:
    """Stable fixed points to which a network of tanh units comes from some states without input.

    The states settle. Those that hardly move then, where q = |F(h) - h|^2 / 2 is small, are brought to a fixed point by
    Newton's method with the exact derivative W_h diag(1 - tanh(h)^2) - 1. Nothing is random.

    Args:
        recurrent: W_h, (N, N), double precision.
        states: from which they are sought, (S, N).
        dynamics: leak of the network.

    Returns:
        The points, each once, (K, N), and the modulus of the leading eigenvalue of the dynamics at each of them, (K,),
        below 1.
    """
    import torch

    rho = dynamics.leak_factor

    def velocity(state: torch.Tensor) -> torch.Tensor:
        return state.tanh() @ recurrent.T - state

    for _ in range(SETTLING):
        states = states + (1 - rho) * velocity(states)
    slow = (1 - rho) * velocity(states).abs().amax(1) < _SLOW
    points = _each_once(states[slow])
    own = torch.eye(len(recurrent), dtype=recurrent.dtype)
    for _ in range(_NEWTON_STEPS):
        if (velocity(points).abs() < _STILL).all():
            break
        derivative = recurrent * (1 - points.tanh().square())[:, None] - own
        # Singular ones give what is not finite, and no fixed point.
        points = points - torch.linalg.solve_ex(derivative, velocity(points))[0]
    points = _each_once(points[velocity(points).abs().amax(1) < _STILL])
    slopes = recurrent * (1 - points.tanh().square())[:, None]
    leading = torch.linalg.eigvals(rho * own + (1 - rho) * slopes).abs().amax(1)
    return points[leading < 1], leading[leading < 1]


def _each_once(states: torch.Tensor) -> torch.Tensor:
    """States whose rates differ, the first of each."""
    kept: list[int] = []
    rates = states.tanh()
    for place in range(len(states)):
        if all((rates[place] - rates[other]).abs().max() > _APART for other in kept):
            kept.append(place)
    return states[kept]


@measure(
    "stable_fixed_points",
    unit="points",
    meaning="stable fixed points of the trained network to which it comes without input from the ends of trials of the "
    "probe; null for units other than tanh",
    label="stable\nfixed points",
    defined_for=tanh_networks,
)
def stable_fixed_points_after(network: ProbedNetwork) -> float:
    """Sussillo and Barak 2013, without their slow points."""
    return len(network.fixed_point_eigenvalues)


@measure(
    "fixed_point_eigenvalue",
    unit="1 per step",
    meaning="modulus of the leading eigenvalue of the dynamics at these points, their mean: 1 for a memory that lasts; "
    "null without any",
    label="leading eigenvalue\nat stable points",
    defined_for=tanh_networks,
)
def fixed_point_eigenvalue(network: ProbedNetwork) -> float:
    """Of the derivative rho + (1 - rho) W_h diag(1 - tanh(h)^2) of a step."""
    eigenvalues = network.fixed_point_eigenvalues
    return float(eigenvalues.mean()) if len(eigenvalues) else math.nan
