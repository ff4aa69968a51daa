"""Figures of trials of a task: what a network sees, what it should answer, and what trained networks do answer."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isqrt
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import FigureBase
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from richlazy.experiments import parameters
from richlazy.figures import figure_style
from richlazy.figures.figure_context import FigureContext
from richlazy.figures.shown_trials import SHOWN, Trials

_ROW_INCHES, _IMAGE_INCHES, _CLASS_INCHES, _LABEL_INCHES, _LEGEND_INCHES = 0.5, 1.4, 0.2, 0.8, 0.25
# Of more classes than this some have a mark.
_MARKED_CLASSES = 7
# Share of the range of values that stays free above and below them.
_MARGIN = 0.15
_TARGET, _DUE = "target", "decision due"
_SHADE = "(darker: larger)"
_DUE_COLOUR = "#F6DDB5"


@dataclass(frozen=True)
class Answered:
    """Trials of a task, and what one network answers.

    Attributes:
        task: name of the task.
        level: value of the compared parameter.
        time_step_ms: duration of a step.
        seed: of the network.
        inputs: (T, m, N_in).
        targets: (T, m, N_out); nan where no output is asked for.
        answers: (T, m, N_out), of the first trials.
    """

    task: str
    level: Any
    time_step_ms: float
    seed: int
    inputs: np.ndarray
    targets: np.ndarray
    answers: np.ndarray


def plot(context: FigureContext, trials: Trials) -> None:
    """Plot trials: a row for each input and each output, a column for each trial.

    Many inputs are one image with time to the right, and an image that is shown whole stands above the class that is
    asked for. Classes are steps over time; the steps at which a decision is due are shaded.

    Args:
        context: heading, style and files.
        trials: the first of them are drawn.
    """
    if trials.are_whole:
        _plot_whole_images(context, trials)
        return
    legend = _legend(context, trials)
    with context.page(_height(trials) + _LEGEND_INCHES) as figure:
        _plot_trials(context, figure, trials)
        figure.suptitle(context.title)
        figure.legend(list(legend.values()), list(legend), loc="outside lower center", ncols=3, frameon=False)


def _plot_whole_images(context: FigureContext, trials: Trials) -> None:
    """Plot the image of each trial above the class that is asked for."""
    side, columns = isqrt(trials.inputs.shape[2]), min(SHOWN, trials.inputs.shape[1])
    with context.page(_IMAGE_INCHES + _LABEL_INCHES) as figure:
        for trial, axes in enumerate(figure.subplots(1, columns, squeeze=False)[0]):
            extent = (0.5, side + 0.5, side + 0.5, 0.5)
            image = trials.inputs[0, trial].reshape(side, side)
            axes.imshow(image, extent=extent, cmap="Greys", interpolation="nearest")
            axes.set_xlabel(f"trial {trial + 1}, {_TARGET}: {trials.classes[int(trials.targets[0, trial, 0])]}")
            axes.tick_params(labelleft=trial == 0)
            if trial == 0:
                axes.set_ylabel(f"pixels {_SHADE}")
            for spine in axes.spines.values():
                spine.set_visible(True)
        figure.suptitle(context.title)


def _legend(context: FigureContext, trials: Trials) -> dict[str, Any]:
    """What marks of trials mean."""
    colours = {"input": context.settings["dot_colour"], _TARGET: context.settings["median_colour"]}
    lines = {name: Line2D([], [], color=colour, lw=1.2) for name, colour in colours.items()}
    if trials.as_image:
        del lines["input"]  # its label says it
    return lines if trials.due is None else lines | {_DUE: Patch(color=_DUE_COLOUR)}


def plot_answers(context: FigureContext, answered: Sequence[Answered]) -> None:
    """Plot trials of each task below those of another, with the answers of networks over what is asked of them.

    Args:
        context: heading, compared parameter, style and files.
        answered: networks; those of one task saw the same trials.
    """
    tasks = {
        task: [one for one in answered if one.task == task] for task in dict.fromkeys(one.task for one in answered)
    }
    levels = list(dict.fromkeys(one.level for one in answered))
    colours = dict(zip(levels, figure_style.distinct_colours(len(levels)), strict=True))
    trials = [Trials(first.inputs, first.targets, first.time_step_ms) for first, *_ in tasks.values()]
    heights = [_height(of_task) for of_task in trials]
    with context.page(sum(heights) + 0.3) as figure:
        parts = figure.subfigures(len(tasks), 1, height_ratios=heights, squeeze=False)[:, 0]
        for part, shown, (task, of_task) in zip(parts, trials, tasks.items(), strict=True):
            answers = [(colours[one.level], one.answers) for one in of_task]
            _plot_trials(context, part, shown, answers)
            part.suptitle(context.name(task), fontsize=context.font_size)
        named = {figure_style.text_of(context.name(level)): colour for level, colour in colours.items()}
        handles = {name: Line2D([], [], color=colour) for name, colour in named.items()}
        handles[_TARGET] = Line2D([], [], color="black", lw=1.2, ls="--")
        handles["input"] = Line2D([], [], color=context.settings["dot_colour"], lw=1.2)
        figure.legend(
            list(handles.values()),
            list(handles),
            loc="outside right center",
            frameon=False,
            title=f"output by\n{parameters.label(context.compare)}",
        )
        figure.suptitle(context.title)


@dataclass(frozen=True)
class _Row:
    """A row of panels.

    Attributes:
        values: (T, m, N).
        channel: which of the N is drawn; None for an image of all.
        asks: whether these are targets.
        inches: height.
    """

    values: np.ndarray
    channel: int | None
    asks: bool
    inches: float = _ROW_INCHES


def _rows(trials: Trials) -> Iterator[_Row]:
    inputs, targets = trials.inputs, trials.targets
    if trials.as_image:
        yield _Row(inputs, None, False, _IMAGE_INCHES)
    else:
        yield from (_Row(inputs, channel, False) for channel in range(inputs.shape[-1]))
    of_classes = _CLASS_INCHES * min(len(trials.classes), _MARKED_CLASSES / 2)
    yield from (_Row(targets, output, True, max(_ROW_INCHES, of_classes)) for output in range(targets.shape[-1]))


def _height(trials: Trials) -> float:
    """Height in inches that trials need."""
    return sum(row.inches for row in _rows(trials)) + _LABEL_INCHES


def _plot_trials(
    context: FigureContext, figure: FigureBase, trials: Trials, answers: Sequence[tuple[Any, np.ndarray]] = ()
) -> None:
    """Plot trials; ``answers`` are colour and outputs (T, m, N_out) of networks, drawn over the targets."""
    columns = min(SHOWN, trials.inputs.shape[1], *(outputs.shape[1] for _, outputs in answers))
    rows = list(_rows(trials))
    heights = [row.inches for row in rows]
    panels = figure.subplots(len(rows), columns, sharex=True, squeeze=False, height_ratios=heights)
    for line, row in zip(panels, rows, strict=True):
        style: Mapping[str, Any] = {"color": context.settings["median_colour" if row.asks else "dot_colour"]}
        shown = [row.values[:, :columns], *(outputs[:, :columns] for _, outputs in answers if row.asks)]
        for trial, axes in enumerate(line):
            if trials.due is not None and row.channel is not None:  # shade would change what an image shows
                _shade_due(axes, trials.due[:, trial], trials.step)
            if row.channel is None:
                _plot_image(axes, row.values[:, trial], trials.step)
            else:
                for colour, outputs in answers if row.asks else ():
                    _plot_line(axes, outputs[:, trial, row.channel], trials.step, color=colour)
                    style = {"color": "black", "ls": "--", "zorder": 3}
                _plot_line(axes, row.values[:, trial, row.channel], trials.step, **style)
                if row.asks and trials.classes:
                    _mark_classes(axes, trials.classes)
                else:
                    axes.axhline(0, color="0.85", lw=0.6, zorder=0)
                    axes.set_ylim(*_limits(shown if answers else [row.values]))
            axes.tick_params(labelleft=trial == 0)
        line[0].set_ylabel(_label(trials, row, "output" if answers else _TARGET))
    for trial, axes in enumerate(panels[-1]):
        axes.set_xlim(0, len(trials.inputs) * trials.step)
        if trials.time_step_ms is None:
            axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
        axes.set_xlabel(trials.time if columns == 1 else f"trial {trial + 1}, {trials.time}")
    figure.align_ylabels(panels[:, 0])


def _shade_due(axes: Axes, due: np.ndarray, step: float) -> None:
    """Shade the steps (T,) at which a decision is due."""
    edges = np.flatnonzero(np.diff(due.astype(int), prepend=0, append=0)) * step
    for start, stop in edges.reshape(-1, 2):
        axes.axvspan(start, stop, color=_DUE_COLOUR, lw=0, zorder=0)


def _mark_classes(axes: Axes, classes: Sequence[str]) -> None:
    """Mark classes on the vertical axis by their names; of many, some."""
    axes.set_ylim(-0.5, len(classes) - 0.5)
    every = -(-len(classes) // _MARKED_CLASSES)
    axes.set_yticks(range(0, len(classes), every), classes[::every])


def _plot_line(axes: Axes, values: np.ndarray, step: float, **style: Any) -> None:
    """Plot values (T,) as steps, with gaps where they are nan."""
    axes.stairs(values, np.arange(len(values) + 1) * step, baseline=None, lw=1.2, **style)


def _plot_image(axes: Axes, values: np.ndarray, step: float) -> None:
    """Show values (T, N_in) as an image: time to the right, darker is larger."""
    steps, channels = values.shape
    extent = (0, steps * step, 0.5, channels + 0.5)
    axes.imshow(values.T, aspect="auto", origin="lower", extent=extent, cmap="Greys", interpolation="nearest")


def _limits(shown: Sequence[np.ndarray]) -> tuple[float, float]:
    """Limits that fit all channels of what is shown, and 0."""
    low = min(0.0, *(float(np.nanmin(values)) for values in shown))
    high = max(0.0, *(float(np.nanmax(values)) for values in shown))
    margin = _MARGIN * (high - low or 1.0)
    return low - margin, high + margin


def _label(trials: Trials, row: _Row, of_targets: str) -> str:
    """Label of a row: the name of its input, or what it is and its number."""
    if row.channel is None:
        return f"{'pixels' if trials.time_step_ms is None else 'inputs'} {_SHADE}"
    if not row.asks and trials.channels:
        return trials.channels[row.channel].replace(" ", "\n", 1)
    what = of_targets if row.asks else "input"
    return what if row.values.shape[-1] == 1 else f"{what}\n{row.channel + 1}"
