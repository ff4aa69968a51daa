"""Networks before they learn: Lyapunov exponents and outlier eigenvalues where they are known."""

import math
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from richlazy.connectivity.base import structured_weights
from richlazy.measures import before_training
from richlazy.models.rate_network import Dynamics

SIZE, STEPS = 100, 2000


def exponent(gain, dynamics, inputs=0.0, seed=0, steps=STEPS, size=SIZE):
    """Of a Gaussian network with white noise as input; without noise it gets one pulse."""
    rng = np.random.default_rng(seed)
    recurrent = torch.from_numpy(gain * rng.standard_normal((size, size)) / math.sqrt(size))
    drive = torch.from_numpy(inputs * rng.standard_normal((steps, size)))
    drive[0] += 1
    return before_training.largest_lyapunov_exponent(recurrent, drive, dynamics), recurrent


@settings(max_examples=20, deadline=None)
@given(gain=st.floats(0.2, 3), rho=st.floats(0, 0.9), seed=st.integers(0, 100), inputs=st.sampled_from([0.0, 1.0]))
def test_a_linear_network_grows_by_the_spectral_radius_of_its_step_whatever_its_input(gain, rho, seed, inputs):
    rng = np.random.default_rng(seed)
    moduli = np.linspace(0.1, 1, 6) * gain  # real eigenvalues that are far apart
    basis = np.eye(6) + 0.1 * rng.standard_normal((6, 6))
    recurrent = basis @ np.diag(moduli) @ np.linalg.inv(basis)
    drive = torch.from_numpy(inputs * rng.standard_normal((600, 6)))
    found = before_training.largest_lyapunov_exponent(torch.from_numpy(recurrent), drive, Dynamics(rho, "none"))
    step = rho * np.eye(6) + (1 - rho) * recurrent
    assert found == pytest.approx(math.log(np.abs(np.linalg.eigvals(step)).max()), abs=2e-3)


def test_a_large_linear_network_grows_by_its_gain():
    for gain in (0.5, 2.0):
        found, recurrent = exponent(gain, Dynamics(0.0, "none"))
        assert found == pytest.approx(math.log(np.abs(np.linalg.eigvals(recurrent)).max()), abs=0.005)
        assert found == pytest.approx(math.log(gain), abs=0.1)


def test_weak_weights_do_not_make_chaos_and_strong_ones_do():
    dynamics = Dynamics(0.5, "tanh")
    below, _ = exponent(0.8, dynamics)
    above, _ = exponent(3.0, dynamics)
    assert below < -0.05
    assert above > 0.05


def test_strong_input_suppresses_chaos():
    """A small gain beyond 1, where the network alone is chaotic (Rajan et al. 2010)."""
    dynamics = Dynamics(0.5, "tanh")
    alone, _ = exponent(1.8, dynamics)
    driven, _ = exponent(1.8, dynamics, inputs=5.0)
    assert driven < -0.1 < 0 < alone


def test_it_is_the_distance_of_neighbouring_states_that_grows():
    """The exponent of chaos, from two states that are brought near each other again after each step."""
    found, recurrent = exponent(2.5, Dynamics(0.5, "tanh"), seed=3)
    recurrent = recurrent.numpy()
    state, growth = np.ones(SIZE) * 0.5, []
    other = state + 1e-8 / math.sqrt(SIZE)
    for _ in range(STEPS):
        state, other = (0.5 * x + 0.5 * recurrent @ np.tanh(x) for x in (state, other))
        distance = np.linalg.norm(other - state)
        growth.append(math.log(distance / 1e-8))
        other = state + (other - state) * (1e-8 / distance)
    assert found == pytest.approx(np.mean(growth[STEPS // 4 :]), abs=0.01)


def test_a_perturbation_that_is_gone_has_no_exponent():
    drive = torch.ones(4, 3, dtype=torch.float64)
    zero = torch.zeros(3, 3, dtype=torch.float64)
    assert math.isnan(before_training.largest_lyapunov_exponent(zero, drive, Dynamics(0.0, "tanh")))
    left = before_training.largest_lyapunov_exponent(zero, drive, Dynamics(0.25, "tanh"))
    assert left == pytest.approx(math.log(0.25))  # the leak alone


def weights(kind, seed, size=300, **options):
    return structured_weights(kind, size, 1.5, "frobenius", np.random.default_rng(seed), **options)


def test_random_weights_have_no_outliers_and_those_with_chains_have_two():
    for seed in range(5):
        assert before_training.outliers(weights("gaussian", seed)) == 0
        assert before_training.outliers(weights("gaussian", seed, size=100)) == 0
        chains = weights("chain_motif", seed, size=100, correlation=0.03, exact=False)
        assert before_training.outliers(chains) == 2  # plus and minus g sqrt(N tau)
    types = {"fraction": 0.02, "strong_gain": 10.0, "weak_gain": 0.8, "blocks": "within"}
    counts = [before_training.outliers(weights("cell_type_blocks", seed, **types)) for seed in range(5)]
    assert all(1 <= count <= 6 for count in counts)  # of the six units that are excitable


def test_a_loss_has_no_share_of_that_of_a_silent_network_which_makes_no_error():
    of = before_training.relative_loss_before.formula
    assert of(SimpleNamespace(loss_before=0.3, loss_when_silent=0.6)) == 0.5
    assert math.isnan(of(SimpleNamespace(loss_before=0.3, loss_when_silent=0.0)))
