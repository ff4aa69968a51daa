"""How much worse a network does on trials that it was not trained on: of other timing, noise or stimuli.

Trials are compared where a decision is due, or where numbers are asked for, so that longer ones do not look easier for
the steps of fixation that they have more. What is harder for every network, such as noise, raises the loss of all of
them: conditions are compared with each other, not with 0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from richlazy.measures.base import Condition, Measure

if TYPE_CHECKING:
    from richlazy.measures.asked_network import AskedNetwork

# What may be different in unseen trials, as the entry of a task names it.
DIFFERENT = ("timing", "noise", "stimuli")


def _loss_rise(what: str) -> Measure:
    def loss_rise(network: AskedNetwork) -> float:
        """No paper here has it."""
        return network.unseen[what][0] - network.seen[0]

    return Measure(
        f"unseen_{what}_loss_rise",
        "nats, or half squared error",
        f"rise of the loss where a decision is due, from the probe to trials of unseen {what}, after training; null "
        "where the task has none",
        loss_rise,
        stage="unseen",
        label=f"rise of loss with\nunseen {what}",
        defined_for=_asked(what),
    )


def _accuracy_fall(what: str) -> Measure:
    def accuracy_fall(network: AskedNetwork) -> float:
        """No paper here has it."""
        return network.seen[1] - network.unseen[what][1]

    return Measure(
        f"unseen_{what}_accuracy_fall",
        "share of decisions",
        f"fall of the accuracy from the probe to trials of unseen {what}, after training; null where the task has none "
        "or targets are numbers",
        accuracy_fall,
        stage="unseen",
        label=f"fall of accuracy with\nunseen {what}",
        defined_for=_asked(what),
    )


def _asked(what: str) -> Condition:
    def asked(network: AskedNetwork) -> bool:
        """Networks whose task has such trials."""
        return what in network.unseen

    return asked


MEASURES = {one.name: one for what in DIFFERENT for one in (_loss_rise(what), _accuracy_fall(what))}


def measured(network: AskedNetwork) -> dict[str, float]:
    """A value for each of ``MEASURES``, nan where the task has no such trials."""
    return {name: one(network) for name, one in MEASURES.items()}
