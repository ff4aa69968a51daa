"""What one training or measuring job holds: a network, or all seeds of a condition."""

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass

from richlazy.experiments.parameters import Run
from richlazy.experiments.paths import condition_path, seed_folder
from richlazy.models.base import Model
from richlazy.models.registry import MODELS


@dataclass(frozen=True)
class NetworkJobs:
    """Training or measuring jobs of one kind.

    Attributes:
        model: of the networks.
        folders: those of the jobs, below that of the model.
        members: folders of the networks within each of them.
        followed: those members that are followed during training.
        matched: those members of which weights are kept at levels of their loss.
    """

    model: Model
    folders: list[str]
    members: list[str]
    followed: list[str]
    matched: list[str]


# Of a network, whether it is followed and whether it is matched.
Kept = tuple[bool, bool]


def network_jobs(
    runs: Mapping[str, Run], followed: Container[str], matched: Container[str], batching: str
) -> dict[str, NetworkJobs]:
    """What a training or measuring job holds: one network, or all seeds of a condition.

    Args:
        runs: all runs by their paths.
        followed: paths of those that are followed during training.
        matched: paths of those of which weights are kept at levels of their loss.
        batching: ``network`` or ``condition``; networks of models that are not trained together are jobs of their own.

    Returns:
        The kinds of jobs, by name: ``network`` or ``condition`` where there is one. Networks that are followed or
        matched are another kind, and conditions with other seeds or with others of them followed or matched.
    """
    found: dict[str, NetworkJobs] = {}
    kept = {path: (path in followed, path in matched) for path in runs}
    by_folder: dict[str, dict[str, Run]] = {}
    for path, run in runs.items():
        by_folder.setdefault(MODELS[run["architecture"]].folder, {})[path] = run
    for of_one in by_folder.values():
        model = MODELS[next(iter(of_one.values()))["architecture"]]
        together = batching == "condition" and model.together
        kinds = _conditions(model, of_one, kept) if together else _networks(model, of_one, kept)
        found |= {f"{name}{model.suffix}": jobs for name, jobs in kinds.items()}
    return found


def _networks(model: Model, runs: Iterable[str], kept: Mapping[str, Kept]) -> dict[str, NetworkJobs]:
    alike: dict[Kept, list[str]] = {}
    for path in runs:
        alike.setdefault(kept[path], []).append(path)
    return {
        ("followed_" * followed + "matched_" * matched) * (len(alike) > 1) + "network": NetworkJobs(
            model, folders, [""], [""] * followed, [""] * matched
        )
        for (followed, matched), folders in sorted(alike.items())
    }


def _conditions(model: Model, runs: Mapping[str, Run], kept: Mapping[str, Kept]) -> dict[str, NetworkJobs]:
    conditions: dict[str, list[tuple[int, bool, bool]]] = {}
    for path, run in runs.items():
        conditions.setdefault(condition_path(run), []).append((run["seed"], *kept[path]))
    alike: dict[tuple[tuple[int, bool, bool], ...], list[str]] = {}
    for condition, seeds_of_one in conditions.items():
        alike.setdefault(tuple(sorted(seeds_of_one)), []).append(condition)
    return {
        "condition" if len(alike) == 1 else _name_of_kind(kind): NetworkJobs(
            model,
            folders,
            *([seed_folder(seed) for seed in seeds] for seeds in _seeds(kind)),
        )
        for kind, folders in alike.items()
    }


def _seeds(kind: Iterable[tuple[int, bool, bool]]) -> list[list[int]]:
    """Seeds of a condition: all, those that are followed, and those that are matched."""
    each = list(kind)
    followed = [seed for seed, is_followed, _ in each if is_followed]
    return [[seed for seed, *_ in each], followed, [seed for seed, _, is_matched in each if is_matched]]


def _name_of_kind(kind: Iterable[tuple[int, bool, bool]]) -> str:
    named = zip(("of_seeds", "followed", "matched"), _seeds(kind), strict=True)
    return "_".join(["condition", *(f"{name}_{_range_text(seeds)}" for name, seeds in named if seeds)])


def _range_text(numbers: Sequence[int]) -> str:
    """Ascending numbers as part of a name: 0_to_9, or each of them where some are left out."""
    whole = len(numbers) > 1 and numbers[-1] - numbers[0] == len(numbers) - 1
    return f"{numbers[0]}_to_{numbers[-1]}" if whole else "_".join(map(str, numbers))
