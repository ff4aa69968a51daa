"""How much worse a network does on trials that it was not trained on: of other timing, noise or stimuli.

Trials are compared where a decision is due, or where numbers are asked for, so that longer ones do not look easier for
the steps of fixation that they have more. What is harder for every network, such as noise, raises the loss of all of
them: conditions are compared with each other, not with 0.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from richlazy.measures.base import Measure

if TYPE_CHECKING:
    from richlazy.measures.asked_network import AskedNetwork

# Loss and accuracy on some trials.
Performance = tuple[float, float]
# What may be different in unseen trials, as the entry of a task names it.
DIFFERENT = ("timing", "noise", "stimuli")


def _measure(
    what: str, name: str, unit: str, meaning: str, label: str, formula: Callable[[Performance, Performance], float]
) -> Measure:
    """A measure of trials in which something is different, from loss and accuracy on the probe and on these."""

    def asked(network: AskedNetwork) -> bool:
        """Networks whose task has such trials."""
        return what in network.unseen

    def value(network: AskedNetwork) -> float:
        """No paper here has it."""
        return formula(network.seen, network.unseen[what])

    return Measure(
        f"unseen_{what}_{name}", unit, meaning, value,
        stage="unseen", label=f"{label} with\nunseen {what}", defined_for=asked,
    )  # fmt: skip


def _of(what: str) -> Iterator[Measure]:
    yield _measure(
        what,
        "loss_rise",
        "nats, or half squared error",
        f"rise of the loss where a decision is due, from the probe to trials of unseen {what}, after training; null "
        "where the task has none",
        "rise of loss",
        lambda seen, unseen: unseen[0] - seen[0],
    )
    yield _measure(
        what,
        "accuracy_fall",
        "share of decisions",
        f"fall of the accuracy from the probe to trials of unseen {what}, after training; null where the task has none "
        "or targets are numbers",
        "fall of accuracy",
        lambda seen, unseen: seen[1] - unseen[1],
    )


MEASURES = {one.name: one for what in DIFFERENT for one in _of(what)}


def measured(network: AskedNetwork) -> dict[str, float]:
    """A value for each of ``MEASURES``, nan where the task has no such trials."""
    return {name: one(network) for name, one in MEASURES.items()}
