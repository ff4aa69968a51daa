"""The geometry of a network's activity before and after learning: its dimension, and where the readout looks at it.

Activity is taken over all trials and steps of the probe, as samples X (T m, N) about their mean.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from richlazy.measures.base import measure

if TYPE_CHECKING:
    import torch

    from richlazy.measures.probed_network import Moment, ProbedNetwork


def centred(rates: torch.Tensor) -> torch.Tensor:
    """Rates (..., N) as samples (samples, N) about their mean, in double precision."""
    samples = rates.flatten(0, -2).double()
    return samples - samples.mean(0)


def participation_ratio(vectors: torch.Tensor) -> float:
    """|X|_F^4 / |X'X|_F^2 of X (samples, N), from 1 for a line to N for a ball; nan where all are 0.

    For centred samples it is (sum lambda)^2 / sum lambda^2 of the eigenvalues of their covariance.
    """
    squares = float((vectors.T @ vectors).square().sum())
    return float(vectors.square().sum()) ** 2 / squares if squares > 0 else math.nan


def centred_alignment(first: torch.Tensor, second: torch.Tensor) -> float:
    """Linear centred kernel alignment |X'Y|_F^2 / (|X'X|_F |Y'Y|_F) of centred samples X, Y (samples, N), in [0, 1].

    It is nan where one of them does not vary.
    """
    norms = float((first.T @ first).norm() * (second.T @ second).norm())
    return float((first.T @ second).square().sum()) / norms if norms > 0 else math.nan


def readout_alignment(activity: torch.Tensor, readout: torch.Tensor) -> float:
    """How much of the activity the readout looks at, for its dimension (Schuessler et al. 2024): aligned or oblique.

    |X w'|_F / sqrt(|X'X|_F |w'w|_F), times max(q, 1/q) with q^4 the ratio of the participation ratios of X and w. It is
    1 where activity lies along one readout, and where it fills all directions evenly; near 0 where the readout sees a
    small part of activity that is large elsewhere.

    Args:
        activity: centred samples X, (samples, N).
        readout: w, (N_out, N).
    """
    weights = readout.double()
    norms = float((activity.T @ activity).norm() * (weights.T @ weights).norm())
    if norms == 0:
        return math.nan
    ratio = (participation_ratio(activity) / participation_ratio(weights)) ** 0.25
    return float((activity @ weights.T).norm()) / math.sqrt(norms) * max(ratio, 1 / ratio)


def _alignment_of(moment: Moment) -> float:
    return readout_alignment(centred(moment.rates), moment.weights.readout)


@measure(
    "participation_ratio_initial",
    unit="dimensions",
    meaning="participation ratio of the activity on the probe before training, over trials and steps",
    label="dimension of\nactivity at start",
    invariant_to=("order of units",),
)
def participation_ratio_before(network: ProbedNetwork) -> float:
    """No paper here has it; Gao et al. 2017 call it dimension."""
    return participation_ratio(centred(network.before.rates))


@measure(
    "participation_ratio",
    unit="dimensions",
    meaning="participation ratio of the activity on the probe after training, likewise",
    label="dimension\nof activity",
    invariant_to=("order of units",),
)
def participation_ratio_after(network: ProbedNetwork) -> float:
    """No paper here has it; Gao et al. 2017 call it dimension."""
    return participation_ratio(centred(network.after.rates))


@measure(
    "centred_representation_alignment",
    unit="1",
    meaning="linear centred kernel alignment of the activity at the last step before and after; as "
    "representation_alignment, but without what all trials share",
    label="representation\nalignment,\ncentred",
    lazier=1,
    invariant_to=("order of units",),
)
def centred_representation_alignment(network: ProbedNetwork) -> float:
    """Kornblith et al. 2019; where there is a single trial, of its time points, as Eq. 5 of Liu et al. 2024 is."""
    first, second = (
        centred(rates[-1] if rates.shape[1] > 1 else rates) for rates in (network.before.rates, network.after.rates)
    )
    return centred_alignment(first, second)


@measure(
    "readout_alignment_initial",
    unit="1",
    meaning="alignment of activity and readout before training, for their dimensions (Schuessler et al. 2024)",
    label="alignment with\nthe readout\nat start",
)
def readout_alignment_before(network: ProbedNetwork) -> float:
    """Schuessler et al. 2024, aligned and oblique dynamics."""
    return _alignment_of(network.before)


@measure(
    "readout_alignment",
    unit="1",
    meaning="alignment of activity and readout after training, likewise",
    label="alignment with\nthe readout",
    invariant_to=("order of units",),
)
def readout_alignment_after(network: ProbedNetwork) -> float:
    """Schuessler et al. 2024, aligned and oblique dynamics."""
    return _alignment_of(network.after)
