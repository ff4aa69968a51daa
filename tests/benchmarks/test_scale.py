"""The benchmark of scale plans the networks that it says, with the inputs of the real workflow. No timing."""

import shutil

import pytest
import yaml

from richlazy.configuration import checks
from richlazy.experiments import grids, paths
from richlazy.storage.import_closure import import_closure
from runner import ROOT, merged, new_project

from . import SCRIPTS, scale


def test_a_grid_has_as_many_networks_as_asked_all_different():
    config = merged(yaml.safe_load((ROOT / "config.yaml").read_text()), scale.grid_of(800, 2))
    checks.check(config, ROOT / "workflow/schemas/config.schema.yaml")
    found = [paths.run_path(run) for name in ("grid_0", "grid_1") for run in grids.runs(config, name)]
    assert len(found) == len(set(found)) == 800
    with pytest.raises(ValueError, match="not a multiple"):
        scale.grid_of(500, 2)


def test_scripts_that_only_touch_still_depend_on_their_modules(tmp_path):
    for script in SCRIPTS.glob("*.py"):
        shutil.copy(script, tmp_path)
    scale.touch_only(tmp_path)
    for script in tmp_path.glob("*.py"):
        assert script.read_text().startswith(scale.TOUCH)
        assert import_closure(script) == import_closure(SCRIPTS / script.name)


def test_a_call_of_snakemake_has_its_cost(tmp_path):
    project = new_project(tmp_path / "project")
    (project.folder / "scale.yaml").write_text(yaml.safe_dump(scale.grid_of(200, 1)))
    cost = scale.snakemake(project.folder, "--dry-run", "--until", "sample_probe_trials")
    assert cost.jobs == scale.SEEDS
    assert cost.processor > 0.1 and 50 < cost.megabytes < 2000
