"""Devices: what a job asks for, what it gets, and that a CUDA device computes what the CPU computes."""

import logging

import numpy as np
import pytest
import torch

import oracles
from richlazy.measures import measuring, probed_network
from richlazy.measures.tangent_kernel import tangent_kernel
from richlazy.models.rate_network import Dynamics, Weights
from richlazy.storage import devices
from richlazy.training import loop
from richlazy.training.settings import TrainingSettings

needs_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
needs_none = pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
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


@needs_cuda
@pytest.mark.parametrize("signs_held", [False, True])
@pytest.mark.parametrize(("momentum", "rectification"), [(0.0, "after_leak"), (0.9, "inside")])
def test_training_on_a_cuda_device_is_that_on_the_cpu(momentum, rectification, signs_held):
    rng = np.random.default_rng(0)
    weights = Weights(*oracles.random_weights(rng, 64, 3, 3, 4, torch.float32))
    if signs_held:
        weights.recurrent.abs_()
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
        for device in devices.DEVICES
    ]
    (expected, expected_history), (actual, history) = results
    assert history.diverged_at == expected_history.diverged_at == [None, 200, None, None]
    for network in (0, 2, 3):
        for found, reference in zip(actual.of_network(network), expected.of_network(network), strict=True):
            assert oracles.relative_error(found.cpu(), reference) < TOLERANCE
        np.testing.assert_allclose(history.losses[:, network], expected_history.losses[:, network], rtol=TOLERANCE)


@needs_cuda
@pytest.mark.parametrize("times", ["all", "last"])
def test_kernels_and_measures_on_a_cuda_device_are_those_on_the_cpu(times):
    rng = np.random.default_rng(1)
    initial, final = (Weights(*oracles.random_weights(rng, 64, 3, 3, 4, torch.float32)) for _ in range(2))
    inputs = torch.from_numpy(rng.standard_normal((4, 8, 40, 3)).astype(np.float32))
    targets, decision = torch.from_numpy(rng.integers(0, 3, (4, 8, 40))), torch.ones(4, 8, 40, dtype=torch.bool)
    trained = probed_network.Trained(initial, final, inputs, targets, decision)
    expected, actual = (
        tangent_kernel(
            final.map(lambda matrix, device=device: matrix.to(device)), inputs.to(device), Dynamics(0.2), times
        )
        for device in devices.DEVICES
    )
    assert oracles.relative_error(actual.all.cpu(), expected.all) < TOLERANCE
    assert oracles.relative_error(actual.recurrent.cpu(), expected.recurrent) < TOLERANCE
    on_cpu, on_cuda = (
        measuring.measure_together(
            trained.map(lambda array, device=device: array.to(device)),
            Dynamics(0.2),
            measuring.ProbeSettings(10, times),
        )
        for device in devices.DEVICES
    )
    for one, other in zip(on_cpu, on_cuda, strict=True):
        assert other == pytest.approx(one, rel=1e-3)
