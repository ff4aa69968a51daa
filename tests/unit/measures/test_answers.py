"""Answers of a trained network: its readout of rates, stepped by hand in double precision."""

import numpy as np
import pytest

from richlazy.measures import answers
from richlazy.models import rate_network
from richlazy.storage import array_io

SIZE, INPUTS, OUTPUTS, STEPS = 6, 2, 3, 8
RUN = {"leak": "euler", "rectification": "tanh", "time_step_ms": 50.0, "time_constant_ms": 100.0}


@pytest.fixture
def files(tmp_path):
    """Network and probe of five trials."""
    rng = np.random.default_rng(0)
    shapes = {"recurrent": (SIZE, SIZE), "input": (SIZE, INPUTS), "readout": (OUTPUTS, SIZE)}
    arrays = {
        f"{name}{moment}": rng.standard_normal(shape).astype(np.float32) / 3
        for name, shape in shapes.items()
        for moment in ("", "_initial")
    }
    array_io.save_arrays(tmp_path / "network.npz", **arrays)
    inputs = rng.standard_normal((STEPS, 5, INPUTS)).astype(np.float32)
    array_io.save_arrays(tmp_path / "probe.npz", inputs=inputs, targets=np.zeros((STEPS, 5, OUTPUTS), np.float32))
    return tmp_path, arrays, inputs


@pytest.mark.parametrize(("asked", "given"), [(3, 3), (5, 5), (9, 5)])
def test_answers_are_those_of_the_trained_weights_on_the_first_trials(files, asked, given):
    folder, weights, inputs = files
    dynamics = rate_network.dynamics_of(RUN)
    found = answers.answers(folder / "network.npz", folder / "probe.npz", dynamics, asked)
    expected = np.empty((STEPS, given, OUTPUTS))
    for trial in range(given):
        state = np.zeros(SIZE)
        for step in range(STEPS):
            drive = weights["recurrent"] @ np.tanh(state) if step else np.zeros(SIZE)
            state = 0.5 * state + 0.5 * (drive + weights["input"] @ inputs[step, trial].astype(float))
            expected[step, trial] = weights["readout"] @ np.tanh(state)
    np.testing.assert_allclose(found, expected, atol=1e-6)
