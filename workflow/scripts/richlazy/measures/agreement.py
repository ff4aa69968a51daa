"""How far learning in a linear network agrees with its expansion in learning time (Schuessler et al. 2020, section 3).

Two kinds of numbers. Shares of learning: in what part of the updates until convergence a quantity that was followed is
within a tenth of its expansion. Errors of collapse: how far a quantity, over its value without initial weights as the
paper draws it in Figure 4, is from the scaling that first order predicts, over that prediction. The value without
initial weights is that of large networks, which follows from theory (``recurrent_expansion.without_initial_weights``).
"""

import math

import numpy as np

from richlazy.measures import learning_speed
from richlazy.measures.base import expanded_runs, measure
from richlazy.measures.trained_run import TrainedRun, predicted_movement
from richlazy.theory import recurrent_expansion

# A quantity agrees with its expansion within this share of it.
TOLERANCE = 0.1
_LIKEWISE = "null but for linear networks that learn a step response, and unless followed until convergence"
_COLLAPSE = "over its value at gain 0 in large networks, from the scaling of first order"


def _share_of_learning(run: TrainedRun, names: tuple[str, ...]) -> float:
    """Share of the updates until convergence in which followed quantities are within a tenth of their expansion.

    Several are compared by the norm of their differences. The deviation is known where the network was followed, is 0
    at the start, where expansions are exact, and is taken along straight lines between.
    """
    at = [int(iteration) for iteration in run.followed.get("iterations", [])]
    updates = math.inf if run.updates is None else run.updates
    expected = predicted_movement(at, run.run, run.known_target)
    if not all(name in run.followed and name in expected for name in names) or not (at and updates <= at[-1]):
        return math.nan
    values, theory = (np.array([of[name] for name in names], float)[:, 1:] for of in (run.followed, expected))
    deviations = np.linalg.norm(values - theory, axis=0) / np.linalg.norm(theory, axis=0)
    each_update = np.interp(np.arange(1, updates + 1), at, [0.0, *deviations])
    return float((each_update <= TOLERANCE).mean())


@measure(
    "leading_singular_value_agreement",
    unit="share of updates",
    meaning="share of the updates until convergence in which the leading singular value of the change is within a "
    f"tenth of its expansion to third order; {_LIKEWISE}",
    label="share of learning\nin agreement,\nleading singular value",
    stage="theory",
    defined_for=expanded_runs,
)
def leading_singular_value_agreement(run: TrainedRun) -> float:
    """Figure 3d, e and Eq. 14."""
    return _share_of_learning(run, ("leading_singular_value_change",))


@measure(
    "second_singular_value_agreement",
    unit="share of updates",
    meaning="the same for the second singular value; likewise",
    label="share of learning\nin agreement,\nsecond singular value",
    stage="theory",
    defined_for=expanded_runs,
)
def second_singular_value_agreement(run: TrainedRun) -> float:
    """Figure 3d, e and Eq. 14."""
    return _share_of_learning(run, ("second_singular_value_change",))


@measure(
    "change_in_plane_agreement",
    unit="share of updates",
    meaning="the same for the change in the plane of input and output weights, A of Eq. 10; null but at gain 0, and "
    "likewise",
    label="share of learning\nin agreement,\nEq. 10",
    stage="theory",
    defined_for=expanded_runs,
)
def change_in_plane_agreement(run: TrainedRun) -> float:
    """Eq. 10."""
    return _share_of_learning(run, recurrent_expansion.IN_PLANE)


@measure(
    "second_singular_value_order",
    unit="1",
    meaning="power of the learning time with which the second singular value of the change grows between the first two "
    "snapshots after the start; null unless followed, and likewise",
    label="order of growth of\nthe second\nsingular value",
    stage="theory",
    defined_for=expanded_runs,
)
def second_singular_value_order(run: TrainedRun) -> float:
    """Eq. 14, which says 3."""
    values = np.asarray(run.followed.get("second_singular_value_change", []), float)[1:3]
    if len(values) < 2 or not (values > 0).all():
        return math.nan
    return float(np.log(values[1] / values[0]) / np.log(run.followed["iterations"][2] / run.followed["iterations"][1]))


def _collapse_error(value: float | None, without: float, scaling: float) -> float:
    return math.nan if value is None else abs(value / without / scaling - 1)


@measure(
    "convergence_time_collapse_error",
    unit="1",
    meaning=f"relative distance of convergence_time {_COLLAPSE}, (1 - g^2)^2; infinite where there "
    "was no convergence, null but for linear networks that learn a step response",
    label="distance of\nlearning time\nfrom $(1-g^2)^2$",
    stage="theory",
    defined_for=expanded_runs,
    censored=True,
)
def convergence_time_collapse_error(run: TrainedRun) -> float:
    """Figure 4a."""
    without = recurrent_expansion.without_initial_weights(run.known_target, run.convergence_fraction)
    scaling = recurrent_expansion.amplification(run.run["gain"]) ** -2
    return _collapse_error(learning_speed.convergence_time(run), without.convergence_time, scaling)


@measure(
    "weight_change_collapse_error",
    unit="1",
    meaning=f"relative distance of weight_change_norm_recurrent {_COLLAPSE}, 1 - g^2; likewise",
    label="distance of\nweight change\nfrom $1-g^2$",
    stage="theory",
    defined_for=expanded_runs,
)
def weight_change_collapse_error(run: TrainedRun) -> float:
    """Figure 4b."""
    without = recurrent_expansion.without_initial_weights(run.known_target, run.convergence_fraction)
    scaling = recurrent_expansion.amplification(run.run["gain"]) ** -1
    return _collapse_error(run.run.get("weight_change_norm_recurrent"), without.weight_change_norm, scaling)


@measure(
    "gradient_collapse_error",
    unit="1",
    meaning=f"relative distance of gradient_norm_recurrent {_COLLAPSE}, 1 / (1 - g^2); likewise",
    label="distance of\ngradient from\n$1/(1-g^2)$",
    stage="theory",
    defined_for=expanded_runs,
)
def gradient_collapse_error(run: TrainedRun) -> float:
    """Figure 4c."""
    without = recurrent_expansion.without_initial_weights(run.known_target, run.convergence_fraction)
    scaling = recurrent_expansion.amplification(run.run["gain"])
    return _collapse_error(learning_speed.gradient_norm_recurrent(run), without.gradient_norm, scaling)


@measure(
    "amplification_error",
    unit="1",
    meaning="relative distance of amplification_initial from 1 / (1 - g^2); likewise",
    label="distance of the\namplification\nfrom $1/(1-g^2)$",
    stage="theory",
    defined_for=expanded_runs,
)
def amplification_error(run: TrainedRun) -> float:
    """Eq. 12."""
    measured = run.run.get("amplification_initial")
    return _collapse_error(measured, 1.0, recurrent_expansion.amplification(run.run["gain"]))
