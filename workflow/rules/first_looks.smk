"""What a start says of own connectomes, tasks and experiments before any job. No rules.

Reads   files of connectomes that the configuration names; configuration: connectomes, tasks, experiments, statistics
"""

from richlazy.connectome import first_look
from richlazy.statistics import foretold
from richlazy.tasks import first_trials


def look_at_own_files():
    """Refuse files of connectomes that no job could read, and say what is made of the others."""
    found = {}
    for name, entry in plan.connectomes_from("file").items():
        files = [
            ROOT / entry[part] if part in entry else None
            for part in ("connections", "cells")
        ]
        found[name] = first_look.look(*files, entry["format"], entry["selection"])
    refuse({f"connectomes.{name}.file": look.problem for name, look in found.items()})
    for name, look in found.items():
        if not look.summary:
            continue
        warning = look.warning() if name in plan.norm_matched_connectomes else ""
        told = "; ".join(filter(None, [look.summary, warning]))
        print(f"Connectome {name}: {told}.", file=sys.stderr)


def look_at_own_tasks(shipped):
    """Refuse tasks of NeuroGym whose trials cannot be drawn or answered; those of papers are known to be sound."""
    found = {}
    for name, path in plan.pictured.items():
        run = plan.probes[path]
        is_own = config["tasks"][name] != shipped.get("tasks", {}).get(name)
        if is_own and "environment" in config["tasks"][name]:
            found[f"tasks.{name}"] = first_trials.problem(name, plan.task(run), run)
    refuse(found)


def foretell_tests(shipped):
    """Say what the tests can show of experiments that no paper brings like this."""
    for name in plan.selected:
        experiment = config["experiments"][name]
        is_own = experiment != shipped.get("experiments", {}).get(name)
        if is_own and "preset" in experiment:
            print(f"Tests: {foretold.tests(config, name)}.", file=sys.stderr)


def refuse(problems):
    """Stop with every sentence that is not empty, each after its place in the configuration."""
    found = [f"{place}: {problem}" for place, problem in problems.items() if problem]
    if found:
        sys.exit("Configuration: " + "\n".join(found))


def look_closely():
    """What takes seconds, or is much to read, and so belongs to a dry run (``tell_before_a_run``)."""
    brought = {}
    for paper in PAPERS:
        update_config(brought, loading.read(paper).content)
    look_at_own_tasks(brought)
    foretell_tests(brought)


if is_own_start():
    look_at_own_files()
