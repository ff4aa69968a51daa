"""What every kind of task can do, whichever kinds there are: nothing here names one of them."""

import shutil
import sys
from types import SimpleNamespace

import numpy as np
import pytest
import torch
import yaml

import kinds_of_tasks
from recheck_run import recheck_run
from richlazy import rechecking, reference
from richlazy.configuration import checks
from richlazy.models import rate_network
from richlazy.models.registry import MODELS
from richlazy.settings import Settings
from richlazy.storage import array_io, parquet
from richlazy.tables import experiment_tables
from richlazy.tasks import kinds, registry
from richlazy.tasks.base import Task
from tabulate_runs import tabulate_runs
from toy_kind import ECHO, ENTRY
from train_again import train_again

MEMBERS = list(registry.members())
SAMPLED = [key for key, kind in registry.members().items() if kind.trials]
NEW = "echo"


@pytest.fixture
def new_kind(tmp_path, monkeypatch):
    """A kind that the registry has for the time of a test, because its module lies among the others."""
    folder = tmp_path / "kinds"
    folder.mkdir()
    (folder / f"{NEW}.py").write_text(ECHO)
    monkeypatch.setattr(kinds, "__path__", [*kinds.__path__, str(folder)])
    monkeypatch.setitem(kinds_of_tasks.CONFIG["tasks"], "toy", ENTRY)
    registry.members.cache_clear()
    yield
    registry.members.cache_clear()
    sys.modules.pop(f"{kinds.__name__}.{NEW}", None)
    vars(kinds).pop(NEW, None)


@pytest.fixture
def kind(request):
    """The kind of a key; the new one is registered first."""
    if request.param == NEW:
        request.getfixturevalue("new_kind")
    return registry.members()[request.param]


every_kind = pytest.mark.parametrize("kind", [*MEMBERS, NEW], indirect=True)
every_sampled_kind = pytest.mark.parametrize("kind", [*SAMPLED, NEW], indirect=True)


@every_kind
def test_its_entries_of_the_configuration_are_valid_and_described(kind):
    assert issubclass(kind, Task) and issubclass(kind.settings, Settings)
    assert all(field.description for field in kind.settings.model_fields.values())
    entries = kinds_of_tasks.entries(kind.key)
    assert entries  # config.yaml shows how each kind is written
    for name, entry in entries.items():
        kind.settings.model_validate(entry)
        task = registry.named(kinds_of_tasks.CONFIG["tasks"], name)
        assert type(task) is kind and task.entry == entry, name
        assert task.architecture in ("recurrent", "feedforward", "lstm")
        assert task.loss in ("cross_entropy", "squared_error", "masked_squared_error")
        assert task.outputs >= 1 and task.steps(5.0) >= 1
        assert (task.steps(5.0) == 1) == task.is_feedforward
        assert "defaults" not in task.trial_entry and "probe" not in task.trial_entry


@every_kind
def test_its_model_refuses_unknown_keys_and_texts_for_numbers(kind):
    _, entry = next(iter(kinds_of_tasks.entries(kind.key).items()))
    with pytest.raises(ValueError, match="nonsense"):
        kind.settings.model_validate(entry | {"nonsense": 1})
    numbers = [key for key, value in entry.items() if isinstance(value, int)]
    for key in numbers:
        with pytest.raises(ValueError, match=key):
            kind.settings.model_validate(entry | {key: str(entry[key])})


@every_kind
def test_a_missing_or_idle_key_is_one_sentence(kind):
    config = kinds_of_tasks.configuration(kind.key)
    name = config["experiments"][kinds_of_tasks.EXPERIMENT]["grid"]["task"][0]
    needed = [key for key, field in kind.settings.model_fields.items() if field.is_required()]
    told = {kind.key, kind.variant_of}
    for key in [key for key in needed if key not in told]:
        entry = {other: value for other, value in config["tasks"][name].items() if other != key}
        with pytest.raises(checks.ConfigurationError, match=f"^tasks.{name} lacks {key}; add it"):
            checks.check(config | {"tasks": config["tasks"] | {name: entry}})


@every_sampled_kind
def test_an_experiment_on_it_is_accepted_and_costed(kind):
    config = kinds_of_tasks.configuration(kind.key)
    checks.check(config)
    runs = kinds_of_tasks.runs(config)
    assert len(runs) == 4
    for run in runs:
        task = registry.named(config["tasks"], run["task"])
        for need in (task.training_need(run), task.probe_need()):
            assert need.memory_mb >= 100 and 1 <= need.minutes < 1000
            assert all(isinstance(number, int) for number in need)
        assert task.columns(run["size"]) >= 1
        assert set(task.training_parameters) | set(task.probe_parameters) <= set(run)
        assert set(task.of_training(config["training"])) >= {"loss", "loss_steps", "target_accuracy", "curve_points"}
        assert task.of_measuring(config)["kernel_trials"] <= task.of_measuring(config)["trials"]


@every_sampled_kind
def test_its_trials_have_the_promised_shapes_and_are_the_same_however_often_they_are_sampled(kind, tmp_path):
    net, files = kinds_of_tasks.network_and_files(kind.key, tmp_path)
    _, entry, run = net.training_trials
    _, _, probe_run = net.probe_trials
    assert entry == net.task.trial_entry
    training = net.task.training_trials(run, files)
    count = net.probe_count
    probe = net.task.probe_trials(probe_run, files, count)
    batches, steps, batch_size, input_units = training.inputs.shape
    assert batch_size == net.run["batch_size"] and 1 <= batches <= net.run["iterations"]
    assert probe.inputs.shape == (steps, count, input_units)
    assert training.inputs.dtype == probe.inputs.dtype == np.float32
    described = probe.description
    assert described["input_units"] == input_units
    assert {"environment", "outputs", "bayes_loss", "bayes_accuracy"} <= set(described)
    assert probe.decision.shape == (steps, count) and probe.decision.dtype == bool and probe.decision.any(0).all()
    for targets, shape in ((training.targets, (batches, steps, batch_size)), (probe.targets, (steps, count))):
        if net.task.is_regression:
            assert targets.shape == (*shape, described["outputs"]) and targets.dtype == np.float32
        else:
            assert targets.shape == shape and targets.dtype == np.uint8
            assert targets.max() < described["outputs"]
    again = net.task.training_trials(run, files), net.task.probe_trials(probe_run, files, count)
    np.testing.assert_array_equal(again[0].inputs, training.inputs)
    np.testing.assert_array_equal(again[0].targets, training.targets)
    np.testing.assert_array_equal(again[1].inputs, probe.inputs)
    np.testing.assert_array_equal(again[1].targets, probe.targets)
    assert again[1].description == described
    # What training is told hangs on the parameters of training, and not on the number of trials of the probe.
    assert net.task.probe_trials(run, files, 1).told_to_training == probe.told_to_training
    assert {"outputs", "bayes_loss"} <= set(probe.told_to_training)
    assert ("task_vector" in described) == net.task.has_task_vector
    # What is sampled is written as it is: contiguous arrays have the same bytes whoever saves them.
    assert all(array.flags.c_contiguous for array in (training.inputs, training.targets, probe.inputs, probe.targets))
    if net.task.one_trial or (net.task.is_feedforward and net.task.batch_size):
        return
    other = net.task.training_trials(run | {"seed": run["seed"] + 1}, files)
    assert not np.array_equal(other.inputs, training.inputs)


@every_sampled_kind
def test_it_is_trained_measured_tabulated_published_and_rechecked(kind, tmp_path):
    config = kinds_of_tasks.configuration(kind.key)
    results, published = tmp_path / "results", tmp_path / "reference"
    images = kinds_of_tasks.images_file(tmp_path)  # of use to some kinds alone
    measured, histories = [], []
    for run in kinds_of_tasks.runs(config)[:2]:
        network, folder = kinds_of_tasks.network_file(results, run), tmp_path / f"{run['seed']}_{len(measured)}"
        for made in (network.parent, folder):
            made.mkdir(parents=True)
        model = MODELS[run["architecture"]]
        own = SimpleNamespace(network=str(network), measures=str(network.with_name("measures.json")))
        train_again(rechecking.to_train(config, run, {}), {"images": images}, own, folder)
        measured.append(network.with_name("measures.json"))
        histories.append(folder / "history.json")
        for rule in ("train", "measure"):
            timing = results / "benchmarks" / rule / f"{network.parent.relative_to(results / 'runs')}.tsv"
            timing.parent.mkdir(parents=True, exist_ok=True)
            timing.write_text("s\tmax_rss\n1.5\t100\n")
        initial, final = rate_network.load_network(network)
        assert any(not torch.equal(*matrices) for matrices in zip(initial, final, strict=True))
        assert not array_io.load_json(measured[-1])["diverged"]
    tables = published / "experiments" / kinds_of_tasks.EXPERIMENT / "tables"
    runs_file = tables / "runs.parquet"
    theory = {"targets": [None, None], "convergence_fraction": 0.0}
    learned = config["statistics"] | {"converged_excess": 0.25}
    nothing: dict = {key: {} for key in ("connectomes", "substitutes", "followed", "swept")}
    settings = {"learned": learned, "theory": theory, "matched": False, **nothing}
    files = {"measures": measured, "histories": histories, "followed": []}
    to = {"runs": runs_file, "curves": tables / "curves.parquet"}
    tabulate_runs(model.tabulating, files, to, settings)
    table = parquet.load_table(runs_file)
    assert list(table.columns) == list(experiment_tables.RUN_COLUMNS) and len(table) == 2
    reference.save_origin(tables.parent, results, kinds_of_tasks.ROOT)
    (published / "config.yaml").write_text(yaml.safe_dump(config, sort_keys=False))
    shutil.rmtree(results)
    name = table["run"].iloc[0]
    again = rechecking.network_to_train(published / "config.yaml", runs_file, name, {})
    folder = tmp_path / "again"
    folder.mkdir()
    network, measures = (str(tmp_path / file) for file in ("network.npz", "measures.json"))
    train_again(again, {"images": images}, SimpleNamespace(network=network, measures=measures), folder)
    committed = (runs_file, tables / "fingerprints.parquet", tables.parent / "provenance.json")
    recheck_run(*committed, network, measures, str(tmp_path / "compared.json"), name)
    compared = array_io.load_json(tmp_path / "compared.json")
    assert compared["equal_bytes"] and compared["same_class"]
    assert compared["weights"] == compared["measures"] == 0.0


def test_a_new_kind_is_known_to_the_checks_and_told_by_its_key(new_kind):
    assert registry.keys()[-1] == NEW
    config = kinds_of_tasks.configuration(NEW)
    wrong = config | {"tasks": config["tasks"] | {"toy": ENTRY | {"echo": 0}}}
    with pytest.raises(checks.ConfigurationError, match=r"^tasks\.toy\.echo is 0; it must be at least 1$"):
        checks.check(wrong)
    both = config | {"tasks": config["tasks"] | {"toy": ENTRY | {"sentences": "a", "word_vectors": "b"}}}
    with pytest.raises(checks.ConfigurationError, match=r"^tasks\.toy has sentences and echo; a task is one of them"):
        checks.check(both)


def test_without_its_module_the_new_kind_is_no_kind():
    assert NEW not in registry.members()
    with pytest.raises(ValueError, match=r"^ lacks .*; a task is one of them, give it exactly one$"):
        registry.kind_of(ENTRY)
