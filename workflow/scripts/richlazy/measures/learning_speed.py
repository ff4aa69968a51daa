"""How fast and how smoothly a network learned, and what theory says of it (Schuessler et al. 2020).

What is measured here follows from the parameters of a run and from what was recorded in training. Theory (module
``recurrent_expansion``) speaks of linear networks that learn to answer a constant input with a constant output by
gradient descent on their recurrent weights alone.
"""

import math

import numpy as np

from richlazy.measures import outcome
from richlazy.measures.base import expanded_runs, measure
from richlazy.measures.trained_run import TrainedRun, predicted_loss, predicted_movement, roughness
from richlazy.theory import recurrent_expansion

_THEORY = "to first order; null but for linear networks that learn a step response"


def _loss_deviation(run: TrainedRun, order: int) -> float:
    """Mean distance of the loss from its expansion, over the loss of a silent network; nan before convergence."""
    if run.updates is None:
        return math.nan
    predicted = predicted_loss(run.history, run.run, run.known_target, order)
    distance = np.abs(np.asarray(run.history["loss"], float) - predicted)[run.until_convergence]
    return float(distance.mean() / (run.known_target**2 / 2))


@measure(
    "loss_curve_roughness",
    unit="1",
    meaning="rises between points of the loss curve, summed, over the first (Figure 1d-f)",
    label="roughness of\nthe loss curve",
    stage="history",
)
def loss_curve_roughness(run: TrainedRun) -> float:
    """Figure 1d-f."""
    return roughness(run.history["loss"])


@measure(
    "convergence_time",
    unit="learning time",
    meaning="learning rate times updates until convergence (tau*); infinite where there was none or training "
    "diverged, null for adam",
    label="learning time to\nconvergence $\\tau^*$",
    stage="history",
    censored=True,
)
def convergence_time(run: TrainedRun) -> float:
    """Figure 4a."""
    if run.run.get("optimiser", "gradient_descent") != "gradient_descent":
        return math.nan
    return run.run["learning_rate"] * outcome.convergence_iterations(run)


@measure(
    "convergence_time_predicted",
    unit="learning time",
    meaning=f"convergence_time {_THEORY}",
    label="learning time to\nconvergence,\nby theory",
    stage="theory",
    defined_for=expanded_runs,
)
def convergence_time_predicted(run: TrainedRun) -> float:
    """Figure 4a."""
    return recurrent_expansion.convergence_time(run.run["gain"], run.convergence_fraction)


@measure(
    "rescaled_convergence_time",
    unit="learning time",
    meaning="convergence_time times beta^2, beta = 1 / (1 - g^2); infinite or null likewise",
    label="rescaled learning\ntime $\\beta^2\\tau^*$",
    stage="history",
    defined_for=expanded_runs,
    censored=True,
)
def rescaled_convergence_time(run: TrainedRun) -> float:
    """In units of the expansion, T."""
    return convergence_time(run) * recurrent_expansion.amplification(run.run["gain"]) ** 2


@measure(
    "weight_change_norm_recurrent_predicted",
    unit="unit of the weights",
    meaning=f"weight_change_norm_recurrent {_THEORY}",
    label="weight change\n$\\|\\Delta W_h\\|$,\nby theory",
    lazier=-1,
    stage="theory",
    defined_for=expanded_runs,
)
def weight_change_norm_recurrent_predicted(run: TrainedRun) -> float:
    """Figure 4b."""
    return recurrent_expansion.weight_change_norm(run.known_target, run.run["gain"])


@measure(
    "gradient_norm_recurrent",
    unit="unit of the weights per learning time",
    meaning="mean Frobenius norm of the gradient until convergence, from the fall of the loss; likewise",
    label="mean gradient\n$\\|dW_h/d\\tau\\|$",
    stage="history",
    defined_for=expanded_runs,
)
def gradient_norm_recurrent(run: TrainedRun) -> float:
    """Figure 4c; nan before convergence."""
    points = int(run.until_convergence.sum())
    return float(np.nanmean(run.gradient_norms[: points - 1])) if points > 1 else math.nan


@measure(
    "gradient_norm_recurrent_predicted",
    unit="unit of the weights per learning time",
    meaning=f"gradient_norm_recurrent {_THEORY}",
    label="mean gradient\n$\\|dW_h/d\\tau\\|$,\nby theory",
    stage="theory",
    defined_for=expanded_runs,
)
def gradient_norm_recurrent_predicted(run: TrainedRun) -> float:
    """Figure 4c."""
    return recurrent_expansion.gradient_norm(run.known_target, run.run["gain"])


@measure(
    "gradient_growth",
    unit="1",
    meaning="largest norm of the gradient over the first, from the fall of the loss; likewise",
    label="largest gradient\nover the first",
    stage="history",
    defined_for=expanded_runs,
)
def gradient_growth(run: TrainedRun) -> float:
    """No paper has it."""
    known = run.gradient_norms[np.isfinite(run.gradient_norms)]
    return float(known.max() / known[0]) if len(known) and known[0] > 0 else math.nan


@measure(
    "loss_ratio_shuffled_initial_predicted",
    unit="1",
    meaning=f"loss_ratio_shuffled_initial {_THEORY}",
    label="loss with start\nshuffled, over\nthat at start,\nby theory",
    stage="theory",
    defined_for=expanded_runs,
)
def loss_ratio_shuffled_initial_predicted(run: TrainedRun) -> float:
    """Figure 4d."""
    return recurrent_expansion.loss_ratio_shuffled(run.run["gain"])


@measure(
    "prediction_error_shuffled_initial",
    unit="1",
    meaning="distance of loss_ratio_shuffled_initial from its prediction; likewise",
    label="distance from\ntheory, start\nshuffled",
    stage="theory",
    defined_for=expanded_runs,
)
def prediction_error_shuffled_initial(run: TrainedRun) -> float:
    """Figure 4d."""
    shuffled = run.run.get("loss_ratio_shuffled_initial")
    return math.nan if shuffled is None else abs(shuffled - loss_ratio_shuffled_initial_predicted(run))


@measure(
    "loss_deviation_first_order",
    unit="1",
    meaning="mean distance of the loss until convergence from its expansion to first order, over "
    "the loss of a silent network; likewise",
    label="distance of loss\nfrom first order",
    stage="theory",
    defined_for=expanded_runs,
)
def loss_deviation_first_order(run: TrainedRun) -> float:
    """Figure 3b, c."""
    return _loss_deviation(run, 1)


@measure(
    "loss_deviation_third_order",
    unit="1",
    meaning="the same for its expansion to third order (Figure 3b, c); likewise",
    label="distance of loss\nfrom third order",
    stage="theory",
    defined_for=expanded_runs,
)
def loss_deviation_third_order(run: TrainedRun) -> float:
    """Figure 3b, c."""
    return _loss_deviation(run, 3)


@measure(
    "leading_singular_value_deviation",
    unit="1",
    meaning="distance of leading_singular_value_change from its expansion to third order, "
    "over that, at the end of training (Figure 3d, e); likewise",
    label="distance of leading\nsingular value from\nthird order",
    stage="theory",
    defined_for=expanded_runs,
)
def leading_singular_value_deviation(run: TrainedRun) -> float:
    """Figure 3d, e."""
    leading = run.run.get("leading_singular_value_change")
    if leading is None:
        return math.nan
    at_end = predicted_movement([run.run["iterations"]], run.run, run.known_target)
    expected = at_end["leading_singular_value_change"][0]
    return abs(leading - expected) / expected
