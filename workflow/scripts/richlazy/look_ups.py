"""What Snakemake does for each job and need not: planning 12,000 jobs takes a third less time without.

This module imports Snakemake, and is for its own process alone. It changes nothing of what Snakemake finds.
"""

import functools
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import smart_open
import snakemake.api
from snakemake.common import get_function_params, overwrite_function_params
from snakemake.resources import Resource

Rule = Any


def once(rules: Iterable[Rule]) -> None:
    """Look up once what functions of rules take, what a path is, and whether the script of a rule can be read."""
    functions = {id(function): function for rule in rules for function in _functions(rule)}
    for function in (*functions.values(), Resource("any", 0).evaluate):
        # A method has what its function has.
        overwrite_function_params(getattr(function, "__func__", function), get_function_params(function))
    if not hasattr(smart_open.parse_uri, "cache_info"):
        smart_open.parse_uri = functools.cache(smart_open.parse_uri)
        scripts = snakemake.dag.ScriptProcessor
        scripts.process_job = _first_of_each_rule(scripts.process_job)


def describe_no_job() -> None:
    """Leave out what a dry-run says of each job where nobody sees it, as with ``--quiet rules``."""
    snakemake.jobs.Job.log_info = lambda job, indent=False, printshellcmd=True: None


def _first_of_each_rule(process_job: Callable[[Any, Any], None]) -> Callable[[Any, Any], None]:
    """Do for the first job of a rule what is the same for all of them: no script has a wildcard in its name."""
    seen: set[Rule] = set()

    def process_first(processor: Any, job: Any) -> None:
        if job.rule not in seen:
            seen.add(job.rule)
            process_job(processor, job)

    return process_first


def _functions(rule: Rule) -> Iterator[Callable[..., Any]]:
    """Functions that give input, params and resources of a rule."""
    for item in (*rule.input, *rule.params):
        function = getattr(getattr(item, "_file", item), "callable", item)
        if callable(function):
            yield function
    yield from (one._evaluator for one in rule.resources.values() if one._evaluator is not None)
