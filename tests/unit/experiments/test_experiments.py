"""Runs of an experiment, and their identity in paths."""

import copy
import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from richlazy.configuration import checks, schema
from richlazy.connectivity.matching import MATCHINGS
from richlazy.experiments import (
    grids,
    jobs,
    lstm_jobs,
    parameters,
    paths,
    planning,
    solution_pairs,
    trials,
    unseen_probes,
    variants,
)
from richlazy.measures import during_training
from richlazy.models import rate_network
from richlazy.models.registry import MODELS
from richlazy.tasks import registry
from shipped import CONFIG

ROOT = Path(__file__).parents[3]


def with_experiment(grid, compare="rank", preset="reproduction", seeds=2, name="mine", **groups):
    """A copy of config.yaml with one more experiment, and keys of groups replaced."""
    config = copy.deepcopy(CONFIG)
    for group, values in groups.items():
        config[group] |= values
    config["experiments"][name] = {
        "title": "t", "source": "s", "preset": preset, "grid": grid, "compare": compare, "seeds": seeds,
    }  # fmt: skip
    return config


def runs_of(grid, **settings):
    return grids.runs(with_experiment(grid, **settings), "mine")


def paths_of(grid, **settings):
    return [paths.run_path(run) for run in runs_of(grid, **settings)]


SVD = {"task": ["CXT"], "structure": ["svd_truncation"], "rank": [1, 30]}
GAUSSIAN = {"task": ["CXT"], "structure": ["gaussian"], "gain": [1.0, 1.5]}


def parameters_in(path):
    """Names and values of a path, read back as types of ``PARAMETERS``; missing ones are None."""
    found = dict(part.split("~") for folder in path.split("/") for part in folder.split("+"))
    unsaid = parameters.USUAL | {"architecture": registry.named(CONFIG["tasks"], found["task"]).architecture}
    found = unsaid | found
    return {name: of.type(found[name]) if name in found else None for name, of in parameters.PARAMETERS.items()} | {
        name: value for name, value in found.items() if name not in parameters.PARAMETERS
    }


def test_a_run_comes_back_from_a_row_of_a_table_or_json_file():
    grid = SVD | {"structure": ["svd_truncation", "soft_rank", "gaussian"], "decay_exponent": [1, 2]}
    runs = runs_of(grid)
    for missing in (None, pd.NA, float("nan"), np.nan):
        rows = [{name: missing if value is None else value for name, value in run.items()} for run in runs]
        found = [parameters.run_of_row(row | {"final_loss": 0.1}) for row in rows]
        assert found == runs
        assert [paths.run_path(run) for run in found] == [paths.run_path(run) for run in runs]
    as_read = [json.loads(json.dumps(run | {"gain": 1})) for run in runs]
    assert [type(parameters.run_of_row(row)["gain"]) for row in as_read] == [float] * len(runs)


# Seeds and order


@pytest.mark.parametrize(("given_seeds", "expected"), [(3, [0, 1, 2]), ([5, 2], [5, 2])], ids=["count", "list"])
def test_seeds_are_counted_from_0_or_listed(given_seeds, expected):
    assert grids.seeds({"seeds": given_seeds}) == expected
    assert [run["seed"] for run in runs_of(SVD | {"rank": [1]}, seeds=given_seeds)] == expected


def test_runs_stand_in_the_order_of_the_grid_and_then_of_the_seeds():
    runs = runs_of({"task": ["DMS", "2AF"], "structure": ["svd_truncation"], "rank": [30, 1]})
    assert [(run["task"], run["rank"], run["seed"]) for run in runs] == [
        ("DMS", 30, 0), ("DMS", 30, 1), ("DMS", 1, 0), ("DMS", 1, 1),
        ("2AF", 30, 0), ("2AF", 30, 1), ("2AF", 1, 0), ("2AF", 1, 1),
    ]  # fmt: skip


def test_the_shipped_experiments_have_their_runs():
    counts = {name: len(planning.runs(CONFIG, name)) for name in CONFIG["experiments"]}
    assert counts == {
        "figure_1": 3 * 4 * 10, "figure_1_functional_rank": 3 * 4 * 10,
        "leak_momentum_gain": 2 * 2 * 2 * 4 * 5, "another_task": 4 * 5,
        "rules_rank": 3 * 4 * 4 * 10, "rank_activity": 3 * 4 * 10, "rank_solutions": 3 * 4 * 10,
        **dict.fromkeys(("rules_perturbation", "rules_perturbation_compared"), 4 * 2 * 10),
        "rules_rank_credit": 3 * 4 * 3 * 10, "rules_compared": 3 * 4 * 2 * 10,
        "rank_unseen": 3 * 4 * 10,
        "forgetting": 3 * 4 * 10, "forgetting_similarity": 2 * 4 * 2 * 10,
        "few_trials": 2 * 3 * 4 * 10, "rules_feedback_correlation": 2 * 5 * 10,
        **dict.fromkeys(("figure_2", "figure_5", "figure_6", "figure_16"), (3 + 2 + 3) * 20),
        "figure_17": 3 * 20, "figure_19": 6 * 20, "figure_19_against_connectome": 5 * 20,
        **dict.fromkeys(("figure_2_long", "figure_5_long", "figure_6_long"), 2 * 3 * 2 * 10),
        "figure_1_during_training": 3 * 4 * 10, "figure_2_during_training": (3 + 2 + 3) * 10,
        **{
            f"{name}_{preset}": count * 10
            for preset in ("published_code", "equation_1")
            for name, count in {
                "figure_1": 12, "figure_1_smnist": 3, **dict.fromkeys(("figure_2", "figure_5", "figure_6"), 8)
            }.items()
        },
        "figure_2_readings": (4 + 3) * 10,
        "figure_2_leading_eigenvalue": (3 + 2 + 3) * 10,
        **dict.fromkeys(("figure_1_smnist", "figure_14_smnist", "figure_4_b"), 3 * 10),
        **dict.fromkeys(("figure_3_b", "figure_3_b_condition_number"), 6 * 3 * 10),
        **dict.fromkeys(("figure_3_c", "figure_3_c_condition_number"), 3 * 3 * 10),
        "figure_4_a": 2 * (2 + 4 + 4) * 10, "figure_14_linear": 2 * 4 * 10,
        "figure_3_b_more_inputs": 2 * 3 * 3 * 10, "theorem_1": 6 * 20,
        "figure_7": 3 * 4 * 10, "figure_8": 3 * 5 * 10, "figure_12": 3 * 4 * 10, "figure_13": 3 * 4 * 10,
        **dict.fromkeys(("figure_7_smnist", "figure_8_smnist", "figure_13_smnist"), 3 * 10),
        "figure_9": (3 + 4 + 5) * 10, "figure_9_other_tasks": 2 * (3 + 4 + 5) * 10,
        "figure_10": 4 * 3 * 10, "figure_10_other_tasks": 2 * 4 * 3 * 10,
        "figure_11": 4 * 4 * 10, "figure_11_other_tasks": 2 * 4 * 4 * 10,
        "iterations_half_double": 3 * 4 * 2 * 10, "figure_18": 4 * 10,
        "schuessler_figure_1": 3 * 2 * 10, "schuessler_figure_2": 3 * 8 * 10,
        "schuessler_figure_2_below_chaos": (4 + 6 + 5) * 10, "schuessler_figure_2_large_gain": (3 + 3 + 5) * 10,
        "schuessler_figure_3": 2 * 2 * 10, "schuessler_figure_3_target": 3 * 2 * 10,
        "schuessler_figure_4": 3 * 10 * 10, "schuessler_supplement_temporal_hierarchy": 2 * 4 * 5,
        "schuessler_figure_1_smoothness": 3 * 4 * 10, "schuessler_supplement_size": 3 * 3 * 5 * 5,
        "schuessler_supplement_training": 2 * 2 * 10, "schuessler_supplement_optimiser": 2 * 2 * 10,
        "schuessler_supplement_parametrisation": 2 * 2 * 10,
        "schuessler_supplement_cosine": 3 * 10, "schuessler_supplement_divergence": 2 * 2 * 10,
        "schuessler_figure_5": 10, "schuessler_figure_5_truncation": 10, "schuessler_supplement_lstm_weights": 10,
    }  # fmt: skip
    found = {paths.run_path(run) for name in counts for run in planning.runs(CONFIG, name)}
    # Figures 14 and 1, and those of Figure 3, share theirs; the usual size, learning rate and gain are of Figure 1.
    robustness = 120 + 150 + 120 + 120 + 240 + 3 * 30 + 3 * (3 + 5 + 2 * 4 + 3 * 4) * 10
    linear = 3 * 2 * 10 + 3 * 8 * 10 + 40 + 30 + 40  # Figure 4 shares two gains with Figure 3
    theorems = 180 + 120
    nonlinear = 3 * 8 * 10 + (1 + 2 + 3) * 10
    # The supplement shares size 256 with Figure 2, and Adam on all weights.
    supplement = 3 * 3 * 4 * 5 + 2 * (10 + 10 + 10)
    with_lstms = supplement + 10
    # Ten more seeds of eight structures on three tasks, of Dale's law held, four shuffles; three pairs trained longer.
    more_seeds, longer = 240 + 10 + 40, 3 * 6 * 2 * 10
    # Two more presets of structures, sequential MNIST and Figure 1, of which the factorial has five seeds of a task.
    presets = 2 * (120 - 20 + 30 + 3 * 80)
    liu = 660 + 30 + 30 + 180 + 90 + 200 + 80 + robustness + 40 + more_seeds + longer + presets
    # Backpropagation by Eq. 1 is a preset of Figure 1; fixed sets of trials have networks of their own.
    learning = 3 * 3 * 4 * 10 + 2 * 5 * 10 + 2 * 3 * 4 * 10
    learning += 3 * 4 * 10 + 2 * 4 * 2 * 10  # two tasks one after the other
    learning += 4 * 2 * 10  # small networks that try noise
    assert len(found) == liu + nonlinear + linear + theorems + with_lstms + learning


def test_experiments_with_matched_losses_also_test_their_measures_of_change_at_both_levels():
    found = grids.measures(CONFIG, "figure_2", "statistics")
    own = CONFIG["experiments"]["figure_2"]["measures"]
    assert grids.measures(CONFIG, "figure_2", "figures") == own == found[: len(own)]
    change = ("weight_change_norm_recurrent", "representation_alignment", "kernel_alignment_recurrent")
    assert found[len(own) :] == [f"{name}_at_{level}" for level in ("shared_loss", "convergence") for name in change]
    assert not any("_at_" in name for name in grids.measures(CONFIG, "figure_7", "statistics"))


def test_experiments_that_repeat_another_are_found_by_what_is_different():
    comparisons = planning.comparisons(CONFIG, CONFIG["experiments"])
    repeats = {name: of["repeats"] for name, of in comparisons.items() if "repeats" in of}
    of_figure_2 = {of["as"]: name for name, of in repeats.items() if of["experiment"] == "figure_2"}
    assert of_figure_2 == {
        "longer": "figure_2_long", "published code": "figure_2_published_code", "equation 1": "figure_2_equation_1",
    }  # fmt: skip
    assert {of["experiment"] for of in repeats.values()} == {
        "figure_1", "figure_1_smnist", "figure_2", "figure_5", "figure_6",
    }  # fmt: skip
    for name, of in repeats.items():
        assert of["as"] == "longer" or CONFIG["experiments"][name]["preset"] == of["as"].replace(" ", "_")


def test_a_run_has_every_parameter_in_its_type_and_order():
    for run in runs_of(SVD | {"decay_exponent": [1, 2], "structure": ["svd_truncation", "soft_rank", "uniform"]}):
        assert list(run) == list(parameters.PARAMETERS)
        for name, parameter in parameters.PARAMETERS.items():
            assert run[name] is None or type(run[name]) is parameter.type, name


def test_a_parameter_that_came_later_is_told_where_it_is_unusual_alone():
    """Else networks of before would have other certificates and other bytes in their records."""
    runs = runs_of(SVD | {"parametrisation": ["plain", "scaled"], "rank": [1]}, seeds=[0])
    plain, scaled = map(parameters.told, runs)
    assert "parametrisation" not in plain and scaled["parametrisation"] == "scaled"
    assert "parametrisation" not in paths.run_path(runs[0]) and "+parametrisation~scaled" in paths.run_path(runs[1])
    assert [parameters.run_of_row(told) for told in (plain, scaled)] == runs
    later = (
        "parametrisation",
        "rule",
        "feedback_correlation",
        "truncation_steps",
        "perturbation",
        "engine",
        "distinct_batches",
    )
    before = [name for name in parameters.PARAMETERS if name not in later]
    assert list(plain) == before and "trained" in before


def test_the_engine_is_that_of_the_training_settings_and_torch_is_not_told():
    torch_run, compiled = (runs_of(SVD, training={"engine": engine})[0] for engine in ("torch", "compiled"))
    assert torch_run == runs_of(SVD)[0] and "engine" not in parameters.told(torch_run)
    assert compiled == torch_run | {"engine": "compiled"} and parameters.told(compiled)["engine"] == "compiled"
    assert "+engine~compiled" in paths.run_path(compiled) and paths.parse(paths.run_path(compiled)) == compiled
    assert paths.batches_path(compiled) == paths.batches_path(torch_run)
    assert paths.connectivity_path(compiled) == paths.connectivity_path(torch_run)


def test_a_rule_of_learning_has_those_parameters_that_it_takes():
    grid = SVD | {"rank": [1], "feedback_correlation": [0.0, 0.5], "truncation_steps": [2]}
    names = ["backpropagation", "eligibility", "rflo", "truncated"]
    found = runs_of(grid | {"rule": names}, seeds=[0])
    own = [tuple(run[name] for name in ("rule", "feedback_correlation", "truncation_steps")) for run in found]
    assert own == [
        ("backpropagation", None, None), ("eligibility", None, None), ("rflo", 0.0, None), ("truncated", None, 2),
        ("rflo", 0.5, None),
    ]  # fmt: skip
    assert found[0] == runs_of(SVD | {"rank": [1]}, seeds=[0])[0] and "rule" not in parameters.told(found[0])
    for run in found:
        assert paths.parse(paths.run_path(run)) == run == parameters.run_of_row(parameters.told(run))
        assert paths.batches_path(run) == paths.batches_path(found[0])
        assert paths.connectivity_path(run) == paths.connectivity_path(found[0])
    # Compiled passes know backpropagation alone.
    engines = [run["engine"] for run in runs_of(grid | {"rule": names}, training={"engine": "compiled"}, seeds=[0])]
    assert engines == ["compiled", "torch", "torch", "torch", "torch"]
    unsaid = runs_of(SVD | {"rank": [1], "rule": ["rflo", "truncated"]}, seeds=[0])
    assert [(run["feedback_correlation"], run["truncation_steps"]) for run in unsaid] == [(0.0, None), (None, 1)]


def test_networks_that_see_a_few_batches_again_and_again_draw_no_more_than_these():
    fresh = runs_of(SVD | {"rank": [1]}, seeds=[0])[0]
    few, more = runs_of(SVD | {"rank": [1], "distinct_batches": [4, 10**6]}, seeds=[0])
    assert few == fresh | {"distinct_batches": 4} and parameters.told(few)["distinct_batches"] == 4
    assert "distinct_batches" not in parameters.told(fresh)
    assert paths.parse(paths.run_path(few)) == few == parameters.run_of_row(parameters.told(few))
    assert paths.batches_path(few) == paths.batches_path(fresh).replace("/seed", "+distinct_batches~4/seed")
    assert paths.probe_path(few) == paths.probe_path(fresh)
    drawn = [trials.of_training(CONFIG, run)[2]["iterations"] for run in (fresh, few, more)]
    assert drawn == [fresh["iterations"], 4, fresh["iterations"]]


def test_what_the_grid_leaves_out_comes_from_preset_connectivity_dynamics_and_training():
    run = runs_of(SVD, preset="published_code", training={"iterations": 7}, connectivity={"size": 40})[0]
    expected = {
        "task": "CXT", "condition_number": None, "architecture": "recurrent", "structure": "svd_truncation", "rank": 1,
        "decay_exponent": None, "matching": "frobenius", "size": 40, "gain": 1.25, "readout": "linear_layer",
        "leak": "euler", "rectification": "after_leak", "time_step_ms": 100.0, "time_constant_ms": 100.0,
        "learning_rate": 0.003, "optimiser": "gradient_descent", "momentum": 0.9, "trained": "all",
        "parametrisation": "plain", "rule": "backpropagation", "feedback_correlation": None, "truncation_steps": None,
        "perturbation": None, "engine": "torch", "batch_size": 32, "iterations": 7, "distinct_batches": None, "seed": 0,
    }  # fmt: skip
    assert run == expected


def test_the_grid_stands_above_preset_and_groups():
    grid = SVD | {
        "leak": ["exponential"], "rectification": ["inside"], "momentum": [0.5], "gain": [0.7], "size": [50],
        "matching": ["leading_eigenvalue"], "time_step_ms": [20], "time_constant_ms": [80], "learning_rate": [0.1],
        "batch_size": [4], "iterations": [9],
    }  # fmt: skip
    run = runs_of(grid)[0]
    assert {name: run[name] for name in grid if name != "rank"} == {
        name: values[0] for name, values in grid.items() if name != "rank"
    }


# Identity


def test_the_path_of_a_run_reads_like_this():
    assert paths_of(SVD)[0] == (
        "task~CXT/structure~svd_truncation+rank~1+matching~frobenius/size~300+gain~1.5/"
        "leak~euler+rectification~after_leak+time_step_ms~100+time_constant_ms~100/"
        "learning_rate~0.003+momentum~0+batch_size~32+iterations~10000/seed~0"
    )


def test_gain_1_and_gain_1_0_are_the_same_network():
    assert paths_of(GAUSSIAN | {"gain": [1]}) == paths_of(GAUSSIAN | {"gain": [1.0]})


@pytest.mark.parametrize("value", [100, 100.0, 1e2])
def test_numbers_are_written_in_one_way(value):
    assert paths_of(SVD, dynamics={"time_step_ms": value}) == paths_of(SVD)


def test_close_numbers_stay_apart():
    assert len(set(paths_of(GAUSSIAN | {"gain": [0.1 + 0.2, 0.3, 1e-7, 1e22]}, seeds=1))) == 4


def test_rectification_makes_no_difference_where_nothing_of_the_old_state_stays():
    both = paths_of(SVD | {"rectification": ["after_leak", "inside"]})
    assert both == paths_of(SVD)
    assert all("rectification~after_leak" in path for path in both)


@pytest.mark.parametrize(
    "grid",
    [{"leak": ["exponential"]}, {"time_step_ms": [50]}, {"time_constant_ms": [200]}],
    ids=["exponential", "short step", "long constant"],
)
def test_rectification_makes_a_difference_where_something_stays(grid):
    paths = paths_of(SVD | {"rectification": ["after_leak", "inside"]} | grid)
    assert len(set(paths)) == 2 * len(paths_of(SVD))


@pytest.mark.parametrize("time_step_ms", [50, 100])
@pytest.mark.parametrize("leak", rate_network.LEAKS)
def test_rectification_is_ignored_exactly_where_the_leak_factor_is_0(leak, time_step_ms):
    run = runs_of(SVD | {"leak": [leak], "rectification": ["inside"], "time_step_ms": [time_step_ms]})[0]
    factor = rate_network.leak_factor(leak, run["time_step_ms"], run["time_constant_ms"])
    assert (run["rectification"] == "after_leak") == (factor == 0)


def test_parameters_that_a_structure_ignores_are_left_out():
    grid = {
        "task": ["CXT"], "structure": ["gaussian", "uniform", "svd_truncation", "soft_rank"], "rank": [1, 30],
        "decay_exponent": [2], "matching": ["frobenius", "leading_eigenvalue"],
    }  # fmt: skip
    runs = runs_of(grid, seeds=1)
    taken = {run["structure"]: {key for key in ("rank", "decay_exponent", "matching") if run[key]} for run in runs}
    assert taken == {
        "gaussian": set(), "uniform": set(),
        "svd_truncation": {"rank", "matching"}, "soft_rank": {"decay_exponent", "matching"},
    }  # fmt: skip
    assert len(runs) == 1 + 1 + 2 * 2 + 2
    for run in runs:
        for name in {"rank", "decay_exponent", "matching"} - taken[run["structure"]]:
            assert f"{name}~" not in paths.run_path(run)


def test_the_kind_and_not_the_name_of_a_structure_decides_what_it_takes():
    config = with_experiment(SVD | {"structure": ["mine"]}, structures={"mine": {"kind": "gaussian"}})
    assert [run["rank"] for run in grids.runs(config, "mine")] == [None, None]


def test_an_equal_run_stands_once_in_an_experiment():
    paths = paths_of(SVD | {"structure": ["gaussian"]})
    assert len(paths) == len(set(paths)) == 2


def test_equal_runs_of_two_experiments_are_one_path():
    figure_1 = {paths.run_path(run) for run in grids.runs(CONFIG, "figure_1")}
    others = {paths.run_path(run) for run in grids.runs(CONFIG, "leak_momentum_gain")}
    assert len(figure_1 & others) == 4 * 5  # euler, no momentum, gain 1.5: four ranks, five seeds


@pytest.mark.parametrize("change", [{"seeds": 3}, {"grid": {"rank": [1, 30, 300]}}, {"grid": {"rank": [100, 1, 30]}}])
def test_adding_seeds_or_values_keeps_the_paths_of_before(change):
    before = set(paths_of(SVD))
    after = set(paths_of(SVD | change.get("grid", {}), seeds=change.get("seeds", 2)))
    assert before < after


def test_title_source_and_seed_count_are_no_part_of_the_identity():
    config = with_experiment(SVD)
    before = [paths.run_path(run) for run in grids.runs(config, "mine")]
    config["experiments"]["mine"] |= {"title": "other", "source": "other", "compare": "structure"}
    config["scale"] = "other"
    assert [paths.run_path(run) for run in grids.runs(config, "mine")] == before


VALUES = {
    "task": st.sampled_from([name for name, task in CONFIG["tasks"].items() if "sentences" not in task]),
    "condition_number": st.floats(1, 1e6),
    "structure": st.sampled_from(list(CONFIG["structures"])),
    "rank": st.integers(1, 300),
    "decay_exponent": st.floats(1e-6, 1e6),
    "matching": st.sampled_from(list(MATCHINGS)),
    "size": st.integers(2, 10**6),
    "gain": st.floats(1e-6, 1e6),
    "readout": st.sampled_from(rate_network.READOUTS),
    "leak": st.sampled_from(rate_network.LEAKS),
    "rectification": st.sampled_from(rate_network.RECTIFICATIONS),
    "time_step_ms": st.sampled_from([0.5, 1, 20, 100, 100.0]),
    "time_constant_ms": st.sampled_from([100, 100.0, 1e3]),
    "learning_rate": st.floats(1e-300, 1e300),
    "optimiser": st.sampled_from(["gradient_descent", "adam"]),
    "momentum": st.floats(0, 1, exclude_max=True),
    "trained": st.sampled_from(["all", "recurrent"]),
    "parametrisation": st.sampled_from(["plain", "scaled"]),
    "batch_size": st.integers(1, 10**6),
    "iterations": st.integers(1, 10**9),
}


@st.composite
def drawn_grids(draw):
    """A grid with one or two values of every parameter."""
    return {name: draw(st.lists(values, min_size=1, max_size=2)) for name, values in VALUES.items()}


@given(drawn_grids())
def test_distinct_runs_have_distinct_paths_and_a_path_gives_its_run_back(grid):
    runs = runs_of(grid, seeds=[0, 2**63 - 1])
    found = [paths.run_path(run) for run in runs]
    assert len(set(found)) == len(found) == len({tuple(run.values()) for run in runs})
    assert [parameters_in(path) for path in found] == runs


@given(drawn_grids())
def test_stages_are_shared_by_exactly_the_runs_that_agree_on_what_they_read(grid):
    """Runs share a file when, and only when, all parameters are equal that the rule of that file reads."""
    every = runs_of(grid)
    of_weights = ["structure", "rank", "decay_exponent", "matching", "size", "gain", "seed"]
    # Weights may be aligned with the task where that has a teacher, and a first layer has the columns of its task.
    of_task = [run for run in every if run["architecture"] == "feedforward" or run["condition_number"] is not None]
    of_all = [run for run in every if run not in of_task]
    for path_of, names, runs in (
        (paths.connectivity_path, of_weights, of_all),
        (paths.connectivity_path, ["task", "condition_number", *of_weights], of_task),
        (paths.probe_path, ["task", "condition_number", "time_step_ms", "seed"], every),
        (
            paths.batches_path,
            ["task", "condition_number", "time_step_ms", "batch_size", "iterations", "seed"],
            every,
        ),
    ):
        by_path = {(path_of(run), tuple(run[name] for name in names)) for run in runs}
        assert len(by_path) == len(dict(by_path)) == len({values for _, values in by_path})
    assert {paths.connectivity_path(run) for run in of_all}.isdisjoint(paths.connectivity_path(run) for run in of_task)


def longest_path():
    long = "n" * 60
    config = copy.deepcopy(CONFIG)
    config["tasks"][long] = config["tasks"]["2AF"]
    config["structures"][long] = config["structures"]["soft_rank"]
    grid = {
        "task": [long], "structure": [long], "decay_exponent": [1.2345678901234567e-100],
        "matching": ["leading_eigenvalue"], "size": [10**9], "gain": [1.2345678901234567e-100],
        "leak": ["exponential"], "rectification": ["after_leak"], "time_step_ms": [1.2345678901234567e-100],
        "time_constant_ms": [1.2345678901234567e100], "learning_rate": [1.2345678901234567e-100],
        "momentum": [1.2345678901234567e-100], "batch_size": [10**9], "iterations": [10**9],
    }  # fmt: skip
    config["experiments"][long] = config["experiments"]["figure_1"] | {"grid": grid, "seeds": [0, 2**63 - 1]}
    return paths.run_path(grids.runs(config, long)[-1])


def test_no_folder_has_a_name_that_a_file_system_refuses():
    path = longest_path()
    assert max(map(len, path.split("/"))) <= 200
    assert len(path) < 1000  # systems allow 4096 for the whole, and results may lie deep


def test_the_longest_names_that_the_schema_allows_are_those_of_the_test_above():
    groups = schema.schema("config")["properties"]
    for group in ("structures", "tasks", "experiments"):
        assert groups[group]["propertyNames"]["maxLength"] == 60
    long = {f"{'n' * 60}": CONFIG["structures"]["gaussian"]}
    checks.check(CONFIG | {"structures": CONFIG["structures"] | long})


def test_paths_hold_no_character_that_a_shell_or_snakemake_reads():
    for name in CONFIG["experiments"]:
        for run in planning.runs(CONFIG, name):
            assert re.fullmatch(r"[A-Za-z0-9_~,./+-]+", paths.run_path(run))


# Stages that runs share


def test_connectivity_is_shared_by_tasks_and_ways_of_training():
    grid = SVD | {
        "task": ["2AF", "CXT"],
        "momentum": [0, 0.9],
        "leak": ["euler", "exponential"],
        "learning_rate": [1, 2],
    }
    runs = runs_of(grid)
    assert len(runs) == 2 * 2 * 2 * 2 * len(SVD["rank"]) * 2
    assert {paths.connectivity_path(run) for run in runs} == {
        f"structure~svd_truncation+rank~{rank}+matching~frobenius/size~300+gain~1.5/seed~{seed}"
        for rank in (1, 30)
        for seed in (0, 1)
    }


def test_trials_are_shared_by_conditions_but_not_by_seeds_tasks_or_time_steps():
    grid = SVD | {"task": ["2AF", "CXT"], "gain": [1, 1.5], "size": [30, 300], "time_step_ms": [50, 100]}
    runs = runs_of(grid)
    assert {paths.probe_path(run) for run in runs} == {
        f"task~{task}/time_step_ms~{step}/seed~{seed}"
        for task in ("2AF", "CXT")
        for step in (50, 100)
        for seed in (0, 1)
    }
    assert {paths.batches_path(run) for run in runs} == {
        f"task~{task}/time_step_ms~{step}/batch_size~32+iterations~10000/seed~{seed}"
        for task in ("2AF", "CXT")
        for step in (50, 100)
        for seed in (0, 1)
    }


def test_probes_do_not_depend_on_how_long_is_trained_but_batches_do():
    runs = runs_of(SVD | {"rank": [1], "iterations": [10, 20], "batch_size": [4, 8]}, seeds=1)
    assert len({paths.probe_path(run) for run in runs}) == 1
    assert len({paths.batches_path(run) for run in runs}) == 4


def test_paths_match_the_wildcards_of_the_workflow():
    patterns = paths.PATTERNS
    runs = [run for name in CONFIG["experiments"] for run in planning.runs(CONFIG, name)]
    lstms = [run for run in runs if run["architecture"] == "lstm"]  # they share no stage of the others
    assert lstms and all(re.fullmatch(lstm_jobs.RUN_PATH, paths.run_path(run)) for run in lstms)
    assert all(lstm_jobs.run_of_path(paths.run_path(run)) == run for run in lstms)
    runs = [run for run in runs if run["architecture"] != "lstm"]
    for name, path_of in (
        ("run", paths.run_path),
        ("connectivity", paths.connectivity_path),
        ("probe", paths.probe_path),
        ("batches", paths.batches_path),
    ):
        for path in {path_of(run) for run in runs}:
            assert re.fullmatch(patterns[name], path)
    # Trials of both kinds lie in one folder, so neither pattern may match the other's path.
    for run in runs:
        assert not re.fullmatch(patterns["probe"], paths.batches_path(run))
        assert not re.fullmatch(patterns["batches"], paths.probe_path(run))


# Arms


@pytest.mark.parametrize(
    ("grid", "compare", "expected"),
    [
        (SVD, "rank", ["task"]),
        (SVD | {"task": ["2AF", "CXT"]}, "rank", ["task"]),
        (SVD | {"gain": [1, 1.5], "leak": ["euler"], "momentum": [0, 0.9]}, "rank", ["task", "gain", "momentum"]),
        (SVD | {"structure": ["svd_truncation", "mine"]}, "structure", ["task", "rank"]),
        (SVD, "structure", ["task", "rank"]),
    ],
    ids=["one task", "two tasks", "varied parameters", "compared structures", "compared parameter left out"],
)
def test_arms_are_the_tasks_and_what_else_varies(grid, compare, expected):
    assert grids.arms(with_experiment(grid, compare=compare), "mine") == expected


# Groups


def with_groups(grid, *groups, **settings):
    config = with_experiment(grid, compare="structure", **settings)
    config["experiments"]["mine"]["groups"] = list(groups)
    return config


SIZES = (
    {"size": [30], "structure": ["gaussian", "dale"]},
    {"size": [20], "structure": ["gaussian", "svd_truncation"], "rank": [1, 5]},
)


def test_an_experiment_is_the_union_of_its_groups_in_their_order():
    config = with_groups({"task": ["CXT", "2AF"]}, *SIZES)
    runs = grids.runs(config, "mine")
    assert [(run["task"], run["size"], run["structure"], run["rank"], run["seed"]) for run in runs] == [
        (task, size, structure, rank, seed)
        for size, kinds in ((30, [("gaussian", None), ("dale", None)]),
                            (20, [("gaussian", None), ("svd_truncation", 1), ("svd_truncation", 5)]))
        for task in ("CXT", "2AF")
        for structure, rank in kinds
        for seed in (0, 1)
    ]  # fmt: skip


def test_each_group_is_what_an_experiment_with_its_grid_would_be():
    alone = [run for group in SIZES for run in runs_of({"task": ["CXT"], **group}, compare="structure")]
    assert grids.runs(with_groups({"task": ["CXT"]}, *SIZES), "mine") == alone
    one_group = with_groups({"task": ["CXT"], "gain": [1.0, 1.5]}, {"structure": ["gaussian", "dale"]})
    plain = runs_of({"task": ["CXT"], "gain": [1.0, 1.5], "structure": ["gaussian", "dale"]}, compare="structure")
    assert grids.runs(one_group, "mine") == plain


def test_equal_runs_of_two_groups_stand_once_at_the_place_of_the_first():
    groups = ({"structure": ["gaussian", "dale"]}, {"structure": ["cell_types", "gaussian"]})
    runs = grids.runs(with_groups({"task": ["CXT"]}, *groups, seeds=1), "mine")
    assert [run["structure"] for run in runs] == ["gaussian", "dale", "cell_types"]


def test_grids_and_values_of_an_experiment_with_and_without_groups():
    plain = {"grid": SVD}
    assert grids.completed(plain) == [SVD]
    grouped = {"grid": {"task": ["CXT"]}, "groups": list(SIZES)}
    assert grids.completed(grouped) == [{"task": ["CXT"], **group} for group in SIZES]
    assert grids.values(grouped, "structure") == ["gaussian", "dale", "svd_truncation"]
    assert grids.values(grouped, "size") == [30, 20]
    assert grids.values(grouped, "rank") == [1, 5]
    assert grids.values(grouped, "gain") == []
    assert grouped["groups"] == list(SIZES)  # nothing has changed


@pytest.mark.parametrize(
    ("groups", "expected"),
    [
        (SIZES, ["task", "size", "rank"]),
        (SIZES[:1], ["task"]),
        (({"size": [30], "structure": ["gaussian"]}, {"size": [30], "structure": ["gaussian", "dale"]}), ["task"]),
        (({"gain": [1.0], "structure": ["dale"]}, {"structure": ["dale"], "gain": [2.0]}), ["task", "gain"]),
    ],
    ids=["sizes", "one group", "equal sizes", "gains"],
)
def test_arms_are_what_varies_within_or_between_groups(groups, expected):
    assert grids.arms(with_groups({"task": ["CXT"]}, *groups), "mine") == expected


def test_the_structures_of_figure_2_are_compared_at_their_own_size():
    assert grids.arms(CONFIG, "figure_2") == ["task", "size"]
    seen = {(run["size"], run["structure"]) for run in grids.runs(CONFIG, "figure_2")}
    assert seen == {
        (300, "gaussian"), (300, "cell_types"), (300, "dale"), (198, "gaussian"), (198, "connectome"),
        (100, "gaussian"), (100, "chain_over"), (100, "chain_under"),
    }  # fmt: skip


# Structures without a parameter of the grid


@pytest.mark.parametrize("matching", MATCHINGS)
@pytest.mark.parametrize(
    "structure",
    [
        name
        for name, structure in CONFIG["structures"].items()
        if structure["kind"] not in ("svd_truncation", "soft_rank", "task_aligned")
    ],
)
def test_matching_is_part_of_every_structured_run_and_of_no_unstructured_one(structure, matching):
    run = runs_of({"task": ["CXT"], "structure": [structure], "matching": [matching]}, compare="structure")[0]
    unstructured = structure in ("gaussian", "uniform")
    assert run["matching"] == (None if unstructured else matching)
    part = "" if unstructured else f"+matching~{matching}"
    assert paths.connectivity_path(run) == f"structure~{structure}{part}/size~300+gain~1.5/seed~0"
    assert f"/structure~{structure}{part}/size~300+" in paths.run_path(run)


def test_what_decides_the_initial_weights_is_what_their_path_holds():
    assert parameters.CONNECTIVITY_PARAMETERS == (
        "task", "condition_number", "structure", "rank", "decay_exponent", "matching", "size", "gain", "seed",
    )  # fmt: skip


# Tasks of other kinds


LINEAR = {"task": ["linear_20"], "structure": ["svd_truncation", "aligned"], "rank": [1, 5]}
SMNIST = {"task": ["sMNIST"], "structure": ["svd_truncation"], "rank": [5, 30]}


def test_the_path_of_a_feedforward_run_reads_like_this():
    run = runs_of(LINEAR | {"condition_number": [10], "readout": ["equal_norm"]})[0]
    assert paths.run_path(run) == (
        "task~linear_20+condition_number~10/structure~svd_truncation+rank~1+matching~frobenius/"
        "size~1000+gain~0.004472135954999579+readout~equal_norm/rectification~none/"
        "learning_rate~0.01+momentum~0+batch_size~20+iterations~5000/seed~0"
    )
    assert paths.connectivity_path(run) == (
        "task~linear_20+condition_number~10/structure~svd_truncation+rank~1+matching~frobenius/"
        "size~1000+gain~0.004472135954999579/seed~0"
    )
    assert paths.probe_path(run) == "task~linear_20+condition_number~10/seed~0"
    assert paths.batches_path(run) == ("task~linear_20+condition_number~10/batch_size~20+iterations~5000/seed~0")


def test_the_grid_stands_above_the_defaults_of_a_task_and_these_above_all_else():
    task = CONFIG["tasks"]["sMNIST"] | {"defaults": {"size": 12, "batch_size": 7, "gain": 0.5, "iterations": 9}}
    settings = {"tasks": {"own": task}, "connectivity": {"size": 99}, "training": {"batch_size": 99}}
    run = runs_of(SMNIST | {"task": ["own"], "batch_size": [3]}, **settings)[0]
    assert {name: run[name] for name in ("size", "batch_size", "gain", "iterations", "learning_rate")} == {
        "size": 12, "batch_size": 3, "gain": 0.5, "iterations": 9, "learning_rate": 0.003,
    }  # fmt: skip


def test_a_teacher_alone_has_a_condition_number_and_as_many_trials_as_inputs():
    task = CONFIG["tasks"]["linear_2"] | {"defaults": {"batch_size": 5}}
    run = runs_of(LINEAR | {"task": ["mine"], "batch_size": [9]}, tasks={"mine": task})[0]
    assert (run["condition_number"], run["batch_size"]) == (1.0, 2)
    for name in ("2AF", "sMNIST", "MNIST"):
        assert {run["condition_number"] for run in runs_of(SVD | {"task": [name], "condition_number": [1, 5]})} == {
            None
        }
    assert {run["condition_number"] for run in runs_of(LINEAR | {"condition_number": [1, 5]})} == {1.0, 5.0}


def test_the_readout_of_recurrent_networks_is_a_linear_layer_whatever_that_of_others_is():
    for task, readout in (("2AF", "linear_layer"), ("sMNIST", "linear_layer"), ("MNIST", "normal")):
        run = runs_of(SVD | {"task": [task]}, connectivity={"readout": "normal"})[0]
        assert run["readout"] == readout


@pytest.mark.parametrize("task", [name for name, task in CONFIG["tasks"].items() if "sentences" not in task])
def test_networks_without_time_have_no_leak_and_no_place_of_the_rectifier(task):
    grid = SVD | {"task": [task], "leak": ["exponential"], "time_step_ms": [20, 50], "time_constant_ms": [100, 200]}
    found = {}
    for rectification in rate_network.RECTIFICATIONS:
        runs = runs_of(grid | {"rectification": [rectification]}, seeds=1)
        feedforward = task in ("MNIST", "linear_2", "linear_20", "linear_100")
        usual = "lstm" if task == "SST" else "recurrent"
        assert {run["architecture"] for run in runs} == {"feedforward" if feedforward else usual}
        assert len(runs) == (2 if feedforward else 8)
        assert all((run[name] is None) == feedforward for run in runs for name in ("leak", "time_step_ms"))
        assert all((run["time_constant_ms"] is None) == feedforward for run in runs)
        found[rectification] = {run["rectification"] for run in runs}
    assert found["none"] == {"none"}
    assert found["after_leak"] == {"after_leak"}
    assert found["inside"] == {"after_leak" if feedforward else "inside"}


def test_a_first_layer_is_of_its_task_and_recurrent_weights_are_of_all():
    one, other = (paths.connectivity_path(runs_of(SVD | {"task": [task]})[0]) for task in ("linear_2", "MNIST"))
    assert one.startswith("task~linear_2+condition_number~1/structure~") and other.startswith("task~MNIST/structure~")
    recurrent = {paths.connectivity_path(runs_of(SVD | {"task": [task]})[0]) for task in ("2AF", "sMNIST")}
    assert recurrent == {"structure~svd_truncation+rank~1+matching~frobenius/size~300+gain~1.5/seed~0"}


# Published tables


def test_runs_of_a_published_table_come_back_with_the_paths_of_today():
    table = pd.read_parquet(ROOT / "results/reference/experiments/leak_momentum_gain/tables/runs.parquet")
    assert {"condition_number", "architecture", "readout"}.isdisjoint(table.columns)  # it is older than they are
    found = [parameters.run_of_row(row) for row in table.to_dict("records")]
    assert [paths.run_path(run) for run in found] == table["run"].tolist()
    of_today = {paths.run_path(run): run for run in grids.runs(CONFIG, "leak_momentum_gain")}
    assert found == [of_today[path] for path in table["run"]]


@pytest.mark.parametrize("experiment", ["figure_3_b", "figure_4_b", "figure_1_smnist"])
def test_runs_of_other_tasks_come_back_from_a_row(experiment):
    for run in grids.runs(CONFIG, experiment)[::7]:
        assert parameters.run_of_row({name: np.nan if value is None else value for name, value in run.items()}) == run


# Runs that are followed


def followed_experiment(**changes):
    config = with_experiment(SVD | {"iterations": [20]}, seeds=3)
    config["experiments"]["mine"]["follow"] = {"iterations": [10, 0, 20, 30], "seeds": [2, 0]} | changes
    return config


def test_runs_of_the_named_seeds_are_followed_as_long_as_they_train():
    config = followed_experiment()
    runs = grids.runs(config, "mine")
    assert grids.followed(config, ["mine"]) == {
        paths.run_path(run): [0, 10, 20] for run in runs if run["seed"] in (0, 2)
    }
    assert grids.followed(config, ["figure_1"]) == {}
    assert grids.followed(config, []) == {}


def test_a_run_of_two_experiments_is_followed_at_the_iterations_of_both():
    config = followed_experiment()
    config["experiments"]["other"] = copy.deepcopy(config["experiments"]["mine"])
    config["experiments"]["other"]["follow"] = {"iterations": [0, 5], "seeds": [1, 2]}
    found = grids.followed(config, ["figure_1", "other", "mine"])
    by_seed = {run["seed"]: found[paths.run_path(run)] for run in grids.runs(config, "mine")}
    assert by_seed == {0: [0, 10, 20], 1: [0, 5], 2: [0, 5, 10, 20]}


def test_a_run_of_two_experiments_is_followed_for_the_quantities_of_both():
    config = followed_experiment(quantities=["weight_change_norm", "kernel_alignment"])
    config["experiments"]["other"] = copy.deepcopy(config["experiments"]["mine"])
    config["experiments"]["other"]["follow"] = {
        "iterations": [0, 5], "seeds": [1, 2], "quantities": ["second_singular_value_change"],
    }  # fmt: skip
    found = grids.followed_quantities(config, ["figure_1", "other", "mine"])
    by_seed = {run["seed"]: found[paths.run_path(run)] for run in grids.runs(config, "mine")}
    own, other = ["kernel_alignment", "weight_change_norm"], ["second_singular_value_change"]
    assert by_seed == {0: own, 1: other, 2: sorted(own + other)}
    usual = grids.followed_quantities(followed_experiment(), ["mine"])
    assert {tuple(names) for names in usual.values()} == {tuple(sorted(during_training.USUAL))}


def test_what_can_be_followed_is_what_the_schema_has():
    follow = schema.schema("config")["properties"]["experiments"]["additionalProperties"]["properties"]["follow"]
    assert follow["properties"]["quantities"]["items"]["enum"] == list(during_training.QUANTITIES)


def test_following_is_no_part_of_the_identity_of_a_run():
    config = followed_experiment()
    before = grids.runs(config, "mine")
    del config["experiments"]["mine"]["follow"]
    assert grids.runs(config, "mine") == before


# Jobs


def test_a_job_holds_one_network_or_the_seeds_of_a_condition():
    runs = {paths.run_path(run): run for run in runs_of(SVD, seeds=3)}
    assert jobs.network_jobs(runs, "network") == {
        "network": jobs.NetworkJobs(MODELS["recurrent"], list(runs), [""], paths.PATTERNS["run"]),
    }  # fmt: skip
    found = jobs.network_jobs(runs, "condition")
    assert list(found) == ["condition"] and found["condition"].pattern == paths.PATTERNS["condition"]
    folders, members = found["condition"].folders, found["condition"].members
    assert len(folders) == 2 and members == ["/seed~0", "/seed~1", "/seed~2"]
    assert sorted(networks_of(found)) == sorted(runs)


def test_lstms_are_a_job_each_beside_conditions_of_other_networks():
    runs = {paths.run_path(run): run for run in runs_of(SVD, seeds=3)}
    lstms = {paths.run_path(run): run for run in planning.runs(CONFIG, "schuessler_figure_5")}
    found = jobs.network_jobs(runs | lstms, "condition")
    assert {kind: jobs_of_one.model.folder for kind, jobs_of_one in found.items()} == {
        "condition": "runs", "network_lstm": "language",
    }  # fmt: skip
    assert found["network_lstm"].folders == [f"task~SST/seed~{seed}" for seed in range(10)]
    assert sorted(networks_of(found)) == sorted([*runs, *lstms])
    # Experiments that compare other parts share their networks.
    names = ("schuessler_figure_5_truncation", "schuessler_supplement_lstm_weights")
    assert all(planning.runs(CONFIG, name) == list(lstms.values()) for name in names)


def test_conditions_with_other_seeds_are_another_kind_of_job():
    runs = {}
    for task, seeds in (("2AF", [2, 0]), ("DMS", 3), ("CXT", [0, 1, 2]), ("MSI", [7])):
        for run in runs_of(SVD | {"task": [task]}, seeds=seeds):
            runs[paths.run_path(run)] = run
    found = jobs.network_jobs(runs, "condition")
    assert {kind: len(of_kind.folders) for kind, of_kind in found.items()} == {
        "condition_of_seeds_0_2": 2, "condition_of_seeds_0_to_2": 4, "condition_of_seeds_7": 2,
    }  # fmt: skip
    assert sorted(networks_of(found)) == sorted(runs)


def test_a_job_holds_ten_seeds_at_most_so_that_more_seeds_leave_full_ones_alone():
    def held(seeds):
        runs = {paths.run_path(run): run for run in runs_of(SVD | {"task": ["2AF"]}, seeds=seeds)}
        found = jobs.network_jobs(runs, "condition")
        assert sorted(networks_of(found)) == sorted(runs)
        return {(kind, jobs_of_one.part): len(jobs_of_one.folders) for kind, jobs_of_one in found.items()}

    # Two conditions each.
    assert held(10) == {("condition", "/seeds_0_to_9"): 2}
    assert held(23) == {
        ("condition_of_seeds_0_to_9", "/seeds_0_to_9"): 2,
        ("condition_of_seeds_10_to_19", "/seeds_10_to_19"): 2,
        ("condition_of_seeds_20_to_22", "/seeds_20_to_29"): 2,
    }
    assert held([8, 11]) == {
        ("condition_of_seeds_8", "/seeds_0_to_9"): 2, ("condition_of_seeds_11", "/seeds_10_to_19"): 2,
    }  # fmt: skip


def networks_of(found):
    return [folder + member for kind in found.values() for folder in kind.folders for member in kind.members]


FOLDERS = st.lists(st.sampled_from(["a", "b+x~1", "b+x~0.5", "c"]), min_size=1, max_size=4).map("/".join)


@given(st.dictionaries(FOLDERS.map(lambda folder: f"task~{folder}/rate~1"), st.sampled_from("xyz"), min_size=1))
def test_patterns_of_conditions_fit_their_own_files_and_those_of_no_others(kinds):
    for kind in set(kinds.values()):
        own, others = ({folder for folder in kinds if (kinds[folder] == kind) == is_own} for is_own in (True, False))
        expressions = {f"(?:{jobs._beginnings(own, others)})"}
        if others:
            expressions |= {f"(?!(?:{jobs._beginnings(others, own)})/).+"}
        for expression in expressions:
            pattern = re.compile(f"{expression}/seed~0/network.npz")
            assert all(pattern.fullmatch(f"{folder}/seed~0/network.npz") for folder in own)
            assert not any(pattern.fullmatch(f"{folder}/seed~0/network.npz") for folder in others)


def matched_experiments():
    """Runs of an experiment of three seeds, and of one with matched losses that has two of them; those matched."""
    config = followed_experiment()
    config["experiments"]["other"] = config["experiments"]["mine"] | {"seeds": [1, 2], "matched_loss": True}
    names = ["mine", "other"]
    runs = {paths.run_path(run): run for name in names for run in grids.runs(config, name)}
    return runs, grids.matched(config, names)


def test_runs_of_experiments_with_matched_losses_are_matched():
    runs, matched = matched_experiments()
    assert matched == {path for path, run in runs.items() if run["seed"] in (1, 2)}
    assert grids.matched(CONFIG, []) == set()
    assert grids.matched(CONFIG | {"experiments": {"mine": {"matched_loss": False}}}, ["mine"]) == set()


def test_solutions_are_compared_in_pairs_of_an_even_seed_and_the_next():
    config = with_experiment(SVD, seeds=[4, 0, 3, 1, 2, 7])
    assert solution_pairs.runs(config, "mine") == {}
    config["experiments"]["mine"]["solutions"] = True
    assert solution_pairs.seeds(config["experiments"]["mine"]) == [0, 2]
    pairs = solution_pairs.runs(config, "mine")
    found = [(paths.parse(first)["seed"], paths.parse(second)["seed"]) for first, second in pairs.items()]
    assert found == [(0, 1), (2, 3)] * 2  # of two ranks
    assert len({*pairs, *pairs.values()}) == 8  # disjoint
    assert all(paths.condition_path(paths.parse(first)) in second for first, second in pairs.items())


def test_runs_are_asked_probes_of_their_task_as_it_was_not_trained():
    config = with_experiment(SVD)
    assert unseen_probes.runs(config, "mine") == {}
    config["experiments"]["mine"]["unseen"] = True
    found = unseen_probes.runs(config, "mine")
    assert list(found) == [paths.run_path(run) for run in grids.runs(config, "mine")] != []
    for path, asked in found.items():
        run = paths.parse(path)
        assert list(asked) == list(config["tasks"][run["task"]]["unseen"])
        for what, other in asked.items():
            assert other == run | {"task": f"{run['task']}+unseen~{what}"}


def test_unseen_trials_keep_all_of_a_task_that_they_do_not_change():
    own = {"environment": "E-v0", "timing_ms": {"delay": 100, "decision": 50}, "defaults": {"iterations": 3}}
    unseen = {"timing": {"timing_ms": {"delay": 300}}, "noise": {"arguments": {"sigma": 2.0}}}
    entries = {"mine": own | {"unseen": unseen}}
    names = variants.unseen(entries, "mine")
    assert names == {"timing": "mine+unseen~timing", "noise": "mine+unseen~noise"}
    assert variants.entry(entries, names["timing"]) == own | {"timing_ms": {"delay": 300, "decision": 50}}
    assert variants.entry(entries, names["noise"]) == own | {"arguments": {"sigma": 2.0}}
    swept = variants.entry(entries, "mine+timing_ms.decision~80+unseen~timing")
    assert swept == own | {"timing_ms": {"delay": 300, "decision": 80}}
    assert variants.unseen({"plain": own}, "plain") == {}
    assert not any("unseen" in option for option in variants.options_of_task(entries["mine"]))


# Measures and connectomes


def test_measures_are_those_of_the_experiment_or_the_usual():
    config = with_experiment(SVD)
    for group in ("statistics", "figures"):
        assert grids.measures(config, "mine", group) == CONFIG[group]["measures"]
    config["experiments"]["mine"]["measures"] = ["accuracy", "stable_rank_initial"]
    for group in ("statistics", "figures"):
        assert grids.measures(config, "mine", group) == ["accuracy", "stable_rank_initial"]


def test_usual_measures_of_feedforward_networks_are_those_that_they_have():
    both = {"task": ["MNIST", "sMNIST"], "structure": ["svd_truncation"], "rank": [1, 5]}
    for group in ("statistics", "figures"):
        usual = CONFIG[group]["measures"]
        found = grids.measures(with_experiment(LINEAR), "mine", group)
        assert found == [name for name in usual if "recurrent" not in name]
        assert 0 < len(found) < len(usual)
        assert grids.measures(with_experiment(both), "mine", group) == usual


SOURCES = {
    "source": "synthetic",
    "synthetic": {"description": "drawn cells", "seed": 0, "selection": {"cells": 12, "by": "all"}},
    "file": {"description": "my cells", "selection": {"cells": 9, "by": "all"}},
}


def with_connectome(source):
    return with_experiment(
        SVD,
        connectomes={"mine": SOURCES | {"source": source}},
        structures={
            "wired": {"kind": "connectome", "connectome": "mine"},
            "rewired": {"kind": "shuffled_connectome", "connectome": "mine", "shuffle": "edges"},
        },
    )


@pytest.mark.parametrize(
    ("source", "cells", "note"),
    [("synthetic", 12, "mine (synthetic, not data): drawn cells"), ("file", 9, "mine (file): my cells")],
)
def test_the_active_source_of_a_connectome_gives_its_settings_and_its_note(source, cells, note):
    config = with_connectome(source)
    active = grids.connectome(config, "mine")
    assert active == {"source": source, **SOURCES[source]}
    assert active["selection"]["cells"] == cells
    for structure in ("wired", "rewired"):
        assert grids.connectome_of(config, structure) == "mine"
        assert grids.connectome_notes(config, ["gaussian", structure]) == {structure: note}
    assert grids.connectome_note(config, "mine") == note
    for structure in ("gaussian", "dale"):
        assert grids.connectome_of(config, structure) is None
        assert grids.connectome_notes(config, [structure]) == {}


# Numbers over time


def test_the_path_of_a_run_with_numbers_over_time_has_the_times_of_its_task():
    run = runs_of({"task": ["flip_flop"], "structure": ["gaussian"], "gain": [0.9]})[0]
    assert paths.probe_path(run) == "task~flip_flop/time_step_ms~50/seed~0"
    assert paths.batches_path(run) == "task~flip_flop/time_step_ms~50/batch_size~32+iterations~1000/seed~0"
    assert run["learning_rate"] == 0.05 / 256 and run["size"] == 256


def test_a_task_of_one_trial_has_batches_of_one():
    grid = {"structure": ["gaussian"], "gain": [0.5], "batch_size": [1, 7, 32]}
    assert [run["batch_size"] for run in runs_of(grid | {"task": ["cosine"]}, seeds=1)] == [1]
    assert [run["batch_size"] for run in runs_of(grid | {"task": ["romo"]}, seeds=1)] == [1, 7, 32]


def test_what_covaries_with_the_compared_parameter_makes_no_arms():
    config = with_experiment({"task": ["CXT"], "structure": ["gaussian"]})
    groups = [{"gain": [0.5], "learning_rate": [0.01]}, {"gain": [1.0], "learning_rate": [0.02]}]
    config["experiments"]["mine"] |= {"groups": groups, "compare": "gain"}
    assert grids.arms(config, "mine") == ["task", "learning_rate"]
    config["experiments"]["mine"]["covaries"] = ["learning_rate"]
    assert grids.arms(config, "mine") == ["task"]
    rates = {(run["gain"], run["learning_rate"]) for run in grids.runs(config, "mine")}
    assert rates == {(0.5, 0.01), (1.0, 0.02)}
