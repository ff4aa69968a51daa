"""What theory says of runs and of what was followed of them, beside what was measured (module ``learning_speed``)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from richlazy.measures import after_training
from richlazy.measures.base import PREDICTED
from richlazy.measures.trained_run import TrainedRun, predicted_loss, predicted_movement

if TYPE_CHECKING:
    import pandas as pd


def with_theory(
    rows: Sequence[Mapping[str, Any]],
    histories: Sequence[Mapping[str, Any]],
    followed: Sequence[Mapping[str, Any]],
    theory: Mapping[str, Any],
    crossings: Sequence[Mapping[str, Any] | None] | None = None,
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Rows of a table of runs with all measures, and histories with ``loss_predicted`` where it is known.

    Args:
        rows: what is known of each run.
        histories: history.json of each.
        followed: what was followed of each in training, empty for most.
        theory: ``targets`` of them, as ``expansions.predicted_targets`` gives them, and ``convergence_fraction``.
        crossings: of each what was measured at levels of its loss, None where that was not asked for.
    """
    fraction = theory["convergence_fraction"]
    each = zip(rows, histories, theory["targets"], followed, crossings or [None] * len(rows), strict=True)
    runs = [
        TrainedRun(row, history, target, fraction, course, crossed) for row, history, target, course, crossed in each
    ]
    return [{**run.run, **after_training.measured(run)} for run in runs], [_history(run) for run in runs]


def with_predicted_movement(
    followed: Mapping[str, Mapping[str, Any]], runs: pd.DataFrame, targets: Sequence[float | None]
) -> dict[str, dict[str, Any]]:
    """What was followed of runs, with the expansion of each quantity that has one, its name ending in ``_predicted``.

    Args:
        followed: of some runs ``iterations`` and quantities, by run.
        runs: rows of a table of runs.
        targets: of each row, as ``expansions.predicted_targets`` gives them.
    """
    found = {run: dict(course) for run, course in followed.items()}
    for run, target in zip(runs.to_dict("records"), targets, strict=True):
        if target is not None and run["run"] in found:
            course = found[run["run"]]
            expected = predicted_movement(course["iterations"], run, target)
            course |= {name + PREDICTED: values.tolist() for name, values in expected.items() if name in course}
    return found


def _history(run: TrainedRun) -> dict[str, Any]:
    """The history of a run, with what theory says of its loss where it speaks of the run."""
    if run.target is None:
        return dict(run.history)
    return {**run.history, "loss_predicted": predicted_loss(run.history, run.run, run.target).tolist()}
