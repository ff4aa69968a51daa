"""What one training or measuring job holds: a network, or up to ten seeds of a condition."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from richlazy.experiments.parameters import Run
from richlazy.experiments.paths import PATTERNS, condition_path, part_of_condition, seed_folder
from richlazy.models.base import Model
from richlazy.models.registry import MODELS
from richlazy.storage import late_import


@dataclass(frozen=True)
class NetworkJobs:
    """Training or measuring jobs that hold as many networks, of the same seeds.

    Attributes:
        model: of the networks.
        folders: those of the jobs, below that of the model.
        members: folders of the networks within each of them.
        pattern: regular expression of the folders of the jobs; with members it fits the networks of no other jobs.
        part: of a folder that the networks of a job are, as the end of a path; empty where that is all of it.
    """

    model: Model
    folders: list[str]
    members: list[str]
    pattern: str
    part: str = ""


def network_jobs(runs: Mapping[str, Run], batching: str) -> dict[str, NetworkJobs]:
    """What training or measuring jobs hold: one network, or up to ten seeds of a condition.

    Args:
        runs: all runs by their paths.
        batching: ``network`` or ``condition``; networks of models that are not trained together are jobs of their own.

    Returns:
        The jobs by name: ``network``, or ``condition`` where all have the same seeds; with the suffix of the model.
    """
    found: dict[str, NetworkJobs] = {}
    by_folder: dict[str, dict[str, Run]] = {}
    for path, run in runs.items():
        by_folder.setdefault(MODELS[run["architecture"]].folder, {})[path] = run
    for of_one in by_folder.values():
        model = MODELS[next(iter(of_one.values()))["architecture"]]
        if batching == "condition" and model.together:
            jobs = _conditions(model, of_one)
        else:
            pattern: str = late_import.load(model.planning).RUN_PATH
            jobs = {"network": NetworkJobs(model, list(of_one), [""], pattern)}
        found |= {f"{name}{model.suffix}": held for name, held in jobs.items()}
    return found


def _conditions(model: Model, runs: Mapping[str, Run]) -> dict[str, NetworkJobs]:
    held: dict[tuple[str, str], list[int]] = {}
    for run in runs.values():
        held.setdefault((condition_path(run), part_of_condition(run["seed"])), []).append(run["seed"])
    alike: dict[tuple[str, tuple[int, ...]], set[str]] = {}
    for (condition, part), seeds in held.items():
        alike.setdefault((part, tuple(sorted(seeds))), set()).add(condition)
    conditions = {condition for condition, _ in held}
    return {
        "condition" if len(alike) == 1 else f"condition_of_seeds_{_range_text(seeds)}": NetworkJobs(
            model, sorted(folders), list(map(seed_folder, seeds)), _pattern(folders, conditions - folders), part
        )
        for (part, seeds), folders in alike.items()
    }


def _range_text(numbers: Sequence[int]) -> str:
    """Ascending numbers as part of a name: 0_to_9, or each of them where some are left out."""
    whole = len(numbers) > 1 and numbers[-1] - numbers[0] == len(numbers) - 1
    return f"{numbers[0]}_to_{numbers[-1]}" if whole else "_".join(map(str, numbers))


def _pattern(conditions: Collection[str], others: Collection[str]) -> str:
    """Regular expression of some conditions: by what they are, or by what they are not, whichever is shorter.

    Snakemake compiles it for each output at each start, and reads it for each output of each job.
    """
    if not others:
        return PATTERNS["condition"]
    rest = f"(?!(?:{_beginnings(others, conditions)})/){PATTERNS['condition']}"
    return min(rest, _beginnings(conditions, others), key=len)


def _beginnings(conditions: Collection[str], others: Collection[str]) -> str:
    """Regular expression of conditions by the first folders that tell them from the others."""
    own, foreign = _below(conditions), _below(others)
    alike: dict[str, list[str]] = {}
    for first, within in own.items():
        rest = f"/(?:{_beginnings(within, foreign[first])})" if first in foreign else "(?:/.+)?"
        alike.setdefault(rest, []).append(re.escape(first))
    return "|".join(f"(?:{'|'.join(names)}){rest}" for rest, names in alike.items())


def _below(folders: Collection[str]) -> dict[str, list[str]]:
    """What is below each first folder of some, empty where it ends there."""
    below: dict[str, list[str]] = {}
    for folder in sorted(folders):
        first, _, rest = folder.partition("/")
        below.setdefault(first, []).append(rest)
    return below
