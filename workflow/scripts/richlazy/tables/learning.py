"""Whether a run has learned its task, from where its loss and accuracy are between guessing and the best."""

from collections.abc import Mapping

import pandas as pd


def excess(loss: pd.Series, floor: pd.Series, guess: pd.Series) -> pd.Series:
    """Loss above its floor as a share of that of guessing: 0 at the floor, 1 for a guess; nan where it is not known."""
    return (loss - floor) / (guess - floor).where(guess > floor)


def accuracy_deficit(runs: pd.DataFrame, best: pd.Series) -> pd.Series:
    """How far accuracies are below the best, as a share of guessing: 0 at the best, 1 for a guess."""
    return (best - runs["accuracy"]) / (best - runs["guess_accuracy"]).where(best > runs["guess_accuracy"])


def converged(runs: pd.DataFrame, settings: Mapping[str, float]) -> pd.Series:
    """Whether runs are near the best in loss or in accuracy; null where no best is known, false where they diverged.

    Args:
        runs: with ``final_loss``, ``accuracy`` and ``diverged``, and what guessing and the best observer come to.
        settings: ``converged_excess`` and ``converged_accuracy_deficit``.
    """
    by_loss = excess(runs["final_loss"], runs["bayes_loss"], runs["guess_loss"]) <= settings["converged_excess"]
    by_accuracy = accuracy_deficit(runs, runs["bayes_accuracy"]) <= settings["converged_accuracy_deficit"]
    unknown = runs["bayes_loss"].isna() & runs["bayes_accuracy"].isna()
    return ((by_loss | by_accuracy) & ~runs["diverged"]).astype("boolean").mask(unknown)


def failed(runs: pd.DataFrame, settings: Mapping[str, float]) -> pd.Series:
    """Whether runs that did not diverge have learned nothing: their accuracy, or else their loss, is about a guess.

    Where no best is known it is taken to be an accuracy of 1 and a loss of 0; arguments as for ``converged``,
    settings ``failed_share``.
    """
    short = accuracy_deficit(runs, runs["bayes_accuracy"].fillna(1.0))
    above = excess(runs["final_loss"], runs["bayes_loss"].fillna(0.0), runs["guess_loss"])
    return (short.fillna(above) >= settings["failed_share"]) & ~runs["diverged"]
