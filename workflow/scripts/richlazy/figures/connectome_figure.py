"""One page on a connectome: which cells were chosen, the weights among them, and how they are distributed."""

import itertools
import textwrap
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, SymLogNorm
from matplotlib.figure import SubFigure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import MaxNLocator

from richlazy.connectome import assembly, cell_selection
from richlazy.figures.figure_context import FigureContext
from richlazy.figures.figure_style import as_written
from richlazy.wording import counted

# The ends of the diverging colours of the matrix; readers without colour vision see them as different.
_COLOURS = {1: "#B2182B", -1: "#2166AC"}
_UNKNOWN = "0.5"
_NAMES = {1: "excitatory", -1: "inhibitory"}
_CANDIDATES = "0.85"
# Types beyond these share one bar. Groups smaller than this share of the cells have no label.
_MOST_TYPES = 10
_LABELLED_SHARE = 0.04
# Room for a legend above the highest bar.
_HEADROOM = 1.25
SYNTHETIC = "synthetic stand-in, not data"
# How the mark of a stand-in looks.
_MARK: dict[str, Any] = {
    "ha": "right",
    "fontweight": "bold",
    "color": "white",
    "bbox": {"boxstyle": "round,pad=0.35", "facecolor": "#D55E00", "edgecolor": "none"},
}


def plot(
    context: FigureContext,
    cells: pd.DataFrame,
    chosen: pd.DataFrame,
    counts: Mapping[str, Any],
    weights: np.ndarray,
    provenance: Mapping[str, Any],
) -> None:
    """Plot depths and types of the chosen cells, the matrix, numbers of partners, and sizes of connections.

    Args:
        context: heading, style and files.
        cells: all candidates, with the columns ``assembly.CELL_COLUMNS``.
        chosen: the selection, in the order of the matrix. Depths or types may be unknown.
        counts: counts of ``cell_selection.select_cells``.
        weights: (N, N), ``W[i, j]`` from cell j to cell i.
        provenance: of the connectome; the page marks a ``source`` that is ``synthetic`` as a stand-in, and names
            weights by its ``format``.
    """
    source, unit = provenance["source"], unit_of_weights(provenance)
    panels: list[Callable[[Axes], None]] = []
    if chosen["depth_um"].notna().any():
        panels.append(partial(_plot_depths, cells=cells, chosen=chosen, boundary=counts.get("boundary_um")))
    if chosen["cell_type"].notna().any():
        panels.append(partial(_plot_types, chosen=chosen))
    for axis, word in ((1, "presynaptic"), (0, "postsynaptic")):
        partners = (weights != 0).sum(axis=axis)
        panels.append(partial(_plot_partners, chosen=chosen, partners=partners, label=f"{word} partners per cell"))
    panels.append(partial(_plot_sizes, weights=weights, unit=unit))
    size, height = context.font_size, 0.92 * context.width
    # The heading leaves room for the mark at its side.
    lines = textwrap.wrap(context.title, 78 if source == "synthetic" else 110)
    mixed = _mixed(weights)
    feet = 2.2 + 1.3 * bool(mixed)
    head, foot = ((1.6 * max(len(lines), 1) + 1) * size / 72 / height, feet * size / 72 / height)
    top = 1 - 0.8 * size / 72 / height
    with context.page(height, ConstrainedLayoutEngine(rect=(0, foot, 1, 1 - foot - head), h_pad=0.06)) as figure:
        upper, lower = figure.subfigures(2, 1, height_ratios=[2.1, 1], hspace=0.04)
        left, right = upper.subfigures(1, 2, width_ratios=[1, 1.75], wspace=0.03)
        places = [*left.subplots(2, 1, height_ratios=[1.35, 1])]
        _plot_matrix(right.subplots(), right, chosen, weights, unit)
        places += [*lower.subplots(1, len(panels) - 2, squeeze=False)[0]]
        for axes, panel in zip(places, panels, strict=True):
            panel(axes)
        figure.text(0.012, top, "\n".join(lines), va="top", fontsize=size + 1.5)
        if source == "synthetic":
            figure.text(0.985, top, SYNTHETIC, va="top", fontsize=size + 1, **_MARK)
        stages = " → ".join(cell_selection.describe_stages(counts)) + _unsigned(provenance)
        notes = "\n".join(filter(None, (stages, mixed)))
        figure.text(0.012, 0.77 * size / 72 / height, notes, ha="left", va="bottom", color="0.35", fontsize=size - 0.5)


def unit_of_weights(provenance: Mapping[str, Any]) -> str:
    """What the weights of a connectome are, as its files declare it."""
    form = provenance.get("format")
    if form is None:  # of CAVE, or drawn like those of CAVE
        return "summed synapse size, units of the source"
    if "unit" in form:
        return str(form["unit"])
    if form["connections"] == "edge_list" and "weight" not in form:
        return "number of synapses" if form.get("each_row") == "synapse" else "number of rows of the edge list"
    return "summed synapse size, units of the source" if form.get("each_row") == "synapse" else "units of the source"


def _unsigned(provenance: Mapping[str, Any]) -> str:
    """What a page says of cells that send nothing and were kept without a known sign."""
    form, counts = provenance.get("format", {}), provenance.get("counts", {})
    kept = [key for key in ("isolated", "without_outputs") if form.get(key) == "keep"]
    number = sum(counts.get(f"cells_{key}_of_unknown_sign", 0) for key in kept)
    return f"; {number} candidates send nothing: their sign is unknown, and drawn as excitatory" if number else ""


def _mixed(weights: np.ndarray) -> str:
    """What a page says of cells that excite some cells and inhibit others."""
    number = assembly.describe_matrix(weights)["cells_of_both_signs"]
    return f"{counted(number, 'cell')} with outputs of both signs: drawn by the sign of their sum" if number else ""


def _signs(chosen: pd.DataFrame) -> np.ndarray:
    return chosen["sign"].fillna(0).to_numpy(int)


def _plot_depths(axes: Axes, cells: pd.DataFrame, chosen: pd.DataFrame, boundary: float | None) -> None:
    """Plot the depths of all candidates and of the chosen cells, surface on top, and the border behind the choice."""
    candidates = cells["depth_um"].dropna().to_numpy(float)
    depths, signs = chosen["depth_um"].to_numpy(float, na_value=np.nan), _signs(chosen)
    low, high = candidates.min(), candidates.max()
    count = int(np.clip(np.sqrt(len(candidates)) * 1.2, 8, 40))
    bins = np.linspace(low, high, count + 1) if high > low else np.array([low - 1, low + 1])
    parts = [depths[(signs == sign) & np.isfinite(depths)] for sign in _COLOURS]
    if len(cells) > len(chosen):
        axes.hist(candidates, bins.tolist(), orientation="horizontal", color=_CANDIDATES, label="candidates")
    colours, names = list(_COLOURS.values()), list(_NAMES.values())
    axes.hist(parts, bins.tolist(), orientation="horizontal", stacked=True, color=colours, label=names)
    if boundary is not None:
        axes.axhline(boundary, color="black", lw=0.8, ls="--")
        axes.annotate(
            f"border {boundary:.0f} µm",
            (1, boundary),
            (0, 2),
            xycoords=("axes fraction", "data"),
            textcoords="offset points",
            ha="right",
            va="bottom",
        )
    axes.invert_yaxis()
    axes.margins(x=0.12)
    axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    axes.set(xlabel="cells", ylabel="depth below the pia (µm)")
    axes.legend(
        frameon=False,
        loc="lower left",
        bbox_to_anchor=(0, 1),
        ncols=3,
        handlelength=1.0,
        borderaxespad=0.2,
        columnspacing=1.2,
        handletextpad=0.4,
    )


def _plot_types(axes: Axes, chosen: pd.DataFrame) -> None:
    """Plot the number of chosen cells of each type, in the colour of its sign."""
    types, signs = chosen["cell_type"].fillna("unknown"), _signs(chosen)
    composition = cell_selection.composition(types)
    bars = list(composition.items())
    if len(bars) > _MOST_TYPES:
        rest = bars[_MOST_TYPES - 1 :]
        bars = [*bars[: _MOST_TYPES - 1], (f"{len(rest)} other types", sum(count for _, count in rest))]
    for place, (name, count) in enumerate(bars):
        members = np.unique(signs[(types == name).to_numpy(bool)])
        colour = _COLOURS.get(members[0], _UNKNOWN) if len(members) == 1 else _UNKNOWN
        axes.barh(place, count, height=0.72, color=colour)
        axes.annotate(str(count), (count, place), (2, 0), textcoords="offset points", va="center")
    axes.set_yticks(range(len(bars)), [as_written(str(name)) for name, _ in bars])
    axes.invert_yaxis()
    axes.tick_params(axis="y", length=0)
    axes.margins(x=0.12)
    axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    axes.set_xlabel("chosen cells")


def _plot_matrix(axes: Axes, figure: SubFigure, chosen: pd.DataFrame, weights: np.ndarray, unit: str) -> None:
    """Plot the signed weights, cells ordered by sign, type and depth."""
    order, groups = _ordered(chosen)
    sizes = np.abs(weights[weights != 0])
    smallest, largest = np.quantile(sizes, 0.02), sizes.max()
    # Equal weights get one decade of colours.
    smallest = min(smallest, largest / 10)
    signed = bool(weights.min() < 0)
    colours = mpl.colormaps["RdBu_r"]
    if not signed:
        colours = LinearSegmentedColormap.from_list("excitatory", colours(np.linspace(0.5, 1, 128)))
    norm = SymLogNorm(smallest, linscale=0.35, vmin=-largest if signed else 0, vmax=largest)
    ordered = weights[np.ix_(order, order)]
    image = axes.imshow(ordered, cmap=colours, norm=norm, interpolation="nearest", aspect="equal")
    edges = np.cumsum([count for _, count in groups])
    middles = edges - np.array([count for _, count in groups]) / 2 - 0.5
    for edge in edges[:-1]:
        axes.axhline(edge - 0.5, color="0.6", lw=0.35, zorder=1)
        axes.axvline(edge - 0.5, color="0.6", lw=0.35, zorder=1)
    labels = [as_written(name) if count >= _LABELLED_SHARE * len(order) else "" for name, count in groups]
    # Labels of columns stand upright where two of them would touch: a letter takes about 2 % of the matrix.
    named = [(middle / len(order), 0.022 * len(label)) for middle, label in zip(middles, labels, strict=True) if label]
    crowded = any(b - a < (wide_a + wide_b) / 2 for (a, wide_a), (b, wide_b) in itertools.pairwise(named))
    axes.set_xticks(middles, labels, rotation=90 if crowded else 0)
    axes.set_yticks(middles, labels)
    axes.tick_params(length=0, pad=2)
    for spine in axes.spines.values():
        spine.set(visible=True, linewidth=0.6)
    axes.set(xlabel=f"presynaptic cell ({len(order)})", ylabel=f"postsynaptic cell ({len(order)})")
    bar = figure.colorbar(image, ax=axes, shrink=0.75, aspect=28, pad=0.02)
    decades = [10.0**power for power in range(int(np.ceil(np.log10(smallest))), int(np.floor(np.log10(largest))) + 1)]
    bar.set_ticks([*(-decade for decade in decades[::-1] if signed), 0, *decades])
    bar.ax.minorticks_off()
    bar.outline.set_linewidth(0.6)  # type: ignore[operator]
    bar.set_label(f"weight ({unit})")


def _ordered(chosen: pd.DataFrame) -> tuple[np.ndarray, list[tuple[str, int]]]:
    """Order of the cells by sign, mean depth of the type, and depth; and each group in this order with its size."""
    known = pd.DataFrame(
        {
            "sign": -_signs(chosen),
            "type": chosen["cell_type"].fillna("").astype(str),
            "depth": chosen["depth_um"].to_numpy(float, na_value=np.nan),
            "cell": chosen["cell"],
        }
    )
    known["type_depth"] = known.groupby(["sign", "type"])["depth"].transform("mean")
    known["type_size"] = -known.groupby(["sign", "type"])["cell"].transform("size")
    ranks = ["sign", "type_depth", "type_size", "type", "depth", "cell"]
    ordered = known.sort_values(ranks, kind="stable")
    groups = ordered.groupby(["sign", "type"], sort=False).size()
    words = {-1: "exc.", 1: "inh.", 0: ""}
    named = [(name or words[sign], int(count)) for (sign, name), count in groups.items()]  # type: ignore[misc]
    return ordered.index.to_numpy(), named


def _plot_partners(axes: Axes, chosen: pd.DataFrame, partners: np.ndarray, label: str) -> None:
    signs = _signs(chosen)
    width = max(1, int(np.ceil((partners.max() + 1) / 24)))
    bins = np.arange(0, partners.max() + width + 1, width) - 0.5
    for sign, colour in _COLOURS.items():
        of_sign = partners[signs == sign]
        if len(of_sign):
            axes.hist(of_sign, bins.tolist(), color=colour, alpha=0.25)
            name = f"{_NAMES[sign]} (median {np.median(of_sign):g})"
            axes.hist(of_sign, bins.tolist(), histtype="step", color=colour, lw=1.0, label=name)
    axes.yaxis.set_major_locator(MaxNLocator(5, integer=True))
    axes.set(xlabel=label, ylabel="cells", xlim=(bins[0], None), ylim=(0, _HEADROOM * axes.get_ylim()[1]))
    axes.legend(frameon=False, loc="upper right", handlelength=1.0, borderaxespad=0.1)


def _plot_sizes(axes: Axes, weights: np.ndarray, unit: str) -> None:
    sizes = np.abs(weights[weights != 0])
    low, high = sizes.min(), sizes.max()
    bins = np.geomspace(low, high, 31) if high > low else np.array([low / 2, low * 2])
    if (sizes == np.round(sizes)).all():
        bins = np.unique(np.round(np.append(bins, high + 1))) - 0.5  # no gaps between small counts
    for sign, colour in _COLOURS.items():
        of_sign = np.abs(weights[weights * sign > 0])
        if len(of_sign):
            axes.hist(of_sign, bins.tolist(), color=colour, alpha=0.25)
            axes.hist(
                of_sign, bins.tolist(), histtype="step", color=colour, lw=1.0, label=f"{len(of_sign):,} {_NAMES[sign]}"
            )
    axes.set(xscale="log", ylim=(0, _HEADROOM * axes.get_ylim()[1]))
    axes.set(xlabel="\n".join(textwrap.wrap(f"weight ({unit})", 40)), ylabel="connections")
    axes.legend(frameon=False, loc="upper left", handlelength=1.0, borderaxespad=0.1)
