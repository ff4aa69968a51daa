"""The effect of rank over several experiments: its table, and its forest plot."""

import itertools

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt
from matplotlib.colors import to_hex

from drawings import watch
from richlazy.experiments import grids
from richlazy.figures import robustness, robustness_figure
from richlazy.figures.figure_context import FigureContext
from richlazy.measures import registry
from richlazy.storage import parquet
from shipped import CONFIG

SETTINGS = CONFIG["figures"] | {"resolution_dpi": 50}
LABELS = registry.labels(registry.TESTED)
MEASURES = ["weight_change_norm_recurrent", "representation_alignment", "kernel_alignment_recurrent"]


def trend(measure, effect, **others):
    row = {"n": 10, "excluded": 0, "unconverged": 0, "p_holm": 0.01, "effect": effect}
    return row | {"measure": measure, "interval_low": effect - 0.1, "interval_high": effect + 0.2} | others


def comparison(compare="rank", arms=("task",), title="Rank"):
    return {"title": title, "compare": compare, "arms": list(arms)}


def signs(measures):
    """Measures with the sign with which each grows where learning is lazier."""
    return {measure: LABELS[measure][1] for measure in measures}


def table_of(*rows, compare="rank", arms=("task",), measures=MEASURES):
    return robustness.robustness({"one": pd.DataFrame(rows)}, {"one": comparison(compare, arms)}, signs(measures))


@pytest.mark.parametrize(
    ("compare", "measure", "sign"),
    [
        ("rank", "weight_change_norm_recurrent", -1),
        ("rank", "representation_alignment", 1),
        ("decay_exponent", "weight_change_norm_recurrent", 1),
        ("decay_exponent", "kernel_alignment_recurrent", -1),
    ],
)
def test_right_is_lazier_at_higher_rank_whatever_is_measured_and_compared(compare, measure, sign):
    row = table_of(trend(measure, 0.4, task="2AF"), compare=compare).iloc[0]
    assert row["sign"] == sign and row["effect"] == pytest.approx(sign * 0.4)
    assert [row["interval_low"], row["interval_high"]] == pytest.approx(sorted([sign * 0.3, sign * 0.6]))
    assert row["interval_low"] < row["effect"] < row["interval_high"]


def test_measures_of_all_weights_stand_for_those_that_were_not_tested():
    found = table_of(
        trend("kernel_alignment", 0.9, task="MNIST"), trend("weight_change_norm", -0.5, task="MNIST"),
        trend("final_loss", 0.1, task="MNIST"),
    ).set_index("measure")  # fmt: skip
    assert list(found.index) == ["weight_change_norm_recurrent", "kernel_alignment_recurrent"]
    assert list(found["tested"]) == ["weight_change_norm", "kernel_alignment"]
    assert list(found["effect"]) == [0.5, 0.9]


def test_they_do_not_where_the_recurrent_weights_were_tested():
    found = table_of(trend("kernel_alignment", 0.9, task="2AF"), trend("kernel_alignment_recurrent", 0.2, task="2AF"))
    assert list(found["effect"]) == [0.2] and list(found["tested"]) == ["kernel_alignment_recurrent"]


def test_rows_keep_the_order_of_experiments_and_arms():
    rows = [trend(measure, 0.1, task=task) for task, measure in itertools.product(["Z", "A"], MEASURES[::-1])]
    trends = {name: pd.DataFrame(rows) for name in ("a", "z", "other")}
    found = robustness.robustness(trends, {"z": comparison(), "a": comparison(), "gone": comparison()}, signs(MEASURES))
    expected = itertools.product(["z", "a"], ["Z", "A"], MEASURES)
    assert list(found[["experiment", "arm", "measure"]].itertuples(index=False, name=None)) == list(expected)


def test_an_arm_is_named_by_what_tells_it_from_others_and_the_rest_stands_in_the_title():
    rows = [trend(MEASURES[1], 0.1, task="CXT", gain=gain) for gain in (0.5, 1.0)]
    found = table_of(*rows, arms=("task", "gain"))
    assert list(found["arm"]) == ["g = 0.5", "g = 1"] and set(found["title"]) == {"Rank (CXT)"}


def test_an_arm_without_one_of_the_parameters_has_its_row():
    rows = [trend(MEASURES[1], 0.1, task="CXT", leak="euler"), trend(MEASURES[1], 0.1, task="MNIST", leak=None)]
    assert list(table_of(*rows, arms=("task", "leak"))["arm"]) == ["CXT, euler", "MNIST"]


def test_without_trends_there_are_no_rows():
    empty = pd.DataFrame(columns=["task", "measure", "effect"])
    found = robustness.robustness({"one": empty}, {"one": comparison()}, signs(MEASURES))
    assert found.empty and list(found) == list(robustness.ROBUSTNESS_COLUMNS)


def test_panels_are_measures_that_say_which_side_is_lazier():
    assert robustness.panels(["stable_rank", "sign_similarity"], LABELS) == {"sign_similarity": 1}
    assert robustness.panels(["stable_rank"], LABELS) == signs(MEASURES)


def test_experiments_that_order_rank_are_found():
    found = grids.rank_comparisons(CONFIG, ["figure_1", "figure_2", "figure_3_b_condition_number", "figure_8"])
    assert {name: entry["compare"] for name, entry in found.items()} == {
        "figure_1": "rank",
        "figure_8": "decay_exponent",
    }
    assert found["figure_1"]["arms"] == ["task"]


# The figure


def synthetic(arms, experiments_=2, **others):
    """A table of as many arms in each of some experiments."""
    rng = np.random.default_rng(0)
    names = [f"experiment_{place}" for place in range(experiments_)]
    trends = {
        name: pd.DataFrame(
            [
                trend(measure, rng.uniform(-1, 1), task=f"task {arm}", **others)
                for arm in range(arms)
                for measure in MEASURES
            ]
        )
        for name in names
    }
    return robustness.robustness(trends, dict.fromkeys(names, comparison()), signs(MEASURES))


def drawn(rows, folder):
    return watch(lambda: _draw(rows, folder))


def _draw(rows, folder):
    files = folder / "figure.pdf", folder / "figure.png"
    context = FigureContext(robustness_figure.TITLE, SETTINGS, pdf=files[0], png=files[1], labels=LABELS)
    robustness_figure.plot(context, rows, MEASURES, CONFIG["statistics"])
    return files


def markers(axes):
    """Place, outline and filling of every marker of a panel."""
    return [
        (*np.asarray(one.get_offsets())[0], to_hex(one.get_edgecolors()[0]), to_hex(one.get_facecolors()[0]))
        for one in axes.collections
        if isinstance(one, mpl.collections.PathCollection)
    ]


def test_significant_effects_are_filled_and_reversed_ones_have_another_colour(tmp_path):
    rows = table_of(
        trend(MEASURES[1], 0.8, task="A"), trend(MEASURES[1], 0.2, task="B", p_holm=0.3),
        trend(MEASURES[1], -0.7, task="C"), trend(MEASURES[1], -0.1, task="D", p_holm=0.05),
        trend(MEASURES[1], -2e-17, task="E", p_holm=1.0),
    )  # fmt: skip
    drawing = drawn(rows, tmp_path)
    panel = next(axes for axes in drawing.axes if axes.get_title() == "representation\nalignment")
    blue, orange, grey, white = "#0072b2", "#d55e00", "#7f7f7f", "#ffffff"
    found = markers(panel)
    assert [place for place, *_ in found] == pytest.approx([0.8, 0.2, -0.7, -0.1, 0.0])
    assert [mark[2:] for mark in found] == [
        (blue, blue), (blue, white), (orange, orange), (orange, white), (grey, white),
    ]  # fmt: skip
    assert "neither: τ is 0 or not known" in drawing.texts
    heights = [mark[1] for mark in found]
    assert heights == sorted(heights) and panel.yaxis_inverted()


def test_squares_and_their_legend_are_those_of_all_weights(tmp_path):
    rows = table_of(trend("kernel_alignment", 0.9, task="MNIST"), trend(MEASURES[1], 0.9, task="MNIST"))
    drawing = drawn(rows, tmp_path)
    assert "square: of all weights" in drawing.text()
    (tmp_path / "other").mkdir()
    assert "square" not in drawn(rows[rows["tested"] == rows["measure"]], tmp_path / "other").text()


def test_arms_with_unconverged_or_missing_seeds_say_so(tmp_path):
    rows = table_of(
        trend(MEASURES[0], 0.1, task="A", n=9, excluded=1), trend(MEASURES[1], 0.1, task="A", unconverged=6),
        trend(MEASURES[1], 0.1, task="B", n=7),
    )  # fmt: skip
    words = [text.get_text() for text in drawn(rows, tmp_path).axes[0].texts]
    assert "9 to 10; 6 not converged; 1 left out" in words and "7" in words


@pytest.mark.parametrize(("arms", "count"), [(2, 2), (4, 20)])
def test_texts_are_inside_and_apart_with_few_rows_and_with_many(tmp_path, arms, count):
    drawing = drawn(synthetic(arms, count, unconverged=3, excluded=1), tmp_path)
    assert drawing.faults() == {}
    assert drawing.open_figures == []


def test_the_figure_grows_with_its_rows(tmp_path):
    heights = []
    for arms in (1, 5, 9):
        (tmp_path / str(arms)).mkdir()
        heights.append(plt.imread(drawn(synthetic(arms, 2), tmp_path / str(arms)).png).shape[0])
    line = SETTINGS["font_size_pt"] / 72 * 50
    assert heights[2] - heights[1] == pytest.approx(heights[1] - heights[0], abs=2)
    assert heights[1] - heights[0] >= 8 * 1.2 * line  # room for a line of text each


def test_without_rows_the_figure_says_so(tmp_path):
    drawing = drawn(synthetic(1)[:0], tmp_path)
    assert "no arm in which the rank has three values" in drawing.text() and drawing.outside() == []


def test_equal_tables_give_equal_bytes(tmp_path):
    rows, found = synthetic(3), []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        found.append([file.read_bytes() for file in _draw(rows, tmp_path / name)])
    assert found[0] == found[1]


def test_the_table_is_saved_with_the_meaning_of_its_columns(tmp_path):
    rows = synthetic(2)
    parquet.save_table(tmp_path / "robustness.parquet", rows, robustness.ROBUSTNESS_COLUMNS)
    pd.testing.assert_frame_equal(parquet.load_table(tmp_path / "robustness.parquet"), rows)
