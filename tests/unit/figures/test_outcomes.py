"""Which runs count in figures: the same as in tests, whatever became of them."""

import numpy as np
import pandas as pd
import pytest

from richlazy import wording
from richlazy.figures import outcomes
from richlazy.measures import registry
from richlazy.statistics import samples

ROLES = registry.roles()


def runs_of(measure, seed):
    """Runs with every outcome; only times can be infinite."""
    rng = np.random.default_rng(seed)
    infinite = measure in ROLES["censored"]
    values = rng.choice([1.0, 2.0, np.nan, np.inf if infinite else 3.0], 40)
    diverged, failed = rng.random((2, 40)) < 0.3
    return pd.DataFrame({"diverged": diverged, "failed": failed, measure: values})


@pytest.mark.parametrize("measure", registry.TESTED)
def test_medians_are_of_the_runs_that_tests_count(measure):
    for seed in range(5):
        runs = runs_of(measure, seed)
        shown = outcomes.counting(runs, measure, ROLES)[measure].dropna()
        pd.testing.assert_series_equal(shown, samples.values_of(runs, measure, ROLES).dropna())
        assert outcomes.count(runs, measure, ROLES).startswith(wording.counted(len(shown), "network"))


def test_measures_differ_in_whom_they_count():
    runs = pd.DataFrame(
        {
            "diverged": [False, False, True],
            "failed": [False, True, False],
            "weight_change_norm": 1.0,
            "accuracy": 1.0,
            "convergence_iterations": [1.0, np.inf, np.inf],
        }
    )
    said = {measure: outcomes.count(runs, measure, ROLES) for measure in runs.columns[2:]}
    assert said == {
        "weight_change_norm": "1 network; 1 failed; 1 diverged",
        "accuracy": "2 networks (1 failed); 1 diverged",
        "convergence_iterations": "3 networks (1 failed, 1 diverged); 2 did not converge",
    }
    assert outcomes.count(runs) == "1 network; 1 failed; 1 diverged"
