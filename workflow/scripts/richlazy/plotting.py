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

from richlazy import arms as arms_
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
    "effective_rank_eigenvalues_initial": ("effective rank\nat start\n(eigenvalues)", 0),
    "effective_rank_eigenvalues": ("effective rank\n(eigenvalues)", 0),
    "effective_rank_singular_values_initial": ("effective rank\nat start\n(singular values)", 0),
    "effective_rank_singular_values": ("effective rank\n(singular values)", 0),
    "stable_rank_initial": ("stable rank\nat start", 0),
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

# Spectra of the initial recurrent weights: column of spectra.parquet, and label.
SPECTRA = {
    "eigenvalues": ("eigenvalue_modulus", "eigenvalues at start\n$|\\lambda_i|\\,/\\,|\\lambda_1|$"),
    "singular_values": ("singular_value", "singular values\nat start\n$s_i\\,/\\,s_1$"),
}

# Colours of named conditions, distinct without colour vision; the first, their reference, is grey.
_REFERENCE_COLOUR = "#7F7F7F"
_CONDITION_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")

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


def _arms(runs: pd.DataFrame, names: Sequence[str]) -> list[tuple[str, pd.DataFrame]]:
    """Each arm with its title."""
    found = arms_.of(runs.to_dict("records"), names)
    titles = _arm_titles(pd.DataFrame([arm for arm, _ in found])) if len(names) else [""]
    return [(title, runs.iloc[places]) for title, (_, places) in zip(titles, found, strict=True)]


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
    return f"{value:g}" if isinstance(value, float) else str(value).replace("_", " ")


def _levels(runs: pd.DataFrame, compare: str) -> list[Any]:
    levels = list(runs[compare].unique())
    return sorted(levels) if _is_ordered(runs, compare) else levels


def _is_ordered(runs: pd.DataFrame, compare: str) -> bool:
    return pd.api.types.is_numeric_dtype(runs[compare])


def _colours(runs: pd.DataFrame, compare: str) -> dict[Any, Any]:
    """Colour of each condition: along a scale where they are ordered, distinct where they are names."""
    levels = _levels(runs, compare)
    if _is_ordered(runs, compare):
        return dict(zip(levels, mpl.colormaps["viridis"](np.linspace(0, 0.85, len(levels))), strict=True))
    others = (_CONDITION_COLOURS[place % len(_CONDITION_COLOURS)] for place in range(len(levels) - 1))
    return dict(zip(levels, (_REFERENCE_COLOUR, *others), strict=True))


def _footnote(figure: Figure, runs: pd.DataFrame, mark: str = "") -> None:
    """Say below the panels how many runs diverged or did not converge, and whose connectome it is."""
    total, diverged = len(runs), int(runs["diverged"].sum())
    unconverged = int((~runs["converged"] & ~runs["diverged"]).sum()) if runs["converged"].notna().all() else None
    text = f"{total} runs; {diverged} diverged"
    if diverged:
        text += " (not drawn, their seeds not tested)"
    if unconverged is not None:
        text += f"; {unconverged} not converged" + (mark if unconverged else "")
    lines = [*_origin_lines(runs), text]
    figure.text(0.995, 0.005, "\n".join(lines), ha="right", va="bottom", color="0.35", linespacing=1.25)


def _origin_lines(table: pd.DataFrame) -> list[str]:
    """Where the connectomes of a figure come from, in lines as wide as the figure."""
    notes = {note for text in table["connectome"].dropna().unique() for note in text.split("; ")}
    return [line for note in sorted(notes) for line in textwrap.wrap(f"connectome {note}", 120)]


def _room_for_footnote(settings: Mapping[str, Any], height: float, runs: pd.DataFrame) -> ConstrainedLayoutEngine:
    """Layout that leaves room for the footnote below the panels of a figure of some height in inches."""
    lines = 1 + len(_origin_lines(runs))
    foot = (0.3 + 1.25 * lines) * settings["font_size_pt"] / 72 / height
    return ConstrainedLayoutEngine(rect=(0, foot, 1, 1 - foot))


def draw_measures(
    runs: pd.DataFrame,
    arms: Sequence[str],
    compare: str,
    title: str,
    measures: Sequence[str],
    settings: Mapping[str, Any],
    pdf: str | Path,
    png: str | Path,
    with_schematic: bool = False,
    spectra: pd.DataFrame | None = None,
    spectrum: str | None = None,
) -> None:
    """Measures against the compared parameter: a dot per run, a bar at the median.

    Args:
        runs: rows of runs.parquet.
        arms: parameters whose combinations get a column of panels each.
        compare: the parameter on the horizontal axis.
        title: heading of the figure.
        measures: one row of panels each.
        settings: group ``figures`` of the configuration.
        pdf, png: files to write.
        with_schematic: whether panel A, network and measures, stands on the left.
        spectra: rows of spectra.parquet, for a first row of panels with the spectrum of the initial weights.
        spectrum: which one, a key of ``SPECTRA``.
    """
    groups = _arms(runs, arms)
    colours = _colours(runs, compare) if spectra is not None else None
    columns = min(len(groups), _PANELS_PER_ROW)
    blocks = -(-len(groups) // columns)
    kinds = ([] if spectra is None else [None]) + list(measures)
    with mpl.rc_context(_style(settings)):
        width = settings["width_mm"] / MM_PER_INCH
        height = (0.16 * width * len(kinds) + 0.12 * width) * blocks + 0.35
        layout = _room_for_footnote(settings, height, runs)
        figure = plt.figure(figsize=(width, height), layout=layout)
        parts: Any = figure.subfigures(1, 2, width_ratios=[1, 2.1]) if with_schematic else (None, figure.subfigures())
        left, right = parts
        if left is not None:
            schematic.draw(left.subplots(), settings)
            left.suptitle("A", x=0.02, ha="left", fontweight="bold")
            right.suptitle("B", x=0.0, ha="left", fontweight="bold")
        else:
            right.suptitle(_heading(title, runs, arms))
        panels = right.subplots(len(kinds) * blocks, columns, squeeze=False)
        for axes in panels.flat:
            axes.set_visible(False)
        for index, (name, group) in enumerate(groups):
            block, column = divmod(index, columns)
            for row, measure in enumerate(kinds):
                axes = panels[block * len(kinds) + row, column]
                axes.set_visible(True)
                if row == 0:
                    axes.set_title(_wrapped_title(name, len(groups)))
                if measure is None:
                    _draw_spectrum(axes, spectra, group, compare, str(spectrum), colours or {})
                    label, sign = SPECTRA[str(spectrum)][1], 0
                else:
                    _draw_dots(axes, group, measure, compare, settings, colours)
                    axes.tick_params(labelbottom=row == len(kinds) - 1)
                    label, sign = LABELS[measure]
                if column == 0:
                    axes.set_ylabel(label + _DIRECTION[sign])
        right.supxlabel(PARAMETER_LABELS[compare], fontsize=settings["font_size_pt"])
        right.align_ylabels(panels[:, 0])
        _footnote(figure, runs, mark=" (open circles)")
        _save(figure, pdf, png, settings)


def _draw_spectrum(
    axes: Axes,
    spectra: pd.DataFrame,
    runs: pd.DataFrame,
    compare: str,
    spectrum: str,
    colours: Mapping[Any, Any],
) -> None:
    """Sorted magnitudes over the largest, against their place; a line at the median over seeds, a band over all."""
    shared = [name for name in spectra.columns if name in runs.columns and name != "connectome"]
    rows = spectra.merge(runs[shared].drop_duplicates(), on=shared)
    column, _ = SPECTRA[spectrum]
    for level in _levels(runs, compare):
        table = rows[rows[compare] == level].pivot(index="index", columns="seed", values=column)
        table = table / table.max()
        place = table.index / len(table)
        axes.fill_between(place, table.min(axis=1), table.max(axis=1), color=colours[level], alpha=0.25, lw=0)
        axes.plot(place, table.median(axis=1), color=colours[level], lw=1.1, label=_text(level))
    axes.set(xlim=(0, 1), ylim=(0, 1.02), xticks=[0, 0.5, 1], yticks=[0, 0.5, 1])
    axes.set_xlabel("index $i/N$", labelpad=1)
    crowded = {"loc": "upper left", "bbox_to_anchor": (1.01, 1.0)} if rows[compare].nunique() > 4 else {}
    axes.legend(**{"frameon": False, "loc": "upper right", "borderaxespad": 0, "handlelength": 1.2} | crowded)


def _draw_dots(
    axes: Axes,
    runs: pd.DataFrame,
    measure: str,
    compare: str,
    settings: Mapping[str, Any],
    colours: Mapping[Any, Any] | None,
) -> None:
    shown, levels = runs[~runs["diverged"]], _levels(runs, compare)
    order = {seed: place for place, seed in enumerate(sorted(runs["seed"].unique()))}
    for place, level in enumerate(levels):
        at_level = shown[shown[compare] == level]
        # A seed keeps its place within every level, so that the eye can pair the runs.
        spread = (at_level["seed"].map(order) - (len(order) - 1) / 2) / max(len(order), 1) * 0.5
        converged = at_level["converged"].fillna(True).astype(bool)
        colour = settings["dot_colour"] if colours is None else colours[level]
        axes.scatter(
            place + spread, at_level[measure], s=settings["font_size_pt"] * 1.3,
            c=np.where(converged, colour, "none"), edgecolors=colour, linewidths=0.5, zorder=2,
        )  # fmt: skip
        if len(at_level):
            axes.hlines(
                at_level[measure].median(),
                place - 0.33,
                place + 0.33,
                colors=settings["median_colour"] if colours is None else "black",
                lw=1.4,
                zorder=3,
            )
    axes.set_xticks(range(len(levels)), [_tick(level, len(levels)) for level in levels])
    axes.set_xlim(-0.6, len(levels) - 0.4)


def _tick(level: Any, count: int) -> str:
    """A condition below an axis that it shares with others; words below each other."""
    return textwrap.fill(_text(level), 12 if count < 5 else 9, break_long_words=False)


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
    loss = curves[curves["quantity"] == "loss"]
    colours = _colours(runs, compare)
    groups = _arms(runs, arms)
    columns = min(len(groups), _PANELS_PER_ROW)
    rows = -(-len(groups) // columns)
    with mpl.rc_context(_style(settings)):
        width = settings["width_mm"] / MM_PER_INCH
        height = width * (0.3 * rows + 0.12)
        figure, panels = plt.subplots(
            rows, columns, figsize=(width, height), squeeze=False, sharex=True, sharey=True,
            layout=_room_for_footnote(settings, height, runs),
        )  # fmt: skip
        for axes in panels.flat[len(groups) :]:
            axes.set_visible(False)
        handles: dict[str, Any] = {}
        for axes, (name, group) in zip(panels.flat, groups, strict=False):
            course = loss.merge(group[["run", "seed", compare]], on="run")
            for level in _levels(group, compare):
                table = course[course[compare] == level].pivot(index="iteration", columns="seed", values="value")
                colour = colours[level]
                axes.fill_between(table.index, table.min(axis=1), table.max(axis=1), color=colour, alpha=0.2, lw=0)
                axes.plot(table.index, table.median(axis=1), color=colour, lw=1.2, label=_text(level))
            floor = group["bayes_loss"].iloc[0]
            if pd.notna(floor) and floor > 1e-6:
                axes.axhline(floor, color="0.2", lw=0.9, ls="--", label="Bayes floor")
            axes.set(xscale="log", yscale="log")
            axes.set_title(_wrapped_title(name, len(groups)))
            handles |= {label: handle for handle, label in zip(*axes.get_legend_handles_labels(), strict=True)}
        for axes in panels[-1]:
            axes.set_xlabel("iteration")
        for axes in panels[:, 0]:
            axes.set_ylabel("cross-entropy\n(nats per step)")
        floor_last = sorted(handles, key=lambda label: label == "Bayes floor")
        figure.legend(
            [handles[label] for label in floor_last], floor_last, loc="outside right center", frameon=False,
            title=_wrapped(compare),
        )  # fmt: skip
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
        lines = "\n".join([meaning, note, *_origin_lines(table)])
        figure.supxlabel(lines, fontsize=settings["font_size_pt"])
        figure.suptitle(_heading(title, table, names))
        _save(figure, pdf, png, settings)
