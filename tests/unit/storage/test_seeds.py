"""Named streams of random numbers: what they are, that they are independent, and that they stay as they are."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from richlazy.storage import seeds

run_seeds = st.integers(0, 2**63)


def test_published_streams_keep_their_position():
    # A stream is identified by its position: reordering or removing one would change every published network.
    published = ("connectivity", "input_weights", "readout_weights", "trials", "probe", "order", "bootstrap")
    assert seeds.STREAMS[: len(published)] == published
    assert len(set(seeds.STREAMS)) == len(seeds.STREAMS)


@given(run_seeds)
def test_streams_are_the_children_of_the_seed(seed):
    children = np.random.SeedSequence(seed).spawn(len(seeds.STREAMS))
    for stream, child in zip(seeds.STREAMS, children, strict=True):
        expected = np.random.default_rng(child).standard_normal(5)
        assert np.array_equal(seeds.generator(seed, stream).standard_normal(5), expected)
        assert seeds.legacy_seed(seed, stream) == child.generate_state(1)[0]


def test_no_two_streams_of_any_seed_start_alike():
    starts = [
        tuple(seeds.generator(seed, stream).integers(2**63, size=2)) for seed in range(50) for stream in seeds.STREAMS
    ]
    assert len(set(starts)) == len(starts)


def test_streams_are_uncorrelated():
    count = 20_000
    draws = [seeds.generator(seed, stream).standard_normal(count) for seed in (0, 1) for stream in seeds.STREAMS]
    correlations = np.corrcoef(draws)[np.triu_indices(len(draws), 1)]
    assert np.abs(correlations).max() < 4.5 / np.sqrt(count)  # 91 pairs; 4.5 standard errors


def test_drawing_from_one_stream_leaves_the_others_alone():
    expected = seeds.generator(3, "trials").random(4)
    trials, order = seeds.generator(3, "trials"), seeds.generator(3, "order")
    order.random(1000)
    assert np.array_equal(trials.random(4), expected)


@given(run_seeds, st.sampled_from(seeds.STREAMS))
def test_legacy_seed_is_a_plain_integer_of_32_bits(seed, stream):
    legacy = seeds.legacy_seed(seed, stream)
    assert type(legacy) is int  # NeuroGym and JSON refuse NumPy's integers
    assert 0 <= legacy < 2**32
    np.random.RandomState(legacy)
    assert legacy == seeds.legacy_seed(seed, stream)


def test_legacy_seeds_differ_between_streams_and_seeds():
    legacy = {seeds.legacy_seed(seed, stream) for seed in range(20) for stream in seeds.STREAMS}
    assert len(legacy) == 20 * len(seeds.STREAMS)


@pytest.mark.parametrize("function", [seeds.generator, seeds.legacy_seed])
def test_unknown_stream_is_refused_with_the_choices(function):
    with pytest.raises(ValueError, match=r"unknown random stream 'weights'; choose one of connectivity, .*bootstrap"):
        function(0, "weights")


def test_negative_seed_is_refused():
    with pytest.raises(ValueError):
        seeds.generator(-1, "trials")
