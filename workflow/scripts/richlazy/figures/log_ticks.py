"""Logarithmic axes: which numbers call for one, and ticks that tell its scale, also where it spans hardly a decade."""

from collections.abc import Collection, Iterable

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullFormatter

# Parts of a decade that have ticks: the first of these that gives two. Below them ticks are evenly spaced.
_PARTS = ((1,), (1, 3), (1, 2, 5), range(1, 10))


# Measures in the unit of the loss; of others, values up to 1 are shares.
LOSSES = ("final_loss", "probe_loss")


def is_logarithmic(measure: str, values: Iterable[float]) -> bool:
    """Whether the values of a measure stand on a logarithmic axis: they span a decade, and are no shares."""
    known = [value for value in values if np.isfinite(value)]
    return (measure in LOSSES or any(value > 1 for value in known)) and span_a_decade(known)


def span_a_decade(numbers: Collection[float]) -> bool:
    """Whether numbers call for a logarithmic axis: there are some, all above 0, the largest ten times the smallest."""
    return len(numbers) > 0 and bool(min(numbers) > 0 and max(numbers) >= 10 * min(numbers))


def ticks(low: float, high: float) -> list[float]:
    """Ticks of an axis from ``low`` to ``high`` (both above 0): decades, or finer where these are fewer than two."""
    decades = range(int(np.floor(np.log10(low))), int(np.ceil(np.log10(high))) + 1)
    for parts in _PARTS:
        # Written as numbers are: 3e-05 is nearer to its name than 3 * 1e-05.
        found = [number for power in decades for part in parts if low <= (number := float(f"{part}e{power}")) <= high]
        if len(found) > 1:
            return found
    even = MaxNLocator(5, steps=[1, 2, 5, 10]).tick_values(low, high)
    return [float(number) for number in even if low <= number <= high]


def label(figure: Figure) -> None:
    """Give the logarithmic axes that show fewer than two decades finer ticks, with their numbers."""
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            if axis.get_scale() != "log":
                continue
            low, high = sorted(axis.get_view_interval())
            found = ticks(low, high)
            if any(np.log10(number) % 1 for number in found):
                axis.set_major_locator(FixedLocator(found))
                axis.set_major_formatter(FuncFormatter(lambda number, _: _written(number)))
                axis.set_minor_formatter(NullFormatter())


def _written(number: float) -> str:
    """A number of an axis: plain, or of two parts where it is very small or large."""
    if 1e-3 <= number < 1e5:
        return f"{number:g}"
    part, power = f"{number:e}".split("e")
    return rf"${float(part):g}\times10^{{{int(power)}}}$"
