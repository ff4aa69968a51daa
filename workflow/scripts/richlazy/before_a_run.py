"""What a user is told before anything runs: a target that does not exist, and what the planned jobs need.

Jobs are those of Snakemake; nothing here runs in a job.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from richlazy import wording

Job = Any

# Of a job beside what it works on: the start of its processes, in seconds.
START_S = 4.0
# Bytes of a weight and of a number of a trial, and the copies of its weights that a network keeps.
_SINGLE, _COPIES = 4, 2
# Numbers of a step of a trial in the files of batches: up to seven inputs and a class.
_NUMBERS_OF_A_STEP = 7.25


def unknown_target(targets: Iterable[str], known: Sequence[str], experiments: Iterable[str]) -> str | None:
    """Sentence about the first target that is a word and names nothing, or None.

    Args:
        targets: of the command.
        known: rules and experiments that can be targets.
        experiments: of the configuration, also those that it does not build.
    """
    unbuilt = set(experiments) - set(known)
    how = "an experiment that this configuration does not build; add it to experiments_to_build"
    for target in targets:
        if target in known or "/" in target or "." in target or Path(target).exists():
            continue
        if target in unbuilt:
            return f"{target} is {how}"
        meant = wording.guess(target, [*known, *sorted(unbuilt)])
        hint = f"Did you mean {meant}{f', {how}' if meant in unbuilt else ''}? " if meant else ""
        return (
            f"There is no target {target!r}. {hint}Targets are experiments, rules and files: "
            "snakemake --list-target-rules names them"
        )
    return None


def needs(
    jobs: Iterable[Job],
    cores: int | None,
    own_seconds: Callable[[Job], float],
    trained: Callable[[Job], Sequence[Mapping[str, Any]]],
    device: str,
    sources: Mapping[str, Any],
    token: Callable[[], str | None],
) -> list[str]:
    """What a run of some jobs needs, a line each: time, disk, GPU, downloads and a token.

    Args:
        jobs: that would run.
        cores: on which they would run; None where that is not known.
        own_seconds: how long a job computes on one core, beside its start.
        trained: parameters of each network that a job trains for its own sake.
        device: ``cpu`` or ``cuda``, as networks are to be trained.
        sources: registry of data, with the sizes of its files.
        token: says what is wrong with the token for CAVE, None where there is one.
    """
    planned = list(jobs)
    runs = [run for job in planned for run in trained(job)]
    networks = len(runs) + sum(job.rule.name == "train_again" for job in planned)
    seconds = sum(START_S + own_seconds(job) for job in planned)
    size = sum(_COPIES * _SINGLE * (run.get("size") or 0) ** 2 for run in runs) + sum(map(_bytes_of_trials, planned))
    lines = [f"{wording.counted(networks, 'network')} to train, about {wording.duration(seconds)} of one core"]
    if cores and cores > 1:
        lines[0] += f", {wording.duration(seconds / cores)} on {cores} cores"
    lines.append(f"up to about {_size(size)} of disk" if size >= 1e6 else "hardly any disk")
    lines.append("a CUDA device; without one its jobs take the CPU" if networks and device == "cuda" else "no GPU")
    cave = any(job.rule.name.startswith("download_cave") for job in planned)
    downloads = _downloads(planned, sources) + (["tables of CAVE"] if cave else [])
    lines.append(f"downloads: {', '.join(downloads)}" if downloads else "no download")
    if cave:
        lines.append(f"a token for CAVE. {problem}" if (problem := token()) else "a token for CAVE, and there is one")
    return lines


def _bytes_of_trials(job: Job) -> float:
    """Bytes of the trials that a job writes to train on."""
    if job.rule.name != "sample_training_trials":
        return 0.0
    _, entry, run = job.params["of_trials"]
    steps = sum(time for time in entry.get("timing_ms", {}).values() if isinstance(time, (int, float)))
    steps = steps / run["time_step_ms"] if run.get("time_step_ms") else 0
    return run.get("iterations", 1) * run.get("batch_size", 1) * steps * _NUMBERS_OF_A_STEP * _SINGLE


def _downloads(jobs: Iterable[Job], sources: Mapping[str, Any]) -> list[str]:
    files = Counter[str]()
    releases = set()
    for job in jobs:
        if job.rule.name == "download_source":
            sizes = {one["file"]: one.get("size_bytes", 0) for one in sources[job.wildcards.source]["files"].values()}
            files[job.wildcards.source] += sizes.get(job.wildcards.file, 0)
        if job.rule.name == "download_release":
            releases.add(f"connectome {job.wildcards.connectome}")
    return [f"{name} ({_size(size)})" for name, size in sorted(files.items())] + sorted(releases)


def _size(size: float) -> str:
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{max(size / 1e6, 0.1):.{0 if size >= 1e7 else 1}f} MB"
