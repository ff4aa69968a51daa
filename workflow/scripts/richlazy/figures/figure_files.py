"""Files of figures: the same bytes for the same figure, and small enough for a repository."""

import io
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import kiwisolver
import numpy as np
from matplotlib import _layoutgrid
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from PIL import Image

from richlazy.storage import array_io

# Numbers of colours of a PNG: the first with which it has at most this many bytes, or else the last.
_PALETTES, _PNG_BYTES = (64, 32, 16), 100_000

# Variables of a layout: six for each row and each column of each grid, so this is more than any figure has.
_VARIABLES = 2000


def save(figure: Figure, pdf: str | Path | None, png: str | Path, settings: Mapping[str, Any]) -> None:
    """Write both files, or PNG alone, without dates, so that equal figures are equal bytes.

    A PNG has a palette, so that it is small enough for a repository.
    """
    engine = figure.get_layout_engine()
    if isinstance(engine, ConstrainedLayoutEngine):
        figure.set_layout_engine(RepeatableLayout(**engine.get()))
    if pdf is not None:
        with array_io.atomic(pdf) as temporary:
            figure.savefig(temporary, metadata={"CreationDate": None})
    content = io.BytesIO()
    figure.savefig(content, format="png", dpi=settings["resolution_dpi"])
    with array_io.atomic(png) as temporary:
        temporary.write_bytes(_with_palette(content, settings["resolution_dpi"]))
    plt.close(figure)


def _with_palette(content: io.BytesIO, dpi: int) -> bytes:
    """A PNG in its most frequent colours; each other colour becomes the nearest of them."""
    pixels = np.asarray(Image.open(content).convert("RGB"))
    packed = pixels.astype(np.uint32) @ np.array([1 << 16, 1 << 8, 1], np.uint32)
    colours, places, counts = np.unique(packed, return_inverse=True, return_counts=True)
    channels = np.stack([colours >> 16, colours >> 8 & 255, colours & 255], axis=1).astype(np.int32)
    by_frequency = channels[np.argsort(-counts, kind="stable")]
    found = io.BytesIO()
    for count in _PALETTES:
        kept, nearest = by_frequency[:count], np.zeros(len(channels), np.int32)
        distances = np.full(len(channels), 1 << 30)
        for place, colour in enumerate(kept):
            distance = ((channels - colour) ** 2).sum(axis=1)
            nearest[distance < distances] = place
            distances = np.minimum(distances, distance)
        reduced = Image.fromarray(nearest[places].reshape(packed.shape).astype(np.uint8), "P")
        reduced.putpalette(kept.astype(np.uint8).tobytes())
        found = io.BytesIO()
        reduced.save(found, "png", optimize=True, dpi=(dpi, dpi))
        if found.tell() <= _PNG_BYTES:
            break
    return found.getvalue()


class RepeatableLayout(ConstrainedLayoutEngine):
    """Constrained layout that depends on nothing but the figure.

    The solver adds up its terms in the order of the addresses of its variables in memory. Where a process has freed
    memory before, addresses do not rise, and sums differ in their last bit from those of other processes: too little
    for a PDF, enough to round a text to another pixel. Here each layout takes variables whose addresses do rise.
    """

    def execute(self, fig: Figure) -> None:
        """Lay out a figure with variables in the order of their addresses."""
        rising = iter(variables_by_address(_VARIABLES))

        def variable(name: str) -> kiwisolver.Variable:
            chosen = next(rising, None)
            if chosen is None:
                return kiwisolver.Variable(name)
            chosen.setName(name)
            return chosen

        grids: Any = _layoutgrid  # the one place where matplotlib makes variables
        original = grids.kiwi
        grids.kiwi = SimpleNamespace(**vars(kiwisolver) | {"Variable": variable})
        try:
            super().execute(fig)
        finally:
            grids.kiwi = original


def variables_by_address(count: int) -> list[kiwisolver.Variable]:
    """New variables of the solver, in the order of their addresses: that in which it lists those of a problem."""
    variables = {str(number): kiwisolver.Variable(str(number)) for number in range(count)}
    solver = kiwisolver.Solver()
    for each in variables.values():
        solver.addConstraint((each == 0) | "weak")
    listed = solver.dumps().partition("Variables\n---------\n")[2].partition("\n\n")[0]
    return [variables[line.partition(" = ")[0]] for line in listed.splitlines()]
