"""How much worse a network does on trials that it has not seen.

``final_loss`` is a mean over the last part of training (``training.final_loss_fraction``), where the loss may still
fall: the gap is then too small, and the more so the slower a network learns.
"""

import math

from richlazy.measures.base import measure
from richlazy.measures.trained_run import TrainedRun


@measure(
    "generalisation_gap",
    unit="nats, or half squared error",
    meaning="probe_loss above final_loss: loss on new trials above that on the trials of the end of training",
    label="generalisation gap",
    stage="history",
)
def generalisation_gap(run: TrainedRun) -> float:
    """No paper here has it; its sense is that of trials that are seen again and again (``distinct_batches``)."""
    on_new, on_seen = run.run.get("probe_loss"), run.run.get("final_loss")
    return math.nan if on_new is None or on_seen is None else on_new - on_seen
