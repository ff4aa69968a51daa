"""Figure of the LSTM that reads the sentiment of sentences, as Figure 5 of Schuessler et al. 2020."""

from collections.abc import Mapping, Sequence

import pandas as pd
from matplotlib.axes import Axes

from richlazy.figures import figure_style, line_panels
from richlazy.figures.figure_context import FigureContext

_BAND, _FINAL = "median and range over seeds", "after training, not truncated"
_MEANING = {
    "weight_hh_l0": "recurrent weights of layer 1",
    "weight_hh_l1": "recurrent weights of layer 2",
    "weight_ih_l0": "input weights of layer 1",
    "weight_ih_l1": "input weights of layer 2",
    "from_units": "all weights from units",
    "from_words": "input weights of layer 1",
}
# Label and colour of each line: parts of the weights, and sets of sentences.
_LINES = {
    "initial_weights": ("initial weights $W_0$", figure_style.REFERENCE_COLOUR),
    "weights": ("final weights $W$", "#0072B2"),
    "change": ("change $\\Delta W$", "#D55E00"),
    "training": ("training sentences", "#009E73"),
    "validation": ("validation sentences", "#000000"),
}
_PANEL_INCHES = 2.3


def plot(context: FigureContext, tables: Mapping[str, pd.DataFrame], weights: Sequence[str]) -> None:
    """Plot singular values of matrices, accuracy after truncation of sets of matrices, and accuracy during training.

    Args:
        context: heading, style and files.
        tables: ``runs``, ``spectra``, ``truncations`` and ``curves`` of an experiment.
        weights: matrices or sets of them, each in a panel of its own.
    """
    diverged = set(tables["runs"].loc[tables["runs"]["diverged"], "seed"])
    shown = {name: table[~table["seed"].isin(diverged)] for name, table in tables.items()}
    with context.page(_PANEL_INCHES) as figure:
        panels = figure.subplots(1, len(weights) + 1, squeeze=False)[0]
        for axes, name in zip(panels, weights, strict=False):
            axes.set_title(_MEANING[name])
            if name.startswith("weight_"):
                _plot_singular_values(axes, shown["spectra"].query("weights == @name"))
                continue
            _plot_truncation(axes, shown["truncations"].query("weights == @name"))
            final = shown["runs"]["final_validation_accuracy"].astype(float).median()
            axes.axhline(final, color="0.2", linewidth=0.6, linestyle="--", zorder=0, label=_FINAL)
        _plot_training(panels[-1], shown["curves"])
        handles = {label: line for axes in panels for label, line in line_panels.labelled_lines(axes).items()}
        if handles:  # unless every network diverged
            handles[_BAND] = figure_style.band("0.4")
        figure.legend(list(handles.values()), list(handles), loc="outside lower center", ncols=4, frameon=False)
        figure.suptitle(f"{context.title}{_note(tables['runs'], diverged)}")


def _plot_singular_values(axes: Axes, spectra: pd.DataFrame) -> None:
    for part in ("initial_weights", "weights", "change"):
        _plot_line(axes, spectra[spectra["part"] == part], "index", "singular_value", part)
    axes.set(xlabel="index", ylabel="singular value", ylim=(0, None))


def _plot_truncation(axes: Axes, truncations: pd.DataFrame) -> None:
    for part in ("weights", "change"):
        _plot_line(axes, truncations[truncations["part"] == part], "rank", "accuracy", part)
    axes.set(xlabel="rank of the truncated part", ylabel="validation accuracy")


def _plot_training(axes: Axes, curves: pd.DataFrame) -> None:
    for line in ("training", "validation"):
        _plot_line(axes, curves[curves["quantity"] == f"{line}_accuracy"].dropna(), "epoch", "value", line)
    axes.set(xlabel="epoch", ylabel="accuracy")
    axes.set_title("training")


def _plot_line(axes: Axes, table: pd.DataFrame, x: str, y: str, line: str) -> None:
    """Plot the median over seeds as a line and all seeds as a band."""
    if table.empty:
        return
    seeds = table.astype({y: float}).groupby(x)[y]
    label, colour = _LINES[line]
    axes.plot(seeds.median(), color=colour, linewidth=1.0, label=label)
    axes.fill_between(seeds.min().index, seeds.min(), seeds.max(), color=colour, alpha=0.2, linewidth=0)


def _note(runs: pd.DataFrame, diverged: set[int]) -> str:
    """Second line of the heading: sentences, word vectors, number of seeds, and how many diverged."""
    sources = f"{runs['corpus'].iloc[0]}; {runs['word_vectors'].iloc[0]}; {runs['seed'].nunique()} seeds"
    return f"\n{sources}" + (f", {len(diverged)} diverged and not drawn" if diverged else "")
