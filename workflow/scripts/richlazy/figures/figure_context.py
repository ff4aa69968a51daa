"""The page that a figure is drawn on: its heading, its conditions, its style and its files, in one object."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import matplotlib as mpl
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine, LayoutEngine

from richlazy import wording
from richlazy.figures import figure_files, figure_style, log_ticks

# Options of figures where an experiment does not say.
_USUAL: dict[str, Any] = {
    "x": "iterations",
    "loss_axes": "logarithmic",
    "show": "runs",
    "overlay": None,
    "normalise": (),
    "own_axes": False,
}


# Columns of text by which figures look things up, and which no figure shows as they are.
_IDENTITIES = {"run", "network", "probe", "connectome", "substitute", "measure", "swept", "quantity", "weights", "part"}


@dataclass(frozen=True)
class FigureContext:
    """What every figure needs to know besides its data.

    Attributes:
        title: heading of the figure.
        settings: group ``figures`` of the configuration, with the ``names`` of what it draws.
        png: PNG file to write.
        pdf: PDF file to write; None writes the PNG alone.
        arms: parameters that make the arms; each arm gets panels of its own.
        compare: the parameter whose values are compared within a panel; empty where a figure compares nothing.
        labels: label of each measure that is drawn, and the sign with which it grows where learning is lazier
            (``registry.labels``). They come with the job, so that the formula of a measure is no part of a figure.
        roles: measures that runs which failed or diverged have too (``registry.roles``), likewise.
        options: group ``figure`` of the experiment, what it asks of its figures; see ``option``.
    """

    title: str
    settings: Mapping[str, Any]
    png: str | Path
    pdf: str | Path | None = None
    arms: Sequence[str] = ()
    compare: str = ""
    labels: Mapping[str, tuple[str, int]] = field(default_factory=dict)
    roles: Mapping[str, Sequence[str]] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of_job(cls, job: Any, title: str = "") -> "FigureContext":
        """Context of a Snakemake job whose output has the names ``pdf`` and ``png``.

        Args:
            job: the object ``snakemake`` of a script; ``settings``, and where it has them ``title``, ``arms``,
                ``compare``, ``labels``, ``roles`` and ``options``, come from its params.
            title: heading where params has none.
        """
        params, output = job.params, job.output
        return cls(
            title=figure_style.as_written(params.get("title", title)),
            settings=params.settings,
            png=output.png,
            pdf=output.pdf,
            arms=params.get("arms", ()),
            compare=params.get("compare", ""),
            labels=params.get("labels", {}),
            roles=params.get("roles", {}),
            options=params.get("options", {}),
        )

    def name(self, value: Any) -> Any:
        """A value of a table as figures show it: names by ``figures.names``, or else with blanks in their words."""
        return wording.named(value, self.settings.get("names", {})) if isinstance(value, str) else value

    def named(self, table: pd.DataFrame) -> pd.DataFrame:
        """A table whose tasks, structures and other names are as figures show them; paths and numbers stay."""
        words = [name for name in table if name not in _IDENTITIES and not pd.api.types.is_numeric_dtype(table[name])]
        shown = {name: table[name].map(self.name, na_action="ignore") for name in words}
        if "connectome" in table:
            shown["connectome"] = table["connectome"].map(self._note, na_action="ignore")
        return table.assign(**shown)

    def _note(self, text: str) -> str:
        """What a table says of connectomes, with their names as figures show them."""
        parts = [note.partition(" (") for note in text.split("; ")]
        return "; ".join("".join((self.name(name), *rest)) for name, *rest in parts)

    def option(self, name: str) -> Any:
        """What the experiment asks of its figures (``experiment_models.Figure``), or what is usual."""
        return self.options.get(name, _USUAL[name])

    @property
    def width(self) -> float:
        """Width of the page in inches."""
        return self.settings["width_mm"] / figure_style.MM_PER_INCH

    @property
    def font_size(self) -> float:
        """Size of the letters in points."""
        return self.settings["font_size_pt"]

    def heading(self, table: pd.DataFrame) -> str:
        """Title of the figure, with what all arms of a table share."""
        return figure_style.heading(self.title, table, self.arms)

    @contextmanager
    def page(self, height: float, layout: str | LayoutEngine | None = "constrained") -> Iterator[Figure]:
        """Open an empty figure in the style of the project, and save it when the block ends without an error.

        Args:
            height: height in inches.
            layout: layout engine of matplotlib; None leaves every place to the caller.
        """
        with mpl.rc_context(figure_style.style(self.settings)):
            figure = plt.figure(figsize=(self.width, height), layout=layout)  # type: ignore[arg-type]
            try:
                yield figure
                log_ticks.label(figure)
                figure_files.save(figure, self.pdf, self.png, self.settings)
            finally:
                plt.close(figure)

    @contextmanager
    def page_with_footnote(self, height: float, runs: pd.DataFrame, *, lines_above: int = 0) -> Iterator[Figure]:
        """Open a page whose last line counts its runs.

        Args:
            height: height in inches.
            runs: runs of the figure.
            lines_above: lines that stay free above the footnote, from ``foot`` on.
        """
        foot = figure_style.foot(self.font_size, height, runs, lines_above)
        with self.page(height, ConstrainedLayoutEngine(rect=(0, foot, 1, 1 - foot))) as figure:
            yield figure
            figure_style.footnote(figure, runs)

    def foot(self, height: float, runs: pd.DataFrame) -> float:
        """Height of the footnote as a share of that of its page, which is in inches."""
        return figure_style.foot(self.font_size, height, runs)
