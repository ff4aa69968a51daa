"""How much learning had changed a network when its loss had come down to a level that others came down to as well.

A network that has learned more has changed more. Conditions that differ in what they have learned when training ends
are therefore compared where their loss is equal: at the first point of the loss curve at which the excess

    (loss - floor) / (loss of guessing - floor)

is at most a level. The weights of that moment are kept in training (``training_history.Recorder``), and measured on the
probe as those of the final network are.
"""

import math
import sys

from richlazy.measures import change
from richlazy.measures.base import PREDICTED, Measure, declared, measure
from richlazy.measures.trained_run import TrainedRun

# Levels by name, with the key of group ``training`` that has the excess of each.
LEVELS = {"shared_loss": "shared_excess", "convergence": "converged_excess"}
# Measures of change, which say whether learning was rich or lazy; they are taken at each level.
OF_CHANGE = {
    name: one for name, one in declared(change).items() if one.lazier != 0 and not name.endswith(PREDICTED)
}  # fmt: skip


def _updates(run: TrainedRun, level: str) -> float:
    if run.crossings is None:
        return math.nan
    return run.crossings[level]["updates"] if level in run.crossings and not run.diverged else math.inf


@measure(
    "updates_to_shared_loss",
    unit="updates",
    meaning="updates until the loss was down to the level that conditions share (training.shared_excess); infinite "
    "where it did not come down to it, or training diverged; null where the experiment does not match losses",
    label="updates to the\nshared loss",
    stage="history",
    censored=True,
)
def updates_to_shared_loss(run: TrainedRun) -> float:
    """No paper has it."""
    return _updates(run, "shared_loss")


@measure(
    "updates_to_convergence",
    unit="updates",
    meaning="updates until the loss was down to the level of convergence (training.converged_excess); infinite or null "
    "likewise",
    label="updates to\nconvergence",
    stage="history",
    censored=True,
)
def updates_to_convergence(run: TrainedRun) -> float:
    """No paper has it."""
    return _updates(run, "convergence")


def at_level(name: str, level: str) -> str:
    """Name of a measure of change at a level."""
    return f"{name}_at_{level}"


def _taken(of: Measure, level: str) -> Measure:
    """A measure of change, taken at a level."""

    def taken(run: TrainedRun) -> float:
        """As of the final network, but where the loss first came down to the level."""
        value = (run.crossings or {}).get(level, {}).get(of.name)
        return math.nan if value is None else value

    words = level.replace("_", " ")
    return Measure(
        at_level(of.name, level),
        of.unit,
        f"{of.name} after updates_to_{level}; null where that is infinite or null",
        taken,
        stage="history",
        label=f"{of.label}\nat {words}",
        lazier=of.lazier,
    )


MEASURES = declared(sys.modules[__name__]) | {
    at_level(name, level): _taken(one, level) for level in LEVELS for name, one in OF_CHANGE.items()
}
