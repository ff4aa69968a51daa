"""What Snakemake is told once in place of looking it up for each job."""

import inspect
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import pytest
import smart_open
import snakemake.api
from snakemake import common
from snakemake.resources import Resource

from richlazy import look_ups


class Plan:
    def need(self, wildcards, attempt):
        return 100 * attempt

    def files(self, wildcards):
        return [f"{wildcards}.npy"]


@dataclass(frozen=True)
class RuleWithScript:
    script: Path
    basedir: None = None


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


def test_the_script_of_a_rule_is_looked_for_once_and_one_that_is_missing_is_told(looked_up, tmp_path):
    asked = []

    def opened(file):
        asked.append(file.get_filename())
        return Path(file.get_path_or_uri(secret_free=False)).open()

    def process(script):
        rule = RuleWithScript(tmp_path / script)
        processor.process_job(SimpleNamespace(rule=rule, is_script=True, wildcards=None, params=None))

    cache = SimpleNamespace(open=opened, exists=lambda file: True, get_path=lambda file: "")
    workflow = SimpleNamespace(sourcecache=cache)
    processor = snakemake.dag.ScriptProcessor(SimpleNamespace(workflow=workflow))
    for script in ("train.py", "measure.py"):
        (tmp_path / script).write_text("1\n")
    for script in ("train.py", "measure.py", "train.py", "measure.py"):
        process(script)
    assert asked == ["train.py", "measure.py"]
    with pytest.raises(FileNotFoundError, match=r"plot\.py"):
        process("plot.py")


def test_a_job_that_nobody_sees_is_not_described(monkeypatch):
    monkeypatch.setattr(snakemake.jobs.Job, "log_info", snakemake.jobs.Job.log_info)
    look_ups.describe_no_job()
    snakemake.jobs.Job.log_info(None, indent=True, printshellcmd=False)
