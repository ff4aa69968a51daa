"""Logarithmic axes show at least two numbers, whatever they span."""

import matplotlib as mpl
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure

from richlazy.figures import log_ticks


@pytest.mark.parametrize(
    ("numbers", "do"),
    [([1, 10], True), ([300, 3, 30], True), ([1, 9.9], False), ([0, 10], False), ([-1, 10], False), ([], False)],
)
def test_positive_numbers_that_span_a_decade_call_for_a_logarithmic_axis(numbers, do):
    assert log_ticks.span_a_decade(np.array(numbers, float)) is do


@given(st.floats(1e-12, 1e9), st.floats(1.05, 1e6))
def test_two_ticks_lie_on_every_axis(low, span):
    found = log_ticks.ticks(low, low * span)
    assert len(found) >= 2 and sorted(set(found)) == found
    assert low <= found[0] and found[-1] <= low * span


@given(st.integers(-9, 9), st.integers(1, 6))
def test_decades_are_enough_where_there_are_two(first, number):
    found = log_ticks.ticks(0.9 * 10.0**first, 1.1 * 10.0 ** (first + number))
    assert found == [pytest.approx(10.0**power) for power in range(first, first + number + 1)]


@pytest.mark.parametrize(
    ("limits", "shown"),
    [
        ((2, 80), ["3", "10", "30"]),
        ((0.02, 0.08), ["0.02", "0.05"]),
        ((3e-6, 2e-5), [r"$3\times10^{-6}$", r"$1\times10^{-5}$"]),
        ((2.1, 2.9), ["2.2", "2.4", "2.6", "2.8"]),
    ],
)
def test_labels_are_numbers_that_people_read(limits, shown):
    figure = Figure()
    axes = figure.subplots()
    axes.set(yscale="log", ylim=limits)
    log_ticks.label(figure)
    found = [axes.yaxis.get_major_formatter()(place) for place in axes.yaxis.get_majorticklocs()]
    assert found == shown


def test_axes_of_decades_stay_as_they_are():
    figure = Figure()
    axes = figure.subplots()
    axes.set(yscale="log", ylim=(0.5, 2000))
    before = axes.yaxis.get_major_locator()
    log_ticks.label(figure)
    assert axes.yaxis.get_major_locator() is before
    assert isinstance(before, mpl.ticker.LogLocator) and np.isin([1, 10, 100, 1000], axes.get_yticks()).all()
