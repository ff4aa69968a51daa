"""Drawing of network, learning and measures: panel A of the main figure."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Circle, FancyArrowPatch

_BEFORE, _AFTER = "0.55", "#0072B2"


def plot(axes: Axes, size: float) -> None:
    """Draw a recurrent network before and after learning, and what is compared; letters have a size in points."""
    axes.set(xlim=(0, 10), ylim=(0, 16.5), aspect="equal")
    axes.axis("off")
    _network(axes, 12.9, _BEFORE, "before: $W_h^{(0)}$ of rank $r$", size)
    _arrow(axes, (5, 10.3), (5, 8.3), "black", width=1.4)
    axes.text(5.4, 9.3, "gradient descent\non $W_h,\\ W_x,\\ w$", va="center", fontsize=size)
    _network(axes, 5.7, _AFTER, "after: $W_h^{(f)}$", size)
    text = (
        "lazier learning:\n"
        "small $\\|W^{(f)}-W^{(0)}\\|$\n"
        "similar $R=H^\\mathsf{T}H$ and $K=JJ^\\mathsf{T}$\nbefore and after"
    )
    axes.text(5, 1.4, text, ha="center", va="center", fontsize=size, linespacing=1.35)


def _network(axes: Axes, height: float, colour: str, label: str, size: float) -> None:
    angles = np.linspace(0, 2 * np.pi, 7, endpoint=False) + np.pi / 2
    units = np.c_[5 + 1.45 * np.cos(angles), height + 1.45 * np.sin(angles)]
    for start, stop in ((0, 2), (2, 5), (5, 1), (1, 4), (4, 6), (6, 3), (3, 0)):
        _arrow(axes, units[start], units[stop], colour, width=0.6, bend=0.2)
    for place in units:
        axes.add_patch(Circle(place, 0.33, facecolor="white", edgecolor=colour, lw=1.1, zorder=3))
    _arrow(axes, (1.4, height), (3.0, height), colour)
    _arrow(axes, (7.0, height), (8.6, height), colour)
    axes.text(1.2, height, "$x_t$", ha="right", va="center", fontsize=size + 1)
    axes.text(2.2, height + 0.35, "$W_x$", ha="center", va="bottom", fontsize=size)
    axes.text(8.8, height, "$\\hat{y}_t$", ha="left", va="center", fontsize=size + 1)
    axes.text(7.8, height + 0.35, "$w$", ha="center", va="bottom", fontsize=size)
    axes.text(5, height + 2.15, label, ha="center", va="bottom", fontsize=size)


def _arrow(axes: Axes, start, stop, colour: str, width: float = 1.0, bend: float = 0.0) -> None:
    arrow = FancyArrowPatch(
        tuple(start),
        tuple(stop),
        arrowstyle="-|>",
        mutation_scale=5 + 2 * width,
        connectionstyle=f"arc3,rad={bend}",
        color=colour,
        lw=width,
        shrinkA=3,
        shrinkB=3,
        zorder=2,
    )
    axes.add_patch(arrow)
