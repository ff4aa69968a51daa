"""Figure of the network that reads sentiment, as Figure 5 of Schuessler et al. 2020."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

from richlazy.figures import figure_style

_MEANING = {
    "weight_hh_l0": "recurrent weights of layer 1",
    "weight_hh_l1": "recurrent weights of layer 2",
    "weight_ih_l0": "input weights of layer 1",
    "weight_ih_l1": "input weights of layer 2",
    "from_units": "all weights from units",
    "from_words": "input weights of layer 1",
}
_LABELS = {"initial_weights": "$W_0$", "weights": "$W$", "change": "$\\Delta W$"}
_COLOURS = {"initial_weights": figure_style.REFERENCE_COLOUR, "weights": "#0072B2", "change": "#D55E00"}
_PANEL_INCHES = 2.0


def draw(
    tables: Mapping[str, pd.DataFrame],
    weights: Sequence[str],
    title: str,
    settings: Mapping[str, Any],
    pdf: str | Path,
    png: str | Path,
) -> None:
    """Draw singular values of matrices, accuracy after truncation of sets of matrices, and the course of training.

    Args:
        tables: ``runs``, ``spectra``, ``truncations`` and ``curves`` of an experiment.
        weights: matrices or sets of them, one panel each.
        title: heading.
        settings: group ``figures`` of the configuration.
        pdf, png: files to write.
    """
    diverged = set(tables["runs"].loc[tables["runs"]["diverged"], "seed"])
    shown = {name: table[~table["seed"].isin(diverged)] for name, table in tables.items()}
    # Sets of matrices are drawn beside the matrices of which they are made.
    with plt.rc_context(figure_style.style(settings)):
        figure, axes = plt.subplots(
            1, len(weights) + 1, squeeze=False, layout="constrained",
            figsize=(settings["width_mm"] / figure_style.MM_PER_INCH, _PANEL_INCHES),
        )  # fmt: skip
        for place, name in enumerate(weights):
            axis = axes[0, place]
            if name.startswith("weight_"):
                _singular_values(axis, shown["spectra"].query("weights == @name"))
            else:
                _truncation(axis, shown["truncations"].query("weights == @name"))
                final = shown["runs"]["final_validation_accuracy"].astype(float).median()
                axis.axhline(final, color=figure_style.REFERENCE_COLOUR, linewidth=0.6, linestyle="--", zorder=0)
            axis.set_title(f"{_MEANING[name]}")
        _course(axes[0, -1], shown["curves"])
        _legend(axes[0, 0])
        figure.suptitle(f"{title}{_note(tables['runs'], diverged)}")
        figure_style.save(figure, pdf, png, settings)


def _singular_values(axis: Axes, spectra: pd.DataFrame) -> None:
    for part in ("initial_weights", "weights", "change"):
        _line(axis, spectra[spectra["part"] == part], "index", "singular_value", part)
    axis.set(xlabel="index", ylabel="singular value", ylim=(0, None))


def _truncation(axis: Axes, truncations: pd.DataFrame) -> None:
    for part in ("weights", "change"):
        _line(axis, truncations[truncations["part"] == part], "rank", "accuracy", part)
    axis.set(xlabel="rank of the truncated part", ylabel="validation accuracy")


def _course(axis: Axes, curves: pd.DataFrame) -> None:
    for quantity, colour, label in (
        ("training_accuracy", "#009E73", "training"),
        ("validation_accuracy", "#000000", "validation"),
    ):
        of_one = curves[curves["quantity"] == quantity].dropna()
        _line(axis, of_one, "epoch", "value", label, colour, label)
    axis.set(xlabel="epoch", ylabel="accuracy")
    axis.set_title("training")
    _legend(axis)


def _legend(axis: Axes) -> None:
    """Legend of what was drawn, which is nothing where every network diverged."""
    if axis.get_legend_handles_labels()[0]:
        axis.legend(frameon=False)


def _line(
    axis: Axes, table: pd.DataFrame, x: str, y: str, part: str, colour: str | None = None, label: str | None = None
) -> None:
    """Median over seeds as a line, all seeds as a band."""
    if table.empty:
        return
    seeds = table.astype({y: float}).groupby(x)[y]
    colour = colour or _COLOURS[part]
    axis.plot(seeds.median(), color=colour, linewidth=1.0, label=label or _LABELS[part])
    axis.fill_between(seeds.min().index, seeds.min(), seeds.max(), color=colour, alpha=0.2, linewidth=0)


def _note(runs: pd.DataFrame, diverged: set[int]) -> str:
    """What a reader must know of the networks: sentences, word vectors, and how many diverged."""
    sources = f"{runs['corpus'].iloc[0]}; {runs['word_vectors'].iloc[0]}; {runs['seed'].nunique()} seeds"
    return f"\n{sources}" + (f", {len(diverged)} diverged and not drawn" if diverged else "")
