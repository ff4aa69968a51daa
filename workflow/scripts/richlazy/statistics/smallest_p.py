"""The smallest p that tests can reach, where all seeds agree: how many seeds are too few, before a run and after."""

import math


def of_trend(seeds: int, conditions: int) -> float:
    """Two-sided p of Page's exact test: each seed has one order of so many."""
    return 2 / math.factorial(conditions) ** seeds


def of_contrast(seeds: int) -> float:
    """Two-sided p of Wilcoxon's exact signed-rank test: each seed has one sign of two."""
    return 2 * one_sided(seeds)


def one_sided(seeds: int) -> float:
    """p of a one-sided test of signs or signed ranks."""
    return 2.0**-seeds
