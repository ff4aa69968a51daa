"""Figure of networks whose weight change is truncated."""

import hashlib

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt

from richlazy.figures import figure_files, truncation_figure
from richlazy.figures.figure_context import FigureContext
from richlazy.measures import low_rank_change
from richlazy.tables import truncation_table

SETTINGS = {"width_mm": 140, "font_size_pt": 7, "resolution_dpi": 60}


@pytest.fixture
def experiment():
    """Two tasks, two ranks of initial weights, three seeds; one run diverged."""
    rows, truncated = [], {}
    for task in ("2AF", "CXT"):
        for rank in (1, 300):
            for seed in range(3):
                run = f"{task}/{rank}/{seed}"
                rows.append({"run": run, "task": task, "rank": rank, "seed": seed, "converged": pd.NA,
                             "diverged": run == "CXT/1/2", "connectome": pd.NA})  # fmt: skip
                losses = (0.5 ** np.arange(26) * (1 + seed)).tolist()
                truncated[run] = {"ranks": list(range(26)), "losses": losses,
                                  "singular_values": (2.0 / np.arange(1, 31)).tolist()}  # fmt: skip
    return pd.DataFrame(rows), truncation_table.table(truncated)


def context(folder, name="a"):
    files = {suffix: folder / f"{name}.{suffix}" for suffix in ("pdf", "png")}
    return FigureContext("Title", SETTINGS, arms=["task"], compare="rank", **files)


def test_figure_has_a_column_for_each_arm_and_a_line_at_the_functional_share(experiment, tmp_path, monkeypatch):
    figures = []
    monkeypatch.setattr(figure_files, "save", lambda figure, *_: figures.append(figure))
    truncation_figure.plot(context(tmp_path), *experiment)
    panels = [axes for axes in figures[0].axes if axes.get_visible()]
    assert [axes.get_title() for axes in panels] == ["2AF", "CXT", "", ""]
    for axes in panels[:2]:
        lines = axes.get_lines()
        assert [line.get_label() for line in lines] == ["1", "300"]
        np.testing.assert_array_equal(lines[0].get_xdata(), np.arange(1, 26))
        np.testing.assert_allclose(lines[0].get_ydata(), 2 / np.arange(1, 26))
    for axes in panels[2:]:
        *lines, share = axes.get_lines()
        np.testing.assert_array_equal(share.get_ydata(), [0.05, 0.05])
        for line in lines:  # a loss over its own start does not see the seed
            np.testing.assert_allclose(line.get_ydata(), 0.5 ** np.arange(26))
    assert truncation_figure._FUNCTIONAL_SHARE == low_rank_change.FUNCTIONAL_SHARE
    plt.close(figures[0])  # which saving would have done


def test_equal_figures_are_equal_bytes(experiment, tmp_path):
    digests = set()
    for name in "ab":
        truncation_figure.plot(context(tmp_path, name), *experiment)
        files = (tmp_path / f"{name}.pdf", tmp_path / f"{name}.png")
        digests.add(tuple(hashlib.sha256(file.read_bytes()).hexdigest() for file in files))
    assert len(digests) == 1
