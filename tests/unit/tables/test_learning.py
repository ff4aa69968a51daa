"""Which runs have converged, which have failed, and of which nothing can be said."""

import math

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from richlazy.tables import learning

SETTINGS = {"converged_excess": 0.25, "converged_accuracy_deficit": 0.1, "failed_share": 0.9}
NUMBERS = ("final_loss", "bayes_loss", "guess_loss", "accuracy", "bayes_accuracy", "guess_accuracy")


def judged(**run):
    """Whether a run has converged and whether it has failed; numbers that are not given are not known."""
    values = {name: float(run.get(name, math.nan)) for name in NUMBERS} | {"diverged": run.get("diverged", False)}
    table = pd.DataFrame([values])
    converged, failed = learning.converged(table, SETTINGS)[0], learning.failed(table, SETTINGS)[0]
    return None if pd.isna(converged) else bool(converged), bool(failed)


NUMBERS_AS_TARGETS = {"bayes_loss": 0.0, "guess_loss": 2.0}
CLASSES = {"bayes_loss": 0.25, "guess_loss": 0.75, "bayes_accuracy": 0.9, "guess_accuracy": 0.5}
UNKNOWN_BEST = {"guess_loss": 2.0, "guess_accuracy": 0.1}


@pytest.mark.parametrize(
    ("run", "expected"),
    [
        # By the loss alone.
        (NUMBERS_AS_TARGETS | {"final_loss": 0.5}, (True, False)),
        (NUMBERS_AS_TARGETS | {"final_loss": 0.501}, (False, False)),
        (NUMBERS_AS_TARGETS | {"final_loss": 1.799}, (False, False)),
        (NUMBERS_AS_TARGETS | {"final_loss": 1.8}, (False, True)),
        (NUMBERS_AS_TARGETS | {"final_loss": 7.0}, (False, True)),
        (NUMBERS_AS_TARGETS | {"final_loss": 0.0}, (True, False)),
        # Either is enough to have converged; the accuracy decides whether a run has failed.
        (CLASSES | {"final_loss": 0.375, "accuracy": 0.5}, (True, True)),
        (CLASSES | {"final_loss": 0.375, "accuracy": 0.7}, (True, False)),
        (CLASSES | {"final_loss": 0.376, "accuracy": 0.861}, (True, False)),
        (CLASSES | {"final_loss": 0.376, "accuracy": 0.859}, (False, False)),
        (CLASSES | {"final_loss": 5.0, "accuracy": 0.6}, (False, False)),
        (CLASSES | {"final_loss": 5.0, "accuracy": 0.539}, (False, True)),
        (CLASSES | {"final_loss": 0.3, "accuracy": 0.95}, (True, False)),
        # A tenth of the way from the best accuracy to a guess, exactly.
        ({"bayes_accuracy": 0.625, "guess_accuracy": 0.0, "accuracy": 0.5625}, (True, False)),
        # Delayed match to sample: every answer can be right, so that an accuracy of 1 has converged whatever the loss.
        (CLASSES | {"bayes_loss": 0.0, "bayes_accuracy": 1.0, "final_loss": 0.2, "accuracy": 1.0}, (True, False)),
        # Where no best is known nothing is said of convergence, but a guess is a guess.
        (UNKNOWN_BEST | {"final_loss": 0.1, "accuracy": 0.97}, (None, False)),
        (UNKNOWN_BEST | {"final_loss": 0.1, "accuracy": 0.18}, (None, True)),
        (UNKNOWN_BEST | {"final_loss": 2.0, "accuracy": 0.2}, (None, False)),
        ({"guess_loss": 2.0, "final_loss": 1.9}, (None, True)),
        ({"guess_loss": 2.0, "final_loss": 1.0}, (None, False)),
        # Diverged runs have neither converged nor failed; they are counted as diverged.
        (CLASSES | {"diverged": True, "accuracy": 0.9}, (False, False)),
        (UNKNOWN_BEST | {"diverged": True, "accuracy": 0.1}, (None, False)),
        # The best is a guess: there is no share of the way between them.
        ({"bayes_loss": 0.5, "guess_loss": 0.5, "final_loss": 0.5}, (False, False)),
        ({"bayes_loss": 0.5, "guess_loss": 0.5, "final_loss": 0.6}, (False, False)),
        ({"bayes_loss": 0.5, "guess_loss": 0.5, "final_loss": 0.4}, (False, False)),
        ({"bayes_accuracy": 0.5, "guess_accuracy": 0.5, "accuracy": 0.4}, (False, False)),
        ({"bayes_accuracy": 0.5, "guess_accuracy": 0.5, "accuracy": 0.6}, (False, False)),
    ],
)
def test_a_run_has_converged_or_failed(run, expected):
    assert judged(**run) == expected


SHARES = st.floats(0, 1.5)


@given(excess=SHARES, floor=st.floats(0, 3), above=st.floats(0.1, 5))
def test_only_the_share_of_the_way_to_guessing_counts(excess, floor, above):
    for level in (SETTINGS["converged_excess"], SETTINGS["failed_share"]):
        if abs(excess - level) < 1e-9:
            return
    found = judged(final_loss=floor + excess * above, bayes_loss=floor, guess_loss=floor + above)
    assert found == (excess < 0.25, excess > 0.9)


@given(deficit=SHARES, guess=st.floats(0.05, 0.6), above=st.floats(0.05, 0.4))
def test_accuracies_are_judged_like_losses_upside_down(deficit, guess, above):
    if min(abs(deficit - 0.1), abs(deficit - 0.9)) < 1e-9:
        return
    best = guess + above
    found = judged(accuracy=best - deficit * above, bayes_accuracy=best, guess_accuracy=guess)
    assert found == (deficit < 0.1, deficit > 0.9)
