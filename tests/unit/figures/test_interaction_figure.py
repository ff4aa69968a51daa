"""The figure of interactions shows the differences that are tested, and says what the tests say."""

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt

from richlazy.figures import interaction_figure
from richlazy.figures.figure_context import FigureContext
from richlazy.statistics.interactions import interactions
from shipped import CONFIG

ARMS = ["task", "gain"]
SETTINGS = CONFIG["statistics"] | {"measures": ["change", "speed"], "censored": [], "of_failed": []}
GAINS = (0.5, 1.0, 1.5)


def runs_table(tasks=("CXT",), diverged=()):
    rng = np.random.default_rng(0)
    rows = [
        {"task": task, "gain": gain, "rank": rank, "seed": seed, "diverged": (gain, seed) in diverged, "failed": False,
         "converged": True, "connectome": None, "change": gain * (rank == 16) + 0.02 * rng.standard_normal() + seed,
         "speed": rng.standard_normal()}
        for task in tasks for gain in GAINS for rank in (1, 16) for seed in range(5)
    ]  # fmt: skip
    table = pd.DataFrame(rows)
    table.loc[table["diverged"], ["change", "speed"]] = np.nan
    return table.astype({"converged": "boolean", "connectome": "string"})


def drawn(runs, folder, monkeypatch):
    figures = []
    monkeypatch.setattr(plt, "close", figures.append)
    context = FigureContext(
        "A sweep", CONFIG["figures"] | {"resolution_dpi": 50}, folder / "page.png", folder / "page.pdf", ARMS, "rank",
        labels={"change": ("weight change", 0), "speed": ("speed", 1)}, roles={"censored": [], "of_failed": []},
    )  # fmt: skip
    tests = interactions(runs, ARMS, "rank", SETTINGS)
    interaction_figure.plot(context, runs, tests, 0.05)
    return figures[-1], tests


def test_panels_show_the_tested_differences(tmp_path, monkeypatch):
    runs = runs_table()
    figure, tests = drawn(runs, tmp_path, monkeypatch)
    change, speed = figure.axes
    by = runs.set_index(["rank", "seed", "gain"])["change"]
    expected = {tuple(by[16, seed, gain] - by[1, seed, gain] for gain in GAINS) for seed in range(5)}
    lines = change.lines[1:]  # after that at 0
    assert {tuple(line.get_ydata()) for line in lines[:-1]} == expected
    np.testing.assert_allclose(lines[-1].get_ydata(), np.median(list(expected), axis=0))
    assert [label.get_text() for label in speed.get_xticklabels()] == ["0.5", "1", "1.5"]
    # The effect on one measure grows with the gain in every seed, that on the other is noise.
    p = tests.set_index("measure")["p_holm"]
    assert p["change"] < 0.05 < p["speed"]
    assert lines[-1].get_markerfacecolor() != "white" == speed.lines[-1].get_markerfacecolor()
    assert f"τ = 1.00, p = {p['change']:.2g}, 5 seeds" in change.get_title()
    assert (change.get_ylabel(), speed.get_ylabel()) == ("weight change", "speed")
    assert (tmp_path / "page.png").stat().st_size > 0


@pytest.mark.parametrize("tasks", [("CXT",), ("2AF", "CXT", "DMS")])
def test_each_task_has_a_column_with_shared_axes_and_a_seed_that_diverged_has_no_line_there(
    tmp_path, monkeypatch, tasks
):
    figure, _ = drawn(runs_table(tasks, diverged={(1.0, 2)}), tmp_path, monkeypatch)
    assert len(figure.axes) == 2 * len(tasks)
    top = figure.axes[: len(tasks)]
    assert {axes.get_ylim() for axes in top} == {top[0].get_ylim()}
    for axes, task in zip(top, tasks, strict=True):
        assert (task in axes.get_title()) == (len(tasks) > 1) and "4 seeds" in axes.get_title()
