"""What Snakemake is told once in place of looking it up for each job."""

import contextlib
import inspect
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

import pytest
import smart_open
import snakemake.api
from snakemake import common
from snakemake.exceptions import ChildIOException
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


@dataclass(frozen=True, eq=False)
class Hashable:
    inner: object

    def __getattr__(self, name):
        return getattr(self.inner, name)


@dataclass(frozen=True, order=True)
class OrderedJob:
    number: int
    output: list[str] = field(compare=False)


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


def test_which_rules_make_a_file_is_found_once(looked_up, monkeypatch):
    def made_by(name):
        product = SimpleNamespace(constant_prefix=lambda: f"{name}/", constant_suffix=lambda: ".npz")
        return SimpleNamespace(products=lambda: [product], is_producer=lambda file: asked.append(file) or "a~" in file)

    asked = []
    runs, trials = map(made_by, ("runs", "trials"))
    index = snakemake.output_index.OutputIndex([Hashable(runs), Hashable(trials)])
    for _ in range(2):
        assert [rule.inner for rule in index.match_producers("runs/a~1.npz")] == [runs]
        assert not index.match_producers("runs/b~1.npz")
        assert not index.match_producers("elsewhere/a~1.npz")
    assert asked == ["runs/a~1.npz", "runs/b~1.npz"]
    other = snakemake.output_index.OutputIndex([Hashable(trials)])
    assert not other.match_producers("runs/a~1.npz")


def test_the_environment_of_a_rule_is_found_without_the_params_of_its_jobs(looked_up):
    class Job:
        conda_env_spec = snakemake.jobs.Job.conda_env_spec
        params = property(lambda job: pytest.fail("params were looked at"))

        def __init__(self, rule):
            self.rule = rule

    asked = []
    rules = [
        Hashable(SimpleNamespace(expand_conda_env=lambda wildcards, own=own: asked.append(own) or own))
        for own in ("compute.yaml", None)
    ]
    for _ in range(2):
        assert [Job(rule).conda_env_spec for rule in rules] == ["compute.yaml", None]
    assert asked == ["compute.yaml", None]


@pytest.mark.parametrize(
    ("outputs", "fails"),
    [
        (["runs/a/network.npz", "runs/a.npz", "runs/ab/c.npz"], False),
        (["runs/a", "runs/a-b", "runs/a/b/c.npz"], True),
        (["/runs/a", "/runs/a/b.npz"], True),
        (["/runs/a", "runs/a/b.npz"], False),
    ],
)
def test_an_output_within_another_is_refused(looked_up, outputs, fails):
    dag = SimpleNamespace(jobs=[OrderedJob(number, [file]) for number, file in enumerate(outputs)])
    refused = pytest.raises(ChildIOException) if fails else contextlib.nullcontext()
    with refused:
        snakemake.dag.DAG.check_directory_outputs(dag)


def test_a_job_that_nobody_sees_is_not_described_and_the_resources_of_the_first_of_its_rule_are_looked_at(monkeypatch):
    job, scheduler = snakemake.jobs.Job, snakemake.scheduling.job_scheduler.JobScheduler
    for owner, name in ((job, "log_info"), (scheduler, "_free_resources")):
        monkeypatch.setattr(owner, name, getattr(owner, name))
    look_ups.tell_no_job()
    job.log_info(None, indent=True, printshellcmd=False)
    own = SimpleNamespace(resources={"_cores": 1})
    train, measure = Hashable("train"), Hashable("measure")
    for rule in (train, measure, train, measure):
        scheduler._free_resources(own, SimpleNamespace(rule=rule, scheduler_resources={"_cores": 10}))
    assert own.resources == {"_cores": 21}
