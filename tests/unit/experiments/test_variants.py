"""Options of structures and tasks that a grid sweeps: their runs, paths, tables, labels, and what is refused."""

import copy
import itertools
from pathlib import Path

import jsonschema
import numpy as np
import pandas as pd
import pytest
import yaml

from richlazy.configuration import checks
from richlazy.configuration.checks import ConfigurationError
from richlazy.experiments import grids, parameters, paths, variants
from richlazy.figures import figure_style
from richlazy.measures import registry
from richlazy.statistics import claims, hypothesis_tests, interactions
from richlazy.tables import experiment_tables
from shipped import CONFIG

ROOT = Path(__file__).parents[3]
FRACTIONS = {"task": ["2AF"], "structure": ["gaussian", "cell_types"], "fraction": [0.02, 0.1, 0.3]}
NOISE = {"task": ["mante"], "structure": ["gaussian"], "noise": [0.05, 0.1], "gain": [0.5, 0.9]}


def with_grid(grid, compare, **others):
    own = {"title": "t", "source": "s", "preset": "reproduction", "grid": grid, "compare": compare, "seeds": 2} | others
    return CONFIG | {"experiments": {"mine": own}, "experiments_to_build": ["mine"]}


def check(grid, compare, **others):
    checks.check(with_grid(grid, compare, **others))


def refused(grid, compare, **others):
    with pytest.raises(ConfigurationError) as caught:
        check(grid, compare, **others)
    assert "\n" not in str(caught.value)
    return str(caught.value)


# Runs and paths


def test_a_swept_option_joins_the_paths_where_it_differs():
    runs = grids.runs(with_grid(FRACTIONS, "structure"), "mine")
    assert list(dict.fromkeys(run["structure"] for run in runs)) == [
        "gaussian", "cell_types", "cell_types+fraction~0.1", "cell_types+fraction~0.3",
    ]  # fmt: skip
    assert paths.connectivity_path(runs[-1]) == (
        "structure~cell_types+fraction~0.3+matching~frobenius/size~300+gain~1.5/seed~1"
    )
    unswept = grids.runs(with_grid(FRACTIONS | {"fraction": [0.02]}, "structure"), "mine")
    plain = grids.runs(with_grid({key: FRACTIONS[key] for key in ("task", "structure")}, "structure"), "mine")
    assert unswept == plain == runs[:4]


def test_an_option_of_a_task_decides_its_trials():
    runs = grids.runs(with_grid(NOISE, "gain"), "mine")
    assert {paths.probe_path(run) for run in runs} == {
        f"task~mante{noise}/time_step_ms~50/seed~{seed}" for noise in ("", "+noise~0.1") for seed in (0, 1)
    }


def test_options_stand_in_the_order_of_their_names_whatever_the_order_of_the_grid():
    entries = CONFIG["structures"]
    for order in (["weak_gain", "fraction"], ["fraction", "weak_gain"]):
        [name] = variants.names(entries, "structure", "cell_types", {option: [0.5] for option in order})
        assert name == "cell_types+fraction~0.5+weak_gain~0.5"


@pytest.mark.parametrize(
    ("owner", "name", "changes"),
    [
        ("structure", "cell_types", {"fraction": 0.1, "blocks": "hub", "strong_gain": 3.0}),
        ("structure", "chain_over", {"correlation": -0.05, "exact": True}),
        ("structure", "dale", {"signs_held": True, "excitatory_fraction": 0.5}),
        ("task", "mante", {"noise": 1e-07, "timing_ms.delay": 100}),
        ("task", "linear_2", {"teacher.samples": 50, "teacher.whitened": True}),
        ("task", "flip_flop", {"channels": 3, "target": "text", "timing_ms.interval": 600}),
    ],
)
def test_an_entry_comes_back_from_the_name_of_its_variant(owner, name, changes):
    group = CONFIG[variants.OWNERS[owner][0]]
    before = copy.deepcopy(group[name])
    [variant] = variants.names(group, owner, name, {option: [value] for option, value in changes.items()})
    expected = copy.deepcopy(group[name])
    for option, value in changes.items():
        *groups, key = option.split(".")
        (expected[groups[0]] if groups else expected)[key] = value
    assert variants.entry(group, variant) == expected
    assert group[name] == before
    assert variants.base_name(variant) == name


def test_variants_stand_beside_the_entries_and_no_experiment_without_options_has_any():
    config = with_grid(FRACTIONS, "structure")
    found = grids.with_variants(config, ["mine"])
    assert set(found["structures"]) - set(CONFIG["structures"]) == {
        "cell_types+fraction~0.1",
        "cell_types+fraction~0.3",
    }
    assert found["structures"]["cell_types+fraction~0.1"] == CONFIG["structures"]["cell_types"] | {"fraction": 0.1}
    assert found["tasks"] == CONFIG["tasks"]
    plain = [
        name
        for name, experiment in CONFIG["experiments"].items()
        if not any(grids.options(grid) for grid in grids.completed(experiment))
    ]
    assert len(plain) > 50
    assert grids.with_variants(CONFIG, plain) == CONFIG


# Tables, statistics and labels


def rows_of(config):
    swept = grids.swept_options(config, "mine")
    return [grids.row_of_table(run, swept) for run in grids.runs(config, "mine")]


def test_rows_name_the_option_and_the_entry():
    rows = rows_of(with_grid(FRACTIONS, "structure"))
    assert [(row["structure"], row["fraction"]) for row in rows[::2]] == [
        ("gaussian", None), ("cell_types", 0.02), ("cell_types", 0.1), ("cell_types", 0.3),
    ]  # fmt: skip
    assert grids.arms(with_grid(FRACTIONS, "structure"), "mine") == ["task", "fraction"]


def test_an_entry_whose_own_value_is_a_range_has_none_in_the_table():
    config = with_grid({"structure": ["gaussian"]}, "task", groups=[
        {"task": ["romo"]}, {"task": ["romo"], "timing_ms.delay": [500]},
    ])  # fmt: skip
    assert {row["timing_ms.delay"] for row in rows_of(config)} == {None, 500}
    assert {row["task"] for row in rows_of(config)} == {"romo"}


@pytest.mark.parametrize(
    ("grid", "option", "owner", "dtype"),
    [
        (FRACTIONS, "fraction", "structure", "Float64"),
        (NOISE, "noise", "task", "Float64"),
        (FRACTIONS | {"fraction": [0.1], "blocks": ["within", "hub"]}, "blocks", "structure", "string"),
        ({"task": ["2AF"], "structure": ["chain_over"], "exact": [True, False]}, "exact", "structure", "boolean"),
        ({"task": ["mante"], "structure": ["dale"], "timing_ms.delay": [100, 500]}, "timing_ms.delay", "task", "Int64"),
    ],
)
def test_tables_have_a_typed_column_with_its_meaning(grid, option, owner, dtype):
    config = with_grid(grid, "structure")
    swept = grids.swept_options(config, "mine")
    runs = grids.runs(config, "mine")
    table = pd.DataFrame(runs)
    experiment_tables._name_options(table, swept)
    assert str(table[option].dtype) == dtype
    assert [None if pd.isna(value) else value for value in table[option]] == [row[option] for row in rows_of(config)]
    assert set(table["task"]) | set(table["structure"]) == {*grid["task"], *grid["structure"]}
    columns = experiment_tables.with_swept(experiment_tables.RUN_COLUMNS, swept)
    names = list(columns)
    assert names.index(option) == names.index(owner) + 1 + list(sorted(swept, key=list(swept).index)).index(option)
    assert len(columns[option]) > 10
    assert [name for name in names if name not in swept] == list(experiment_tables.RUN_COLUMNS)


@pytest.mark.parametrize(
    ("option", "label", "title"),
    [
        ("fraction", "fraction", "fraction 0.1"),
        ("strong_gain", "strong gain", "strong gain 0.1"),
        ("timing_ms.decision_delay", "decision delay (ms)", "decision delay 0.1 ms"),
        ("rate_hz", "rate (Hz)", "rate 0.1 Hz"),
        ("gain", "gain $g$", "g = 0.1"),
        ("time_step_ms", "time step (ms)", "step 0.1 ms"),
        ("structure", "initial structure", "0.1"),
    ],
)
def test_labels_and_titles_say_name_and_unit(option, label, title):
    assert parameters.label(option) == label
    assert figure_style.with_name(option, 0.1) == title


# What is refused


def test_sweeps_of_any_option_are_accepted():
    check(FRACTIONS | {"structure": ["cell_types"]}, "fraction")
    check(NOISE, "noise")
    check({"task": ["mante", "2AF"], "structure": ["dale"], "timing_ms.delay": [0, 500], "gain": [1, 2]}, "gain")
    check({"task": ["2AF"], "structure": ["cell_types", "dale"], "strong_gain": [2.0, 4.0]}, "structure")
    check({"task": ["2AF"], "structure": ["dale"], "signs_held": [False, True]}, "signs_held")
    check({"task": ["linear_20"], "structure": ["gaussian"], "teacher.samples": [50, 100]}, "teacher.samples")


WHERE = "experiments.mine.grid"
REFUSALS = {
    "unknown": (
        FRACTIONS | {"fractoin": [0.1]}, "fraction",
        f"{WHERE} has an unknown key 'fractoin': did you mean 'fraction'",
    ),
    "of others": (
        FRACTIONS | {"correlation": [0.1]}, "fraction",
        f"{WHERE}.correlation has no effect on gaussian, cell_types",
    ),
    "of other tasks": (
        FRACTIONS | {"noise": [0.1]}, "fraction",
        f"{WHERE}.noise has no effect on gaussian, cell_types, 2AF",
    ),
    "not affected": (FRACTIONS, "fraction", "compare is 'fraction', which makes no difference where"),
    "above range": (
        FRACTIONS | {"structure": ["cell_types"], "fraction": [0.1, 1.5]}, "fraction",
        f"{WHERE}.fraction does not fit: structures.cell_types.fraction is 1.5; it must be below 1",
    ),
    "below range": (NOISE | {"noise": [0.1, -1]}, "noise", f"{WHERE}.noise does not fit: tasks.mante.noise is -1"),
    "own rule": (
        {"task": ["2AF"], "structure": ["chain_over"], "correlation": [0, 0.1]}, "correlation",
        f"{WHERE}.correlation does not fit: structures.chain_over.correlation is 0, which makes no motif",
    ),
    "size": (
        {"task": ["2AF"], "structure": ["dale"], "excitatory_fraction": [0.001, 0.5]}, "excitatory_fraction",
        "which leaves 0 of the 300 units of experiments.mine.grid excitatory",
    ),
    "time step": (
        {"task": ["mante"], "structure": ["dale"], "timing_ms.delay": [510, 500]}, "timing_ms.delay",
        "which is no whole number of time steps of 50.0 ms",
    ),
    "no period": (
        {"task": ["mante"], "structure": ["dale"], "timing_ms.stimulus": [0, 500]}, "timing_ms.stimulus",
        "is 0, without which continuous: mante is no task",
    ),
    "file": (
        {"task": ["2AF"], "structure": ["connectome"], "connectome": ["v1_column", "v1dd"], "size": [198]},
        "connectome",
        f"{WHERE}.connectome names what structure 'connectome' is made of, which cannot be swept",
    ),
    "list": (
        {"task": ["romo"], "structure": ["dale"], "timing_ms.delay": [[200, 800], 500]}, "timing_ms.delay",
        f"{WHERE}.timing_ms.delay[0] must be a number or a text or true or false, not [200, 800]",
    ),
    "sign": (
        {"task": ["2AF"], "structure": ["connectome_shuffled"], "size": [198], "signs_held": [True, False]},
        "signs_held",
        "structures.connectome_shuffled.signs_held has no meaning for shuffle: values_on_mask",
    ),
    "word": (
        FRACTIONS | {"structure": ["cell_types"], "blocks": ["within", "all"]}, "blocks",
        "structures.cell_types.blocks is 'all'; choose one of within, hub, pre",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSALS)
def test_a_wrong_sweep_is_refused_in_one_sentence(name):
    grid, compare, sentence = REFUSALS[name]
    assert sentence in refused(grid, compare)


def test_an_option_of_a_task_and_of_a_structure_cannot_be_swept_together(monkeypatch):
    both = {**variants.OWNERS, "task": ("tasks", lambda entry: {"fraction": 0.5})}
    monkeypatch.setattr(variants, "OWNERS", both)
    sentence = refused(FRACTIONS | {"structure": ["cell_types"]}, "fraction")
    assert "fraction is an option of task '2AF' and of structure 'cell_types'" in sentence


# Statistics


def test_trends_interactions_and_claims_take_swept_options():
    rng = np.random.default_rng(0)
    runs = pd.DataFrame(
        [
            {
                "task": "mante", "fraction": fraction, "timing_ms.delay": delay, "seed": seed, "diverged": False,
                "converged": True, "connectome": None, "change": fraction * delay + 0.1 * rng.standard_normal(),
            }
            for fraction, delay, seed in itertools.product([0.1, 0.2, 0.3], [100, 500, 1000], range(6))
        ]
    )  # fmt: skip
    arms, settings = ["task", "timing_ms.delay"], CONFIG["statistics"] | registry.roles() | {"measures": ["change"]}
    tables = {
        "trends": hypothesis_tests.trends(runs, arms, "fraction", settings),
        "interactions": interactions.interactions(runs, arms, "fraction", settings),
    }
    assert tables["trends"]["timing_ms.delay"].tolist() == [100, 500, 1000]
    assert tables["interactions"]["swept"].tolist() == ["timing_ms.delay"]
    claim = {
        "id": "liu2024-delay", "paper": "Liu et al. 2024", "location": "Figure 1", "statement": "More changes more.",
        "experiment": "mine", "test": "trend", "direction": "increasing", "measures": ["change"], "scale": "paper",
        "where": {"timing_ms.delay": [500]},
    }  # fmt: skip
    schema = yaml.safe_load((ROOT / "workflow/schemas/claims.schema.yaml").read_text())
    jsonschema.validate([claim], schema)
    verdict = claims.judge([claim], {"mine": tables}, {}, settings, "paper").iloc[0]
    assert (verdict["verdict"], verdict["supporting"]) == ("supported", 1)
    joined = claim | {"test": "interaction", "where": {"swept": ["timing_ms.delay"]}}
    assert claims.judge([joined], {"mine": tables}, {}, settings, "paper")["verdict"].tolist() == ["supported"]
