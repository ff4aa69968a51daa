"""P-values, effect sizes and intervals of samples, from arrays to numbers."""

import functools
import warnings
from collections.abc import Callable, Sequence

import numpy as np
from scipy import stats


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


# SciPy lists all orders of the conditions: half a gigabyte for ten of them, and six for eleven.
_CONDITIONS_OF_SCIPY = 8


def _one_sided_page(values: np.ndarray) -> tuple[float, float]:
    """Page's L of values (seeds, conditions), and the exact probability of at least so large a value."""
    seeds, conditions = values.shape
    if conditions <= _CONDITIONS_OF_SCIPY:
        result = stats.page_trend_test(values, method="exact")
        return float(result.statistic), float(result.pvalue)
    statistic = float(stats.page_trend_test(values, method="asymptotic").statistic)
    of_one = page_distribution(conditions)
    together = functools.reduce(np.convolve, [of_one] * seeds)
    return statistic, min(1.0, float(together[int(statistic) :].sum()))  # of a tie SciPy too takes the integer part


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
    order = np.arange(values.shape[1])
    return np.array([stats.kendalltau(order, row).statistic if np.ptp(row) else 0.0 for row in values])


def hodges_lehmann(differences: np.ndarray, axis: int = -1) -> np.ndarray:
    """Median of the means of all pairs of differences, each paired with itself too."""
    first, second = np.triu_indices(differences.shape[axis])
    pairs = np.take(differences, first, axis) + np.take(differences, second, axis)
    return np.median(pairs / 2, axis=axis)


def cliffs_delta(first: np.ndarray, second: np.ndarray) -> float:
    """Share of pairs with first > second minus the share with first < second, over all pairs of runs."""
    return float(np.sign(first[:, None] - second[None]).mean())


def bootstrap_interval(
    sample: np.ndarray, statistic: Callable[..., np.ndarray], confidence: float, resamples: int, seed: int
) -> tuple[float, float]:
    """Bias-corrected and accelerated bootstrap interval over seeds (percentile where that is undefined)."""
    if len(sample) < 2 or np.ptp(sample) == 0:
        point = float(statistic(sample, axis=-1)) if len(sample) else np.nan
        return point, point
    for method in ("BCa", "percentile"):
        with np.errstate(invalid="ignore", divide="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore", stats.DegenerateDataWarning)  # the percentiles answer then
            found = stats.bootstrap(
                (sample,),
                statistic,
                confidence_level=confidence,
                n_resamples=resamples,
                method=method,
                rng=np.random.default_rng(seed),
            )
            interval = found.confidence_interval
        if np.isfinite(interval).all():
            break
    return float(interval.low), float(interval.high)
