"""Rules of learning in real runs: an arm each, networks of their own, and edits that reach their own alone."""

import pandas as pd
import pytest

from runner import new_project

TABLE = "results/tiny/experiments/figure_1/tables/runs.parquet"
CONTRASTS = "results/tiny/experiments/figure_1/statistics/contrasts.parquet"
RULES = ["backpropagation", "eligibility", "rflo"]


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """Two ranks and two seeds, first by backpropagation, then by two rules more."""
    project = new_project(tmp_path_factory.mktemp("rules") / "project")
    grid = {"task": ["2AF"], "rank": [1, 16]}
    project.configure(experiments_to_build=["figure_1"], experiments={"figure_1": {"grid": grid, "seeds": 2}})
    project.run(TABLE)
    project.first = pd.read_parquet(project.folder / TABLE)
    project.configure(experiments={"figure_1": {"grid": {"rule": RULES, "feedback_correlation": [0.5]}}})
    project.done = project.run(TABLE, CONTRASTS)
    project.table = pd.read_parquet(project.folder / TABLE)
    return project


def test_networks_that_learn_by_backpropagation_are_not_trained_again(project):
    assert project.done["train_network"] == 2 * project.done["measure_condition"] == 8
    of_before = project.table[project.table["rule"] == "backpropagation"].reset_index(drop=True)
    pd.testing.assert_frame_equal(of_before, project.first, check_exact=True)


def test_each_rule_is_an_arm_with_networks_of_its_own(project):
    assert project.table.groupby("rule").size().to_dict() == dict.fromkeys(RULES, 4)
    assert project.table["feedback_correlation"].dropna().tolist() == [0.5] * 4  # of rflo alone
    for _, of_one_start in project.table.groupby(["rank", "seed"]):
        assert of_one_start["weight_change_norm"].nunique() == len(RULES)
    assert set(pd.read_parquet(project.folder / CONTRASTS)["rule"]) == set(RULES)


def test_an_edit_of_the_feedback_trains_the_other_rules_again_and_not_backpropagation(project):
    module = project.folder / "workflow/scripts/richlazy/models/feedback.py"
    module.write_text(module.read_text() + "\n# edited\n")
    assert project.jobs(TABLE)["train_network"] == 8
    project.configure(experiments={"figure_1": {"grid": {"rule": ["backpropagation"]}}})
    assert "train_network" not in project.jobs(TABLE)
