"""Charts of the page: a mark for each network, where its value is, in the library that the page carries."""

import copy

import numpy as np
import pytest
import vl_convert

from result_pages import described, runs
from richlazy.experiments import page_plan
from richlazy.pages import charts, networks
from richlazy.pages.networks import Asked

MEASURES = page_plan.measures()


def drawn(table, **changes):
    """Networks of an experiment, and marks of the first panel of its first measure, by kind."""
    asked = Asked(**described(**changes)["figure_1"])
    found = networks.of(asked, table, MEASURES["roles"])
    spec = copy.deepcopy(charts.charts(asked, found, MEASURES["labels"])[0]["spec"])
    mine = [row | {"jitter": 0} for row in found.rows if row["panel"] == found.panels[0]]
    medians = [row for row in found.medians if row["panel"] == found.panels[0]]
    spec |= {"width": 200, "datasets": {"networks": mine, "medians": medians}}
    marks: dict[str, list] = {}
    collect(vl_convert.vegalite_to_scenegraph(spec)["scenegraph"], marks)
    return found, marks


def collect(node, marks):
    """Items of the marks of a chart, by kind; those of axes have roles of their own."""
    if node.get("marktype") not in (None, "group") and node.get("role") == "mark":
        marks.setdefault(node["marktype"], []).extend(node["items"])
    for item in node.get("items", ()):
        collect(item, marks)


def test_each_network_has_a_dot_at_its_value_and_each_condition_a_bar_at_its_median():
    found, marks = drawn(runs(tasks=["2AF"]))
    dots = marks["symbol"]
    assert len(dots) == len(found.rows) == 6
    values = [row["kernel_alignment"] for row in found.rows]
    heights = [dot["y"] for dot in dots]
    assert np.corrcoef(values, heights)[0, 1] == pytest.approx(-1)  # pixels count downwards
    bars = sorted(bar["y"] for bar in marks["rule"])
    assert bars == pytest.approx(sorted(np.interp([0.01, 0.11], sorted(values), sorted(heights)[::-1])), abs=1e-6)


def test_a_panel_holds_its_own_networks_on_an_axis_that_all_share():
    table = runs()
    table.loc[table["task"] == "DMS", "kernel_alignment"] += 5
    found, marks = drawn(table)
    assert found.panels == ["2AF", "DMS"] and len(marks["symbol"]) == 6
    assert min(dot["y"] for dot in marks["symbol"]) > 100  # far below those of the other panel


def test_networks_that_did_not_reach_something_stand_at_the_upper_edge():
    table = runs(tasks=["2AF"])
    table.loc[0, "kernel_alignment"] = np.inf
    _, marks = drawn(table)
    assert len(marks["symbol"]) == 6
    assert [dot["shape"] for dot in marks["symbol"] if dot["y"] == 4] == ["triangle-up"]


def test_what_became_of_a_network_has_a_mark_of_its_own():
    table = runs(tasks=["2AF"])
    table.loc[0, "failed"] = True
    table.loc[1, "converged"] = False
    found, marks = drawn(table)
    assert [row["state"] for row in found.rows[:3]] == ["failed to learn", "not converged", "converged"]
    shapes = [dot["shape"] for dot in marks["symbol"]]
    assert shapes.count("circle") == 5 and len(set(shapes)) == 2
    assert sorted(dot["fillOpacity"] for dot in marks["symbol"])[0] < 0.1


def test_theory_is_a_diamond_at_the_median_of_what_it_says():
    table = runs(tasks=["2AF"]).assign(kernel_alignment_predicted=0.05)
    found, marks = drawn(table)
    assert [row["kernel_alignment_predicted"] for row in found.medians] == [0.05, 0.05]
    assert sum(dot["shape"] == "diamond" for dot in marks["symbol"]) == 2


def test_many_numbers_have_an_axis_of_numbers_and_a_line():
    found, marks = drawn(runs(conditions=tuple(range(8)), tasks=["2AF"]))
    assert found.numeric and len(marks["line"]) == 8
    assert marks["symbol"][-1]["x"] > marks["symbol"][0]["x"]


def test_an_overlaid_parameter_is_a_colour_and_no_panel():
    found, marks = drawn(runs(), options={"overlay": "task"})
    assert found.panels == [""] and found.overlay == "task"
    assert {dot["stroke"] for dot in marks["symbol"]} == {"var(--colour-0)", "var(--colour-1)"}
    assert charts.legend(found) == {"2AF": "var(--colour-0)", "DMS": "var(--colour-1)"}
    assert charts.legend(drawn(runs())[0]) == {}


def test_what_diverged_has_no_dot_but_of_times():
    table = runs(tasks=["2AF"]).assign(convergence_iterations=5.0)
    table.loc[0, ["diverged", "convergence_iterations"]] = [True, np.inf]
    found, marks = drawn(table, measures=["kernel_alignment", "convergence_iterations"])
    assert found.rows[0]["state"] == "diverged"
    assert (found.rows[0]["kernel_alignment"], found.rows[0]["convergence_iterations"]) == (None, "inf")
    assert len(marks["symbol"]) == 5


def test_hovering_names_seed_condition_values_and_path():
    asked = Asked(**described()["figure_1"])
    found = networks.of(asked, runs(), MEASURES["roles"])
    for chart in charts.charts(asked, found, MEASURES["labels"]):
        tooltip = {one["field"]: one["title"] for one in chart["spec"]["layer"][0]["encoding"]["tooltip"]}
        assert set(tooltip) == set(found.rows[0])
        assert tooltip["condition"] == "rank of initial weights" and tooltip["path"] == "network"
        assert tooltip["kernel_alignment"] == "tangent kernel alignment, all weights"


def test_the_table_in_words_has_a_row_for_each_panel_and_condition():
    asked = Asked(**described()["figure_1"])
    head, rows = networks.summary(networks.of(asked, runs(), MEASURES["roles"]), MEASURES["labels"], "rank")
    assert head[:3] == ["panel", "rank of initial weights", "networks"] and len(head) == len(rows[0])
    assert [row[:3] for row in rows] == [["2AF", "1", "3"], ["2AF", "30", "3"], ["DMS", "1", "3"], ["DMS", "30", "3"]]
