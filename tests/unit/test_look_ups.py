"""What Snakemake is told once in place of looking it up for each job."""

import inspect
from types import SimpleNamespace

import pytest
import smart_open
from snakemake import common
from snakemake.resources import Resource

from richlazy import look_ups


class Plan:
    def need(self, wildcards, attempt):
        return 100 * attempt

    def files(self, wildcards):
        return [f"{wildcards}.npy"]


def growing(need):
    def grown(wildcards, attempt):
        return need * attempt

    return grown


def rule(files, params, resources):
    of_input = [SimpleNamespace(_file=SimpleNamespace(callable=files)), SimpleNamespace(_file="plain.npy")]
    found = {name: Resource(name, value) for name, value in resources.items()}
    return SimpleNamespace(input=of_input, params=[params, "plain"], resources=found)


@pytest.fixture
def looked_up():
    plan, own = Plan(), growing(3)
    look_ups.once([rule(plan.files, own, {"mem_mb": plan.need, "gpu": 1}), rule(plan.files, own, {})])
    return plan, own


def test_parameters_of_functions_are_those_of_their_signature_without_looking(looked_up, monkeypatch):
    plan, own = looked_up
    functions = (plan.files, plan.need, own, Plan().need)
    expected = [list(inspect.signature(function).parameters) for function in functions]
    assert expected == [["wildcards"], ["wildcards", "attempt"], ["wildcards", "attempt"], ["wildcards", "attempt"]]
    monkeypatch.setattr(inspect, "signature", lambda function: pytest.fail(f"looked at {function}"))
    assert [list(common.get_function_params(function)) for function in functions] == expected
    given = {"attempt": 2, "threads": 1}
    assert common.get_input_function_aux_params(plan.need, given) == {"attempt": 2}
    assert Resource("mem_mb", plan.need).evaluate("w", **given).value == 200


def test_a_path_is_the_same_however_often_it_is_asked_for(looked_up):
    for path in ("data/a.npy", "/data/b.csv", "https://example.org/c.npz"):
        assert smart_open.parse_uri(path) is smart_open.parse_uri(path)
        assert smart_open.parse_uri(path) == smart_open.parse_uri.__wrapped__(path)


def test_what_a_function_of_snakemake_says_of_itself_stays(looked_up):
    def any_of_them(*given):
        return given

    common.overwrite_function_params(any_of_them, {"input": None})
    look_ups.once([rule(any_of_them, any_of_them, {})])
    assert common.get_function_params(any_of_them) == {"input": None}
