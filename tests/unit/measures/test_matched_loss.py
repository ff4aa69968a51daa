"""Measures at levels of the loss: those that a network stopped there would have had."""

import json
import math

import numpy as np
import pytest
import torch

import oracles
from richlazy.measures import at_matched_loss, measuring, on_probe, rate_network_measures, registry, trained_network
from richlazy.measures.trained_network import Trained
from richlazy.models import kept_weights, rate_network
from richlazy.models.rate_network import Dynamics, Weights
from richlazy.storage import array_io

OF_CHANGE = {
    "weight_change_norm", "weight_change_norm_recurrent", "representation_alignment", "kernel_alignment",
    "kernel_alignment_recurrent", "sign_similarity",
}  # fmt: skip
SETTINGS = measuring.ProbeSettings(5)
RUN = {
    "leak": "euler", "time_step_ms": 80.0, "time_constant_ms": 100.0, "rectification": "after_leak",
    "architecture": "recurrent",
}  # fmt: skip
DYNAMICS = Dynamics(1 - 80 / 100)


def weights(seed):
    drawn = Weights(*oracles.random_weights(np.random.default_rng(seed), 10, 3, 2))
    return drawn.map(lambda matrix: matrix.float())


def test_measures_of_change_are_taken_at_both_levels():
    assert set(at_matched_loss.OF_CHANGE) == OF_CHANGE
    levels = ("shared_loss", "convergence")
    expected = {f"{name}_at_{level}" for name in OF_CHANGE for level in levels}
    assert set(at_matched_loss.MEASURES) == expected | {f"updates_to_{level}" for level in levels}
    for name in OF_CHANGE:
        final = registry.MEASURES[name]
        for level in levels:
            then = registry.TESTED[f"{name}_at_{level}"]
            assert (then.unit, then.lazier, then.censored) == (final.unit, final.lazier, False)
    assert all(registry.TESTED[f"updates_to_{level}"].censored for level in levels)


# Of four networks the first comes down to both levels, the second to one, the third to none; the last is not matched.
CROSSINGS = [
    {"shared_loss": (100, weights(10)), "convergence": (300, weights(11))},
    {"shared_loss": (200, weights(12))},
    {},
    None,
]


@pytest.fixture(params=["cpu", "together"])
def measured(request, tmp_path, monkeypatch):
    """Files of four networks after they were measured, one after the other or all at once."""
    if request.param == "together":
        monkeypatch.setattr(measuring.devices, "parts", lambda count, device: [slice(0, count)])
    inputs, targets = oracles.random_trials(np.random.default_rng(0), 4, 7, 3, 2)
    targets[:, :2] = torch.tensor([0, 1])
    array_io.save_json(tmp_path / "task.json", {"bayes_loss": None, "bayes_accuracy": None})
    files = {name: [] for name in ("network", "history", "probe", "decision")}
    saved = {"measures": []}
    for seed, crossings in enumerate(CROSSINGS):
        folder = tmp_path / f"seed~{seed}"
        kept = {} if crossings is None else kept_weights.arrays_of_crossings(crossings, weights(seed))
        rate_network.save_network(folder / "network.npz", weights(seed), weights(20 + seed), kept)
        array_io.save_json(folder / "history.json", {"guess_loss": 0.7})
        array_io.save_arrays(folder / "probe.npz", inputs=inputs.float().numpy(), targets=targets.numpy())
        array_io.save_array(folder / "decision.npy", np.ones((4, 7), bool))
        named = {"network": "network.npz", "history": "history.json", "probe": "probe.npz", "decision": "decision.npy"}
        for name, file in named.items():
            files[name].append(str(folder / file))
        saved["measures"].append(str(folder / "measures.json"))
    files["description"] = [str(tmp_path / "task.json")]
    settings = {"kernel_trials": 5, "kernel_times": "all", "loss_steps": "all", "loss": None, "device": "cpu"}
    runs = [RUN | {"seed": seed} for seed in range(len(CROSSINGS))]
    rate_network_measures.measure_networks(runs, files, saved, settings)
    return tmp_path


def test_a_crossing_is_measured_as_a_final_network_is(measured):
    for seed, crossings in enumerate(CROSSINGS[:3]):
        folder = measured / f"seed~{seed}"
        record = measures(folder)
        assert record["crossings"].keys() == crossings.keys()
        probe = trained_network.load_trained(folder / "network.npz", folder / "probe.npz", folder / "decision.npy")
        for level, (updates, then) in crossings.items():
            stopped = Trained(probe.initial, then, probe.inputs, probe.targets, probe.decision)
            whole = measuring.measure(stopped, DYNAMICS, SETTINGS)
            found = record["crossings"][level]
            assert found.pop("updates") == updates
            assert found == pytest.approx({name: whole[name] for name in OF_CHANGE}, rel=1e-6)
            assert whole["weight_change_norm"] != pytest.approx(measures(folder)["weight_change_norm"], rel=1e-3)
    assert "crossings" not in measures(measured / "seed~3")


def test_the_final_network_is_measured_as_without_crossings(measured):
    for seed in range(4):
        folder = measured / f"seed~{seed}"
        probe = trained_network.load_trained(folder / "network.npz", folder / "probe.npz", folder / "decision.npy")
        expected = array_io._finite(measuring.measure(probe, DYNAMICS, SETTINGS, seed))
        found = measures(folder)
        assert {name: found[name] for name in on_probe.MEASURES} == pytest.approx(expected, rel=1e-6)
        assert found["guess_loss"] == 0.7


def measures(folder):
    return json.loads((folder / "measures.json").read_text())


def test_what_did_not_happen_is_named_in_the_record(measured):
    for seed in range(4):
        folder = measured / f"seed~{seed}"
        probe = trained_network.load_trained(folder / "network.npz", folder / "probe.npz", folder / "decision.npy")
        never = measuring.measure(probe, DYNAMICS, SETTINGS, seed)["functional_rank"] == math.inf
        assert measures(folder)["censored"] == ["functional_rank"] * never
