"""P-values, effect sizes and intervals of samples, from arrays to numbers.

Values may be infinite: a time that did not come within the updates that were made is longer than any that did. Ranks
know what to do with it. Two infinite values differ by nothing.
"""

import functools
from collections.abc import Sequence

import numpy as np
from scipy import stats

# An effect so small is 0 but for rounding.
ROUNDING = 1e-12


def holm(p_values: Sequence[float]) -> np.ndarray:
    """P-values corrected for a family after Holm (1979): the i-th smallest times m - i + 1, running maximum.

    Values that are nan stay nan and do not count into the family.
    """
    p = np.asarray(p_values, float)
    corrected = np.full(len(p), np.nan)
    order = np.argsort(p, kind="stable")[: int(np.isfinite(p).sum())]
    factors = np.arange(len(order), 0, -1)
    corrected[order] = np.minimum(np.maximum.accumulate(p[order] * factors), 1.0)
    return corrected


def page_trend(values: np.ndarray) -> tuple[float, float, int]:
    """Page's exact test for a trend over ordered conditions, in either direction.

    Args:
        values: (seeds, conditions), conditions in their order.

    Returns:
        Page's L and two-sided p for the direction with the smaller p, and that direction, 1 or -1.
    """
    rising, falling = _one_sided_page(values), _one_sided_page(values[:, ::-1])
    (statistic, p), direction = (rising, 1) if rising[1] <= falling[1] else (falling, -1)
    return statistic, min(1.0, 2.0 * p), direction


def _one_sided_page(values: np.ndarray) -> tuple[float, float]:
    """Page's L of values (seeds, conditions), and the exact probability of at least so large a value."""
    seeds, conditions = values.shape
    ranks = stats.rankdata(values, axis=1)
    statistic = float(ranks.sum(0) @ np.arange(1, conditions + 1))
    # As SciPy does, the integer part of the statistic of ties.
    return statistic, min(1.0, float(_page_tail(seeds, conditions)[int(statistic)]))


@functools.cache
def _page_tail(seeds: int, conditions: int) -> np.ndarray:
    """Probability of at least 0, 1, ... of Page's L of so many seeds."""
    together = functools.reduce(np.convolve, [page_distribution(conditions)] * seeds)
    return np.cumsum(together[::-1])[::-1]


@functools.cache
def page_distribution(conditions: int) -> np.ndarray:
    """Probability of each value 0, 1, ... of sum_i i r_i where all orders r of the ranks 1 to k are equally likely.

    Counted over the sets of ranks that the first places can have: 2^k of them instead of k! orders.
    """
    largest = conditions * (conditions + 1) * (2 * conditions + 1) // 6
    counts = np.zeros((2**conditions, largest + 1))
    counts[0, 0] = 1
    for taken in range(2**conditions - 1):
        place = taken.bit_count() + 1
        for rank in range(1, conditions + 1):
            if not taken & 1 << (rank - 1):
                counts[taken | 1 << (rank - 1), place * rank :] += counts[taken, : largest + 1 - place * rank]
    return counts[-1] / counts[-1].sum()


def rank_correlations(values: np.ndarray) -> np.ndarray:
    """Kendall's tau-b between the order of the conditions and the values, for each seed (row).

    It is 0 for a seed whose values are all equal: they follow no order.
    """
    first, second = np.triu_indices(values.shape[1], 1)
    signs = np.sign(differences(values[:, second], values[:, first]))
    untied = np.count_nonzero(signs, axis=1)
    return signs.sum(1) / np.sqrt(np.maximum(untied, 1) * len(first))


def differences(values: np.ndarray, references: np.ndarray) -> np.ndarray:
    """Values minus references; 0 between two that are equally infinite."""
    with np.errstate(invalid="ignore"):
        return np.where(values == references, 0.0, values - references)


def signed_rank_test(sample: np.ndarray, above: float = 0.0) -> tuple[float, float]:
    """Wilcoxon's exact signed-rank test of paired differences, in both directions.

    All patterns of signs are equally likely where the differences are as often above the value as below. Equal
    distances share their mean rank. Differences equal to the value count for neither direction and keep their ranks
    (Pratt 1959), so that many of them make a difference less likely.

    Args:
        sample: differences.
        above: the value.

    Returns:
        Probabilities of at least so many ranks above, and below; 1 of no difference at all.
    """
    shifted = differences(sample, np.full(len(sample), above))
    doubled = np.rint(2 * stats.rankdata(np.abs(shifted))).astype(int)  # mean ranks are halves
    ranks = doubled[shifted != 0]
    counts = np.zeros(ranks.sum() + 1)
    counts[0] = 1
    for rank in ranks:
        counts[rank:] += counts[: len(counts) - rank]
    larger = np.cumsum(counts[::-1])[::-1] / 2.0 ** len(ranks)
    at, total = int(doubled[shifted > 0].sum()), int(ranks.sum())
    return float(larger[at]), float(larger[total - at])


def two_sided(above: float, below: float) -> float:
    """Two-sided p from those of both directions."""
    return min(1.0, 2 * min(above, below))


def hodges_lehmann(sample: np.ndarray) -> float:
    """Median of the means of all pairs of differences, each paired with itself too."""
    return float(np.median(_pair_means(sample)))


def _pair_means(sample: np.ndarray) -> np.ndarray:
    """Means of all pairs, ascending; of two differences without limit in opposite directions 0."""
    first, second = np.triu_indices(len(sample))
    with np.errstate(invalid="ignore"):
        means = (sample[first] + sample[second]) / 2
    return np.sort(np.nan_to_num(means, nan=0.0, posinf=np.inf, neginf=-np.inf))


def signed_rank_interval(sample: np.ndarray, confidence: float) -> tuple[float, float]:
    """Values that the signed-rank test does not refuse: the interval of the Hodges-Lehmann difference.

    Its coverage is at least the confidence for differences that are distributed symmetrically. Five seeds or fewer
    cannot give 95 %: the interval is then that between the extremes, which covers 1 - 2 / 2^n.
    """
    means, pairs = _pair_means(sample), len(sample) * (len(sample) + 1) // 2
    counts = np.zeros(pairs + 1)
    counts[0] = 1
    for rank in range(1, len(sample) + 1):
        counts[rank:] += counts[: pairs + 1 - rank]
    cut = int((np.cumsum(counts) / 2.0 ** len(sample) <= (1 - confidence) / 2).sum())
    return float(means[max(cut - 1, 0)]), float(means[-max(cut, 1)])


def median_interval(sample: np.ndarray, confidence: float) -> tuple[float, float]:
    """Values that the sign test does not refuse: the interval of the median, between two values of the sample.

    Its coverage is at least the confidence whatever the distribution; of five or fewer it is that between the extremes.
    """
    ordered = np.sort(sample)
    cut = int((stats.binom.cdf(np.arange(len(sample)), len(sample), 0.5) <= (1 - confidence) / 2).sum())
    return float(ordered[max(cut - 1, 0)]), float(ordered[-max(cut, 1)])


def tau_interval(taus: np.ndarray, conditions: int, confidence: float) -> tuple[float, float]:
    """Student's t interval of the mean of Kendall's tau over seeds, within -1 and 1.

    Seeds that all agree do not make it empty: it reaches as far as if two neighbouring conditions were swapped in a
    share of all networks that so many seeds miss with a probability of (1 - confidence) / 2.
    """
    mean, seeds = float(taus.mean()), len(taus)
    spread = taus.std(ddof=1) / np.sqrt(seeds) if seeds > 1 else np.inf
    unseen = 1 - ((1 - confidence) / 2) ** (1 / seeds)
    of_swap = 4 / (conditions * (conditions - 1))
    half = max(spread * stats.t.ppf((1 + confidence) / 2, max(seeds - 1, 1)), of_swap * unseen)
    return max(-1.0, mean - half), min(1.0, mean + half)


def cliffs_delta(first: np.ndarray, second: np.ndarray) -> float:
    """Share of pairs with first > second minus the share with first < second, over all pairs of runs."""
    return float(np.sign(differences(first[:, None], second[None])).mean())


def detectable(sample: np.ndarray, significance_level: float, power: float = 0.8) -> float:
    """Mean that a two-sided t-test of so many values with their spread would find with some probability.

    It says how large an effect could have been found; nan for infinite values and those without a spread.
    """
    seeds = len(sample)
    if seeds < 2 or not np.isfinite(sample).all() or np.ptp(sample) < ROUNDING:
        return np.nan
    quantiles = stats.t.ppf([1 - significance_level / 2, power], seeds - 1)
    return float(quantiles.sum() * sample.std(ddof=1) / np.sqrt(seeds))
