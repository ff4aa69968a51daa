"""What is said of the tests of an experiment before it runs is what the tests then do."""

import copy
import itertools

import numpy as np
import pandas as pd
import pytest

from richlazy.experiments import grids
from richlazy.statistics import foretold, hypothesis_tests, interactions
from shipped import CONFIG


def experiment(seeds, **grid):
    config = copy.deepcopy(CONFIG)
    entry = {key: config["experiments"]["figure_1"][key] for key in ("title", "source", "preset")}
    usual = {"task": ["2AF"], "rank": [1, 4, 16], "structure": ["svd_truncation"]}
    config["experiments"] = {"mine": entry | {"compare": "rank", "seeds": seeds, "grid": usual | grid}}
    return config


def perfect(config):
    """Runs in which every seed agrees: the measure rises with the rank, and its effect with every other number."""
    rows = [grids.row_of_table(run, {}) for run in grids.runs(config, "mine")]
    runs = pd.DataFrame(rows)
    runs["weight_change"] = runs["rank"] * runs.get("gain", 1.0) + 0.001 * runs["seed"]
    return runs.assign(diverged=False, failed=False, converged=True)


@pytest.mark.parametrize(("seeds", "tasks", "ranks"), itertools.product((3, 6, 9), (1, 3), ([1, 16], [1, 4, 16])))
def test_the_smallest_p_is_that_of_seeds_that_agree(seeds, tasks, ranks):
    config = experiment(seeds, task=["2AF", "DMS", "CXT"][:tasks], rank=ranks)
    runs, arms = perfect(config), grids.arms(config, "mine")
    settings = config["statistics"] | {"measures": ["weight_change"], "censored": [], "of_failed": []}
    said = foretold.tests(config, "mine")
    for noun, table in (
        ("contrast", hypothesis_tests.contrasts(runs, arms, "rank", settings)),
        ("trend", hypothesis_tests.trends(runs, arms, "rank", settings)),
    ):
        if len(table):
            ending = "" if len(table) == 1 else "s"
            smallest = table["p_holm"].min()
            assert f"{len(table)} {noun}{ending} (smallest corrected p with {seeds} seeds {smallest:.2g}" in said
            assert (": none can be significant" in said.split(noun)[1].split(")")[0]) == (smallest > 0.05)
        else:
            assert noun not in said
    assert ("values of task has no test" in said) == (tasks > 1)


def test_the_seeds_that_a_test_takes_are_enough():
    said = foretold.tests(experiment(3, rank=[1, 16], task=["2AF", "DMS", "CXT"]), "mine")
    assert (
        "3 contrasts (smallest corrected p with 3 seeds 0.75: none can be significant at 0.05, which takes 7 seeds)"
        in said
    )
    assert 3 * 2.0 ** (1 - 7) <= 0.05 < 3 * 2.0 ** (1 - 6)


def test_swept_numbers_are_tested_where_there_are_three():
    assert "changes over gain is tested too" in foretold.tests(experiment(6, gain=[0.5, 1.0, 1.5]), "mine")
    config = experiment(6, gain=[0.5, 1.0, 1.5])
    assert "(figure: {interactions: true} draws it)" in foretold.tests(config, "mine")
    config["experiments"]["mine"]["figure"] = {"interactions": True}
    assert "draws it" not in foretold.tests(config, "mine")
    said = foretold.tests(experiment(6, gain=[0.5, 1.5]), "mine")
    assert "values of gain has no test" in said and "tested too" not in said
    for gains, count in (([0.5, 1.0, 1.5], 1), ([0.5, 1.5], 0)):
        config = experiment(6, gain=gains)
        runs = perfect(config)
        settings = config["statistics"] | {"measures": ["weight_change"], "censored": [], "of_failed": []}
        found = interactions.interactions(runs, grids.arms(config, "mine"), "rank", settings)
        assert len(found) == count and np.all(found["swept"] == "gain")
