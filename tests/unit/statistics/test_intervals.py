"""Exact tests and the intervals that invert them: against enumeration, and their coverage in simulation."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from richlazy.statistics import estimators

WHOLE = st.lists(st.integers(-4, 4), min_size=1, max_size=8)


def signed_rank_by_enumeration(sample, above):
    """Probabilities of at least so many ranks above, and below, over all signs of the differences from a value."""
    shifted = np.array(sample, float) - above
    ranks = stats.rankdata(np.abs(shifted))[shifted != 0]
    signs = np.sign(shifted[shifted != 0])
    sums = [sum(r for r, s in zip(ranks, pattern, strict=True) if s > 0)
            for pattern in itertools.product((-1, 1), repeat=len(ranks))]  # fmt: skip
    positive, negative = ranks[signs > 0].sum(), ranks[signs < 0].sum()
    return np.mean(np.array(sums) >= positive - 1e-9), np.mean(np.array(sums) >= negative - 1e-9)


@given(WHOLE, st.sampled_from([0, 1, 0.5]))
def test_the_signed_rank_test_is_that_of_all_signs(sample, above):
    """With ties and zeros too, which SciPy's exact test does not know."""
    expected = signed_rank_by_enumeration(sample, above)
    assert estimators.signed_rank_test(np.array(sample, float), above) == pytest.approx(expected, rel=1e-12)


@given(st.lists(st.floats(-1, 1).filter(bool), min_size=2, max_size=14, unique_by=abs))
def test_without_ties_it_is_scipys(sample):
    sample = np.array(sample)
    expected = [stats.wilcoxon(sample, alternative=side, method="exact").pvalue for side in ("greater", "less")]
    assert estimators.signed_rank_test(sample) == pytest.approx(expected, rel=1e-9)


def test_infinite_differences_are_the_largest():
    sample = np.array([1.0, -2.0, np.inf, np.inf, 3.0])
    finite = np.array([1.0, -2.0, 50.0, 50.0, 3.0])
    assert estimators.signed_rank_test(sample) == estimators.signed_rank_test(finite)
    assert estimators.signed_rank_test(-sample) == estimators.signed_rank_test(sample)[::-1]


def test_differences_of_infinite_values():
    one, other = np.array([np.inf, np.inf, 1.0, -np.inf]), np.array([np.inf, 1.0, np.inf, 2.0])
    assert estimators.differences(one, other).tolist() == [0, np.inf, -np.inf, -np.inf]


def test_the_hodges_lehmann_difference_of_infinite_values():
    assert estimators.hodges_lehmann(np.array([1.0, np.inf, np.inf])) == np.inf
    assert estimators.hodges_lehmann(np.array([1.0, 2.0, 3.0, 4.0, np.inf])) == 3
    assert estimators.hodges_lehmann(np.array([-np.inf, np.inf])) == 0


@given(st.lists(st.floats(-1, 1), min_size=6, max_size=12, unique=True), st.floats(-1.2, 1.2))
def test_the_interval_holds_the_values_that_the_test_does_not_refuse(sample, value):
    sample = np.round(np.array(sample), 3) + 1e-7 * np.arange(len(sample)) ** 1.5
    low, high = estimators.signed_rank_interval(sample, 0.95)
    refused = estimators.two_sided(*estimators.signed_rank_test(sample, value)) <= 0.05
    if not (np.isclose(value, low) or np.isclose(value, high)):
        assert refused == (not low <= value <= high)


@given(st.lists(st.integers(-9, 9), min_size=6, max_size=12), st.sampled_from([-9.5, -3.5, 0.5, 2.5, 9.5]))
def test_the_interval_of_the_median_holds_what_the_sign_test_does_not_refuse(sample, value):
    low, high = estimators.median_interval(np.array(sample, float), 0.95)
    above = sum(one > value for one in sample)
    refused = min(1, 2 * stats.binom.cdf(min(above, len(sample) - above), len(sample), 0.5)) <= 0.05
    assert refused == (not low <= value <= high)


@pytest.mark.parametrize("interval", [estimators.signed_rank_interval, estimators.median_interval])
def test_five_seeds_give_the_interval_between_the_extremes(interval):
    assert interval(np.array([3.0, 1.0, 2.0, 5.0, 4.0]), 0.95) == (1, 5)
    assert interval(np.array([2.0]), 0.95) == (2, 2)
    assert interval(np.full(8, 0.25), 0.95) == (0.25, 0.25)


def coverage(interval, draw, truth, repetitions=2000):
    """Share of samples whose interval holds the truth."""
    rng = np.random.default_rng(7)
    ends = [interval(draw(rng)) for _ in range(repetitions)]
    return np.mean([low - 1e-12 <= truth <= high + 1e-12 for low, high in ends])


# Standard error of a coverage of 0.95 in 2,000 repetitions: 0.005.
@pytest.mark.parametrize("seeds", [6, 10, 20])
@pytest.mark.parametrize("shape", ["normal", "laplace", "cauchy"])
def test_the_signed_rank_interval_covers_as_often_as_it_says(seeds, shape):
    draws = {
        "normal": lambda rng: rng.standard_normal(seeds),
        "laplace": lambda rng: rng.laplace(size=seeds),
        "cauchy": lambda rng: rng.standard_cauchy(seeds),
    }
    found = coverage(lambda sample: estimators.signed_rank_interval(sample, 0.95), draws[shape], 0.0)
    assert 0.935 <= found <= 0.985


@pytest.mark.parametrize("seeds", [6, 10, 20])
def test_the_interval_of_the_median_covers_a_skewed_one(seeds):
    def interval(sample):
        return estimators.median_interval(sample, 0.95)

    assert 0.935 <= coverage(interval, lambda rng: rng.exponential(size=seeds), np.log(2)) <= 0.99


@pytest.mark.parametrize("conditions", [3, 4])
@pytest.mark.parametrize("seeds", [5, 10])
@pytest.mark.parametrize("slope", [0.0, 1.0, 2.0])
def test_the_interval_of_tau_covers_as_the_documentation_says(conditions, seeds, slope):
    """The mean of a discrete, bounded number: at least 0.92, also where nearly all seeds are in order."""

    def taus(rng, count):
        values = slope * np.arange(conditions) + rng.standard_normal((count, conditions))
        return estimators.rank_correlations(values)

    truth = taus(np.random.default_rng(1), 30_000).mean()
    found = coverage(
        lambda sample: estimators.tau_interval(sample, conditions, 0.95), lambda rng: taus(rng, seeds), truth, 1000
    )
    assert found >= 0.92


def test_the_interval_of_tau_is_within_its_range_and_never_empty():
    assert estimators.tau_interval(np.ones(10), 4, 0.95)[1] == 1
    widths = [1 - estimators.tau_interval(np.ones(seeds), 4, 0.95)[0] for seeds in (5, 10, 20)]
    assert widths == sorted(widths, reverse=True) and widths[-1] > 0.04
    low, high = estimators.tau_interval(np.array([-1.0, 1.0, 1.0]), 3, 0.95)
    assert (low, high) == (-1, 1)


@pytest.mark.parametrize("taus", [[0.3, 0.36], [0.1, 0.5, 0.6], [-0.6, 0.2, 0.4, 0.1, -0.3, 0.0]])
def test_the_interval_of_tau_is_that_of_the_t_test_where_seeds_differ(taus):
    expected = stats.ttest_1samp(taus, 0).confidence_interval(0.95)
    assert estimators.tau_interval(np.array(taus), 4, 0.95) == pytest.approx((expected.low, min(1, expected.high)))


def test_detectable_effects_are_found_with_the_stated_power():
    rng, seeds, found = np.random.default_rng(3), 10, 0
    for _ in range(2000):
        sample = rng.standard_normal(seeds)
        effect = estimators.detectable(sample, 0.05) / sample.std(ddof=1)  # of unit spread
        found += stats.ttest_1samp(rng.standard_normal(seeds) + effect, 0).pvalue < 0.05
    assert 0.77 <= found / 2000 <= 0.84
    assert np.isnan(estimators.detectable(np.array([1.0, np.inf]), 0.05))
    assert np.isnan(estimators.detectable(np.array([1.0]), 0.05))
    assert np.isnan(estimators.detectable(np.full(5, 0.25), 0.05))  # what has no spread says nothing of it
