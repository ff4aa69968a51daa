"""Second-order motifs against loops over pairs and triples of units."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from richlazy.connectivity import motifs


def by_loops(weights):
    """The definitions, one product after the other."""
    units = range(len(weights))
    pairs = list(itertools.permutations(units, 2))
    triples = list(itertools.permutations(units, 3))
    variance = np.mean([weights[i, j] ** 2 for i, j in pairs])
    return {
        "chain": np.mean([weights[i, j] * weights[j, k] for i, j, k in triples]) / variance,
        "reciprocal": np.mean([weights[i, j] * weights[j, i] for i, j in pairs]) / variance,
        "convergent": np.mean([weights[i, j] * weights[i, k] for i, j, k in triples]) / variance,
        "divergent": np.mean([weights[i, k] * weights[j, k] for i, j, k in triples]) / variance,
    }


@st.composite
def matrices(draw):
    """Random weights, some of them absent, with or without connections of a unit to itself."""
    size, seed = draw(st.integers(3, 7)), draw(st.integers(0, 10_000))
    rng = np.random.default_rng(seed)
    weights = rng.standard_normal((size, size)) + draw(st.sampled_from([0.0, 1.0]))
    weights *= rng.random((size, size)) < draw(st.sampled_from([0.5, 1.0]))
    weights[0, 1] = 1.0  # at least one connection
    return weights


@given(matrices())
def test_motifs_are_those_of_loops_over_pairs_and_triples(weights):
    found = motifs.second_order_motifs(weights)
    assert list(found) == list(motifs.MOTIFS)
    assert found == pytest.approx(by_loops(weights), rel=1e-10, abs=1e-12)
    assert {type(value) for value in found.values()} == {float}


@given(matrices(), st.randoms(use_true_random=False))
def test_the_names_of_the_units_make_no_difference(weights, random):
    order = random.sample(range(len(weights)), len(weights))
    expected = motifs.second_order_motifs(weights)
    assert motifs.second_order_motifs(weights[np.ix_(order, order)]) == pytest.approx(expected, abs=1e-12)


@given(matrices(), st.floats(0.01, 100), st.sampled_from([-1, 1]))
def test_scale_and_sign_of_all_weights_make_no_difference(weights, scale, sign):
    expected = motifs.second_order_motifs(weights)
    assert motifs.second_order_motifs(sign * scale * weights) == pytest.approx(expected, rel=1e-9, abs=1e-12)


@given(matrices())
def test_connections_of_a_unit_to_itself_do_not_count_and_stay(weights):
    changed = weights + np.diag(np.arange(1.0, len(weights) + 1))
    before = changed.copy()
    assert motifs.second_order_motifs(changed) == pytest.approx(motifs.second_order_motifs(weights), abs=1e-12)
    assert np.array_equal(changed, before)


@given(matrices())
def test_transposition_exchanges_convergent_and_divergent(weights):
    found, transposed = motifs.second_order_motifs(weights), motifs.second_order_motifs(weights.T)
    assert transposed["convergent"] == pytest.approx(found["divergent"], abs=1e-12)
    assert transposed["divergent"] == pytest.approx(found["convergent"], abs=1e-12)
    assert [transposed[name] for name in ("chain", "reciprocal")] == pytest.approx(
        [found[name] for name in ("chain", "reciprocal")], abs=1e-12
    )


@pytest.mark.parametrize("weights", [np.zeros((4, 4)), np.eye(3), np.ones((2, 2)), np.ones((1, 1))])
def test_motifs_are_not_known_without_connections_or_with_fewer_than_three_units(weights):
    found = motifs.second_order_motifs(weights)
    assert list(found) == list(motifs.MOTIFS)
    assert np.isnan([*found.values()]).all()


@pytest.mark.parametrize(
    ("links", "expected"),
    [
        # One chain 0 -> 1 -> 2 among six triples; mean square 2 / 6.
        ([(1, 0), (2, 1)], {"chain": (1 / 6) / (2 / 6), "reciprocal": 0, "convergent": 0, "divergent": 0}),
        ([(0, 1), (1, 0)], {"chain": 0, "reciprocal": 1, "convergent": 0, "divergent": 0}),
        # Each pair of connections counts in both orders.
        ([(0, 1), (0, 2)], {"chain": 0, "reciprocal": 0, "convergent": 1, "divergent": 0}),
        ([(1, 0), (2, 0)], {"chain": 0, "reciprocal": 0, "convergent": 0, "divergent": 1}),
    ],
    ids=["chain", "reciprocal", "convergent", "divergent"],
)
def test_motifs_of_two_connections(links, expected):
    weights = np.zeros((3, 3))
    for target, source in links:
        weights[target, source] = 2.0
    assert motifs.second_order_motifs(weights) == pytest.approx(expected)
