"""The context of a figure: from a job, and as a page that is saved when it is done."""

from types import SimpleNamespace

import matplotlib as mpl
import pandas as pd
import pytest
from matplotlib import pyplot as plt
from snakemake.iocontainers import Namedlist

from richlazy.figures.figure_context import FigureContext

SETTINGS = {"width_mm": 127, "font_size_pt": 9, "resolution_dpi": 40}


def job(folder, **params):
    """The object ``snakemake`` of a script, as far as a figure reads it."""
    output = Namedlist(fromdict={suffix: str(folder / f"figure.{suffix}") for suffix in ("pdf", "png")})
    return SimpleNamespace(params=Namedlist(fromdict={"settings": SETTINGS, **params}), output=output)


def test_a_job_gives_title_arms_compared_parameter_style_and_files(tmp_path):
    found = FigureContext.of_job(job(tmp_path, title="Ranks", arms=["task"], compare="rank"))
    files = {suffix: str(tmp_path / f"figure.{suffix}") for suffix in ("pdf", "png")}
    assert found == FigureContext("Ranks", SETTINGS, arms=["task"], compare="rank", **files)


def test_a_job_that_compares_nothing_gives_neither_arms_nor_parameter(tmp_path):
    found = FigureContext.of_job(job(tmp_path), title="Task flip_flop")
    assert (found.title, found.arms, found.compare) == ("Task flip_flop", (), "")


def test_a_table_is_shown_with_names_of_readers_and_paths_and_numbers_stay(tmp_path):
    names = {"svd_truncation": "truncated SVD", "flip_flop": "flip-flop", "v1_column": "V1 column"}
    context = FigureContext("Title", SETTINGS | {"names": names}, png=tmp_path / "figure.png")
    notes = ["v1_column (file): cells of V1 column_2 in a_1.npy; my_own (cave): b", None]
    table = pd.DataFrame(
        {
            "run": ["task~flip_flop/seed~0"] * 2, "task": ["flip_flop", "my_task"], "seed": [0, 1],
            "structure": pd.array(["svd_truncation", None], "string"), "timing_ms.delay": [10, 20],
            "entries": ["values_on_mask", "x"], "connectome": pd.array(notes, "string"), "measure": ["final_loss"] * 2,
        }
    )  # fmt: skip
    before = table.copy()
    shown = context.named(table)
    pd.testing.assert_frame_equal(table, before)
    assert shown["task"].tolist() == ["flip-flop", "my task"]
    assert shown["structure"].tolist()[0] == "truncated SVD" and shown["structure"].isna().tolist() == [False, True]
    assert shown["entries"].tolist() == ["values on mask", "x"]
    assert shown["connectome"].tolist()[0] == "V1 column (file): cells of V1 column_2 in a_1.npy; my own (cave): b"
    kept = ["run", "seed", "timing_ms.delay", "measure"]
    pd.testing.assert_frame_equal(shown[kept], before[kept])


def test_sizes_are_in_inches_and_points(tmp_path):
    context = FigureContext("Title", SETTINGS, png=tmp_path / "figure.png")
    assert context.width == 5 and context.font_size == 9


@pytest.mark.parametrize("with_pdf", [True, False])
def test_a_page_has_the_style_and_is_saved_when_it_is_done(tmp_path, with_pdf):
    png, pdf = tmp_path / "figure.png", tmp_path / "figure.pdf"
    before = mpl.rcParams["font.size"]
    context = FigureContext("Title", SETTINGS, png=png, pdf=pdf if with_pdf else None)
    with context.page(2.0) as figure:
        assert mpl.rcParams["font.size"] == 9 != before
        assert figure.get_size_inches().tolist() == [5, 2]
        assert not png.exists()
    assert png.read_bytes().startswith(b"\x89PNG") and pdf.exists() == with_pdf
    assert mpl.rcParams["font.size"] == before
    assert not plt.get_fignums()


def test_the_footnote_counts_the_runs_below_the_panels(tmp_path):
    runs = pd.DataFrame(
        {
            "diverged": [False, True, False, False],
            "converged": pd.array([True, False, False, False], "boolean"),
            "failed": [False, True, False, True],
            "connectome": None,
        }
    )
    context = FigureContext("Title", SETTINGS, png=tmp_path / "figure.png")
    with context.page_with_footnote(2.0, runs) as figure:
        axes = figure.subplots()
    (note,) = figure.texts
    assert note.get_text() == (
        "4 runs; 1 diverged; 1 failed to learn (these count only where a panel says so); 1 not converged"
    )
    assert note.get_window_extent().y1 < axes.get_tightbbox().y0


def test_a_page_that_cannot_be_drawn_is_not_saved(tmp_path):
    context = FigureContext("Title", SETTINGS, png=tmp_path / "figure.png")
    with pytest.raises(ZeroDivisionError), context.page(2.0):
        _ = 1 / 0
    assert not list(tmp_path.iterdir()) and not plt.get_fignums()
