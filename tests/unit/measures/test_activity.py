"""Dimension of activity, its alignment with the readout, and the centred alignment of representations: known values."""

import math
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from richlazy.measures import activity


def gaussian(seed, *shape):
    return torch.from_numpy(np.random.default_rng(seed).standard_normal(shape))


def rotation(seed, size):
    return torch.linalg.qr(gaussian(seed, size, size))[0]


def with_singular_values(values, samples=50, seed=0):
    """Samples (samples, N) about 0 with these singular values."""
    left = torch.linalg.qr(activity.centred(gaussian(seed, samples, len(values))))[0]
    return left * torch.tensor(values, dtype=torch.float64) @ rotation(seed + 1, len(values)).T


@pytest.mark.parametrize(
    ("values", "dimension"),
    [([3, 0, 0, 0], 1), ([1, 1, 1, 1], 4), ([2, 2, 0, 0], 2), ([2, 1, 0, 0], 25 / 17)],
)
def test_the_participation_ratio_counts_directions_by_their_variance(values, dimension):
    assert activity.participation_ratio(with_singular_values(values)) == pytest.approx(dimension)


def test_a_mean_is_no_dimension():
    rates = gaussian(0, 5, 6, 8)
    far = activity.participation_ratio(activity.centred(rates + 100))
    assert far == pytest.approx(activity.participation_ratio(activity.centred(rates)))


def test_silent_activity_has_no_values():
    silent = activity.centred(torch.zeros(3, 4, 5))
    assert math.isnan(activity.participation_ratio(silent))
    assert math.isnan(activity.centred_alignment(silent, gaussian(0, 12, 5)))
    assert math.isnan(activity.readout_alignment(silent, gaussian(0, 2, 5)))


def test_activity_along_the_readout_is_aligned_with_it_and_activity_beside_it_is_not():
    readout = gaussian(0, 1, 6)
    along = activity.centred(gaussian(1, 40, 1)) * readout
    assert activity.readout_alignment(along, readout) == pytest.approx(1)
    unit = readout / readout.norm()
    beside = activity.centred(gaussian(2, 40, 6))
    beside = beside - beside @ unit.T * unit
    assert activity.readout_alignment(beside, readout) == pytest.approx(0, abs=1e-12)
    # A weak direction that is read out beside a strong one that is not: oblique.
    strong = torch.zeros(1, 6, dtype=torch.float64)
    strong[0, 0], readout = 1.0, torch.eye(6, dtype=torch.float64)[1:2]
    oblique = activity.centred(gaussian(3, 40, 1)) * strong * 10 + activity.centred(gaussian(4, 40, 1)) * readout
    assert activity.readout_alignment(oblique, readout) < 0.2


def test_activity_that_fills_all_directions_evenly_is_aligned_for_its_dimension():
    even = with_singular_values([2.0] * 8)
    assert activity.readout_alignment(even, gaussian(5, 1, 8)) == pytest.approx(1)


@given(seed=st.integers(0, 2**16), scale=st.floats(1e-4, 10))
def test_centred_alignment_does_not_see_rotation_scale_or_mean(seed, scale):
    first, second = gaussian(seed, 20, 6), gaussian(seed + 1, 20, 6)
    plain = activity.centred_alignment(activity.centred(first), activity.centred(second))
    turned = scale * second @ rotation(seed + 2, 6) + 3
    assert activity.centred_alignment(activity.centred(first), activity.centred(turned)) == pytest.approx(plain)
    assert 0 <= plain <= 1
    own = activity.centred(scale * first)
    assert activity.centred_alignment(own, own) == pytest.approx(1)


@pytest.mark.parametrize(("trials", "units", "seen"), [(1, 4, slice(None)), (2, 4, -1), (9, 1, -1)])
def test_representations_are_those_of_the_last_step_or_of_the_time_points_of_a_single_trial(trials, units, seen):
    before, after = (gaussian(seed, 7, trials, units) for seed in (0, 1))
    network = SimpleNamespace(before=SimpleNamespace(rates=before), after=SimpleNamespace(rates=after))
    expected = activity.centred_alignment(activity.centred(before[seen]), activity.centred(after[seen]))
    assert activity.centred_representation_alignment.formula(network) == pytest.approx(expected)
