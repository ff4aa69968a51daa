"""Networks on trials that they were not trained on; formulas of the measures stand in the conformance tests."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

import oracles
from richlazy.measures import asked_network, unseen
from richlazy.measures.trained_network import Trained
from richlazy.models import rate_network
from richlazy.models.rate_network import Dynamics, Weights
from richlazy.storage import array_io
from richlazy.tasks.entries import Unseen

DYNAMICS = Dynamics(0.3)


def network(seed=0, inputs=3, outputs=3):
    return Weights(*oracles.random_weights(np.random.default_rng(seed), 10, inputs, outputs)).map(torch.Tensor.float)


def asked(weights, steps=5, channels=3, classes=3, fixation=0):
    """Trials of which the last step asks for a decision, after some steps of fixation, class 0."""
    inputs, targets = oracles.random_trials(np.random.default_rng(1), steps, 8, channels, classes)
    inputs = torch.cat([torch.zeros(fixation, 8, channels), inputs.float()])
    targets = torch.cat([torch.zeros(fixation, 8, dtype=torch.uint8), targets.to(torch.uint8)])
    decision = torch.zeros(len(inputs), 8, dtype=torch.bool)
    decision[-1] = True
    return Trained(weights, weights, inputs, targets, decision)


def saved(folder, trained):
    """Files of a network and of its probe."""
    arrays = {name: getattr(trained.final, name).numpy() for name in rate_network.MATRICES}
    arrays |= {f"{name}_initial": array for name, array in arrays.items()}
    files = [folder / name for name in ("network.npz", "probe.npz", "decision.npy")]
    array_io.save_arrays(files[0], **arrays)
    array_io.save_arrays(files[1], inputs=trained.inputs.numpy(), targets=trained.targets.numpy())
    array_io.save_array(files[2], trained.decision.numpy())
    return files


def test_what_may_be_different_is_what_the_entry_of_a_task_names():
    assert tuple(Unseen.model_fields) == unseen.DIFFERENT


@pytest.mark.parametrize("what", unseen.DIFFERENT)
def test_each_measure_is_drawn_with_what_is_different(what):
    found = [one for name, one in unseen.MEASURES.items() if name.startswith(f"unseen_{what}_")]
    assert len(found) == 2 and {one.stage for one in found} == {"unseen"}
    assert all(one.label.endswith(f"\nunseen {what}") for one in found)


def test_steps_of_fixation_that_longer_trials_have_more_make_them_no_easier():
    """A network without memory answers the last step alike, however many silent steps came before."""
    weights = network()
    weights = replace(weights, recurrent=torch.zeros_like(weights.recurrent))
    memoryless = Dynamics(0.0)
    short = asked_network.performance_when_due(asked(weights), memoryless)
    longer = asked_network.performance_when_due(asked(weights, fixation=7), memoryless)
    assert longer == pytest.approx(short, rel=1e-6)


def test_the_probe_itself_is_no_harder(tmp_path):
    trained = asked(network())
    own = saved(tmp_path, trained)
    found = asked_network.AskedNetwork.load(own[0], own[1:], {"noise": own[1:]}, DYNAMICS)
    values = unseen.measured(found)
    assert values["unseen_noise_loss_rise"] == values["unseen_noise_accuracy_fall"] == 0
    assert all(math.isnan(value) for name, value in values.items() if "noise" not in name)


def test_a_network_that_was_lost_has_no_performance():
    weights = network()
    weights.recurrent[0, 0] = math.inf
    assert all(math.isnan(value) for value in asked_network.performance_when_due(asked(weights), DYNAMICS))


@pytest.mark.parametrize(
    ("channels", "classes", "problem"),
    [(4, 3, "number of inputs from 3 to 4"), (3, 5, "number of answers from 3 to 5")],
)
def test_trials_of_another_task_are_refused(tmp_path, channels, classes, problem):
    own = saved(tmp_path, asked(network()))
    folder = tmp_path / "other"
    folder.mkdir()
    other = saved(folder, asked(network(), channels=channels, classes=classes))
    with pytest.raises(ValueError, match=f"unseen stimuli changes the {problem}; let it leave"):
        asked_network.AskedNetwork.load(own[0], own[1:], {"stimuli": other[1:]}, DYNAMICS)
