"""What one training or measuring job holds: a network, or all seeds of a condition."""

from collections.abc import Container, Iterable, Mapping
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
    """

    model: Model
    folders: list[str]
    members: list[str]
    followed: list[str]


def network_jobs(runs: Mapping[str, Run], followed: Container[str], batching: str) -> dict[str, NetworkJobs]:
    """What a training or measuring job holds: one network, or all seeds of a condition.

    Args:
        runs: all runs by their paths.
        followed: paths of those that are followed during training.
        batching: ``network`` or ``condition``; networks of models that are not trained together are jobs of their own.

    Returns:
        The kinds of jobs, by name. Conditions with other seeds, or with others of them followed, are another kind.
    """
    found: dict[str, NetworkJobs] = {}
    by_folder: dict[str, dict[str, Run]] = {}
    for path, run in runs.items():
        by_folder.setdefault(MODELS[run["architecture"]].folder, {})[path] = run
    for of_one in by_folder.values():
        model = MODELS[next(iter(of_one.values()))["architecture"]]
        together = batching == "condition" and model.together
        kinds = _conditions(model, of_one, followed) if together else _networks(model, of_one, followed)
        found |= {f"{name}{model.suffix}": jobs for name, jobs in kinds.items()}
    return found


def _networks(model: Model, runs: Iterable[str], followed: Container[str]) -> dict[str, NetworkJobs]:
    kinds = {"network": NetworkJobs(model, [path for path in runs if path not in followed], [""], [])}
    kinds["followed_network"] = NetworkJobs(model, [path for path in runs if path in followed], [""], [""])
    return {name: jobs for name, jobs in kinds.items() if jobs.folders}


def _conditions(model: Model, runs: Mapping[str, Run], followed: Container[str]) -> dict[str, NetworkJobs]:
    conditions: dict[str, list[tuple[int, bool]]] = {}
    for path, run in runs.items():
        conditions.setdefault(condition_path(run), []).append((run["seed"], path in followed))
    alike: dict[tuple[tuple[int, bool], ...], list[str]] = {}
    for condition, seeds_of_one in conditions.items():
        alike.setdefault(tuple(sorted(seeds_of_one)), []).append(condition)
    return {
        "condition" if len(alike) == 1 else _name_of_kind(kind): NetworkJobs(
            model,
            folders,
            [seed_folder(seed) for seed, _ in kind],
            [seed_folder(seed) for seed, is_followed in kind if is_followed],
        )
        for kind, folders in alike.items()
    }


def _name_of_kind(kind: tuple[tuple[int, bool], ...]) -> str:
    followed_seeds = tuple(seed for seed, is_followed in kind if is_followed)
    name = f"condition_of_seeds_{_range_text(tuple(seed for seed, _ in kind))}"
    return f"{name}_followed_{_range_text(followed_seeds)}" if followed_seeds else name


def _range_text(numbers: tuple[int, ...]) -> str:
    """Ascending numbers as part of a name: 0_to_9, or each of them where some are left out."""
    whole = len(numbers) > 1 and numbers[-1] - numbers[0] == len(numbers) - 1
    return f"{numbers[0]}_to_{numbers[-1]}" if whole else "_".join(map(str, numbers))
