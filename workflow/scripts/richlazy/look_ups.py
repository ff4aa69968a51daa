"""What Snakemake does for each job and need not: planning 12,000 jobs takes a third less time without.

This module imports Snakemake, and is for its own process alone. It changes nothing of what Snakemake finds.
"""

import functools
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import smart_open
import snakemake.api
from snakemake import output_index
from snakemake.common import get_function_params, overwrite_function_params
from snakemake.resources import Resource

Rule = Any


def once(rules: Iterable[Rule]) -> None:
    """Look up once what does not hang on the job.

    These are what functions of rules take, what a path is and which rules make it, whether the script of a rule can be
    read, its environment of conda, and whether an output can hold another.
    """
    functions = {id(function): function for rule in rules for function in _functions(rule)}
    for function in (*functions.values(), Resource("any", 0).evaluate):
        # A method has what its function has.
        overwrite_function_params(getattr(function, "__func__", function), get_function_params(function))
    if not hasattr(smart_open.parse_uri, "cache_info"):
        smart_open.parse_uri = functools.cache(smart_open.parse_uri)
        scripts = snakemake.dag.ScriptProcessor
        scripts.process_job = _first_of_each_rule(scripts.process_job)
        makers = output_index.OutputIndex
        makers.match_producers = functools.cache(makers.match_producers)
        # No rule names it by a wildcard, which Snakemake fills in only after all params of a job.
        environment = functools.cache(lambda rule: rule.expand_conda_env({}))
        snakemake.jobs.Job.conda_env_spec = property(lambda job: environment(job.rule))
        dag = snakemake.dag.DAG
        dag.check_directory_outputs = _only_where_one_holds_another(dag.check_directory_outputs)


def tell_no_job() -> None:
    """Leave out what a dry-run says of each job and what it takes, where nobody sees it, as with ``--quiet rules``.

    The resources of the first job of each rule are looked at still, so that what is wrong with them is told.
    """
    snakemake.jobs.Job.log_info = lambda job, indent=False, printshellcmd=True: None
    scheduler = snakemake.scheduling.job_scheduler.JobScheduler
    scheduler._free_resources = _first_of_each_rule(scheduler._free_resources)


def _first_of_each_rule(treat: Callable[[Any, Any], None]) -> Callable[[Any, Any], None]:
    """Do for the first job of a rule what is the same for all: no script, say, has a wildcard in its name."""
    seen: set[Rule] = set()

    def treat_first(owner: Any, job: Any) -> None:
        if job.rule not in seen:
            seen.add(job.rule)
            treat(owner, job)

    return treat_first


def _only_where_one_holds_another(check: Callable[[Any], None]) -> Callable[[Any], None]:
    """Compare outputs as paths, sorted, only where one of them is a folder of another by name."""

    def check_if_any(dag: Any) -> None:
        outputs = {str(file) for job in dag.jobs for file in job.output}
        if not outputs.isdisjoint(_folders(outputs)):
            check(dag)

    return check_if_any


def _folders(files: Iterable[str]) -> set[str]:
    """All folders of some files, up to the first."""
    found: set[str] = set()
    for file in files:
        folder = _folder(file)
        while folder and folder not in found:
            found.add(folder)
            folder = _folder(folder)
    return found


def _folder(path: str) -> str:
    return path.rpartition("/")[0]


def _functions(rule: Rule) -> Iterator[Callable[..., Any]]:
    """Functions that give input, params and resources of a rule."""
    for item in (*rule.input, *rule.params):
        function = getattr(getattr(item, "_file", item), "callable", item)
        if callable(function):
            yield function
    yield from (one._evaluator for one in rule.resources.values() if one._evaluator is not None)
