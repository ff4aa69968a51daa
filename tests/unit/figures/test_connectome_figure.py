"""The page of a connectome: for every kind of source, the same bytes each time, and honest about a stand-in."""

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt
from matplotlib.image import AxesImage
from matplotlib.text import Text

from richlazy.connectome import assembly, cell_selection, synthetic_connectome
from richlazy.figures import connectome_figure
from richlazy.figures.figure_context import FigureContext
from shipped import CONFIG

SETTINGS = CONFIG["figures"] | {"resolution_dpi": 60}
TITLE = "v1_column: cells and synapses drawn with the published statistics of the MICrONS V1 column, as a heading"


def small(**columns):
    """Twelve cells, the last four inhibitory, with weights of both signs."""
    rng = np.random.default_rng(0)
    cells = assembly.cell_table({"cell": range(1, 13), "sign": [1] * 8 + [-1] * 4, **columns})
    weights = np.where(rng.random((12, 12)) < 0.4, rng.lognormal(8, 1, (12, 12)), 0) * cells["sign"].to_numpy(float)
    np.fill_diagonal(weights, 0)
    return cells, weights


@pytest.fixture(scope="module")
def cases():
    cells, synapses = synthetic_connectome.generate(0)
    rule = {"cells": 198, "by": "boundary", "boundary": "logistic", "between": ["23P", "4P"]}
    chosen, counts = cell_selection.select_cells(cells, None, rule)
    weights = assembly.weight_matrix(chosen, assembly.connections_from_synapses(synapses, cells))
    found = {"synthetic": (cells, chosen, counts, weights, {"source": "synthetic"})}
    several = {
        "plain": small(), "one depth": small(depth_um=np.full(12, 7.0)),
        "half known": small(cell_type=["a", "b"] * 3 + [None] * 6, depth_um=[None] * 6 + [5.0] * 6),
        "many types": small(cell_type=list("abcdefghijkl")),
    }  # fmt: skip
    plain, weights = several["plain"]
    several["excitatory"] = (plain.assign(sign=pd.array([1] * 12, dtype="Int8")), np.abs(weights))
    several["inhibitory"] = (plain.assign(sign=pd.array([-1] * 12, dtype="Int8")), -np.abs(weights))
    lone = np.zeros((12, 12))
    lone[1, 0] = 5.0
    several["one connection"] = (plain, lone)
    for name, (table, matrix) in several.items():
        found[name] = (
            table,
            table,
            cell_selection.select_cells(table, None, {"cells": 12, "by": "all"})[1],
            matrix,
            {"source": "file", "format": {"connections": "matrix"}},
        )
    return found


NAMES = ("synthetic", "plain", "one depth", "half known", "many types", "excitatory", "inhibitory", "one connection")


def draw(case, folder):
    context = FigureContext(TITLE, SETTINGS, pdf=folder / "page.pdf", png=folder / "page.png")
    connectome_figure.plot(context, *case)


@pytest.fixture(scope="module")
def drawn(cases, tmp_path_factory):
    """Draw a case once, and give its figure before it is closed, and its folder."""
    pages = {}

    def page(name):
        if name not in pages:
            folder = tmp_path_factory.mktemp("page")
            with pytest.MonkeyPatch.context() as patch:
                figures = []
                patch.setattr(plt, "close", figures.append)
                draw(cases[name], folder)
            pages[name] = (figures[-1], folder)
        return pages[name]

    yield page
    plt.close("all")


def texts(figure):
    return [text for text in figure.findobj(Text) if text.get_visible() and text.get_text().strip()]


@pytest.mark.parametrize("name", NAMES)
def test_every_source_has_a_page(drawn, name):
    figure, folder = drawn(name)
    assert (folder / "page.pdf").read_bytes().startswith(b"%PDF")
    assert (folder / "page.png").read_bytes().startswith(b"\x89PNG")
    # Nothing reaches beyond the page.
    drawing, (width, height) = figure.get_tightbbox(), figure.get_size_inches()
    assert drawing.x0 > -0.01 and drawing.y0 > -0.01 and drawing.x1 < width + 0.01 and drawing.y1 < height + 0.01


@pytest.mark.parametrize("name", ["synthetic", "plain"])
def test_the_note_stands_on_synthetic_pages_only(drawn, name):
    figure, _ = drawn(name)
    notes = [text for text in texts(figure) if text.get_text() == synthetic_connectome.NOTE]
    assert len(notes) == (1 if name == "synthetic" else 0)
    headings = [text for text in texts(figure) if text.get_text().replace("\n", " ") == TITLE]
    assert len(headings) == 1
    if notes:
        assert not notes[0].get_window_extent().overlaps(headings[0].get_window_extent())
        panels = [axes.get_tightbbox() for axes in figure.findobj(mpl.axes.Axes)]
        assert not any(notes[0].get_window_extent().overlaps(box) for box in panels)


def test_the_page_tells_border_stages_and_units(drawn, cases):
    said = " | ".join(text.get_text() for text in texts(drawn("synthetic")[0]))
    counts = cases["synthetic"][2]
    assert f"border {counts['boundary_um']:.0f} µm" in said
    assert "1,351 candidates → 1,351 with known sign → 1,351 with known depth → 198 chosen" in said
    for label in ("depth below the pia (µm)", "presynaptic partners per cell", "postsynaptic partners per cell",
                  "weight (summed synapse size, units of\nthe source)", "postsynaptic cell (198)"):  # fmt: skip
        assert label in said


@pytest.mark.parametrize("name", ["synthetic", "plain"])
def test_the_matrix_on_the_page_is_the_matrix(drawn, cases, name):
    _, chosen, _, weights, _ = cases[name]
    (image,) = [image for image in drawn(name)[0].findobj(AxesImage) if image.get_array().shape == weights.shape]
    order, groups = connectome_figure._ordered(chosen)
    assert sorted(order) == list(range(len(weights)))
    assert np.array_equal(np.asarray(image.get_array()), weights[np.ix_(order, order)])
    # Excitatory cells first, and each group in one piece.
    ordered = chosen.iloc[order]
    assert ordered["sign"].is_monotonic_decreasing
    assert sum(count for _, count in groups) == len(weights)
    if name == "synthetic":
        runs = (ordered["cell_type"] != ordered["cell_type"].shift(fill_value="")).sum()
        assert runs == len(groups) == chosen["cell_type"].nunique()
        for _, group in ordered.groupby("cell_type"):
            assert group["depth_um"].is_monotonic_increasing


def test_zero_is_white_and_signs_have_their_colours(drawn):
    figure, _ = drawn("plain")
    (image,) = [image for image in figure.findobj(AxesImage) if image.get_array().shape == (12, 12)]
    red, _, blue, _ = image.to_rgba(np.array([[1e4, 0.0, -1e4]]))[0, 0]
    assert red > blue
    assert image.to_rgba(np.array([[0.0]]))[0, 0, :3].min() > 0.95
    red, _, blue, _ = image.to_rgba(np.array([[-1e4]]))[0, 0]
    assert blue > red


def test_equal_input_gives_equal_bytes(cases, drawn, tmp_path):
    draw(cases["half known"], tmp_path)
    for kind in ("pdf", "png"):
        assert (tmp_path / f"page.{kind}").read_bytes() == (drawn("half known")[1] / f"page.{kind}").read_bytes()


@pytest.mark.parametrize(
    ("form", "said"),
    [
        (None, "summed synapse size, units of the source"),
        ({"connections": "edge_list", "weight": "s", "each_row": "synapse"},
         "summed synapse size, units of the source"),
        ({"connections": "edge_list", "weight": "n"}, "units of the source"),
        ({"connections": "edge_list", "weight": "n", "unit": "synapses"}, "synapses"),
        ({"connections": "edge_list", "each_row": "synapse"}, "number of synapses"),
        ({"connections": "edge_list"}, "number of rows of the edge list"),
    ],
)  # fmt: skip
def test_weights_are_named_as_they_are_declared(form, said):
    provenance = {"source": "file", "format": form} if form else {"source": "cave"}
    assert connectome_figure.unit_of_weights(provenance) == said


@pytest.mark.parametrize("without_outputs", ["keep", "drop"])
def test_cells_that_were_kept_without_a_sign_are_told(cases, tmp_path, monkeypatch, without_outputs):
    *case, provenance = cases["plain"]
    form = provenance["format"] | {"without_outputs": without_outputs}
    figures = []
    monkeypatch.setattr(plt, "close", figures.append)
    counts = {"cells_without_outputs_of_unknown_sign": 2}
    draw((*case, provenance | {"format": form, "counts": counts}), tmp_path)
    text = " ".join(part.get_text() for part in figures[-1].findobj(Text))
    assert ("2 candidates send nothing: their sign is unknown" in text) == (without_outputs == "keep")


@pytest.mark.parametrize("flipped", [0, 3])
def test_cells_of_both_signs_are_told(cases, tmp_path, monkeypatch, flipped):
    cells, chosen, counts, weights, provenance = cases["plain"]
    weights = np.abs(weights)
    for cell in np.flatnonzero((weights != 0).sum(axis=0) > 1)[:flipped]:
        weights[np.flatnonzero(weights[:, cell])[0], cell] *= -1
    figures = []
    monkeypatch.setattr(plt, "close", figures.append)
    draw((cells, chosen, counts, weights, provenance), tmp_path)
    text = " ".join(part.get_text() for part in figures[-1].findobj(Text))
    assert ("3 cells with outputs of both signs" in text) == bool(flipped)
