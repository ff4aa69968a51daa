"""Figures as tests see them: their files, and the place of every text in the moment in which it is drawn."""

import itertools
import re

import numpy as np
import pytest
from matplotlib import pyplot as plt
from matplotlib.artist import Artist
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.collections import LineCollection, PathCollection, PolyCollection
from matplotlib.colors import to_rgba
from matplotlib.legend import Legend
from matplotlib.lines import Line2D
from matplotlib.markers import MarkerStyle
from matplotlib.patches import FancyBboxPatch, Polygon, Rectangle, StepPatch
from matplotlib.text import Text

from richlazy.figures import figure_files


class Drawing:
    """A figure as it was when its PNG was written: its files, and where its texts stood."""

    def __init__(self, files, figure, drawn, page):
        self.pdf, self.png = files
        self.page = page
        self.open_figures = plt.get_fignums()
        self.axes = [axes for axes in figure.axes if axes.get_visible()]
        ticks = {
            label
            for axes in self.axes
            for axis in (axes.xaxis, axes.yaxis)
            for tick in (*axis.majorTicks, *axis.minorTicks)
            for label in (tick.label1, tick.label2)
        }
        self.boxes = [
            (text.get_text().replace("\n", " "), text in ticks, box)
            for text, box in drawn.items()
            if text.get_text().strip()
        ]
        self.texts = [text.get_text() for text in drawn]
        legends = [legend for legend in figure.findobj(Legend) if legend.get_visible()]
        explained = {mark for legend in legends for mark in _marks(legend.findobj(Artist))}
        of_panels = (artist for axes in self.axes if axes.axison for artist in axes.get_children())
        # Lines on the ground, such as that at 0, lie below what is plotted.
        plotted = [one for one in of_panels if not isinstance(one, (Line2D, LineCollection)) or one.zorder > 1]
        self.unexplained = {mark for mark in _marks(plotted) if mark not in explained}

    def text(self):
        return "\n".join(self.texts)

    def code_names(self):
        """Words of texts that are names of the code: with underscores, but no formulas and no names of files."""
        words = (word for text in self.texts for word in re.sub(r"\$[^$]*\$", "", text).split())
        return {word for word in words if "_" in word and not re.search(r"\w\.\w", word)}

    def touching(self):
        """Pairs of words at ticks that leave no gap between them."""
        ticks = [(text, box) for text, is_tick, box in self.boxes if is_tick]
        pairs = itertools.combinations(ticks, 2)
        found = [(first, second, _overlap(box, other)) for (first, box), (second, other) in pairs]
        return [(first, second) for first, second, (width, height) in found if width > -1 and height > 1]

    def faults(self):
        """What keeps readers from reading it, by the kind of fault; empty for a good figure."""
        found = {
            "outside": self.outside(),
            "crossing": self.crossing(),
            "touching": self.touching(),
            "code names": self.code_names(),
            "without legend": self.unexplained,
        }
        return {kind: those for kind, those in found.items() if those}

    def outside(self):
        """Texts that are not whole inside the figure."""
        return [
            text
            for text, _, box in self.boxes
            if box.x0 < -1 or box.y0 < -1 or box.x1 > self.page.x1 + 1 or box.y1 > self.page.y1 + 1
        ]

    def crossing(self, ticks=False):
        """Pairs of texts that overlap: titles, labels, legends and notes with each other and with words at ticks.

        With ``ticks`` also those of two words at ticks.
        """
        return [
            (first, second)
            for (first, first_tick, box), (second, second_tick, other) in itertools.combinations(self.boxes, 2)
            if (ticks or not (first_tick and second_tick)) and min(_overlap(box, other)) > 1
        ]


MARKERS = {marker: MarkerStyle(marker) for marker in "oDx^s."}


def _marks(artists):
    """Shapes that artists draw: areas, lines by their dashes, markers by shape and filling."""
    for artist in artists:
        if not artist.get_visible():
            continue
        if isinstance(artist, Line2D) and len(artist.get_xdata()):
            if artist.get_linestyle() not in ("None", "none", ""):
                yield "line", artist.get_linestyle()
            if artist.get_marker() not in ("None", "none", "", None):
                yield "marker", artist.get_marker()
                yield "filling", _is_filled(artist.get_markerfacecolor(), artist.get_marker())
        elif isinstance(artist, StepPatch):
            yield "line", artist.get_linestyle().replace("solid", "-")
        elif isinstance(artist, LineCollection) and any(map(len, artist.get_segments())):
            yield "line", "-"
        elif isinstance(artist, PathCollection):
            marker = _marker_of(artist)
            if len(artist.get_offsets()):
                yield "marker", marker
                colours = artist.get_facecolors() if len(artist.get_facecolors()) else ["none"]
                yield from (("filling", _is_filled(colour, marker)) for colour in colours)
        elif isinstance(artist, (PolyCollection, Rectangle, Polygon)) and not _is_frame(artist):
            yield ("area",)


def _is_frame(artist):
    """Whether an artist is the ground of a panel, or of a legend, which are patches too."""
    return isinstance(artist, Rectangle | FancyBboxPatch) and artist.get_width() == artist.get_height() == 1


def _is_filled(colour, marker):
    return marker != "x" and not np.allclose(to_rgba(colour)[:3], 1) and to_rgba(colour)[3] > 0


def _marker_of(collection):
    vertices = collection.get_paths()[0].vertices
    for marker, style in MARKERS.items():
        own = style.get_path().transformed(style.get_transform()).vertices
        if own.shape == vertices.shape and np.allclose(own, vertices):
            return marker
    raise AssertionError("a marker that tests do not know")


def _overlap(first, second):
    """Width and height in pixels of what two boxes share."""
    return min(first.x1, second.x1) - max(first.x0, second.x0), min(first.y1, second.y1) - max(first.y0, second.y0)


def watch(draw):
    """The drawing that a function makes, which returns its files."""
    figures, drawn, pages = [], {}, []
    save, draw_text = figure_files.save, Text.draw

    def keep_figure(saved, *arguments):
        figures.append(saved)
        save(saved, *arguments)

    def keep_place(text, renderer, *arguments, **keywords):
        if isinstance(renderer, RendererAgg) and text.get_visible():
            drawn[text] = text.get_window_extent(renderer)
            pages.append(text.get_figure(root=True).bbox.frozen())
        draw_text(text, renderer, *arguments, **keywords)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(figure_files, "save", keep_figure)
        patch.setattr(Text, "draw", keep_place)
        files = draw()
    assert len(figures) == 1
    return Drawing(files, figures[0], drawn, pages[-1])
