"""What people call: the same as the jobs of the workflow do, and refusals in a sentence."""

import dataclasses
import inspect
import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

import kinds_of_tasks
import richlazy
from build_connectivity import build_connectivity
from richlazy.experiments import parameters, rate_network_jobs
from richlazy.measures import rate_network_measures
from richlazy.models import rate_network
from richlazy.public import networks, plotting
from richlazy.storage import array_io
from richlazy.training import rate_network_training
from richlazy.training.settings import TrainingSettings
from sample_probe_trials import sample_probe_trials
from sample_training_trials import sample_training_trials
from shipped import CONFIG

ROOT = Path(__file__).parents[3]
TWO_AFC = {name: entry for name, entry in CONFIG["tasks"]["2AF"].items() if name != "defaults"}
INSTALLED = {"semantics": "installed", "sampler": "neurogym"}
SETTINGS = TrainingSettings(learning_rate=0.01, momentum=0.9, report_every=5)


def small():
    """Trials, probe and initial weights of one network of 12 units."""
    trials = richlazy.draw_trials(TWO_AFC, batches=20, batch_size=4)
    probe = richlazy.draw_probe(TWO_AFC, trials=6)
    entry = {"kind": "svd_truncation", "entries": "gaussian"}
    return trials, probe, richlazy.initial_weights(entry, probe, size=12, rank=2)


@pytest.fixture(scope="module")
def trained():
    trials, probe, weights = small()
    return richlazy.train(weights, trials, SETTINGS), probe


# The names


@pytest.mark.parametrize("name", richlazy.__all__)
def test_every_public_name_leads_to_something_that_explains_itself(name):
    found = getattr(richlazy, name)
    assert name in dir(richlazy)
    assert not callable(found) or (found.__doc__ and found.__name__ == name)


def test_the_library_loads_nothing_before_it_is_asked_to():
    program = (
        f"import sys; sys.path.insert(0, {str(ROOT / 'workflow/scripts')!r}); import richlazy; dir(richlazy); "
        "print([name for name in sys.modules if name.startswith('richlazy.') or name in ('torch', 'numpy')])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_name_that_does_not_exist_is_an_attribute_error():
    with pytest.raises(AttributeError, match="module 'richlazy' has no attribute 'trian'"):
        _ = richlazy.trian


def test_usual_settings_are_those_of_the_configuration():
    assert CONFIG["training"]["final_loss_fraction"] == networks.FINAL_LOSS_FRACTION
    style = {key: value for key, value in CONFIG["figures"].items() if key != "names"}  # of the configuration's tasks
    assert {**plotting.STYLE, "measures": list(plotting.USUAL_MEASURES)} == style
    defaults = {name: richlazy.draw_trials.__kwdefaults__[name] for name in ("batch_size", "time_step_ms")}
    assert defaults == {
        "batch_size": CONFIG["training"]["batch_size"],
        "time_step_ms": CONFIG["dynamics"]["time_step_ms"],
    }
    assert richlazy.draw_probe.__kwdefaults__["trials"] == CONFIG["probe"]["trials"]
    for name in ("kernel_trials", "kernel_times"):
        assert inspect.signature(richlazy.measure).parameters[name].default == CONFIG["probe"][name]
    connectivity = {name: richlazy.initial_weights.__kwdefaults__[name] for name in ("matching", "readout")}
    assert connectivity == {name: CONFIG["connectivity"][name] for name in connectivity}


# The same as the workflow


@pytest.mark.parametrize("key", ["environment", "continuous"])
def test_the_library_gives_the_bytes_of_the_workflow(key, tmp_path):
    """From files to files as the jobs do it, and in memory."""
    config = kinds_of_tasks.configuration(key)
    net, needed = kinds_of_tasks.network_and_files(key, tmp_path, config)
    run, entry = net.run, net.task.trial_entry
    at = {name: str(tmp_path / name) for name in ("x.npy", "y.npy", "probe.npz", "decision.npy", "task.json", "w.npy")}
    sample_training_trials(at["x.npy"], at["y.npy"], at["task.json"], *net.training_trials, needed)
    described = array_io.load_json(at["task.json"])
    sample_probe_trials(
        at["probe.npz"], at["decision.npy"], at["task.json"], *net.probe_trials, needed, net.probe_count
    )
    assert described.items() <= array_io.load_json(at["task.json"]).items()
    build_connectivity(at["w.npy"], run, net.structure)
    files = {"structured": [at["w.npy"]], "inputs": [at["x.npy"]], "targets": [at["y.npy"]]}
    files |= {"input_weights": [], "description": [at["task.json"]]}
    saved = {"network": [str(tmp_path / "network.npz")], "history": [str(tmp_path / "history.json")]}
    how = rate_network_jobs.training_settings(config, [run])
    told = parameters.told(run)
    rate_network_training.train_networks([told], files, saved, how)
    measures = str(tmp_path / "measures.json")
    to_measure = {
        **saved,
        "probe": [at["probe.npz"]],
        "decision": [at["decision.npy"]],
        "description": [at["task.json"]],
    }
    measuring = rate_network_jobs.measuring_settings(config, {}, [run])
    rate_network_measures.measure_networks([told], to_measure, {"measures": [measures]}, measuring)

    seed = {"seed": run["seed"], "time_step_ms": run["time_step_ms"]}
    trials = richlazy.draw_trials(entry, batches=run["iterations"], batch_size=run["batch_size"], **seed)
    probe = richlazy.draw_probe(entry, trials=net.probe_count, **seed)
    weights = richlazy.initial_weights(
        net.structure, probe, size=run["size"], seed=run["seed"], gain=run["gain"], readout=run["readout"]
    )
    settings = TrainingSettings.of_run(run, how | {"floor": probe.description["bayes_loss"] or 0.0})
    network = richlazy.train(weights, trials, settings, rate_network.dynamics_of(run))
    for theirs, ours in zip(
        rate_network.load_network(saved["network"][0]), (network.initial, network.final), strict=True
    ):
        assert all(torch.equal(one, other) for one, other in zip(theirs, ours, strict=True))
    assert not torch.equal(network.initial.recurrent, network.final.recurrent)
    kernel = {name: measuring[name] for name in ("kernel_trials", "kernel_times")}
    row = richlazy.measure(network, probe, seed=run["seed"], **kernel)
    record = array_io.load_json(measures)
    assert len(row) > 30
    for name, value in row.items():
        expected = math.inf if name in record["censored"] else record[name]
        assert value == expected or (math.isnan(value) and (expected is None or math.isnan(expected))), name


def test_training_leaves_the_initial_weights_as_they_are():
    trials, _, weights = small()
    before = [matrix.clone() for matrix in weights]
    network = richlazy.train(weights, trials, SETTINGS)
    assert all(torch.equal(one, other) for one, other in zip(weights, before, strict=True))
    assert network.history["iterations"] == [5, 10, 15, 20]


def test_a_connectome_starts_a_network():
    _, probe, _ = small()
    matrix = np.random.default_rng(0).standard_normal((12, 12))
    weights = richlazy.initial_weights("connectome", probe, size=12, seed=1, connectome=matrix)
    gaussian = richlazy.initial_weights("gaussian", probe, size=12, seed=1)
    expected = matrix * (np.linalg.norm(gaussian.recurrent) / np.linalg.norm(matrix))
    np.testing.assert_allclose(weights.recurrent, expected, rtol=1e-5)
    assert torch.equal(weights.input, gaussian.input)


def test_measures_redraw_what_was_random_in_the_training_of_its_seed():
    trials, probe, weights = small()
    settings = dataclasses.replace(SETTINGS, rule="feedback_alignment", seeds=(3,))
    network = richlazy.train(weights, trials, settings)
    default, of_seed, of_another = (richlazy.measure(network, probe, **of) for of in ({}, {"seed": 3}, {"seed": 0}))
    name = "gradient_alignment_initial"
    assert default[name] == of_seed[name] != of_another[name]


def test_networks_are_trained_in_one_thread_and_others_get_theirs_back():
    torch.set_num_threads(2)
    found = []
    trials, _, weights = small()
    hooked = dataclasses.replace(weights, recurrent=weights.recurrent.clone())
    with pytest.MonkeyPatch.context() as patch:
        train = networks.loop.train
        patch.setattr(networks.loop, "train", lambda *given: found.append(torch.get_num_threads()) or train(*given))
        richlazy.train(hooked, trials, SETTINGS)
    assert (found, torch.get_num_threads()) == ([1], 2)
    torch.set_num_threads(1)


def test_what_has_no_effect_here_is_refused():
    _, probe, _ = small()
    entry = {"kind": "dales_law", "excitatory_fraction": 0.8}
    with pytest.raises(ValueError, match=r"signs_held is of training; give TrainingSettings\(signs_held=True\)"):
        richlazy.initial_weights(entry | {"signs_held": True}, probe, size=12)
    with pytest.raises(ValueError, match=r"readout of a recurrent network is one of linear_layer, .* got 'normal'"):
        richlazy.initial_weights(entry, probe, size=12, readout="normal")
    teacher = {name: one for name, one in CONFIG["tasks"]["linear_2"].items() if name != "defaults"}
    with pytest.raises(ValueError, match="task has teacher, whose networks have no recurrent weights"):
        richlazy.draw_trials(teacher, batches=2)


def edge_list(folder, **changes):
    """Settings of an edge list of three cells, the last of them inhibitory."""
    Path(folder, "edges.csv").write_text("pre,post,size\n1,2,3\n2,3,5\n3,1,7\n")
    Path(folder, "cells.csv").write_text("id,class\n1,E\n2,E\n3,I\n")
    columns = {"presynaptic": "pre", "postsynaptic": "post", "weight": "size", "cell": "id", "class": "class"}
    signs = {"sign": "cell_class", "excitatory": ["E"], "inhibitory": ["I"]}
    return {
        "description": "three cells", "connections": f"{folder}/edges.csv", "cells": f"{folder}/cells.csv",
        "format": {"connections": "edge_list", **columns, **signs, **changes}, "selection": {"by": "all", "cells": 3},
    }  # fmt: skip


def test_a_connectome_is_read_from_its_files(tmp_path):
    weights, cells = richlazy.read_connectome(edge_list(tmp_path))
    np.testing.assert_array_equal(weights, [[0, 0, -7], [3, 0, 0], [0, 5, 0]])
    assert list(cells["cell"]) == [1, 2, 3] and list(cells["sign"]) == [1, 1, -1]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"presynaptic": "per"}, "edges.csv has no column 'per'"),
        ({"sgin": 1}, "has an unknown key 'sgin': did you mean 'sign'?"),
    ],
)
def test_a_connectome_that_is_not_what_it_declares_is_refused(tmp_path, change, sentence):
    with pytest.raises(ValueError) as refused:
        richlazy.read_connectome(edge_list(tmp_path, **change))
    assert sentence in str(refused.value)


def test_trials_of_ones_own_are_learned():
    """Arrays that nobody drew: of two inputs, the class is which is on."""
    rng = np.random.default_rng(0)
    classes = rng.integers(0, 2, (150, 3, 8))
    trials = richlazy.TrainingTrials(np.eye(2)[classes], classes)
    probe = richlazy.ProbeTrials(np.eye(2)[classes[0]], classes[0], np.ones((3, 8), bool), {"outputs": 2})
    weights = richlazy.initial_weights("gaussian", probe, size=20)
    network = richlazy.train(weights, trials, dataclasses.replace(SETTINGS, learning_rate=0.1))
    row = richlazy.measure(network, probe)
    assert row["accuracy"] == 1 and row["final_loss"] < 0.1 < row["guess_loss"]


def test_the_tangent_kernel_is_that_of_the_gradients():
    """Gradients of each output by autograd, in double precision."""
    _, probe, weights = small()
    weights = weights.map(lambda matrix: matrix.double().requires_grad_())
    inputs = torch.from_numpy(probe.inputs[:3, :2]).double()
    state, outputs = torch.zeros(2, 12, dtype=torch.float64), []
    for step in inputs:
        state = (state @ weights.recurrent.T + step @ weights.input.T).relu()
        outputs.append(state @ weights.readout.T)
    rows = []
    for output in torch.stack(outputs).transpose(1, 2).flatten():
        found = torch.autograd.grad(output, list(weights), retain_graph=True, allow_unused=True)
        rows.append(torch.cat([torch.zeros(144).double() if one is None else one.flatten() for one in found]))
    jacobian = torch.stack(rows)
    detached = weights.map(torch.Tensor.detach)
    kernel = richlazy.tangent_kernel(detached, probe.inputs[:3, :2], richlazy.Dynamics(0.0))
    torch.testing.assert_close(kernel.all, jacobian @ jacobian.T)
    torch.testing.assert_close(kernel.recurrent, jacobian[:, :144] @ jacobian[:, :144].T)


# Refusals


def changed_trials(**arrays):
    trials, _, weights = small()
    return richlazy.train(
        weights, dataclasses.replace(trials, **{n: f(getattr(trials, n)) for n, f in arrays.items()}), SETTINGS
    )


REFUSED = {
    "one batch": (
        lambda: changed_trials(inputs=lambda a: a[0]),
        "inputs: expected (batches, T, B, N_in), got (T, B, N_in) = (8, 4, 3); add an axis: inputs[None]",
    ),
    "an axis too many": (
        lambda: changed_trials(inputs=lambda a: a[None]),
        r"inputs: expected (batches, T, B, N_in), got (1, 20, 8, 4, 3)",
    ),
    "other inputs": (
        lambda: changed_trials(inputs=lambda a: a[..., :2]),
        r"inputs: expected (batches, T, B, N_in) = (batches, T, B, 3), got (20, 8, 4, 2)",
    ),
    "fewer targets": (
        lambda: changed_trials(targets=lambda a: a[:, :, :3]),
        r"targets: expected (batches, T, B) = (20, 8, 4), got (20, 8, 3)",
    ),
    "numbers as classes": (
        lambda: changed_trials(targets=lambda a: a.astype(float)),
        r"targets: loss cross_entropy expects whole numbers, the classes, got float64",
    ),
    "a class too many": (
        lambda: changed_trials(targets=lambda a: a + 1),
        r"targets: expected classes from 0 to 2, one for each output of the network, got 1 to 3",
    ),
    "no trials": (
        lambda: changed_trials(inputs=lambda a: a[:0], targets=lambda a: a[:0]),
        r"inputs: expected (batches, T, B, N_in), got no numbers, (0, 8, 4, 3)",
    ),
    "not finite": (
        lambda: changed_trials(inputs=lambda a: np.where(a > 1, np.nan, a)),
        r"inputs: expected finite numbers, got some that are not",
    ),
    "no task": (
        lambda: richlazy.draw_probe("2AF"),
        r"task must be a mapping of keys to values, not '2AF'; see the key in workflow/docs/configuration.md",
    ),
    "a task that does not exist": (
        lambda: richlazy.draw_probe({**TWO_AFC, **INSTALLED, "environment": "PerceptualDecision-v0"}),
        r"task.environment names NeuroGym environment 'PerceptualDecision-v0', which does not exist; did you mean",
    ),
    "a task of files": (
        lambda: richlazy.draw_probe({"images": "mnist", "presentation": "rows", "held_out": 5}),
        r"task has images, and its trials are made of files; run it with Snakemake",
    ),
    "a task of other tasks": (
        lambda: richlazy.draw_probe(
            {"curriculum": ["2AF", "DMS"], "again": False, "cue": True, "input_angle": 0, "answer_angle": 0}
        ),
        r"task has curriculum, which names other tasks of a configuration; run it with Snakemake",
    ),
    "no rank": (
        lambda: richlazy.initial_weights({"kind": "svd_truncation", "entries": "gaussian"}, small()[1], size=12),
        r"structure svd_truncation takes rank, got nothing",
    ),
    "a rank for none": (
        lambda: richlazy.initial_weights("gaussian", small()[1], size=12, rank=3),
        r"structure gaussian takes no parameter, got rank",
    ),
    "no connectome": (
        lambda: richlazy.initial_weights({"kind": "connectome", "connectome": "mine"}, small()[1], size=12),
        r"structure connectome needs a connectome; give connectome=W, (N, N)",
    ),
    "a connectome for none": (
        lambda: richlazy.initial_weights("gaussian", small()[1], size=12, connectome=np.eye(12)),
        r"structure.connectome has no meaning for kind 'gaussian'; remove it",
    ),
    "a connectome of another size": (
        lambda: richlazy.initial_weights("connectome", small()[1], size=12, connectome=np.eye(10)),
        r"connectome: expected (N, N) = (12, 12), got (10, 10)",
    ),
    "a structure of a teacher": (
        lambda: richlazy.initial_weights({"kind": "teacher_aligned", "features": "all"}, small()[1], size=12),
        r"structure teacher_aligned needs a teacher; run it with Snakemake",
    ),
    "a kernel of training trials": (
        lambda: richlazy.tangent_kernel(small()[2], small()[0].inputs, richlazy.Dynamics(0.0)),
        r"inputs: expected (T, m, N_in), got (20, 8, 4, 3)",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_does_not_fit_is_refused_in_a_sentence(case):
    call, sentence = REFUSED[case]
    with pytest.raises(ValueError) as refused:
        call()
    assert str(refused.value).startswith(sentence)


def test_a_probe_of_another_shape_is_refused(trained):
    network, probe = trained
    with pytest.raises(ValueError, match=r"decision: expected \(T, m\) = \(8, 6\), got \(8, 5\)"):
        richlazy.measure(network, dataclasses.replace(probe, decision=probe.decision[:, :5]))
    with pytest.raises(ValueError, match=r"probe\.description lacks outputs"):
        richlazy.initial_weights("gaussian", dataclasses.replace(probe, description={}), size=12)


# Figures


def test_figures_are_drawn_from_rows(trained, tmp_path):
    network, probe = trained
    measured = richlazy.measure(network, probe)
    rows = [{"rank": rank, "seed": seed, **measured} for rank in (1, 2) for seed in (0, 1)]
    for file in (
        richlazy.plot_measures(rows, tmp_path / "measures.png", compare="rank", title="What changed, in $"),
        richlazy.plot_losses(rows, [network] * 4, tmp_path / "losses.png", compare="rank"),
    ):
        assert file.read_bytes()[:4] == b"\x89PNG" and file.stat().st_size > 5_000


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"compare": "rnk"}, "runs names the column 'rnk', which does not exist; did you mean 'rank'?"),
        ({"measures": ["final_los"]}, "runs names the column 'final_los', which does not exist; did you mean 'final"),
        ({"measures": ["seed"]}, "measures names the measure 'seed', which does not exist"),
        ({"resolution": 5}, "style names the setting 'resolution', which does not exist; did you mean"),
    ],
)  # fmt: skip
def test_a_figure_of_what_is_not_there_is_refused(trained, tmp_path, change, sentence):
    row = {"rank": 1, "seed": 0, **richlazy.measure(*trained)}
    with pytest.raises(ValueError) as refused:
        richlazy.plot_measures([row], tmp_path / "measures.png", **{"compare": "rank", **change})
    assert str(refused.value).startswith(sentence)
    with pytest.raises(ValueError, match="networks: expected one for each of 1 rows, got 0"):
        richlazy.plot_losses([row], [], tmp_path / "losses.png", compare="rank")
