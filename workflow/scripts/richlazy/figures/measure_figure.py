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
from matplotlib.collections import PathCollection
from matplotlib.figure import SubFigure
from matplotlib.lines import Line2D

from richlazy.experiments import parameters
from richlazy.figures import figure_style, schematic
from richlazy.figures.figure_style import MM_PER_INCH

# Label of each measure, and the sign with which it grows where learning is lazier.
LABELS: dict[str, tuple[str, int]] = {
    "weight_change_norm_recurrent": ("weight change\n$\\|\\Delta W_h\\|$", -1),
    "weight_change_norm": ("weight change,\nall weights\n$\\|\\Delta W\\|$", -1),
    "representation_alignment": ("representation\nalignment", 1),
    "kernel_alignment_recurrent": ("tangent kernel\nalignment", 1),
    "kernel_alignment": ("tangent kernel\nalignment,\nall weights", 1),
    "kernel_alignment_predicted": ("tangent kernel\nalignment,\nby theory", 1),
    "sign_similarity": ("sign similarity", 1),
    "accuracy": ("accuracy", 0),
    "final_loss": ("final loss", 0),
    "probe_loss": ("loss on probe", 0),
    "effective_rank_eigenvalues_initial": ("effective rank\nat start\n(eigenvalues)", 0),
    "effective_rank_eigenvalues": ("effective rank\n(eigenvalues)", 0),
    "effective_rank_singular_values_initial": ("effective rank\nat start\n(singular values)", 0),
    "effective_rank_singular_values": ("effective rank\n(singular values)", 0),
    "stable_rank_initial": ("stable rank\nat start", 0),
    "stable_rank": ("stable rank", 0),
    "functional_rank": ("functional rank\nof the change", 0),
    "relative_weight_change_recurrent": ("relative change\n$\\|\\Delta W_h\\|\\,/\\,\\|W_0\\|$", -1),
    "stable_rank_change": ("stable rank\nof the change", 0),
    "leading_singular_value_change": ("leading singular\nvalue of\nthe change", 0),
    "loss_ratio_shuffled_initial": ("loss with start\nshuffled, over\nthat at start", 0),
    "kernel_effective_rank": ("kernel\neffective rank", 0),
    "task_effective_rank": ("effective rank\nof the task", 0),
    "kernel_task_effective_rank_approach": ("approach of the\nkernel to the\neffective rank\nof the task", 0),
    "kernel_task_alignment": ("kernel-task\nalignment", 0),
    "convergence_iterations": ("iterations to\nconvergence", 0),
    "loss_curve_roughness": ("roughness of\nthe loss curve", 0),
    "convergence_time": ("learning time to\nconvergence $\\tau^*$", 0),
    "convergence_time_predicted": ("learning time to\nconvergence,\nby theory", 0),
    "rescaled_convergence_time": ("rescaled learning\ntime $\\beta^2\\tau^*$", 0),
    "weight_change_norm_recurrent_predicted": ("weight change\n$\\|\\Delta W_h\\|$,\nby theory", -1),
    "gradient_norm_recurrent": ("mean gradient\n$\\|dW_h/d\\tau\\|$", 0),
    "gradient_norm_recurrent_predicted": ("mean gradient\n$\\|dW_h/d\\tau\\|$,\nby theory", 0),
    "gradient_growth": ("largest gradient\nover the first", 0),
    "loss_ratio_shuffled_initial_predicted": ("loss with start\nshuffled, over\nthat at start,\nby theory", 0),
    "prediction_error_shuffled_initial": ("distance from\ntheory, start\nshuffled", 0),
    "loss_deviation_first_order": ("distance of loss\nfrom first order", 0),
    "loss_deviation_third_order": ("distance of loss\nfrom third order", 0),
    "leading_singular_value_deviation": ("distance of leading\nsingular value from\nthird order", 0),
    "kernel_task_alignment_iterations": ("iterations until\nkernel-task\nalignment", 0),
    "centred_kernel_alignment": ("centred kernel\nalignment", 0),
}
# Measures in the unit of the loss, which depends on the task.
_LOSSES = ("final_loss", "probe_loss")
# Beside the dots of a measure stands what the theory of linear networks says of it, where that is known.
_PREDICTIONS = {
    name.removesuffix("_predicted"): (name, "theory, to first order") for name in LABELS if name.endswith("_predicted")
} | {"kernel_alignment": ("kernel_alignment_predicted", "theory (Eqs. 7, 8)")}
# Of these the theory is how they go with the gain: it is drawn from what is measured at the lowest gain
# (Schuessler et al. 2020, Figure 4a-c, has both in multiples of their values there).
_SCALED = ("convergence_time", "weight_change_norm_recurrent", "gradient_norm_recurrent")
# Beside it, losses are shown down to this share of the largest.
_SHOWN = 1e4
# Losses stand on a logarithmic axis where the largest is this many times the smallest.
_DECADES = 100
# Values whose difference is below this share of them are drawn as equal.
_SAME = 1e-6
_DIRECTION = {1: " (lazier ↑)", -1: " (lazier ↓)", 0: ""}

# Spectra of the initial recurrent weights: column of spectra.parquet, and label.
SPECTRA = {
    "eigenvalues": ("eigenvalue_modulus", "eigenvalues at start\n$|\\lambda_i|\\,/\\,|\\lambda_1|$"),
    "singular_values": ("singular_value", "singular values\nat start\n$s_i\\,/\\,s_1$"),
}


def plot_measures(
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
    """Measures against the compared parameter: a dot per run, a bar at the median, a diamond at the theory's mean.

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
    groups, (blocks, columns) = figure_style.panels_of_arms(runs, arms)
    colours = figure_style.colours_of(runs, compare) if spectra is not None else None
    kinds = ([] if spectra is None else [None]) + list(measures)
    with mpl.rc_context(figure_style.style(settings)):
        width = settings["width_mm"] / MM_PER_INCH
        height = (0.16 * width * len(kinds) + 0.12 * width) * blocks + 0.35
        layout = figure_style.room_for_footnote(settings, height, runs)
        figure = plt.figure(figsize=(width, height), layout=layout)
        parts: Any = figure.subfigures(1, 2, width_ratios=[1, 2.1]) if with_schematic else (None, figure.subfigures())
        left, right = parts
        if left is not None:
            schematic.draw(left.subplots(), settings)
            left.suptitle("A", x=0.02, ha="left", fontweight="bold")
            right.suptitle("B", x=0.0, ha="left", fontweight="bold")
        else:
            right.suptitle(figure_style.heading(title, runs, arms))
        panels = right.subplots(len(kinds) * blocks, columns, squeeze=False)
        for axes in panels.flat:
            axes.set_visible(False)
        theories: dict[str, PathCollection] = {}
        for index, (name, group) in enumerate(groups):
            block, column = divmod(index, columns)
            for row, measure in enumerate(kinds):
                axes = panels[block * len(kinds) + row, column]
                axes.set_visible(True)
                if row == 0:
                    axes.set_title(figure_style.wrapped_title(name, len(groups)))
                if measure is None:
                    _draw_spectrum(axes, spectra, group, compare, str(spectrum), colours or {})
                    label, sign = SPECTRA[str(spectrum)][1], 0
                else:
                    _draw_dots(axes, group, measure, compare, settings, colours)
                    theories |= _draw_prediction(axes, group, measure, compare, settings)
                    _keep_rounding_small(axes)
                    axes.tick_params(labelbottom=row == len(kinds) - 1)
                    if measure in _LOSSES and _spans_decades(runs[measure]):
                        axes.set_yscale("log")
                    label, sign = _label(measure, runs), LABELS[measure][1]
                if column == 0:
                    axes.set_ylabel(label + _DIRECTION[sign])
        right.supxlabel(figure_style.parameter_label(compare, runs), fontsize=settings["font_size_pt"])
        right.align_ylabels(panels[:, 0])
        if theories:  # in the room of the footnote
            figure.legend(
                list(theories.values()), list(theories), loc="lower left", frameon=False, borderaxespad=0,
                handletextpad=0.2, ncols=len(theories),
            )  # fmt: skip
        figure_style.footnote(figure, runs, mark=" (open circles)")
        figure_style.save(figure, pdf, png, settings)


def _draw_spectrum(
    axes: Axes,
    spectra: pd.DataFrame,
    runs: pd.DataFrame,
    compare: str,
    spectrum: str,
    colours: Mapping[Any, Any],
) -> None:
    """Sorted magnitudes over the largest, against their place; a line at the median over seeds, a band over all."""
    # Recurrent weights are those of every task; their rows say so by having none.
    of_every_task = spectra["task"].isna() if "task" in spectra else pd.Series(True, index=spectra.index)
    of_task = list(spectra.loc[:, "task":"structure"])[:-1] if "task" in spectra else []
    rows = pd.concat(
        [_rows_of(spectra[of_every_task].drop(columns=of_task), runs), _rows_of(spectra[~of_every_task], runs)]
    )
    column, _ = SPECTRA[spectrum]
    for level in figure_style.levels_of(runs, compare):
        table = rows[rows[compare] == level].pivot(index="index", columns="seed", values=column)
        table = table / table.max()
        place = table.index / len(table)
        axes.fill_between(place, table.min(axis=1), table.max(axis=1), color=colours[level], alpha=0.25, lw=0)
        axes.plot(place, table.median(axis=1), color=colours[level], lw=1.1, label=figure_style.text_of(level))
    axes.set(xlim=(0, 1), ylim=(0, 1.02), xticks=[0, 0.5, 1], yticks=[0, 0.5, 1])
    axes.set_xlabel("index $i/N$", labelpad=1)
    crowded = {"loc": "upper left", "bbox_to_anchor": (1.01, 1.0)} if rows[compare].nunique() > 4 else {}
    axes.legend(**{"frameon": False, "loc": "upper right", "borderaxespad": 0, "handlelength": 1.2} | crowded)


def _rows_of(spectra: pd.DataFrame, runs: pd.DataFrame) -> pd.DataFrame:
    """Spectra of the weights with which runs start."""
    shared = [name for name in spectra.columns if name in runs.columns and name != "connectome"]
    return spectra.merge(runs[shared].drop_duplicates(), on=shared)


def _draw_dots(
    axes: Axes,
    runs: pd.DataFrame,
    measure: str,
    compare: str,
    settings: Mapping[str, Any],
    colours: Mapping[Any, Any] | None,
) -> None:
    shown, levels = runs[~runs["diverged"]], figure_style.levels_of(runs, compare)
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
        if at_level[measure].notna().any():
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
    if shown[measure].isna().all():
        axes.set_yticks([])


def _draw_prediction(
    axes: Axes, runs: pd.DataFrame, measure: str, compare: str, settings: Mapping[str, Any]
) -> dict[str, PathCollection]:
    """What theory says of a measure, as the mean over the seeds that are drawn, by its name; empty if it is silent."""
    column, name = _PREDICTIONS.get(measure, (None, ""))
    shown = runs[~runs["diverged"]]
    if column not in runs or shown[column].isna().all():  # published tables may lack it
        return {}
    means = shown.groupby(compare)[column].mean()
    levels = figure_style.levels_of(runs, compare)
    if measure in _SCALED and compare == "gain":
        measured = shown.groupby(compare)[measure].mean()
        means *= measured.get(levels[0], np.nan) / means.get(levels[0], np.nan)
        name = f"{name}, from the lowest gain on"
    drawn = axes.scatter(
        [place + 0.43 for place in range(len(levels))], [means.get(level, np.nan) for level in levels],
        s=settings["font_size_pt"] * 1.5, marker="D", c="none", edgecolors="black", linewidths=0.7, zorder=4,
    )  # fmt: skip
    return {name: drawn}


def _keep_rounding_small(axes: Axes) -> None:
    """Do not magnify what is equal but for rounding."""
    low, high = axes.dataLim.intervaly
    if 0 < high - low < _SAME * abs(high):
        axes.set_ylim(low - 1000 * _SAME * abs(high), high + 1000 * _SAME * abs(high))


def _label(measure: str, runs: pd.DataFrame) -> str:
    """Label of a measure for some runs; that of a loss with its unit."""
    label, _ = LABELS[measure]
    if measure not in _LOSSES:
        return label
    numbers = figure_style.targets_are_numbers(runs)
    if numbers.any():
        unit = "half squared\nerror" if numbers.all() else "nats per step, or\nhalf squared error"
    else:
        unit = "nats per step"
    return f"{label}\n({unit})"


def _spans_decades(values: pd.Series) -> bool:
    """Whether values, all positive, are of so different size that a logarithmic axis shows them best."""
    known = values.dropna()
    return len(known) > 0 and known.min() > 0 and known.max() > _DECADES * known.min()


def _tick(level: Any, count: int) -> str:
    """A condition below an axis that it shares with others; words below each other."""
    return textwrap.fill(figure_style.text_of(level), 12 if count < 5 else 9, break_long_words=False)


def plot_losses(
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

    It is a cross-entropy, or half the squared error where the targets are numbers. Lines are medians over
    seeds, bands reach from the lowest to the highest seed.
    """
    loss = curves[curves["quantity"].isin(["loss", "loss_predicted"])]
    colours = figure_style.colours_of(runs, compare)
    groups, (rows, columns) = figure_style.panels_of_arms(runs, arms)
    with mpl.rc_context(figure_style.style(settings)):
        width = settings["width_mm"] / MM_PER_INCH
        height = width * (0.3 * rows + 0.12)
        figure, panels = plt.subplots(
            rows, columns, figsize=(width, height), squeeze=False, sharex=True, sharey=True,
            layout=figure_style.room_for_footnote(settings, height, runs),
        )  # fmt: skip
        for axes in panels.flat[len(groups) :]:
            axes.set_visible(False)
        handles: dict[str, Any] = {}
        for axes, (name, group) in zip(panels.flat, groups, strict=False):
            course = loss.merge(group[["run", "seed", compare]], on="run")
            for level in figure_style.levels_of(group, compare):
                at_level, colour = course[course[compare] == level], colours[level]
                table, predicted = (_by_seed(at_level, quantity) for quantity in ("loss", "loss_predicted"))
                if len(predicted):
                    axes.plot(predicted.index, predicted.median(axis=1), color=colour, lw=0.9, ls=":")
                    handles[figure_style.EXPANSION] = Line2D([], [], color="0.2", lw=0.9, ls=":")
                axes.fill_between(table.index, table.min(axis=1), table.max(axis=1), color=colour, alpha=0.2, lw=0)
                axes.plot(
                    table.index, table.median(axis=1), color=colour, lw=1.2, label=figure_style.text_of(level),
                    marker="o" if len(table) == 1 else None, ms=3,
                )  # fmt: skip
            floor = group["bayes_loss"].iloc[0]
            if pd.notna(floor) and floor > 1e-6:
                axes.axhline(floor, color="0.2", lw=0.9, ls="--", label="Bayes floor")
            axes.set(xscale="log", yscale="log")
            axes.set_title(figure_style.wrapped_title(name, len(groups)))
            handles |= {label: handle for handle, label in zip(*axes.get_legend_handles_labels(), strict=True)}
        for axes in panels[-1]:
            axes.set_xlabel("iteration")
        for axes in panels[:, 0]:
            axes.set_ylabel(_loss_label(runs))
        if figure_style.EXPANSION in handles:  # networks that learn without error go on to the smallest of numbers
            axes.set_ylim(loss["value"].max() / _SHOWN, 2 * loss["value"].max())
        conditions_first = sorted(handles, key=lambda label: label in ("Bayes floor", figure_style.EXPANSION))
        figure.legend(
            [handles[label] for label in conditions_first], conditions_first, loc="outside right center", frameon=False,
            title=figure_style.wrapped_parameter_label(compare, runs),
        )  # fmt: skip
        figure.suptitle(figure_style.heading(title, runs, arms))
        figure_style.footnote(figure, runs)
        figure_style.save(figure, pdf, png, settings)


def _by_seed(course: pd.DataFrame, quantity: str) -> pd.DataFrame:
    """One quantity, iterations by seeds."""
    return course[course["quantity"] == quantity].pivot(index="iteration", columns="seed", values="value")


def _loss_label(runs: pd.DataFrame) -> str:
    numbers = figure_style.targets_are_numbers(runs)
    if numbers.any():
        return "half squared error" if numbers.all() else "loss (nats per step,\nor half squared error)"
    return "cross-entropy\n(nats per step)"


def plot_effects(
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
    names, and in arms with two numbers, between which there is no trend, it is the Hodges-Lehmann difference from the
    reference. Filled dots are significant after correction.
    """
    rest = contrasts if trends.empty else _outside(contrasts, trends, arms)
    tables = [table for table in (trends, rest) if len(table)]
    everything = pd.concat(tables)
    names = [*arms] if len(trends) or _are_between_numbers(contrasts) else [*arms, "level"]
    everything = everything.assign(label=figure_style.arm_titles(everything[names]) if names else "")
    parts = []
    for place, table in enumerate(tables):
        lines = [_meaning(table, compare, is_trend=table is trends)]
        if place == len(tables) - 1:
            lines += [_sample_note(everything, significance_level), *figure_style.origin_lines(everything)]
        labelled = everything.iloc[: len(table)] if place == 0 else everything.iloc[-len(table) :]
        parts.append((labelled, table is trends, lines))
    heights = [0.19 * table["label"].nunique() + 0.78 + 0.13 * len(lines) for table, _, lines in parts]
    with mpl.rc_context(figure_style.style(settings)):
        width = settings["width_mm"] / MM_PER_INCH
        figure = plt.figure(figsize=(width, sum(heights) + 0.3), layout="constrained")
        subfigures = figure.subfigures(len(parts), 1, height_ratios=heights, squeeze=False)[:, 0]
        for subfigure, (table, is_trend, lines) in zip(subfigures, parts, strict=True):
            _draw_intervals(subfigure, table, is_trend, significance_level, settings)
            subfigure.supxlabel("\n".join(lines), fontsize=settings["font_size_pt"])
        figure.suptitle(figure_style.heading(title, everything, names))
        figure_style.save(figure, pdf, png, settings)


def _outside(contrasts: pd.DataFrame, trends: pd.DataFrame, arms: Sequence[str]) -> pd.DataFrame:
    """Contrasts of arms in which no trend is tested."""
    tested = set(_arm_keys(trends, arms))
    return contrasts[[key not in tested for key in _arm_keys(contrasts, arms)]]


def _arm_keys(table: pd.DataFrame, arms: Sequence[str]) -> list[tuple[Any, ...]]:
    rows = table.to_dict("records")
    return [tuple(None if parameters.is_missing(row[name]) else row[name] for name in arms) for row in rows]


def _are_between_numbers(contrasts: pd.DataFrame) -> bool:
    return bool(pd.to_numeric(contrasts["level"], errors="coerce").notna().all())


def _meaning(table: pd.DataFrame, compare: str, is_trend: bool) -> str:
    """What the horizontal axis of effects shows."""
    label = parameters.label(compare)
    if is_trend:
        undirected = any(LABELS[measure][1] == 0 for measure in table["measure"])
        right = "lazier as it grows" + "; larger, where neither side is lazier" * undirected
        return f"effect of {label} (Kendall's τ; right: {right})"
    if not _are_between_numbers(table):
        return "difference from the reference (Hodges-Lehmann)"
    pairs = table[["level", "reference"]].drop_duplicates().to_numpy()
    levels = f"{pairs[0, 0]} minus {pairs[0, 1]}" if len(pairs) == 1 else "smallest minus largest"
    return f"difference by {label}: {levels} (Hodges-Lehmann)"


def _sample_note(table: pd.DataFrame, significance_level: float) -> str:
    fewest, most = int(table["n"].min()), int(table["n"].max())
    sample = f"{most}" if fewest == most else f"{fewest} to {most}"
    return f"filled: p < {significance_level:g} after Holm's correction; n = {sample} seeds"


def _draw_intervals(
    figure: SubFigure, table: pd.DataFrame, is_trend: bool, significance_level: float, settings: Mapping[str, Any]
) -> None:
    """A panel for each measure, in it a row for each label of the table."""
    rows = list(dict.fromkeys(table["label"]))[::-1]
    measures = list(dict.fromkeys(table["measure"]))
    panels = figure.subplots(1, len(measures), squeeze=False, sharey=True, sharex="row" if is_trend else False)
    colour = settings["median_colour"]
    for axes, measure in zip(panels[0], measures, strict=True):
        label, sign = LABELS[measure]
        sign = (sign or 1) if is_trend else 1
        axes.axvline(0, color="0.6", lw=0.6)
        for _, row in table[table["measure"] == measure].iterrows():
            place = rows.index(row["label"])
            ends = sorted((sign * row["interval_low"], sign * row["interval_high"]))
            significant = row["p_holm"] < significance_level
            axes.hlines(place, *ends, color=colour, lw=1.2)
            axes.scatter(
                sign * row["effect"], place, s=settings["font_size_pt"] * 2.2, zorder=3, linewidths=0.8,
                c=colour if significant else "white", edgecolors=colour,
            )  # fmt: skip
        axes.set_title(label, fontsize=settings["font_size_pt"])
        axes.set_ylim(-0.5, len(rows) - 0.5)
        if is_trend:
            axes.set_xlim(-1.1, 1.1)
        else:
            axes.locator_params(axis="x", nbins=5)
    panels[0, 0].set_yticks(range(len(rows)), rows)
