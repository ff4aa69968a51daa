"""Equal figures are equal bytes whatever the process did before: their layout does not see where memory was free."""

import random

import kiwisolver
import pandas as pd
import pytest
from matplotlib import _layoutgrid
from matplotlib import pyplot as plt
from matplotlib.layout_engine import ConstrainedLayoutEngine

from richlazy.figures import figure_files, figure_style


def disturbed_heap(rng):
    """Objects of many sizes, between which as many others were freed."""
    objects = [bytearray(rng.randrange(16, 600)) for _ in range(rng.randrange(4000))]
    rng.shuffle(objects)
    return objects[::2]


def order_of(variables):
    """Names of variables in the order in which the solver lists them, given to it backwards."""
    solver = kiwisolver.Solver()
    for each in reversed(variables):
        solver.addConstraint((each >= 1) | "weak")
    listed = solver.dumps().partition("Variables\n---------\n")[2].partition("\n\n")[0]
    return [line.partition(" = ")[0] for line in listed.splitlines()]


def test_variables_stand_in_the_order_that_the_solver_goes_by():
    kept = disturbed_heap(random.Random(0))
    variables = figure_files.variables_by_address(300)
    assert order_of(variables) == [each.name() for each in variables]
    assert len({each.name() for each in variables}) == 300
    # It is not the order in which they are made, or nothing here would be needed.
    plain = [kiwisolver.Variable(str(number)) for number in range(300)]
    assert order_of(plain) != [each.name() for each in plain]
    assert kept


@pytest.mark.parametrize("variables", [2000, 10])
def test_a_layout_with_more_variables_than_were_made_is_laid_out_as_well(variables, monkeypatch):
    monkeypatch.setattr(figure_files, "_VARIABLES", variables)
    figure, panels = plt.subplots(2, 3, figsize=(5, 3), layout=figure_files.RepeatableLayout())
    figure.draw_without_rendering()
    found = [axes.get_position().bounds for axes in panels.flat]
    figure.set_layout_engine("constrained")
    figure.draw_without_rendering()
    plt.close(figure)
    for bounds, axes in zip(found, panels.flat, strict=True):
        assert bounds == pytest.approx(axes.get_position().bounds, abs=1e-12)
    assert _layoutgrid.kiwi is kiwisolver


def test_every_constrained_figure_is_saved_with_that_layout(tmp_path, monkeypatch):
    laid_out = []
    monkeypatch.setattr(figure_files.RepeatableLayout, "execute", lambda layout, figure: laid_out.append(layout.get()))
    foot = figure_style.foot(7, 3, pd.DataFrame({"connectome": [pd.NA]}))
    engine = ConstrainedLayoutEngine(rect=(0, foot, 1, 1 - foot))
    figure, _ = plt.subplots(figsize=(2, 1), layout=engine)
    figure_files.save(figure, None, tmp_path / "a.png", {"resolution_dpi": 20})
    assert laid_out == [engine.get()]


@pytest.mark.parametrize(
    ("name", "value", "title"),
    [
        ("level", "aligned", "aligned"),  # of a contrast, whose compared parameter the figure names
        ("structure", "chain_over", "chain over"),
        ("gain", 1.5, "g = 1.5"),
        ("time_step_ms", 20.0, "step 20 ms"),
    ],
)
def test_a_value_stands_in_a_title_with_as_many_words_as_it_needs(name, value, title):
    assert figure_style.with_name(name, value) == title
