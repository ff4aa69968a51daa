"""Having Snakemake remember results that match its plan, and make again what does not."""

import os
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from richlazy.adoption.judging import NO_CERTIFICATE, OTHER_CODE, Job, Judged
from richlazy.storage import certificates
from richlazy.wording import counted

# Files named for each reason.
_NAMED = 4


@dataclass
class Adopted:
    """What adopting came to.

    Attributes:
        matching: how many files match the plan, and are marked as done.
        proven: how many of them a sample vouches for.
        rejected: files that do not, by the reason.
        aside: files that no job of this plan makes; no plan uses them before they are adopted.
    """

    matching: int = 0
    proven: int = 0
    rejected: dict[str, list[str]] = field(default_factory=dict)
    aside: list[str] = field(default_factory=list)

    def lines(self) -> Iterator[str]:
        """What to tell the user."""
        yield f"As the plan would make them, and marked as done: {counted(self.matching, 'file')}."
        if self.proven:
            yield f"Of these a sample that was made again vouches for {counted(self.proven, 'file')}."
        for reason, files in sorted(self.rejected.items()):
            yield f"To be made again, because of {reason}: {counted(len(files), 'file')}."
            yield from (f"  {file}" for file in files[:_NAMED])
            if len(files) > _NAMED:
                yield f"  and {len(files) - _NAMED} more"
        if not self.proven and any(reason == NO_CERTIFICATE or OTHER_CODE in reason for reason in self.rejected):
            yield "Networks without certificates or of other code can be proven instead: --prove 2."
        if self.aside:
            yield f"Of no job of this plan, and left as they are: {counted(len(self.aside), 'file')}."


def adopt(
    workflow: Any, judged: Mapping[Job, Judged], proven: Collection[Job], note: str, stray: Sequence[Any]
) -> Adopted:
    """Have Snakemake remember the results that match its plan, and make the others again.

    Args:
        workflow: of Snakemake, with its plan.
        judged: the jobs that have results.
        proven: those that a sample vouches for.
        note: what their certificates say about it.
        stray: files that Snakemake does not remember.
    """
    found, planned, memory = Adopted(), set(), workflow.persistence
    for job in (job for level in workflow.dag.toposorted() for job in level):
        planned |= set(job.output)
        there = [file for file in job.output if Path(file).exists()]
        one = judged.get(job)
        if one and job in proven and not one.matches:
            for file in there:
                certificates.certify(file, one.recipes[file], note)
            found.proven += len(there)
        elif there and not (one.matches if one else _is_download(job)):
            found.rejected.setdefault(one.reason if one else NO_CERTIFICATE, []).extend(there)
            memory.started(job)  # as if it had been interrupted, so that Snakemake runs it again
            continue
        if there:
            found.matching += len(there)
            _make_newer(there, job.input)
            workflow.async_run(memory.finished(job))
    found.aside = [file for file in stray if file not in planned]
    memory.started(_Files(found.aside))
    return found


@dataclass
class _Files:
    """Files in place of a job."""

    output: Sequence[Any]


def _is_download(job: Job) -> bool:
    """Whether a job fetches what its own checksum, or a version that never changes, vouches for."""
    return job.input.get("library") is None and job.rule.script is not None


def _make_newer(files: Iterable[str], inputs: Iterable[str]) -> None:
    latest = max((path.stat().st_mtime for path in map(Path, inputs) if path.exists()), default=0.0)
    for file in files:
        if Path(file).stat().st_mtime < latest:
            os.utime(file)
