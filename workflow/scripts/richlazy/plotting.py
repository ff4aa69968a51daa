"""Figures of an experiment, from its tables alone."""

import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from richlazy import records, schematic

MM_PER_INCH = 25.4

# Label of each measure, and the sign with which it grows where learning is lazier.
LABELS: dict[str, tuple[str, int]] = {
    "weight_change_norm_recurrent": ("weight change\n$\\|\\Delta W_h\\|$", -1),
    "weight_change_norm": ("weight change,\nall weights\n$\\|\\Delta W\\|$", -1),
    "representation_alignment": ("representation\nalignment", 1),
    "kernel_alignment_recurrent": ("tangent kernel\nalignment", 1),
    "kernel_alignment": ("tangent kernel\nalignment,\nall weights", 1),
    "sign_similarity": ("sign similarity", 1),
    "accuracy": ("accuracy", 0),
    "final_loss": ("final loss\n(nats per step)", 0),
    "probe_loss": ("loss on probe\n(nats per step)", 0),
    "effective_rank_eigenvalues": ("effective rank\n(eigenvalues)", 0),
    "effective_rank_singular_values": ("effective rank\n(singular values)", 0),
    "stable_rank": ("stable rank", 0),
    "kernel_effective_rank": ("kernel\neffective rank", 0),
    "kernel_task_alignment": ("kernel-task\nalignment", 0),
    "centred_kernel_alignment": ("centred kernel\nalignment", 0),
}
_DIRECTION = {1: " (lazier ↑)", -1: " (lazier ↓)", 0: ""}

PARAMETER_LABELS = {
    "rank": "rank of initial $W_h$",
    "decay_exponent": "decay exponent $k$",
    "gain": "gain $g$",
    "size": "units $N$",
    "learning_rate": "learning rate",
    "momentum": "momentum",
    "time_step_ms": "time step (ms)",
    "time_constant_ms": "time constant (ms)",
    "iterations": "iterations",
    "batch_size": "batch size",
    "structure": "initial structure",
    "leak": "leak",
    "rectification": "rectification",
    "matching": "matching",
}

# Order of arms in the figures of wide experiments: a row holds at most this many panels.
_PANELS_PER_ROW = 4


def _style(settings: Mapping[str, Any]) -> dict[str, Any]:
    size = settings["font_size_pt"]
    return {
        "font.family": "DejaVu Sans",
        "font.size": size,
        "axes.titlesize": size + 1,
        "axes.labelsize": size,
        "xtick.labelsize": size - 0.5,
        "ytick.labelsize": size - 0.5,
        "legend.fontsize": size - 0.5,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.linewidth": 0.6,
        "xtick.major.width": 0.6,
        "ytick.major.width": 0.6,
        "pdf.fonttype": 42,
        "svg.hashsalt": "richlazy",
    }


def _save(figure: Figure, pdf: str | Path, png: str | Path, settings: Mapping[str, Any]) -> None:
    """Write both files without dates, so that equal figures are equal bytes."""
    with records.atomic(pdf) as temporary:
        figure.savefig(temporary, metadata={"CreationDate": None})
    with records.atomic(png) as temporary:
        figure.savefig(temporary, dpi=settings["resolution_dpi"], metadata={"Software": None})
    plt.close(figure)


def _arms(table: pd.DataFrame, arms: Sequence[str]) -> list[tuple[str, pd.DataFrame]]:
    """Each arm with its title."""
    if not len(arms):
        return [("", table)]
    groups = [group for _, group in table.groupby(list(arms), sort=False, dropna=False)]
    titles = _arm_titles(pd.concat([group[list(arms)].iloc[:1] for group in groups]))
    return list(zip(titles, groups, strict=True))


def _arm_titles(arms: pd.DataFrame) -> list[str]:
    """Title of each arm (row): the parameters that distinguish it from others, or its task where it is alone."""
    telling = [name for name in arms if arms[name].nunique(dropna=False) > 1]
    chosen = arms[telling or list(arms)]
    return [
        ", ".join(_value(name, row[name]) for name in chosen if pd.notna(row[name])) for _, row in chosen.iterrows()
    ]


def _wrapped_title(title: str, panels: int) -> str:
    """Title of a panel in lines that fit beside others; a parameter is never cut from its value."""
    parts = [part.replace(" ", "\N{NO-BREAK SPACE}") for part in title.split(", ")]
    return textwrap.fill(", ".join(parts), 20 if panels > 1 else 60)


def _heading(title: str, table: pd.DataFrame, arms: Sequence[str]) -> str:
    """Title of a figure, with what all its arms have in common."""
    shared = [name for name in arms if table[name].nunique(dropna=False) == 1 and pd.notna(table[name].iloc[0])]
    if not shared or len(shared) == len(arms):
        return title
    return f"{title} ({', '.join(_value(name, table[name].iloc[0]) for name in shared)})"


def _value(name: str, value: Any) -> str:
    """A parameter with its value, the name left out where the value speaks for itself."""
    words = {"momentum": "momentum {}", "gain": "g = {}", "size": "N = {}", "learning_rate": "learning rate {}"}
    words |= {"time_step_ms": "step {} ms", "time_constant_ms": "time constant {} ms", "batch_size": "batches of {}"}
    words |= {"iterations": "{} iterations", "decay_exponent": "k = {}"}
    return words.get(name, "{}").format(_text(value))


def _text(value: Any) -> str:
    """A value of a parameter as it stands beside an axis."""
    return f"{value:g}" if isinstance(value, float) else str(value)


def _levels(runs: pd.DataFrame, compare: str) -> list[Any]:
    levels = list(runs[compare].unique())
    return sorted(levels) if pd.api.types.is_numeric_dtype(runs[compare]) else levels


def _footnote(figure: Figure, runs: pd.DataFrame, mark: str = "") -> None:
    """Say below the panels how many runs there are, and how many diverged or did not converge."""
    total, diverged = len(runs), int(runs["diverged"].sum())
    unconverged = int((~runs["converged"] & ~runs["diverged"]).sum()) if runs["converged"].notna().all() else None
    text = f"{total} runs; {diverged} diverged"
    if diverged:
        text += " (not drawn, their seeds not tested)"
    if unconverged is not None:
        text += f"; {unconverged} not converged" + (mark if unconverged else "")
    figure.text(0.995, 0.005, text, ha="right", va="bottom", color="0.35")


def draw_measures(
    runs: pd.DataFrame,
    arms: Sequence[str],
    compare: str,
    title: str,
    settings: Mapping[str, Any],
    pdf: str | Path,
    png: str | Path,
    with_schematic: bool = False,
) -> None:
    """Measures of change against the compared parameter: a dot per run, a bar at the median.

    Args:
        runs: rows of runs.parquet.
        arms: parameters whose combinations get a column of panels each.
        compare: the parameter on the horizontal axis.
        title: heading of the figure.
        settings: group ``figures`` of the configuration.
        pdf, png: files to write.
        with_schematic: whether panel A, network and measures, stands on the left.
    """
    groups = _arms(runs, arms)
    measures = settings["measures"]
    levels = _levels(runs, compare)
    columns = min(len(groups), _PANELS_PER_ROW)
    blocks = -(-len(groups) // columns)
    with mpl.rc_context(_style(settings)):
        width = settings["width_mm"] / MM_PER_INCH
        height = (0.16 * width * len(measures) + 0.12 * width) * blocks + 0.35
        foot = 0.02 * settings["font_size_pt"] / height  # room for the footnote
        figure = plt.figure(figsize=(width, height), layout=ConstrainedLayoutEngine(rect=(0, foot, 1, 1 - foot)))
        parts: Any = figure.subfigures(1, 2, width_ratios=[1, 2.1]) if with_schematic else (None, figure.subfigures())
        left, right = parts
        if left is not None:
            schematic.draw(left.subplots(), settings)
            left.suptitle("A", x=0.02, ha="left", fontweight="bold")
            right.suptitle("B", x=0.0, ha="left", fontweight="bold")
        else:
            right.suptitle(_heading(title, runs, arms))
        panels = right.subplots(len(measures) * blocks, columns, squeeze=False, sharex=True)
        for axes in panels.flat:
            axes.set_visible(False)
        for index, (name, group) in enumerate(groups):
            block, column = divmod(index, columns)
            for row, measure in enumerate(measures):
                axes = panels[block * len(measures) + row, column]
                axes.set_visible(True)
                _draw_dots(axes, group, measure, compare, levels, settings)
                if row == 0:
                    axes.set_title(_wrapped_title(name, len(groups)))
                if column == 0:
                    label, sign = LABELS[measure]
                    axes.set_ylabel(label + _DIRECTION[sign])
                if row == len(measures) - 1:
                    axes.tick_params(labelbottom=True)
        right.supxlabel(PARAMETER_LABELS[compare], fontsize=settings["font_size_pt"])
        right.align_ylabels(panels[:, 0])
        _footnote(figure, runs, mark=" (open circles)")
        _save(figure, pdf, png, settings)


def _draw_dots(
    axes: Axes, runs: pd.DataFrame, measure: str, compare: str, levels: list[Any], settings: Mapping[str, Any]
) -> None:
    shown = runs[~runs["diverged"]]
    order = {seed: place for place, seed in enumerate(sorted(runs["seed"].unique()))}
    for place, level in enumerate(levels):
        at_level = shown[shown[compare] == level]
        # A seed keeps its place within every level, so that the eye can pair the runs.
        spread = (at_level["seed"].map(order) - (len(order) - 1) / 2) / max(len(order), 1) * 0.5
        converged = at_level["converged"].fillna(True).astype(bool)
        colours = np.where(converged, settings["dot_colour"], "none")
        axes.scatter(
            place + spread, at_level[measure], s=settings["font_size_pt"] * 1.3, c=colours,
            edgecolors=settings["dot_colour"], linewidths=0.5, zorder=2,
        )  # fmt: skip
        if len(at_level):
            axes.hlines(
                at_level[measure].median(),
                place - 0.33,
                place + 0.33,
                colors=settings["median_colour"],
                lw=1.4,
                zorder=3,
            )
    axes.set_xticks(range(len(levels)), [_text(level) for level in levels])
    axes.set_xlim(-0.6, len(levels) - 0.4)


def draw_losses(
    runs: pd.DataFrame,
    curves: pd.DataFrame,
    arms: Sequence[str],
    compare: str,
    title: str,
    settings: Mapping[str, Any],
    pdf: str | Path,
    png: str | Path,
) -> None:
    """Loss during training for every condition, with the lowest loss that any observer can reach.

    Lines are medians over seeds, bands reach from the lowest to the highest seed.
    """
    loss = curves[curves["quantity"] == "loss"].merge(runs, on="run")
    levels = _levels(runs, compare)
    colours = mpl.colormaps["viridis"](np.linspace(0, 0.85, len(levels)))
    groups = _arms(loss, arms)
    columns = min(len(groups), _PANELS_PER_ROW)
    rows = -(-len(groups) // columns)
    with mpl.rc_context(_style(settings)):
        width = settings["width_mm"] / MM_PER_INCH
        figure, panels = plt.subplots(
            rows, columns, figsize=(width, width * (0.3 * rows + 0.12)), squeeze=False, sharex=True, sharey=True,
            layout=ConstrainedLayoutEngine(rect=(0, 0.06 / rows, 1, 1 - 0.06 / rows)),
        )  # fmt: skip
        for axes in panels.flat[len(groups) :]:
            axes.set_visible(False)
        for axes, (name, group) in zip(panels.flat, groups, strict=False):
            for level, colour in zip(levels, colours, strict=True):
                table = group[group[compare] == level].pivot(index="iteration", columns="seed", values="value")
                axes.fill_between(table.index, table.min(axis=1), table.max(axis=1), color=colour, alpha=0.2, lw=0)
                axes.plot(table.index, table.median(axis=1), color=colour, lw=1.2, label=_text(level))
            floor = group["bayes_loss"].iloc[0]
            if pd.notna(floor) and floor > 1e-6:
                axes.axhline(floor, color="0.2", lw=0.9, ls="--", label="Bayes floor")
            axes.set(xscale="log", yscale="log")
            axes.set_title(_wrapped_title(name, len(groups)))
        for axes in panels[-1]:
            axes.set_xlabel("iteration")
        for axes in panels[:, 0]:
            axes.set_ylabel("cross-entropy\n(nats per step)")
        handles, labels = panels[0, 0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside right center", frameon=False, title=_wrapped(compare))
        figure.suptitle(_heading(title, runs, arms))
        _footnote(figure, runs)
        _save(figure, pdf, png, settings)


def _wrapped(parameter: str) -> str:
    return PARAMETER_LABELS[parameter].replace(" of ", "\nof ")


def draw_effects(
    trends: pd.DataFrame,
    contrasts: pd.DataFrame,
    arms: Sequence[str],
    compare: str,
    title: str,
    significance_level: float,
    settings: Mapping[str, Any],
    pdf: str | Path,
    png: str | Path,
) -> None:
    """Effect of the compared parameter on every tested measure, in every arm, with its interval.

    For numbers the effect is Kendall's tau, drawn so that the right side means lazier at larger values; for
    names it is the Hodges-Lehmann difference from the reference. Filled dots are significant after correction.
    """
    ordered = len(trends) > 0
    table = trends if ordered else contrasts
    names = [*arms] if ordered else [*arms, "level"]
    table = table.assign(label=_arm_titles(table[names]) if names else "")
    rows = list(dict.fromkeys(table["label"]))[::-1]
    measures = list(dict.fromkeys(table["measure"]))
    with mpl.rc_context(_style(settings)):
        width = settings["width_mm"] / MM_PER_INCH
        figure, panels = plt.subplots(
            1, len(measures), figsize=(width, 0.19 * len(rows) + 1.35), squeeze=False, sharey=True,
            sharex="row" if ordered else False, layout="constrained",
        )  # fmt: skip
        for axes, measure in zip(panels[0], measures, strict=True):
            label, sign = LABELS[measure]
            sign = (sign or 1) if ordered else 1
            axes.axvline(0, color="0.6", lw=0.6)
            for _, row in table[table["measure"] == measure].iterrows():
                place = rows.index(row["label"])
                ends = sorted((sign * row["interval_low"], sign * row["interval_high"]))
                significant = row["p_holm"] < significance_level
                axes.hlines(place, *ends, color=settings["median_colour"], lw=1.2)
                axes.scatter(
                    sign * row["effect"], place, s=settings["font_size_pt"] * 2.2, zorder=3, linewidths=0.8,
                    c=settings["median_colour"] if significant else "white", edgecolors=settings["median_colour"],
                )  # fmt: skip
            axes.set_title(label, fontsize=settings["font_size_pt"])
            axes.margins(y=0.08)
            if ordered:
                axes.set_xlim(-1.1, 1.1)
        panels[0, 0].set_yticks(range(len(rows)), rows)
        meaning = (
            f"effect of {PARAMETER_LABELS[compare]} (Kendall's τ; right: lazier as it grows)"
            if ordered
            else "difference from the reference (Hodges-Lehmann)"
        )
        fewest, most = int(table["n"].min()), int(table["n"].max())
        sample = f"{most}" if fewest == most else f"{fewest} to {most}"
        note = f"filled: p < {significance_level:g} after Holm's correction; n = {sample} seeds"
        figure.supxlabel(f"{meaning}\n{note}", fontsize=settings["font_size_pt"])
        figure.suptitle(_heading(title, table, names))
        _save(figure, pdf, png, settings)
