"""Devices: what a job asks for, what it gets, and that a CUDA device computes what the CPU computes."""

import logging

import numpy as np
import pytest
import torch

import oracles
from richlazy.measures import measuring, trained_network
from richlazy.measures.tangent_kernel import tangent_kernel
from richlazy.models.rate_network import Dynamics, Weights
from richlazy.storage import devices
from richlazy.training import loop, rules
from richlazy.training.settings import TrainingSettings

needs_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
needs_none = pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
# Every test of a CUDA device is rehearsed on the CPU, so that none fails for itself on the day there is one.
OTHERS = [pytest.param("cpu", id="rehearsed"), pytest.param("cuda", marks=needs_cuda)]
# Agreement of the two devices, relative to the norm: single precision over a few hundred updates. Rounding grows
# with training: between processors, weights after 10,000 updates differed by 0.2 to 1.4 %.
TOLERANCE = 1e-4


@pytest.fixture(autouse=True)
def _settings_of_a_job():
    """CUDA has no scatter that PyTorch calls deterministic; ours has no two summands that meet."""
    torch.use_deterministic_algorithms(False)
    yield
    torch.use_deterministic_algorithms(True)


def test_the_cpu_is_the_cpu():
    device = devices.prepare("cpu")
    assert device == torch.device("cpu") and devices.name(device) == "cpu"


@needs_none
def test_without_a_cuda_device_the_cpu_takes_its_place_with_a_warning(caplog):
    with caplog.at_level(logging.WARNING):
        assert devices.prepare("cuda") == torch.device("cpu")
    assert "no CUDA device here" in caplog.text


def test_an_unknown_device_is_refused_with_the_choices():
    with pytest.raises(ValueError, match="unknown device 'tpu'; choose one of cpu, cuda"):
        devices.prepare("tpu")


def test_the_cpu_takes_networks_one_at_a_time_and_a_device_all_at_once():
    assert devices.parts(3, torch.device("cpu")) == [slice(0, 1), slice(1, 2), slice(2, 3)]
    assert devices.parts(3, torch.device("cuda")) == [slice(0, 3)]


@needs_cuda
def test_a_cuda_device_is_named():
    assert devices.name(devices.prepare("cuda")) == torch.cuda.get_device_name()


@pytest.mark.parametrize("other", OTHERS)
@pytest.mark.parametrize("signs_held", [False, True])
@pytest.mark.parametrize(("momentum", "rectification"), [(0.0, "after_leak"), (0.9, "inside")])
def test_training_on_a_cuda_device_is_that_on_the_cpu(momentum, rectification, signs_held, other):
    rng = np.random.default_rng(0)
    weights = Weights(*oracles.random_weights(rng, 64, 3, 3, 4, torch.float32))
    if signs_held:
        weights.recurrent.abs_().div_(20)  # of one sign they would grow
    inputs = [rng.standard_normal((250, 8, 32, 3)).astype(np.float32) for _ in range(4)]
    targets = [rng.integers(0, 3, (250, 8, 32)).astype(np.uint8) for _ in range(4)]
    inputs[1][120:] *= 1e30  # the second network diverges
    results = [
        loop.train(
            weights.map(lambda matrix, device=device: matrix.to(device)),
            inputs,
            targets,
            Dynamics(0.2, rectification),
            TrainingSettings(0.003, momentum, signs_held=signs_held),
        )
        for device in ("cpu", other)
    ]
    (expected, expected_history), (actual, history) = results
    assert history.diverged_at == expected_history.diverged_at == [None, 200, None, None]
    for network in (0, 2, 3):
        for found, reference in zip(actual.of_network(network), expected.of_network(network), strict=True):
            assert oracles.relative_error(found.cpu(), reference) < TOLERANCE
        np.testing.assert_allclose(history.losses[:, network], expected_history.losses[:, network], rtol=TOLERANCE)


WAYS = {
    "adam": {"optimiser": "adam"},
    "last step": {"loss_steps": "last"},
    "squared error": {"loss": "squared_error"},
    "masked squared error": {"loss": "masked_squared_error"},
    "masked squared error, adam, scaled": {
        "loss": "masked_squared_error",
        "optimiser": "adam",
        "parametrisation": "scaled",
    },
    "recurrent weights alone": {"trained": "recurrent"},
    "snapshots": {"snapshot_at": (0, 7, 150)},
    "levels of the loss": {"excess_levels": {"half": 0.9}},
    **{rule: {"rule": rule} for rule in rules.RULES if rule not in ("backpropagation", "node_perturbation")},
}


@pytest.mark.parametrize("other", OTHERS)
@pytest.mark.parametrize("rectification", ["after_leak", "inside", "tanh"])
@pytest.mark.parametrize("how", WAYS.values(), ids=WAYS)
def test_every_way_of_training_is_recorded_on_a_cuda_device_as_it_is_on_the_cpu(how, rectification, other):
    """Each update is one graph there, in which nothing may ask the device for a number."""
    rng = np.random.default_rng(2)
    weights = Weights(*oracles.random_weights(rng, 48, 3, 3, 3, torch.float32))
    inputs = [rng.standard_normal((20, 6, 32, 3)).astype(np.float32) for _ in range(3)]
    numbers = [rng.standard_normal((20, 6, 32, 3)).astype(np.float32) for _ in range(3)]
    if how.get("loss") == "masked_squared_error":
        numbers = [np.where(rng.random(each.shape) < 0.3, np.float32(np.nan), each) for each in numbers]
    classes = [rng.integers(0, 3, (20, 6, 32)).astype(np.uint8) for _ in range(3)]
    settings = TrainingSettings(0.001, iterations=200, **how)
    (expected, course), (actual, followed) = (
        loop.train(
            weights.map(lambda matrix, device=device: matrix.to(device)),
            inputs,
            classes if settings.loss == "cross_entropy" else numbers,
            Dynamics(0.2, rectification),
            settings,
        )
        for device in ("cpu", other)
    )
    for found, reference in zip(actual, expected, strict=True):
        assert oracles.relative_error(found.cpu(), reference) < TOLERANCE
    np.testing.assert_allclose(followed.losses, course.losses, rtol=TOLERANCE)
    for snapshots, reference in zip(followed.snapshots, course.snapshots, strict=True):
        assert [iteration for iteration, _ in snapshots] == [iteration for iteration, _ in reference]


@pytest.mark.parametrize("other", OTHERS)
def test_trials_of_one_step_are_recorded_on_a_cuda_device(other):
    rng = np.random.default_rng(3)
    _, feed, readout = oracles.random_weights(rng, 48, 5, 3, 2, torch.float32)
    weights = Weights(torch.zeros(2, 0, 0), feed, readout)
    inputs = [rng.standard_normal((20, 1, 32, 5)).astype(np.float32) for _ in range(2)]
    targets = [rng.integers(0, 3, (20, 1, 32)).astype(np.uint8) for _ in range(2)]
    expected, actual = (
        loop.train(
            weights.map(lambda matrix, device=device: matrix.to(device)),
            inputs,
            targets,
            Dynamics(0.0),
            TrainingSettings(0.003, iterations=200),
        )[0]
        for device in ("cpu", other)
    )
    for found, reference in zip(actual, expected, strict=True):
        assert oracles.relative_error(found.cpu(), reference) < TOLERANCE


@pytest.mark.parametrize("other", OTHERS)
@pytest.mark.parametrize("times", ["all", "last"])
def test_kernels_and_measures_on_a_cuda_device_are_those_on_the_cpu(times, other):
    rng = np.random.default_rng(1)
    initial, final = (Weights(*oracles.random_weights(rng, 64, 3, 3, 4, torch.float32)) for _ in range(2))
    inputs = torch.from_numpy(rng.standard_normal((4, 8, 40, 3)).astype(np.float32))
    targets, decision = torch.from_numpy(rng.integers(0, 3, (4, 8, 40))), torch.ones(4, 8, 40, dtype=torch.bool)
    trained = trained_network.Trained(initial, final, inputs, targets, decision)
    expected, actual = (
        tangent_kernel(
            final.map(lambda matrix, device=device: matrix.to(device)), inputs.to(device), Dynamics(0.2), times
        )
        for device in ("cpu", other)
    )
    assert oracles.relative_error(actual.all.cpu(), expected.all) < TOLERANCE
    assert oracles.relative_error(actual.recurrent.cpu(), expected.recurrent) < TOLERANCE
    on_cpu, on_cuda = (
        measuring.measure_together(
            trained.map(lambda array, device=device: array.to(device)),
            Dynamics(0.2),
            measuring.ProbeSettings(10, times),
        )
        for device in ("cpu", other)
    )
    for one, found in zip(on_cpu, on_cuda, strict=True):
        assert found == pytest.approx(one, rel=1e-3, nan_ok=True)
