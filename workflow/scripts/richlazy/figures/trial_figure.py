"""Figures of trials of a task: what a network sees, what it should answer, and what trained networks do answer."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import FigureBase
from matplotlib.lines import Line2D

from richlazy.experiments import parameters
from richlazy.figures import figure_style
from richlazy.figures.figure_context import FigureContext

# Trials that are drawn, side by side.
SHOWN = 3
# More inputs than this become one image, with a line for each.
_LINES = 8
_ROW_INCHES, _IMAGE_INCHES, _LABEL_INCHES = 0.5, 1.4, 0.8
# Share of the range of values that stays free above and below them.
_MARGIN = 0.15
_TARGET = "target"


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


def plot(context: FigureContext, inputs: np.ndarray, targets: np.ndarray, time_step_ms: float) -> None:
    """Plot the first trials of a probe: a row for each input and each output, a column for each trial.

    Args:
        context: heading, style and files.
        inputs: (T, m, N_in).
        targets: (T, m, N_out); nan where no output is asked for, which leaves a gap.
        time_step_ms: duration of a step.
    """
    with context.page(_height(inputs, targets)) as figure:
        _plot_trials(context, figure, inputs, targets, time_step_ms)
        figure.suptitle(context.title)


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
    heights = [_height(of_task[0].inputs, of_task[0].targets) for of_task in tasks.values()]
    with context.page(sum(heights) + 0.3) as figure:
        parts = figure.subfigures(len(tasks), 1, height_ratios=heights, squeeze=False)[:, 0]
        for part, (task, of_task) in zip(parts, tasks.items(), strict=True):
            answers = [(colours[one.level], one.answers) for one in of_task]
            first = of_task[0]
            _plot_trials(context, part, first.inputs, first.targets, first.time_step_ms, answers)
            part.suptitle(figure_style.text_of(task), fontsize=context.font_size)
        handles = {figure_style.text_of(level): Line2D([], [], color=colour) for level, colour in colours.items()}
        handles[_TARGET] = Line2D([], [], color="black", lw=1.2, ls="--")
        figure.legend(
            list(handles.values()),
            list(handles),
            loc="outside right center",
            frameon=False,
            title=f"output by\n{parameters.label(context.compare)}",
        )
        figure.suptitle(context.title)


def _rows(inputs: np.ndarray, targets: np.ndarray) -> list[tuple[np.ndarray, int | None]]:
    """Rows of panels: values, and which of their channels; None for an image of all."""
    as_image = inputs.shape[-1] > _LINES
    channels: Iterable[int | None] = [None] if as_image else range(inputs.shape[-1])
    return [(inputs, channel) for channel in channels] + [(targets, output) for output in range(targets.shape[-1])]


def _heights(inputs: np.ndarray, targets: np.ndarray) -> list[float]:
    return [_IMAGE_INCHES if channel is None else _ROW_INCHES for _, channel in _rows(inputs, targets)]


def _height(inputs: np.ndarray, targets: np.ndarray) -> float:
    """Height in inches that trials need."""
    return sum(_heights(inputs, targets)) + _LABEL_INCHES


def _plot_trials(
    context: FigureContext,
    figure: FigureBase,
    inputs: np.ndarray,
    targets: np.ndarray,
    time_step_ms: float,
    answers: Sequence[tuple[Any, np.ndarray]] = (),
) -> None:
    """Plot trials; ``answers`` are colour and outputs (T, m, N_out) of networks, drawn over the targets."""
    columns = min(SHOWN, inputs.shape[1], *(outputs.shape[1] for _, outputs in answers))
    rows, heights = _rows(inputs, targets), _heights(inputs, targets)
    panels = figure.subplots(len(rows), columns, sharex=True, squeeze=False, height_ratios=heights)
    for line, (values, channel) in zip(panels, rows, strict=True):
        asks = values is targets
        style: Mapping[str, Any] = {"color": context.settings["median_colour" if asks else "dot_colour"]}
        shown = [values[:, :columns], *(outputs[:, :columns] for _, outputs in answers if asks)]
        for trial, axes in enumerate(line):
            if channel is None:
                _plot_image(axes, values[:, trial], time_step_ms)
            else:
                for colour, outputs in answers if asks else ():
                    _plot_line(axes, outputs[:, trial, channel], time_step_ms, color=colour)
                    style = {"color": "black", "ls": "--", "zorder": 3}
                _plot_line(axes, values[:, trial, channel], time_step_ms, **style)
                axes.set_ylim(*_limits(shown if answers else [values]))
            axes.tick_params(labelleft=trial == 0)
        name = ("output" if answers else _TARGET) if asks else "input"
        line[0].set_ylabel(_label(name, channel, values.shape[-1]))
    for trial, axes in enumerate(panels[-1]):
        axes.set_xlim(0, len(inputs) * time_step_ms)
        axes.set_xlabel("time (ms)" if columns == 1 else f"trial {trial + 1}, time (ms)")
    figure.align_ylabels(panels[:, 0])


def _plot_line(axes: Axes, values: np.ndarray, time_step_ms: float, **style: Any) -> None:
    """Plot values (T,) as steps, with gaps where they are nan."""
    axes.axhline(0, color="0.85", lw=0.6, zorder=0)
    axes.stairs(values, np.arange(len(values) + 1) * time_step_ms, baseline=None, lw=1.2, **style)


def _plot_image(axes: Axes, values: np.ndarray, time_step_ms: float) -> None:
    """Show values (T, N_in) as an image: time to the right, darker is larger."""
    steps, channels = values.shape
    extent = (0, steps * time_step_ms, 0.5, channels + 0.5)
    axes.imshow(values.T, aspect="auto", origin="lower", extent=extent, cmap="Greys", interpolation="nearest")


def _limits(shown: Sequence[np.ndarray]) -> tuple[float, float]:
    """Limits that fit all channels of what is shown, and 0."""
    low = min(0.0, *(float(np.nanmin(values)) for values in shown))
    high = max(0.0, *(float(np.nanmax(values)) for values in shown))
    margin = _MARGIN * (high - low or 1.0)
    return low - margin, high + margin


def _label(what: str, channel: int | None, count: int) -> str:
    if channel is None:
        return f"{what}s"
    return what if count == 1 else f"{what}\n{channel + 1}"
