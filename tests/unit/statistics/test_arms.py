"""Arms of an experiment, against their definition."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from richlazy.experiments import parameters
from richlazy.statistics import strata


@st.composite
def key_lists(draw):
    """Values of up to three parameters for some rows; None where a parameter makes no difference."""
    width = draw(st.integers(0, 3))
    return draw(st.lists(st.tuples(*[st.sampled_from([None, 0, 1])] * width), max_size=8))


def is_free_form_of(general, special):
    """Whether some values of a key, replaced by None, give another key."""
    return all(one is None or one == other for one, other in zip(general, special, strict=True))


@given(key_lists())
def test_arms_are_the_keys_that_leave_least_open_and_hold_every_row_that_agrees(keys):
    found = strata.assign(keys)
    for key in keys:
        leaves_more_open = any(other != key and is_free_form_of(key, other) for other in keys)
        assert (key in found) != leaves_more_open
    assert set(found) <= set(keys)
    for arm, places in found.items():
        assert places == [place for place, key in enumerate(keys) if is_free_form_of(key, arm)]


@given(key_lists())
def test_every_row_has_an_arm_and_a_row_without_nulls_exactly_one(keys):
    found = strata.assign(keys)
    for place, key in enumerate(keys):
        count = sum(place in places for places in found.values())
        assert count >= 1
        if None not in key:
            assert count == 1
            assert place in found[key]


@given(key_lists())
def test_arms_stand_in_the_order_of_their_first_row_of_their_own(keys):
    assert list(strata.assign(keys)) == sorted(strata.assign(keys), key=keys.index)


def test_without_parameters_all_rows_are_one_arm():
    assert strata.assign([(), (), ()]) == {(): [0, 1, 2]}
    assert strata.of([{"a": 1}, {"a": 2}], []) == [({}, [0, 1])]
    assert strata.assign([]) == {}


@pytest.mark.parametrize("missing", [None, pd.NA, float("nan"), np.nan, np.float64("nan")], ids=repr)
def test_unstructured_weights_stand_beside_each_way_of_matching(missing):
    rows = [
        {"task": "CXT", "matching": missing},
        {"task": "CXT", "matching": "frobenius"},
        {"task": "CXT", "matching": "leading_eigenvalue"},
        {"task": "2AF", "matching": missing},
    ]
    assert strata.of(rows, ["task", "matching"]) == [
        ({"task": "CXT", "matching": "frobenius"}, [0, 1]),
        ({"task": "CXT", "matching": "leading_eigenvalue"}, [0, 2]),
        ({"task": "2AF", "matching": None}, [3]),
    ]


def test_a_null_is_never_taken_for_a_value():
    rows = [{"rank": None, "gain": 1.0}, {"rank": 30, "gain": 1.5}]
    assert strata.of(rows, ["rank", "gain"]) == [({"rank": None, "gain": 1.0}, [0]), ({"rank": 30, "gain": 1.5}, [1])]


@pytest.mark.parametrize("value", [0, 0.0, "", False, "nan", float("inf"), np.int64(0), np.str_("x"), ()], ids=repr)
def test_what_is_there_is_not_missing(value):
    assert not parameters.is_missing(value)


@pytest.mark.parametrize("value", [None, pd.NA, float("nan"), np.float64("nan"), np.float32("nan"), pd.NaT], ids=repr)
def test_what_is_missing_is_missing(value):
    assert parameters.is_missing(value)
