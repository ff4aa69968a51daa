"""Training with compiled passes, in real runs: files of their own, rows that say so, and measures that agree."""

import shutil

import pandas as pd
import pytest

from engines import needs_compiled
from richlazy.compiled import library
from runner import new_project

pytestmark = needs_compiled
TABLE = "results/tiny/experiments/figure_1/tables/runs.parquet"
MEASURES = ["weight_change_norm", "representation_alignment", "kernel_alignment", "final_loss"]


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """Two ranks and two seeds, trained with both engines."""
    project = new_project(tmp_path_factory.mktemp("engine") / "project")
    project.configure(
        experiments_to_build=["figure_1"],
        experiments={"figure_1": {"grid": {"task": ["2AF"], "rank": [1, 16]}, "seeds": 2}},
    )
    project.run(TABLE)
    project.torch = pd.read_parquet(project.folder / TABLE)
    project.configure(training={"engine": "compiled"})
    project.done = project.run(TABLE)
    project.compiled = pd.read_parquet(project.folder / TABLE)
    return project


def test_another_engine_trains_and_measures_and_draws_nothing_again(project):
    assert project.done == {"train_network": 4, "measure_condition": 2, "tabulate": 1}


def test_rows_name_the_engine_and_measures_agree(project):
    assert "engine" not in project.torch or set(project.torch["engine"]) == {"torch"}
    assert set(project.compiled["engine"]) == {"compiled"}
    assert project.compiled["run"].str.contains("engine~compiled").all()
    for name in MEASURES:
        assert project.compiled[name].to_numpy() == pytest.approx(project.torch[name].to_numpy(), rel=1e-3), name


def test_published_rows_are_trained_again_with_their_engine_whatever_the_settings_say(project, tmp_path):
    copy = project.copy(tmp_path / "copy")
    copy.run("all", "publish_reference")
    copy.configure(training={"engine": "torch"})
    copy.run("recheck")
    lines = (copy.folder / "results/tiny/recheck/verdict.txt").read_text().splitlines()
    rows = [line for line in lines if "engine~compiled" in line]
    assert rows and all("equal bytes: weights 0.0e+00, measures 0.0e+00" in row for row in rows)


def test_an_edit_of_the_c_sources_trains_again_with_this_engine_alone(project):
    source = project.folder / "workflow/scripts/richlazy/compiled/passes.h"
    source.write_text(source.read_text() + "/* edited */\n")
    assert project.jobs(TABLE)["train_network"] == 4
    project.configure(training={"engine": "torch"})
    assert "train_network" not in project.jobs(TABLE)


def test_without_a_compiler_the_plan_is_refused_in_a_sentence(project, monkeypatch, tmp_path):
    project.configure(training={"engine": "compiled"})
    shutil.rmtree(project.folder / "workflow/scripts/richlazy/compiled/built", ignore_errors=True)
    monkeypatch.setenv("CC", "no-such-compiler")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    done = project.snakemake("-n", TABLE, check=False)
    assert done.returncode and "there is no C compiler here" in done.stderr and library.MENDING in done.stderr
