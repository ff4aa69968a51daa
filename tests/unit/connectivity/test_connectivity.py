"""Initial recurrent weights: rank, magnitude, and pairing of conditions; see test_structure_statistics."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats

from richlazy.connectivity.base import STRUCTURES, structured_weights
from richlazy.connectivity.draws import gaussian_entries, uniform_entries
from richlazy.connectivity.low_rank import SoftRank
from richlazy.connectivity.matching import frobenius_norm, leading_eigenvalue, match_magnitude
from richlazy.connectivity.truncation import truncate_rank
from richlazy.measures import effective_ranks
from richlazy.storage import seeds

GAIN = 1.5
sizes = st.integers(2, 24)
run_seeds = st.integers(0, 10_000)
gains = st.floats(0.1, 3.0)


def weights_of(seed, kind, size=20, gain=GAIN, matching="frobenius", **parameters):
    rng = seeds.generator(seed, "connectivity")
    return structured_weights(kind, size, gain, matching, rng, **parameters)


def singular_values(weights):
    return np.linalg.svd(weights, compute_uv=False)


def relative_distance(actual, expected):
    return np.linalg.norm(actual - expected) / np.linalg.norm(expected)


# The base draw


def test_gaussian_entries_have_variance_gain_squared_over_size():
    size = 300
    entries = gaussian_entries(size, size, GAIN, np.random.default_rng(0))
    assert entries.shape == (size, size)
    assert entries.dtype == np.float64
    assert stats.kstest(entries.ravel(), stats.norm(0, GAIN / np.sqrt(size)).cdf).pvalue > 0.01
    # The variance of 90 000 entries is known to 0.5 per cent; a KS test alone would not see a wrong gain of 1 per cent.
    assert entries.var() == pytest.approx(GAIN**2 / size, rel=0.02)


def test_uniform_entries_have_a_third_of_the_gaussian_variance():
    size = 300
    entries = uniform_entries(size, size, GAIN, np.random.default_rng(0))
    bound = GAIN / np.sqrt(size)
    assert entries.shape == (size, size)
    assert np.abs(entries).max() <= bound
    assert stats.kstest(entries.ravel(), stats.uniform(-bound, 2 * bound).cdf).pvalue > 0.01
    assert entries.var() == pytest.approx(GAIN**2 / (3 * size), rel=0.02)


@pytest.mark.parametrize("draw", [gaussian_entries, uniform_entries])
@given(size=sizes, gain=gains, seed=run_seeds)
def test_gain_only_scales_the_draw(draw, size, gain, seed):
    unit, scaled = (draw(size, size, value, np.random.default_rng(seed)) for value in (1.0, gain))
    assert relative_distance(scaled, gain * unit) < 1e-14


@pytest.mark.parametrize(("draw", "share"), [(gaussian_entries, 1), (uniform_entries, 1 / 3)])
@pytest.mark.parametrize("size", [2, 5, 10])
def test_variance_is_exact_for_small_networks_too(draw, share, size):
    # N and N - 1 are nearly the same at N = 300, not here.
    rng = np.random.default_rng(0)
    entries = np.stack([draw(size, size, GAIN, rng) for _ in range(100_000 // size**2)])
    assert entries.var() == pytest.approx(share * GAIN**2 / size, rel=0.025)  # five standard errors


# Truncated rank


@given(size=sizes, seed=run_seeds, data=st.data())
def test_truncation_is_the_best_approximation_of_its_rank(size, seed, data):
    rank = data.draw(st.integers(1, size - 1))
    base = np.random.default_rng(seed).standard_normal((size, size))
    truncated = truncate_rank(base, rank)
    kept, lost = np.split(singular_values(base), [rank])
    np.testing.assert_allclose(singular_values(truncated)[:rank], kept, rtol=1e-10)
    assert singular_values(truncated)[rank:].max() < 1e-12 * kept[0]
    # Eckart-Young: no matrix of this rank is nearer than the lost singular values allow.
    assert np.linalg.norm(base - truncated) == pytest.approx(np.sqrt((lost**2).sum()), rel=1e-9)


@given(size=sizes, seed=run_seeds, data=st.data())
def test_truncated_weights_have_their_rank_and_the_norm_of_the_base_draw(size, seed, data):
    rank = data.draw(st.integers(1, size))
    weights = weights_of(seed, "svd_truncation", size, rank=rank)
    base = weights_of(seed, "gaussian", size)
    assert weights.shape == (size, size)
    assert weights.dtype == np.float64
    assert np.linalg.matrix_rank(weights, tol=1e-10 * singular_values(weights)[0]) == rank
    assert np.linalg.norm(weights) == pytest.approx(np.linalg.norm(base), rel=1e-12)


@pytest.mark.parametrize("matching", ["frobenius", "leading_eigenvalue"])
@pytest.mark.parametrize(("kind", "entries"), [("gaussian", None), ("uniform", "uniform")])
@given(size=sizes, seed=run_seeds)
def test_full_rank_is_the_base_draw_itself(matching, kind, entries, size, seed):
    full = weights_of(seed, "svd_truncation", size, matching=matching, rank=size, entries=entries)
    # Bit for bit: a rescaling by 1 plus a rounding error would make the null a different network in each figure.
    assert np.array_equal(full, weights_of(seed, kind, size, matching=matching))


@pytest.mark.parametrize("rank", [0, -1, 21])
def test_impossible_rank_is_refused(rank):
    with pytest.raises(ValueError, match=f"rank must lie between 1 and 20, the smaller side of the matrix, not {rank}"):
        weights_of(0, "svd_truncation", 20, rank=rank)


# Soft rank


@given(size=sizes, seed=run_seeds, exponent=st.floats(0, 8))
def test_soft_rank_keeps_the_singular_vectors_and_sets_the_singular_values(size, seed, exponent):
    base = np.random.default_rng(seed).standard_normal((size, size))
    soft = SoftRank.shape(base, exponent)
    decay = (1 - np.arange(size) / size) ** exponent
    np.testing.assert_allclose(singular_values(soft), singular_values(base)[0] * decay, rtol=1e-9, atol=1e-12)
    # With the same singular vectors, W'S = V s d V' and W S' = U s d U' are symmetric with positive eigenvalues.
    for product in (base.T @ soft, base @ soft.T):
        np.testing.assert_allclose(product, product.T, atol=1e-10 * np.abs(product).max())
        assert np.linalg.eigvalsh(product).min() > -1e-10 * np.abs(product).max()


@pytest.mark.parametrize("exponent", [0.5, 1, 2, 4, 8, 16])
def test_effective_rank_of_a_soft_rank_is_one_over_exponent_plus_one(exponent):
    size = 200
    weights = weights_of(0, "soft_rank", size, decay_exponent=exponent)
    effective = effective_ranks.singular_value_effective_rank(weights)
    # The sum over i = 0..N-1 exceeds the integral 1 / (k + 1) by at most one step of height 1.
    assert 1 / (exponent + 1) < effective < 1 / (exponent + 1) + 1 / size
    assert effective == pytest.approx(np.mean((np.arange(1, size + 1) / size) ** exponent), rel=1e-10)
    assert np.linalg.norm(weights) == pytest.approx(np.linalg.norm(weights_of(0, "gaussian", size)), rel=1e-12)


# Matching


def test_magnitudes_of_small_matrices():
    assert frobenius_norm(np.array([[3.0, 0.0], [4.0, 0.0]])) == pytest.approx(5.0)
    # Eigenvalues of a rotation by a quarter turn, twice as large: +2i and -2i.
    assert leading_eigenvalue(np.array([[0.0, -2.0], [2.0, 0.0]])) == pytest.approx(2.0)
    # A large entry above the diagonal has no eigenvalue of its own.
    assert leading_eigenvalue(np.array([[-3.0, 100.0], [0.0, 1.0]])) == pytest.approx(3.0)


@given(
    size=sizes,
    seed=run_seeds,
    scale=st.floats(0.01, 100),
    matching=st.sampled_from(["frobenius", "leading_eigenvalue"]),
)
def test_matching_restores_the_magnitude_and_only_rescales(size, seed, scale, matching):
    base, weights = np.random.default_rng(seed).standard_normal((2, size, size))
    matched = match_magnitude(scale * weights, base, matching)
    magnitude = {
        "frobenius": lambda matrix: np.sqrt((matrix**2).sum()),
        "leading_eigenvalue": lambda matrix: np.abs(np.linalg.eigvals(matrix)).max(),
    }[matching]
    assert magnitude(matched) == pytest.approx(magnitude(base), rel=1e-9)
    cosine = (matched * weights).sum() / np.linalg.norm(matched) / np.linalg.norm(weights)
    assert cosine == pytest.approx(1.0, abs=1e-12)  # the sign stays


@pytest.mark.parametrize(
    ("kind", "parameters"), [("svd_truncation", {"rank": 7}), ("soft_rank", {"decay_exponent": 2.0})]
)
@pytest.mark.parametrize("entries", ["gaussian", "uniform"])
def test_structures_match_the_leading_eigenvalue_of_their_base_draw(kind, parameters, entries):
    weights = weights_of(4, kind, matching="leading_eigenvalue", entries=entries, **parameters)
    base = weights_of(4, entries)
    leading, expected = (np.abs(np.linalg.eigvals(matrix)).max() for matrix in (weights, base))
    assert leading == pytest.approx(expected, rel=1e-10)
    assert np.linalg.norm(weights) != pytest.approx(np.linalg.norm(base), rel=1e-3)


# Pairing: conditions of one seed share their draw


@given(seed=run_seeds, data=st.data())
def test_ranks_of_a_seed_share_their_leading_components(seed, data):
    size = 20
    lower, higher = sorted(data.draw(st.lists(st.integers(1, size), min_size=2, max_size=2, unique=True)))
    low, high = (weights_of(seed, "svd_truncation", size, rank=rank) for rank in (lower, higher))
    left, values, right = np.linalg.svd(high)
    assume(values[lower - 1] > 1.001 * values[lower])  # else the leading components are not unique
    expected = (left[:, :lower] * values[:lower]) @ right[:lower]
    expected *= np.linalg.norm(high) / np.linalg.norm(expected)
    assert relative_distance(low, expected) < 1e-8


@pytest.mark.parametrize("matching", ["frobenius", "leading_eigenvalue"])
@pytest.mark.parametrize(
    ("kind", "parameters"),
    [("gaussian", {}), ("uniform", {}), ("svd_truncation", {"rank": 5}), ("soft_rank", {"decay_exponent": 1.0})],
)
def test_gains_of_a_seed_share_their_draw(kind, parameters, matching):
    unit = weights_of(2, kind, gain=1.0, matching=matching, **parameters)
    assert relative_distance(weights_of(2, kind, gain=2.5, matching=matching, **parameters), 2.5 * unit) < 1e-12
    assert relative_distance(weights_of(3, kind, gain=1.0, matching=matching, **parameters), unit) > 0.5


def test_every_structure_consumes_the_same_random_numbers():
    # A structure that drew more or fewer numbers would be paired with nothing.
    after = []
    for kind, parameters in (("gaussian", {}), ("svd_truncation", {"rank": 3}), ("soft_rank", {"decay_exponent": 1.0})):
        rng = seeds.generator(0, "connectivity")
        structured_weights(kind, 20, GAIN, "frobenius", rng, **parameters)
        after.append(rng.random())
    assert len(set(after)) == 1


@pytest.mark.parametrize(
    ("kind", "parameters"), [("svd_truncation", {"rank": 5}), ("soft_rank", {"decay_exponent": 1.0})]
)
def test_base_draw_is_gaussian_unless_told_otherwise(kind, parameters):
    default, gaussian, uniform = (
        weights_of(1, kind, entries=entries, **parameters) for entries in (None, "gaussian", "uniform")
    )
    assert np.array_equal(default, gaussian)
    assert np.linalg.norm(default) == pytest.approx(np.linalg.norm(weights_of(1, "gaussian")), rel=1e-12)
    assert np.linalg.norm(uniform) == pytest.approx(np.linalg.norm(weights_of(1, "uniform")), rel=1e-12)


# The null (methods.md B)


def test_effective_ranks_of_the_gaussian_null():
    size, draws = 300, 4
    weights = [weights_of(seed, "gaussian", size) for seed in range(draws)]
    by_eigenvalues = np.mean([effective_ranks.eigenvalue_effective_rank(matrix) for matrix in weights])
    by_singular_values = np.mean([effective_ranks.singular_value_effective_rank(matrix) for matrix in weights])
    # Circular law: eigenvalues fill a disc, mean modulus 2/3; at N = 300 the largest sticks out a little, .639 +- .016.
    assert by_eigenvalues == pytest.approx(0.639, abs=0.03)
    # Quarter circle: mean singular value 8 / (3 pi) of a largest one of 2.
    assert by_singular_values == pytest.approx(8 / (3 * np.pi) / 2, abs=0.01)


def test_spectral_radius_and_norm_of_the_gaussian_null():
    size = 300
    weights = weights_of(0, "gaussian", size)
    assert leading_eigenvalue(weights) == pytest.approx(GAIN, rel=0.1)
    assert frobenius_norm(weights) == pytest.approx(GAIN * np.sqrt(size), rel=0.02)
    assert singular_values(weights)[0] == pytest.approx(2 * GAIN, rel=0.05)


# Errors


def test_unknown_kind_is_refused_with_the_choices():
    choices = "choose one of cell_type_blocks, chain_motif, "
    with pytest.raises(ValueError, match=f"unknown structure kind 'lattice'; {choices}"):
        weights_of(0, "lattice")


def test_unknown_matching_is_refused_with_the_choices():
    for kind, parameters in (("gaussian", {}), ("svd_truncation", {"rank": 20})):
        with pytest.raises(ValueError, match=r"unknown matching 'trace'; choose one of frobenius, leading_eigenvalue"):
            weights_of(0, kind, matching="trace", **parameters)


def test_structure_table_names_the_parameter_and_the_options_that_each_kind_takes():
    for kind, value in (("svd_truncation", 3), ("soft_rank", 1.0)):
        structure = STRUCTURES[kind]
        assert list(structure.Options.model_fields) == ["entries"]
        weights = weights_of(0, kind, entries="uniform", **{structure.parameter: value})
        assert np.isfinite(weights).all()
        assert not (structure.draws or structure.signed or structure.unstructured)
    for kind in ("gaussian", "uniform"):
        assert STRUCTURES[kind].parameter is None
        assert not STRUCTURES[kind].Options.model_fields
        assert STRUCTURES[kind].unstructured
