"""Figures as tests see them: their files, and the place of every text in the moment in which it is drawn."""

import itertools

import pytest
from matplotlib import pyplot as plt
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.text import Text

from richlazy.figures import figure_style


class Drawing:
    """A figure as it was when its PNG was written: its files, and where its texts stood."""

    def __init__(self, files, figure, drawn, page):
        self.pdf, self.png = files
        self.page = page
        self.open_figures = plt.get_fignums()
        self.axes = [axes for axes in figure.axes if axes.get_visible()]
        schematic = {text for axes in figure.axes if not axes.axison for text in axes.findobj(Text)}
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
            if text.get_text().strip() and text not in schematic
        ]
        self.texts = [text.get_text() for text in drawn]

    def text(self):
        return "\n".join(self.texts)

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


def _overlap(first, second):
    """Width and height in pixels of what two boxes share."""
    return min(first.x1, second.x1) - max(first.x0, second.x0), min(first.y1, second.y1) - max(first.y0, second.y0)


def watch(draw):
    """The drawing that a function makes, which returns its files."""
    figures, drawn, pages = [], {}, []
    save, draw_text = figure_style.save, Text.draw

    def keep_figure(saved, *arguments):
        figures.append(saved)
        save(saved, *arguments)

    def keep_place(text, renderer, *arguments, **keywords):
        if isinstance(renderer, RendererAgg) and text.get_visible():
            drawn[text] = text.get_window_extent(renderer)
            pages.append(text.get_figure(root=True).bbox.frozen())
        draw_text(text, renderer, *arguments, **keywords)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(figure_style, "save", keep_figure)
        patch.setattr(Text, "draw", keep_place)
        files = draw()
    assert len(figures) == 1
    return Drawing(files, figures[0], drawn, pages[-1])
