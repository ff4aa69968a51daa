"""Which code, on which machine, in which time made the networks of each experiment."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Origin:
    """A row of the table of runs.

    Attributes:
        experiment: its name.
        networks: how many.
        training, measuring: summed wall time of the jobs, such as ``1 h 20 min``.
        commit: first letters of it; it says so where files were changed since.
        environment: number of the versions and the machine in ``Origins.environments``.
    """

    experiment: str
    networks: int
    training: str
    measuring: str
    commit: str
    environment: int


@dataclass(frozen=True)
class Origins:
    """The table of runs, with versions and machines once each."""

    rows: list[Origin]
    environments: list[str]


def table(provenance: Mapping[str, Mapping[str, Any] | None], networks: Mapping[str, int]) -> Origins:
    """Origins of all experiments of a page.

    Args:
        provenance: of each (``reference.provenance``); None where it is not known.
        networks: how many networks each has.
    """
    rows, environments = [], list[str]()
    for name, origin in provenance.items():
        if origin is None:
            rows.append(Origin(name, networks[name], "", "", "unknown", 0))
            continue
        found = _environment(origin)
        if found not in environments:
            environments.append(found)
        seconds = origin["wall_seconds"]
        commit = origin["commit"][:7] + (" with changes" if origin.get("uncommitted_changes") else "")
        training, measuring = (duration(seconds.get(rule)) for rule in ("train", "measure"))
        rows.append(Origin(name, networks[name], training, measuring, commit, environments.index(found) + 1))
    return Origins(rows, environments)


def _environment(origin: Mapping[str, Any]) -> str:
    machine = origin["machine_class"]
    packages = {name: machine[name] for name in ("torch", "numpy", "scipy")} | origin["versions"]
    versions = ", ".join(f"{name} {version}" for name, version in packages.items())
    return (
        f"Python {origin['python']}, {versions}; {machine['processor']}, {machine['instructions']}, {machine['system']}"
    )


def duration(seconds: float | None) -> str:
    """A time as people read it; empty where it is not known."""
    if not seconds:
        return ""
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
