"""Figures of trials that ask for numbers over time: what a network sees, and what is asked of it."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

from richlazy.figures import figure_style
from richlazy.figures.figure_style import MM_PER_INCH

# Trials that are drawn, side by side.
SHOWN = 3
# More inputs than this are shown as an image, one line of it for each.
_LINES = 8
_ROW_INCHES, _IMAGE_INCHES = 0.5, 1.4
# Share of the range of values that stays free above and below them.
_MARGIN = 0.15


def draw(
    inputs: np.ndarray,
    targets: np.ndarray,
    time_step_ms: float,
    title: str,
    settings: Mapping[str, Any],
    pdf: str | Path,
    png: str | Path,
) -> None:
    """Draw the first trials of a probe: a row for each input and each output, a column for each trial.

    Args:
        inputs: (T, m, N_in).
        targets: (T, m, N_out); where they are nan, no output is asked for, and nothing is drawn.
        time_step_ms: duration of a step.
        title: heading of the figure.
        settings: group ``figures`` of the configuration.
        pdf, png: where it is written.
    """
    columns = min(SHOWN, inputs.shape[1])
    as_image = inputs.shape[-1] > _LINES
    channels: Iterable[int | None] = [None] if as_image else range(inputs.shape[-1])
    rows = [(inputs, channel) for channel in channels] + [(targets, output) for output in range(targets.shape[-1])]
    heights = [_IMAGE_INCHES if channel is None else _ROW_INCHES for _, channel in rows]
    with mpl.rc_context(figure_style.style(settings)):
        size = (settings["width_mm"] / MM_PER_INCH, sum(heights) + 0.8)
        figure, panels = plt.subplots(
            len(rows), columns, sharex=True, squeeze=False, figsize=size, layout="constrained",
            height_ratios=heights,
        )  # fmt: skip
        for line, (values, channel) in zip(panels, rows, strict=True):
            asks = values is targets
            colour = settings["median_colour" if asks else "dot_colour"]
            for trial, axes in enumerate(line):
                if channel is None:
                    _draw_image(axes, values[:, trial], time_step_ms)
                else:
                    _draw_line(axes, values[:, trial, channel], time_step_ms, colour)
                    axes.set_ylim(*_limits(values))
                axes.tick_params(labelleft=trial == 0)
            line[0].set_ylabel(_label("target" if asks else "input", channel, values.shape[-1]))
        for trial, axes in enumerate(panels[-1]):
            axes.set_xlim(0, len(inputs) * time_step_ms)
            axes.set_xlabel("time (ms)" if columns == 1 else f"trial {trial + 1}, time (ms)")
        figure.suptitle(title)
        figure.align_ylabels(panels[:, 0])
        figure_style.save(figure, pdf, png, settings)


def _draw_line(axes: Axes, values: np.ndarray, time_step_ms: float, colour: str) -> None:
    """Values (T,) as steps, with gaps where they are nan."""
    axes.axhline(0, color="0.85", lw=0.6, zorder=0)
    axes.stairs(values, np.arange(len(values) + 1) * time_step_ms, baseline=None, color=colour, lw=1.2)


def _draw_image(axes: Axes, values: np.ndarray, time_step_ms: float) -> None:
    """Values (T, N_in) as an image, darker where they are larger, time to the right."""
    steps, channels = values.shape
    extent = (0, steps * time_step_ms, 0.5, channels + 0.5)
    axes.imshow(values.T, aspect="auto", origin="lower", extent=extent, cmap="Greys", interpolation="nearest")


def _limits(values: np.ndarray) -> tuple[float, float]:
    """Limits of the axes of all channels of inputs or targets, 0 among them."""
    low, high = min(0.0, float(np.nanmin(values))), max(0.0, float(np.nanmax(values)))
    margin = _MARGIN * (high - low or 1.0)
    return low - margin, high + margin


def _label(what: str, channel: int | None, count: int) -> str:
    if channel is None:
        return f"{what}s"
    return what if count == 1 else f"{what}\n{channel + 1}"
