"""How fast and how smoothly a network learned, and what theory says of it (Schuessler et al. 2020).

The learning time of gradient descent is the learning rate times the number of updates, tau. What is measured here
follows from the parameters of a run and its loss curve. Theory (module ``linear_expansion``) speaks of linear networks
that learn to answer a constant input with a constant output by gradient descent on their recurrent weights alone.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from richlazy.measures.quantities import PREDICTED
from richlazy.theory import recurrent_expansion

_THEORY = "to first order; null but for linear networks that learn a step response"

# Measures of a run with unit and meaning; null where a network does not converge or theory is silent.
MEASURES: dict[str, str] = {
    "loss_curve_roughness": "rises between points of the loss curve, summed, over the first (Figure 1d-f)",
    "convergence_time": "learning rate times updates until convergence (tau*); null before it, and for adam",
    "convergence_time_predicted": f"convergence_time {_THEORY}",
    "rescaled_convergence_time": "convergence_time times beta^2, beta = 1 / (1 - g^2); likewise",
    "weight_change_norm_recurrent_predicted": f"weight_change_norm_recurrent {_THEORY}",
    "gradient_norm_recurrent": "mean Frobenius norm of the gradient until convergence, from the fall of the "
    "loss; likewise",
    "gradient_norm_recurrent_predicted": f"gradient_norm_recurrent {_THEORY}",
    "gradient_growth": "largest norm of the gradient over the first, from the fall of the loss; likewise",
    "loss_ratio_shuffled_initial_predicted": f"loss_ratio_shuffled_initial {_THEORY}",
    "prediction_error_shuffled_initial": "distance of loss_ratio_shuffled_initial from its prediction; likewise",
    "loss_deviation_first_order": "mean distance of the loss until convergence from its expansion to first order, over "
    "the loss of a silent network; likewise",
    "loss_deviation_third_order": "the same for its expansion to third order (Figure 3b, c); likewise",
    "leading_singular_value_deviation": "distance of leading_singular_value_change from its expansion to third order, "
    "over that, at the end of training (Figure 3d, e); likewise",
}


def predicted_targets(config: Mapping[str, Any], runs: Sequence[Mapping[str, Any]]) -> list[float | None]:
    """Target output of each run that the expansion is about, None for others."""
    return [_predicted_target(config, run) for run in runs]


def _predicted_target(config: Mapping[str, Any], run: Mapping[str, Any]) -> float | None:
    task = config["tasks"][run["task"]]
    expected = {
        "rectification": "none", "readout": "gaussian_directions", "trained": "recurrent",
        "optimiser": "gradient_descent", "momentum": 0.0,
    }  # fmt: skip
    expanded = (
        task.get("continuous") == "step_response"
        and all(run[name] == value for name, value in expected.items())
        and config["structures"][run["structure"]]["kind"] == "gaussian"
        and run["gain"] < 1
        and task["target_value"] > 0
    )
    return task["target_value"] if expanded else None


def measures(
    run: Mapping[str, Any], history: Mapping[str, Any], target: float | None, convergence_fraction: float
) -> dict[str, float]:
    """A value for each of ``MEASURES``, nan where it has no meaning.

    Args:
        run: parameters, ``convergence_iterations``, and other measures of the run.
        history: its loss curve, ``iterations`` and ``loss``.
        target: z* where the expansion is about the run, else None.
        convergence_fraction: share of the first loss at which a network has converged.
    """
    found = dict.fromkeys(MEASURES, float("nan")) | {"loss_curve_roughness": roughness(history["loss"])}
    updates = run.get("convergence_iterations")
    if updates is not None and run.get("optimiser", "gradient_descent") == "gradient_descent":
        found["convergence_time"] = run["learning_rate"] * updates
    if target is None:
        return found
    gain = run["gain"]
    found |= {
        "convergence_time_predicted": recurrent_expansion.convergence_time(gain, convergence_fraction),
        "rescaled_convergence_time": found["convergence_time"] * recurrent_expansion.amplification(gain) ** 2,
        "weight_change_norm_recurrent_predicted": recurrent_expansion.weight_change_norm(target, gain),
        "gradient_norm_recurrent_predicted": recurrent_expansion.gradient_norm(target, gain),
        "loss_ratio_shuffled_initial_predicted": recurrent_expansion.loss_ratio_shuffled(gain),
    }
    leading = run.get("leading_singular_value_change")
    if leading is not None:
        expected = predicted_movement([run["iterations"]], run, target)["leading_singular_value_change"][0]
        found["leading_singular_value_deviation"] = abs(leading - expected) / expected
    shuffled = run.get("loss_ratio_shuffled_initial")
    if shuffled is not None:
        found["prediction_error_shuffled_initial"] = abs(shuffled - found["loss_ratio_shuffled_initial_predicted"])
    return found | _measures_of_course(run, history, target)


def with_theory(
    rows: Sequence[Mapping[str, Any]], histories: Sequence[Mapping[str, Any]], theory: Mapping[str, Any]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Rows of a table of runs with ``MEASURES``, and histories with ``loss_predicted`` where it is known.

    Args:
        rows: what is known of each run.
        histories: history.json of each.
        theory: ``targets`` of them, as ``predicted_targets`` gives them, and ``convergence_fraction``.
    """
    known, fraction = theory["targets"], theory["convergence_fraction"]
    each = list(zip(rows, histories, known, strict=True))
    measured = [{**row, **measures(row, history, target, fraction)} for row, history, target in each]
    return measured, [_with_prediction(history, row, target) for row, history, target in each]


def with_predicted_movement(
    followed: Mapping[str, Mapping[str, Any]], runs: pd.DataFrame, targets: Sequence[float | None]
) -> dict[str, dict[str, Any]]:
    """What was followed of runs, with the expansion of each quantity that has one, its name ending in ``_predicted``.

    Args:
        followed: of some runs ``iterations`` and quantities, by run.
        runs: rows of a table of runs.
        targets: of each row, as ``predicted_targets`` gives them.
    """
    found = {run: dict(course) for run, course in followed.items()}
    for run, target in zip(runs.to_dict("records"), targets, strict=True):
        if target is not None and run["run"] in found:
            course = found[run["run"]]
            expected = predicted_movement(course["iterations"], run, target)
            course |= {name + PREDICTED: values.tolist() for name, values in expected.items() if name in course}
    return found


def predicted_movement(iterations: Sequence[int], run: Mapping[str, Any], target: float) -> dict[str, np.ndarray]:
    """Singular values of the change after some numbers of updates by the expansion to third order (Figure 3d, e)."""
    times = run["learning_rate"] * np.asarray(iterations, float)
    leading, second = recurrent_expansion.singular_values(times, target, run["gain"])
    return {"leading_singular_value_change": leading, "second_singular_value_change": second}


def roughness(losses: Sequence[float]) -> float:
    """Rises of a loss between points of its curve, summed, over the first: 0 where it only falls.

    The paper shows curves and calls those of strong initial connectivity smoother (section 2); this is a number for
    it. It is nan for a curve that is not finite.
    """
    curve = np.asarray(losses, float)
    if not (np.isfinite(curve).all() and curve[0] > 0):
        return float("nan")
    return float(np.maximum(np.diff(curve), 0).sum() / curve[0])


def learning_times(history: Mapping[str, Any], learning_rate: float) -> np.ndarray:
    """Learning time of each point of a loss curve, (points,).

    A point is the mean loss of the batches since the point before, each before its update.
    """
    ends = np.asarray(history["iterations"], float)
    starts = np.concatenate([[0.0], ends[:-1]])
    return learning_rate * (starts + ends - 1) / 2


def predicted_loss(history: Mapping[str, Any], run: Mapping[str, Any], target: float, order: int = 3) -> np.ndarray:
    """Loss at each point of a loss curve by the expansion, (points,)."""
    return recurrent_expansion.loss(learning_times(history, run["learning_rate"]), target, run["gain"], order)


def gradient_norms(history: Mapping[str, Any], learning_rate: float) -> np.ndarray:
    """Norm of the gradient between each two points of the loss curve of one batch, (points - 1,).

    Gradient flow loses the squared norm of its gradient per learning time, dL/dtau = -|dL/dW|². So the mean of the
    norm is that of sqrt(-dL/dtau), but for terms of the order of the learning rate; nan where the loss rises, as it
    does when updates are too large for the gradient.
    """
    falls = -np.diff(np.asarray(history["loss"], float)) / np.diff(learning_times(history, learning_rate))
    return np.sqrt(np.where(falls >= 0, falls, np.nan))


def _with_prediction(history: Mapping[str, Any], run: Mapping[str, Any], target: float | None) -> dict[str, Any]:
    if target is None:
        return dict(history)
    return {**history, "loss_predicted": predicted_loss(history, run, target).tolist()}


def _measures_of_course(run: Mapping[str, Any], history: Mapping[str, Any], target: float) -> dict[str, float]:
    """Measures of the loss curve of a run that the expansion is about; those until convergence are nan before it."""
    norms = gradient_norms(history, run["learning_rate"])
    known = norms[np.isfinite(norms)]
    found = {"gradient_growth": float(known.max() / known[0]) if len(known) and known[0] > 0 else float("nan")}
    updates = run.get("convergence_iterations")
    if updates is None:
        return found
    until = np.asarray(history["iterations"]) <= updates + 1  # a point is before its last update
    if until.sum() > 1:
        found["gradient_norm_recurrent"] = float(np.nanmean(norms[: until.sum() - 1]))
    loss = np.asarray(history["loss"], float)
    for order, name in ((1, "first"), (3, "third")):
        distance = np.abs(loss - predicted_loss(history, run, target, order))[until]
        found[f"loss_deviation_{name}_order"] = float(distance.mean() / (target**2 / 2))
    return found
