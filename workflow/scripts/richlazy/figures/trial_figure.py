"""Figure of trials of a task with numbers over time: what a network sees, and what it should answer."""

from collections.abc import Iterable

import numpy as np
from matplotlib.axes import Axes

from richlazy.figures.figure_context import FigureContext

# Trials that are drawn, side by side.
SHOWN = 3
# More inputs than this become one image, with a line for each.
_LINES = 8
_ROW_INCHES, _IMAGE_INCHES = 0.5, 1.4
# Share of the range of values that stays free above and below them.
_MARGIN = 0.15


def plot(context: FigureContext, inputs: np.ndarray, targets: np.ndarray, time_step_ms: float) -> None:
    """Plot the first trials of a probe: a row for each input and each output, a column for each trial.

    Args:
        context: heading, style and files.
        inputs: (T, m, N_in).
        targets: (T, m, N_out); nan where no output is asked for, which leaves a gap.
        time_step_ms: duration of a step.
    """
    columns = min(SHOWN, inputs.shape[1])
    as_image = inputs.shape[-1] > _LINES
    channels: Iterable[int | None] = [None] if as_image else range(inputs.shape[-1])
    rows = [(inputs, channel) for channel in channels] + [(targets, output) for output in range(targets.shape[-1])]
    heights = [_IMAGE_INCHES if channel is None else _ROW_INCHES for _, channel in rows]
    with context.page(sum(heights) + 0.8) as figure:
        panels = figure.subplots(len(rows), columns, sharex=True, squeeze=False, height_ratios=heights)
        for line, (values, channel) in zip(panels, rows, strict=True):
            asks = values is targets
            colour = context.settings["median_colour" if asks else "dot_colour"]
            for trial, axes in enumerate(line):
                if channel is None:
                    _plot_image(axes, values[:, trial], time_step_ms)
                else:
                    _plot_line(axes, values[:, trial, channel], time_step_ms, colour)
                    axes.set_ylim(*_limits(values))
                axes.tick_params(labelleft=trial == 0)
            line[0].set_ylabel(_label("target" if asks else "input", channel, values.shape[-1]))
        for trial, axes in enumerate(panels[-1]):
            axes.set_xlim(0, len(inputs) * time_step_ms)
            axes.set_xlabel("time (ms)" if columns == 1 else f"trial {trial + 1}, time (ms)")
        figure.suptitle(context.title)
        figure.align_ylabels(panels[:, 0])


def _plot_line(axes: Axes, values: np.ndarray, time_step_ms: float, colour: str) -> None:
    """Plot values (T,) as steps, with gaps where they are nan."""
    axes.axhline(0, color="0.85", lw=0.6, zorder=0)
    axes.stairs(values, np.arange(len(values) + 1) * time_step_ms, baseline=None, color=colour, lw=1.2)


def _plot_image(axes: Axes, values: np.ndarray, time_step_ms: float) -> None:
    """Show values (T, N_in) as an image: time to the right, darker is larger."""
    steps, channels = values.shape
    extent = (0, steps * time_step_ms, 0.5, channels + 0.5)
    axes.imshow(values.T, aspect="auto", origin="lower", extent=extent, cmap="Greys", interpolation="nearest")


def _limits(values: np.ndarray) -> tuple[float, float]:
    """Limits that fit all channels of inputs or targets, and 0."""
    low, high = min(0.0, float(np.nanmin(values))), max(0.0, float(np.nanmax(values)))
    margin = _MARGIN * (high - low or 1.0)
    return low - margin, high + margin


def _label(what: str, channel: int | None, count: int) -> str:
    if channel is None:
        return f"{what}s"
    return what if count == 1 else f"{what}\n{channel + 1}"
