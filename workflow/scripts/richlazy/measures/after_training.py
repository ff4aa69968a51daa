"""The measures of a run when its training is over: what was recorded in it, and what theory says of it."""

from richlazy.measures import agreement, at_matched_loss, forgetting, generalisation, learning_speed, outcome
from richlazy.measures.base import declared
from richlazy.measures.trained_run import TrainedRun

MEASURES = declared(outcome, learning_speed, agreement, generalisation, forgetting) | at_matched_loss.MEASURES


def measured(run: TrainedRun) -> dict[str, float]:
    """A value for each of ``MEASURES``, nan where it has no meaning."""
    return {name: measure(run) for name, measure in MEASURES.items()}
