"""How far apart two networks end that differ in their seed alone: in dynamics, in weights and in what they answer.

Huang et al. 2025 call it the degeneracy of solutions. Networks of a condition are compared in disjoint pairs, each of
an even seed with the next one, on the probe of the first: seeds 0 and 1, 2 and 3, and so on. The value stands with the
first of them. All pairs would give a mean that is less noisy, but they share networks, and tests over seeds take their
values to be independent: ten networks give five values, and a pair is the same two seeds in every condition.
"""

from __future__ import annotations

import math
import sys
from typing import TYPE_CHECKING

from richlazy.measures.base import declared, measure

if TYPE_CHECKING:
    import numpy as np
    import torch

    from richlazy.measures.network_pair import NetworkPair, Solution

# Chosen on networks of 300 units on the three tasks of Liu et al., of seeds that no experiment has, and fixed: ten
# components hold 99 % of the activity, and a network has nearly the same spectrum on other trials, which is not so of
# 20. Delays add nothing, by Akaike's criterion, where all units are seen.
COMPONENTS = 10
# Of the ridge, as a share of the variance of the activity (Ostrow et al. 2023).
_RIDGE = 1e-8


def spectrum(rates: torch.Tensor, inputs: torch.Tensor, components: int = COMPONENTS) -> np.ndarray:
    """Eigenvalues, per step, of the linear operator that carries the activity of a network from step to step.

    Activity is reduced to its principal components z, and z[t+1] = A z[t] + B x[t+1] + c is fitted by ridge least
    squares over all trials and steps. It is the operator of dynamical similarity analysis (Ostrow et al. 2023), with
    inputs that are known (Proctor et al. 2016): without them, A would take over what inputs keep from step to step.

    Args:
        rates: (T, m, N), of at least two steps.
        inputs: (T, m, N_in).
        components: how many are kept; all of smaller networks.

    Returns:
        Eigenvalues of A, complex, (components,); nan where the activity does not vary.
    """
    import numpy as np
    import torch

    samples = rates.flatten(0, 1) - rates.mean((0, 1))
    kept, variance = min(components, samples.shape[-1]), samples.square().sum(-1).mean()
    if not variance > 0:
        return np.full(kept, np.nan, complex)
    covariance = samples.T @ samples / variance / len(samples)
    axes = torch.linalg.eigh(covariance).eigenvectors[:, -kept:]
    state = (samples @ axes / variance.sqrt()).unflatten(0, rates.shape[:2])
    now, then = torch.cat([state[:-1], inputs[1:]], -1).flatten(0, 1), state[1:].flatten(0, 1)
    now, then = now - now.mean(0), then - then.mean(0)
    ridge = _RIDGE * torch.eye(now.shape[-1], dtype=now.dtype)
    fitted = torch.linalg.solve(now.T @ now / len(now) + ridge, now.T @ then / len(now))
    return np.linalg.eigvals(fitted[:kept].numpy())


def spectral_distance(first: np.ndarray, second: np.ndarray) -> float:
    """Wasserstein distance of two sets of as many eigenvalues: their mean distance in the best matching."""
    import numpy as np
    from scipy.optimize import linear_sum_assignment

    distances = np.abs(first[:, None] - second)
    return float(distances[linear_sum_assignment(distances)].mean()) if np.isfinite(distances).all() else math.nan


def matched_units(first: torch.Tensor, second: torch.Tensor) -> np.ndarray:
    """For each unit of one network the unit of another that stands for it, (N,): the sum of correlations is largest.

    Correlations have their sign: a rectified unit is not its opposite.

    Args:
        first, second: what units receive on the same trials, (T, m, N).
    """
    import torch
    from scipy.optimize import linear_sum_assignment

    one, other = (
        torch.nn.functional.normalize(received.flatten(0, 1) - received.mean((0, 1)), dim=0)
        for received in (first, second)
    )
    return linear_sum_assignment((one.T @ other).numpy(), maximize=True)[1]


def matched_distance(first: torch.Tensor, second: torch.Tensor, units: np.ndarray) -> float:
    """|W_1 - P W_2 P'|_F / sqrt(|W_1|_F^2 + |W_2|_F^2), where P takes ``units`` of the second network for the first's.

    It is 0 for equal networks up to the order of units, 1 for weights that have nothing in common, and nan where all
    are 0.

    Args:
        first, second: recurrent weights, (N, N).
        units: as ``matched_units`` gives them.
    """
    norms = math.hypot(float(first.norm()), float(second.norm()))
    return float((first - second[units][:, units]).norm()) / norms if norms > 0 else math.nan


def answer_distance_of(first: torch.Tensor, second: torch.Tensor, has_classes: bool) -> float:
    """How much the answers of two networks differ.

    For classes the mean total variation of their probabilities, from 0 to 1: choices that are drawn from them differ at
    least so often. For numbers |y_1 - y_2|_F / sqrt(|y_1|_F^2 + |y_2|_F^2), nan where all are 0.

    Args:
        first, second: outputs, (samples, N_out).
        has_classes: whether they are logits of classes.
    """
    if has_classes:
        return float((first.softmax(-1) - second.softmax(-1)).abs().sum(-1).mean() / 2)
    norms = math.hypot(float(first.norm()), float(second.norm()))
    return float((first - second).norm()) / norms if norms > 0 else math.nan


def _dynamical(pair: tuple[Solution, Solution]) -> float:
    return spectral_distance(*(spectrum(one.rates, one.inputs) for one in pair))


def _of_weights(pair: tuple[Solution, Solution]) -> float:
    first, second = pair
    units = matched_units(first.received, second.received)
    return matched_distance(first.weights.recurrent, second.weights.recurrent, units)


@measure(
    "dynamical_distance_initial",
    unit="1 per step",
    meaning="distance to the network of the next seed before training: Wasserstein distance of the eigenvalues of the "
    "linear operators that carry ten principal components of their activity from step to step on the same trials; null "
    "for odd seeds, which are that network, and where one of the two diverged or learned nothing",
    label="dynamical distance\nof two seeds\nat start",
    stage="pair",
)
def dynamical_distance_before(pair: NetworkPair) -> float:
    """Ostrow et al. 2023, with a distance that needs no descent."""
    return _dynamical(pair.before)


@measure(
    "dynamical_distance",
    unit="1 per step",
    meaning="dynamical_distance_initial after training; null likewise",
    label="dynamical distance\nof two seeds",
    stage="pair",
)
def dynamical_distance_after(pair: NetworkPair) -> float:
    """Ostrow et al. 2023; Huang et al. 2025."""
    return _dynamical(pair.after)


@measure(
    "weight_distance_initial",
    unit="1",
    meaning="distance of the recurrent weights to those of the network of the next seed before training, over their "
    "joint norm, with units matched by what they receive on the same trials; null likewise",
    label="distance of weights\nof two seeds\nat start",
    stage="pair",
)
def weight_distance_before(pair: NetworkPair) -> float:
    """Huang et al. 2025, with a matching by activity."""
    return _of_weights(pair.before)


@measure(
    "weight_distance",
    unit="1",
    meaning="weight_distance_initial after training; null likewise",
    label="distance of weights\nof two seeds",
    stage="pair",
)
def weight_distance_after(pair: NetworkPair) -> float:
    """Huang et al. 2025, with a matching by activity."""
    return _of_weights(pair.after)


@measure(
    "answer_distance",
    unit="1",
    meaning="distance of what the network and that of the next seed answer on the same trials after training, where a "
    "decision is due: total variation of the probabilities of classes, or distance of numbers over their joint norm; "
    "null likewise",
    label="distance of answers\nof two seeds",
    stage="pair",
)
def answer_distance(pair: NetworkPair) -> float:
    """Huang et al. 2025, on trials of the task."""
    first, second = (one.answers[pair.decision] for one in pair.after)
    return answer_distance_of(first, second, pair.has_classes)


MEASURES = declared(sys.modules[__name__])


def measured(pair: NetworkPair) -> dict[str, float]:
    """A value for each of ``MEASURES``; all nan where weights or activity are not finite."""
    known = pair.is_finite
    return {name: one(pair) if known else math.nan for name, one in MEASURES.items()}
