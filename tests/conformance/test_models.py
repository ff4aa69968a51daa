"""What every model of the registry does, whatever it is: it is trained, measured, tabulated, published and rechecked.

``tests/configs/every_model.yaml`` has an experiment of each, of two updates.
"""

import functools
import shutil

import numpy as np
import pytest
import yaml

import shipped
from richlazy.experiments import paths, planning
from richlazy.models import base, kept_weights
from richlazy.models.registry import MODELS
from richlazy.storage import array_io, late_import, parquet
from runner import ROOT, Project, assert_same_results, merged, new_project

CONFIG = merged(shipped.CONFIG, yaml.safe_load((ROOT / "tests/configs/every_model.yaml").read_text()))
EXPERIMENTS = {planning.model_of(CONFIG, name).architecture: name for name in CONFIG["experiments_to_build"]}
every_model = pytest.mark.parametrize("model", MODELS.values(), ids=list(MODELS))


@pytest.fixture(scope="module")
def published(tmp_path_factory) -> Project:
    """A project with an experiment of each model, published as its reference and rechecked."""
    project = new_project(tmp_path_factory.mktemp("models") / "project")
    shutil.copy2(ROOT / "tests/configs/every_model.yaml", project.folder / "tiny.yaml")
    project.run("all", "publish_reference")
    project.run("recheck")
    return project


@functools.cache
def runs_of(model):
    return planning.runs(CONFIG, EXPERIMENTS[model.architecture])


def training_of(model, project, run):
    """Module that trains a model, with the arguments ``files`` and ``settings`` for one run."""
    planner = late_import.load(model.planning)
    files = {
        name: [str(project.folder / "results/tiny" / file) for file in named]
        for name, named in planner.training_inputs(CONFIG, [run]).items()
    }
    return late_import.load(model.training), files, planner.training_settings(CONFIG, [run])


def network_of(model, project, run):
    return project.folder / "results/tiny" / model.folder / paths.run_path(run) / "network.npz"


def checksum(network):
    return kept_weights.checksum(array_io.load_arrays(network))


def test_results_of_every_model_are_adopted(published, tmp_path):
    published.copy(tmp_path / "copy").assert_adopts_itself()


def test_every_model_has_an_experiment():
    assert set(EXPERIMENTS) == set(MODELS)
    assert {run["architecture"] for model in MODELS.values() for run in runs_of(model)} == set(MODELS)


@every_model
def test_initial_weights_are_those_of_the_seed(published, model):
    run = runs_of(model)[0]
    training, files, settings = training_of(model, published, run)
    first, again = (training.initial_weights([run], files, settings)[0] for _ in range(2))
    other = training.initial_weights([run | {"seed": run["seed"] + 1}], files, settings)[0]
    initial, _ = base.load_network(network_of(model, published, run))
    assert set(first) == set(initial)
    for name, matrix in first.items():
        assert matrix.dtype == np.float32
        assert np.array_equal(matrix, again[name]) and np.array_equal(matrix, initial[name])
    assert any(not np.array_equal(matrix, other[name]) for name, matrix in first.items())


@every_model
def test_two_updates_change_every_matrix_and_give_equal_bytes_again(published, model, tmp_path):
    run = runs_of(model)[0]
    training, files, settings = training_of(model, published, run)
    network = network_of(model, published, run)
    saved = {"network": [str(tmp_path / "network.npz")], "history": [str(tmp_path / "history.json")]}
    training.train_networks([run], files, saved, settings)
    assert checksum(tmp_path / "network.npz") == checksum(network)
    assert (tmp_path / "history.json").read_bytes() == network.with_name("history.json").read_bytes()
    history = array_io.load_json(tmp_path / "history.json")
    assert (history["diverged"], history["diverged_at"]) == (False, None)
    initial, final = base.load_network(tmp_path / "network.npz")
    for name, matrix in final.items():
        assert matrix.dtype == initial[name].dtype == np.float32 and matrix.shape == initial[name].shape
        assert matrix.size == 0 or not np.array_equal(matrix, initial[name]), name
    assert any(matrix.size for matrix in final.values())


@every_model
def test_gradients_are_slopes_of_the_loss(published, model):
    """In float64 against central differences along random directions: no derivative by autograd is taken on trust."""
    run = runs_of(model)[0]
    training, files, settings = training_of(model, published, run)
    weights = {
        name: matrix.astype(float) for name, matrix in training.initial_weights([run], files, settings)[0].items()
    }
    loss, gradients = training.gradients(run, weights, files, settings)
    assert np.isfinite(loss) and set(gradients) == set(weights)
    rng = np.random.default_rng(0)
    for name, gradient in gradients.items():
        assert gradient.dtype == np.float64 and gradient.shape == weights[name].shape
        if not gradient.size:
            continue
        direction = rng.standard_normal(gradient.shape)
        step = 1e-5 * direction / np.linalg.norm(direction)
        after, before = (
            training.gradients(run, weights | {name: weights[name] + sign * step}, files, settings)[0]
            for sign in (1, -1)
        )
        assert np.any(gradient != 0)
        assert (after - before) / 2 == pytest.approx(np.sum(gradient * step), rel=1e-5, abs=1e-14), name


@every_model
def test_fingerprints_cover_every_matrix(published, model):
    _, final = base.load_network(network_of(model, published, runs_of(model)[0]))
    assert set(model.matrices) == {name for name, matrix in final.items() if matrix.ndim == 2}
    table = parquet.load_table(reference_of(model, published) / "tables/fingerprints.parquet")
    assert {name[:-2] for name in table.columns if name[-2:] == "_0"} == set(model.matrices)
    assert set(table["sha256"]) == {checksum(network_of(model, published, run)) for run in runs_of(model)}


def reference_of(model, project):
    return project.folder / "results/tiny/reference/experiments" / EXPERIMENTS[model.architecture]


@every_model
def test_an_experiment_is_tabulated_and_published(published, model):
    target = reference_of(model, published)
    source = published.folder / "results/tiny/experiments" / target.name
    expected = {f"tables/{name}.parquet" for name in model.tables}
    expected |= {f"statistics/{name}.parquet" for name in model.statistics}
    expected |= {f"figures/{name}.png" for name in model.figures}
    files = {str(path.relative_to(target)) for path in target.rglob("*") if path.is_file()}
    assert expected | {"tables/fingerprints.parquet", "provenance.json"} <= files
    assert_same_results(source, target, expected)
    table = parquet.load_table(target / "tables/runs.parquet")
    assert model.identity in table
    networks = {str(network_of(model, published, run).relative_to(published.folder)) for run in runs_of(model)}
    assert set(table["network"]) == networks
    assert not table["diverged"].any()
    seconds = array_io.load_json(target / "provenance.json")["wall_seconds"]
    assert set(seconds) == {"train", "measure"} and min(seconds.values()) > 0


@every_model
def test_every_published_network_is_trained_again_with_equal_bytes(published, model):
    lines = (published.folder / "results/tiny/recheck/verdict.txt").read_text().splitlines()
    for run in runs_of(model):
        (line,) = [line for line in lines if line.endswith(f"  {paths.run_path(run)}")]
        assert "equal bytes: weights 0.0e+00, measures 0.0e+00" in line


@every_model
def test_jobs_ask_for_more_at_each_attempt(model):
    planner = late_import.load(model.planning)
    for need in (planner.training_need, planner.measuring_need):
        first, second = (need(CONFIG, runs_of(model)[:1], attempt) for attempt in (1, 2))
        assert all(isinstance(one, int) and 0 < one < two for one, two in zip(first, second, strict=True))


@every_model
def test_planning_names_only_results_below_their_folder(model):
    planner = late_import.load(model.planning)
    for stage in (planner.training_inputs, planner.measuring_inputs):
        named = stage(CONFIG, runs_of(model)[:1])
        assert named and all(isinstance(files, list) for files in named.values())
        assert not any(file.startswith(("/", "results")) for files in named.values() for file in files)
