"""How far a reproduction is, and what comes next."""

from pathlib import Path

import pandas as pd
import pytest

import shipped
from richlazy import reproduction
from richlazy.experiments import paths, rate_network_jobs
from richlazy.experiments.plan import Plan
from richlazy.reproduction import Standing

REGISTER = [{"id": one, "experiment": of} for one, of in (("a", "figure_1"), ("b", "figure_1"), ("c", "figure_2"))]


@pytest.fixture
def plan(tmp_path):
    """Two experiments of the shipped configuration, with results in a folder of their own."""
    plan = Plan(shipped.CONFIG, ["figure_1", "figure_2"], {})
    plan.results = str(tmp_path)
    return plan


def train(plan, experiment, share=1.0, cpu_s=None):
    """Networks of an experiment, up to a share of them, as if they were trained."""
    runs = plan.experiment_runs[experiment]
    chosen = runs[: round(share * len(runs))]
    for run in chosen:
        network = reproduction.network_of(plan, run)
        network.parent.mkdir(parents=True, exist_ok=True)
        network.touch()
        if cpu_s is not None:
            timed = Path(plan.results, "benchmarks/train", f"{paths.run_path(run)}.tsv")
            timed.parent.mkdir(parents=True, exist_ok=True)
            timed.write_text(f"s\tcpu_time\n1.0\t{cpu_s(run)}\n")
    return chosen


def test_claims_wait_without_a_verdict_from_enough_networks():
    verdicts = pd.DataFrame({"id": ["a", "b"], "verdict": ["supported", "too few runs"]})
    assert reproduction.waiting_claims(REGISTER, verdicts) == {"figure_1": 1, "figure_2": 1}
    assert reproduction.waiting_claims(REGISTER, None) == {"figure_1": 2, "figure_2": 1}


def test_experiments_that_settle_claims_come_first_by_their_time_for_each():
    def standing(name, seconds, waiting):
        return Standing(name, 10, 10, seconds, 1.0, waiting)

    ones = [standing("none", 1.0, 0), standing("dear", 50.0, 1), standing("many", 80.0, 4), standing("also", 2.0, 0)]
    assert [one.experiment for one in sorted(ones, key=lambda one: one.worth)] == ["many", "dear", "none", "also"]


def test_a_standing_counts_what_is_missing(plan):
    before = {one.experiment: one for one in reproduction.standings(plan, {"figure_1": 3})}
    assert before["figure_1"].missing == before["figure_1"].networks == len(plan.experiment_runs["figure_1"])
    assert before["figure_1"].waiting == 3 and before["figure_2"].waiting == 0
    chosen = train(plan, "figure_1", 0.5)
    after = {one.experiment: one for one in reproduction.standings(plan, {})}["figure_1"]
    assert after.missing == after.networks - len(chosen)
    assert after.seconds == pytest.approx(
        before["figure_1"].seconds - sum(reproduction.seconds_of(plan, run) for run in chosen)
    )
    train(plan, "figure_1")
    done = {one.experiment: one for one in reproduction.standings(plan, {})}["figure_1"]
    assert (done.missing, done.seconds, done.longest_s) == (0, 0, 0)


def test_networks_of_several_experiments_count_once(plan):
    train(plan, "figure_1", 0.5)
    missing, seconds = reproduction.totals(plan)
    files = {reproduction.network_of(plan, run) for runs in plan.experiment_runs.values() for run in runs}
    assert missing == sum(not file.exists() for file in files) and len(files) == len(plan.all_runs)
    assert seconds <= sum(one.seconds for one in reproduction.standings(plan, {})) * (1 + 1e-9)


def test_speed_is_that_of_the_networks_that_were_timed_here(plan):
    assert reproduction.speed(plan) is None

    train(plan, "figure_1", 0.2, lambda run: 2 * rate_network_jobs.seconds(plan.config, [run])[0])
    assert reproduction.speed(plan) == pytest.approx(2.0)


def test_speed_is_that_of_conditions_where_these_were_trained_together(tmp_path):
    config = shipped.changed({"training.batching": "condition"})
    plan = Plan(config, ["figure_1"], {})
    plan.results = str(tmp_path)
    for jobs in plan.training_jobs.values():
        for folder in jobs.folders:
            timed = Path(plan.results, "benchmarks/train", f"{folder}{jobs.part}.tsv")
            timed.parent.mkdir(parents=True, exist_ok=True)
            planned = rate_network_jobs.seconds(config, [plan.all_runs[folder + one] for one in jobs.members])[0]
            timed.write_text(f"s\tcpu_time\n1.0\t{0.5 * planned}\n")
    assert len(list(tmp_path.rglob("*.tsv"))) == len(plan.all_runs) // 10
    assert reproduction.speed(plan) == pytest.approx(0.5)


def test_the_table_says_how_far_what_is_next_and_how_long(plan):
    train(plan, "figure_1")
    lines = reproduction.table(plan, {"figure_2": 2})
    assert f"{len(plan.experiment_runs['figure_1']):,} of {len(plan.all_runs):,} networks trained here" in lines[0]
    assert lines[1].endswith("(as planned; nothing was timed here yet); 2 claims without a verdict")
    assert [line.split()[0] for line in lines[3:]] == ["next", "figure_2"]
    train(plan, "figure_2")
    assert reproduction.table(plan, {})[0].startswith(f"[{'#' * 40}] ") and len(reproduction.table(plan, {})) == 2
