"""Every measure of a run and every quantity that is followed in training, by name."""

from collections.abc import Iterable

from richlazy.measures import after_training, at_matched_loss, forgetting, on_probe, solutions, unseen
from richlazy.measures.base import ASKED_FOR
from richlazy.measures.during_training import QUANTITIES

MEASURES = {**on_probe.MEASURES, **after_training.MEASURES, **solutions.MEASURES, **unseen.MEASURES}
# Those that the configuration may ask for are tested and drawn. Others are columns of the tables alone.
TESTED = {name: one for name, one in MEASURES.items() if one.label is not None}


def labels(names: Iterable[str] = TESTED) -> dict[str, tuple[str, int]]:
    """Label of some measures in figures, all of them by default, and the sign with which each grows where learning
    is lazier.

    Jobs that draw get them as parameters: the formula of a measure is then no part of a figure, and an edit of it draws
    only what it measures anew.
    """
    return {name: (str(TESTED[name].label), TESTED[name].lazier) for name in names}


def roles() -> dict[str, list[str]]:
    """What tests must know of measures, plain, for jobs.

    Returns:
        Names of those of which an infinite value is a time that did not come (``censored``); of those that speak of
        networks that learned nothing too (``of_failed``): all that do not say whether learning was rich or lazy, but
        for those of pairs of solutions and of unseen trials, and all at a level of the loss, to which a network came
        down; and of the ``levels`` of the loss.
    """
    of_failed = [
        name
        for name, one in MEASURES.items()
        if (one.lazier == 0 and one.stage not in ASKED_FOR) or name in at_matched_loss.MEASURES
    ]
    censored = [name for name, one in MEASURES.items() if one.censored]
    return {"censored": censored, "of_failed": of_failed, "levels": list(at_matched_loss.LEVELS)}


def quantity_labels() -> dict[str, tuple[str, int]]:
    """Labels of the quantities that are drawn, from top to bottom, as ``labels`` gives those of measures."""
    followed = {name: (one.label, one.lazier) for name, one in QUANTITIES.items() if one.label is not None}
    return followed | forgetting.LABELS
