"""What is said of the tests of an experiment before it runs is what the tests then do."""

import copy
import itertools

import numpy as np
import pandas as pd
import pytest

from richlazy.experiments import grids
from richlazy.statistics import foretold, hypothesis_tests, interactions, verdicts
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


def test_a_p_that_equals_the_level_is_not_significant_in_verdicts_and_is_not_foretold_so():
    config = experiment(5, rank=[1, 16])
    config["statistics"]["significance_level"] = 2.0**-4
    assert "5 seeds 0.062: none can be significant at 0.0625, which takes 6 seeds)" in foretold.tests(config, "mine")
    row = pd.Series(
        {"measure": "change", "n": 5, "p": 2.0**-4, "effect": 1.0, "interval_low": 0.5, "interval_high": 2.0}
    )
    claim = {"test": "contrast", "direction": "higher", "measures": ["change"]}
    settings = config["statistics"] | {"minimum_seeds": 5}
    judged = verdicts.judgement(claim, row, settings)
    assert not judged.decides
    assert verdicts.verdict([judged], settings["significance_level"]).word == "too few runs"


def test_measures_of_two_networks_have_pairs_in_place_of_seeds():
    config = experiment(7)
    assert "pairs" not in foretold.tests(config, "mine")
    config["experiments"]["mine"]["solutions"] = True
    assert "measures of two networks have 3 pairs in place of 7 seeds" in foretold.tests(config, "mine")


def test_a_corrected_p_is_at_most_one():
    said = foretold.tests(experiment(2, rank=[1, 16], task=["2AF", "DMS", "CXT"]), "mine")
    assert "3 contrasts (smallest corrected p with 2 seeds 1: none can be significant at 0.05, which takes 7" in said


def test_names_are_each_compared_with_the_first():
    names = ["gaussian", "uniform", "svd_truncation"]
    config = experiment(6, task=["2AF", "DMS"], structure=names, rank=[4])
    config["experiments"]["mine"]["compare"] = "structure"
    runs = pd.DataFrame([grids.row_of_table(run, {}) for run in grids.runs(config, "mine")])
    runs = runs.assign(weight_change=1.0 + runs["seed"], diverged=False, failed=False, converged=True)
    settings = config["statistics"] | {"measures": ["weight_change"], "censored": [], "of_failed": []}
    found = hypothesis_tests.contrasts(runs, grids.arms(config, "mine"), "structure", settings)
    assert f"{len(found)} contrasts (smallest corrected p with 6 seeds" in foretold.tests(config, "mine")
    assert len(found) == 4


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
