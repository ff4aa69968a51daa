"""What Snakemake looks up for each job and need not: planning 17,000 jobs takes a quarter less time without.

This module imports Snakemake, and is for its own process alone. It changes nothing of what Snakemake finds.
"""

import functools
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import smart_open
from snakemake.common import get_function_params, overwrite_function_params
from snakemake.resources import Resource

Rule = Any


def once(rules: Iterable[Rule]) -> None:
    """Look up once what functions of rules take, and what a path is, whatever the number of jobs that ask."""
    functions = {id(function): function for rule in rules for function in _functions(rule)}
    for function in (*functions.values(), Resource("any", 0).evaluate):
        # A method has what its function has.
        overwrite_function_params(getattr(function, "__func__", function), get_function_params(function))
    if not hasattr(smart_open.parse_uri, "cache_info"):
        smart_open.parse_uri = functools.cache(smart_open.parse_uri)


def _functions(rule: Rule) -> Iterator[Callable[..., Any]]:
    """Functions that give input, params and resources of a rule."""
    for item in (*rule.input, *rule.params):
        function = getattr(getattr(item, "_file", item), "callable", item)
        if callable(function):
            yield function
    yield from (one._evaluator for one in rule.resources.values() if one._evaluator is not None)
