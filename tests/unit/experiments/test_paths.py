"""The grammar of paths: what is written is read back, and patterns match their own paths alone."""

import re
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from richlazy.experiments import grids, parameters, paths, planning, variants
from richlazy.models import rate_network
from richlazy.storage import late_import
from shipped import CONFIG

ROOT = Path(__file__).parents[3]
TASKS = [name for name, task in CONFIG["tasks"].items() if "sentences" not in task]
SWEPT = {
    "rank": [1, 30], "decay_exponent": [0.5, 4], "matching": ["frobenius", "leading_eigenvalue"], "size": [2, 1000],
    "gain": [0, 1e-3, 1.0, 1.5, 1e20], "leak": rate_network.LEAKS, "rectification": rate_network.RECTIFICATIONS,
    "readout": rate_network.READOUTS, "time_step_ms": [0.1, 100.0], "time_constant_ms": [1e-5, 100],
    "learning_rate": [3e-3, 1e-7], "momentum": [0.0, 0.9], "optimiser": ["adam", "gradient_descent"],
    "trained": ["all", "recurrent"], "parametrisation": ["plain", "scaled"], "engine": ["torch", "compiled"],
    "batch_size": [1, 32], "iterations": [0, 10000], "condition_number": [1, 7.5],
}  # fmt: skip
STAGES = {
    "run": paths.run_path, "condition": paths.condition_path, "connectivity": paths.connectivity_path,
    "teacher": paths.teacher_path, "probe": paths.probe_path, "batches": paths.batches_path,
}  # fmt: skip


def some(values):
    return st.lists(st.sampled_from(list(values)), min_size=1, max_size=2, unique=True)


@st.composite
def experiments(draw):
    """Any task, structure, swept parameters, and options of both at other values."""
    task, structure = draw(st.sampled_from(TASKS)), draw(st.sampled_from(sorted(CONFIG["structures"])))
    grid = {"task": [task], "structure": [structure], "rank": [3], "decay_exponent": [2.0]}
    grid |= {name: draw(some(SWEPT[name])) for name in draw(some(SWEPT))}
    own = variants.options_of_task(CONFIG["tasks"][task]) | variants.options_of_structure(
        CONFIG["structures"][structure]
    )
    for option, value in own.items():
        if draw(st.booleans()) and not isinstance(value, (dict, str)):
            others = [True, False] if isinstance(value, bool) else [0.02, 0.5, 3, 1e-7, 200]
            grid[option] = draw(some(others))
    return {
        "preset": draw(st.sampled_from(sorted(CONFIG["presets"]))),
        "grid": grid,
        "compare": "rank",
        "seeds": [0, 12],
    }


def runs_of(experiment):
    return grids.runs(CONFIG | {"experiments": {"mine": experiment}}, "mine")


@given(experiments())
def test_a_run_is_read_back_from_its_path(experiment):
    for run in runs_of(experiment):
        path = paths.run_path(run)
        assert paths.parse(path) == run
        assert paths.run_path(paths.parse(path)) == path
        assert {name: type(value) for name, value in paths.parse(path).items()} == {
            name: type(value) for name, value in run.items()
        }


@given(experiments())
def test_a_pattern_matches_the_paths_of_its_own_stage_alone(experiment):
    for run in runs_of(experiment):
        written = {stage: path_of(run) for stage, path_of in STAGES.items()}
        for stage, pattern in paths.PATTERNS.items():
            for other, path in written.items():
                if {stage, other} != {"probe", "teacher"}:  # which have one form where there is no time
                    assert bool(re.fullmatch(pattern, path)) == (path == written[stage]), (stage, other, path)
            for name in (f"x/{written[stage]}/file.npz", f"x/{written[stage]}.log"):
                found = re.fullmatch(f"x/(?P<path>{pattern})(/file[.]npz|[.]log)", name)
                assert found and found["path"] == written[stage]


@given(experiments(), st.data())
def test_a_path_with_a_part_too_many_or_too_few_is_none(experiment, data):
    path = paths.run_path(runs_of(experiment)[0])
    parts = re.split(r"(?<=[/+])", path)
    place = data.draw(st.integers(0, len(parts) - 1))
    name = parts[place].partition("~")[0]
    known = parameters.PARAMETERS.get(name)
    if known is not None and not known.optional and known.usual is None:
        assert not re.fullmatch(paths.PATTERNS["run"], "".join(parts[:place] + parts[place + 1 :]))
    for wrong in (
        path + "/",
        "/" + path,
        path.replace("/", "//", 1),
        path + "+",
        path.replace("~", "", 1),
        f"{path}0/x",
    ):
        with pytest.raises(ValueError, match="is no path of a trained network; give its folder below runs/"):
            paths.parse(wrong)


def test_every_shipped_run_is_read_back():
    for name in CONFIG["experiments"]:
        read = late_import.load(planning.model_of(CONFIG, name).planning).run_of_path
        for run in planning.runs(CONFIG, name)[::7]:
            assert read(paths.run_path(run)) == run


def test_every_published_run_is_read_back():
    tables = sorted((ROOT / "results/reference/experiments").glob("*/tables/runs.parquet"))
    tables = [table for table in map(pd.read_parquet, tables) if "run" in table]
    assert len(tables) > 20
    for table in tables:
        for row in table.iloc[::11].to_dict("records"):
            run = paths.parse(row["run"])  # of a swept task or structure the variant, which tables have by its base
            base = {owner: variants.base_name(run[owner]) for owner in variants.OWNERS}
            assert run | base == parameters.run_of_row(row)


def test_the_folders_of_a_path_are_those_of_its_parameters():
    assert paths.FOLDERS["run"] == (
        ("task", "condition_number"),
        ("structure", "rank", "decay_exponent", "matching"),
        ("size", "gain", "readout"),
        ("leak", "rectification", "time_step_ms", "time_constant_ms"),
        (
            "learning_rate",
            "optimiser",
            "momentum",
            "trained",
            "parametrisation",
            "rule",
            "feedback_correlation",
            "truncation_steps",
            "perturbation",
            "engine",
            "batch_size",
            "iterations",
            "distinct_batches",
        ),
        ("seed",),
    )
    assert paths.FOLDERS["batches"] == (
        ("task", "condition_number"), ("time_step_ms",), ("batch_size", "iterations", "distinct_batches"), ("seed",),
    )  # fmt: skip
    assert paths.FOLDERS["probe"] == (("task", "condition_number"), ("time_step_ms",), ("seed",))
    assert paths.FOLDERS["teacher"] == (("task", "condition_number"), ("seed",))


def test_what_decides_a_teacher_is_in_the_order_in_which_its_job_has_always_had_it():
    assert parameters.TEACHER_PARAMETERS == (
        "condition_number", "rank", "matching", "size", "gain", "leak", "rectification", "time_step_ms",
        "time_constant_ms", "learning_rate", "momentum", "batch_size", "iterations", "seed",
    )  # fmt: skip
    assert parameters.ANSWERING_PARAMETERS == (
        "condition_number", "leak", "rectification", "time_step_ms", "time_constant_ms", "seed",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("owner", "names", "path", "begins"),
    [
        ("task", ["2AF"], "task~2AF/seed~0", True),
        ("task", ["2AF"], "task~2AF+condition_number~3/seed~0", True),
        ("task", ["2AF"], "task~2AFX/seed~0", False),
        ("task", ["mante"], "task~mante+noise~0.1/seed~0", True),
        ("task", [], "task~2AF/seed~0", False),
        ("structure", ["dale"], "task~2AF/structure~dale+matching~frobenius/size~4+gain~1/seed~0", True),
        ("structure", ["dale"], "structure~dale+matching~frobenius/size~4+gain~1/seed~0", False),
        ("structure", ["dale"], "task~2AF/structure~dale_held+matching~frobenius/size~4+gain~1/seed~0", False),
    ],
)
def test_a_beginning_is_that_of_whole_names(owner, names, path, begins):
    assert bool(re.match(paths.beginning(owner, names), path)) == begins
