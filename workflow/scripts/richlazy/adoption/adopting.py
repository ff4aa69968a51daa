"""Having Snakemake remember results that match its plan, and make again what does not."""

import itertools
import os
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from richlazy.adoption.judging import NO_CERTIFICATE, OTHER_CODE, Job, Judged, existing, in_order
from richlazy.storage import certificates
from richlazy.wording import counted

# Files named for each reason.
_NAMED = 4


@dataclass
class Verdict:
    """What becomes of results that were not made here.

    Attributes:
        matching: jobs whose results match the plan.
        proven: those for which a sample vouches.
        rejected: jobs whose results are made again, by the reason.
        aside: files that no job of this plan makes.
    """

    matching: list[Job] = field(default_factory=list)
    proven: list[Job] = field(default_factory=list)
    rejected: dict[str, list[Job]] = field(default_factory=dict)
    aside: list[Any] = field(default_factory=list)

    def lines(self) -> Iterator[str]:
        """What to tell the user."""
        yield f"As the plan would make them, and marked as done: {counted(len(_files(self.matching)), 'file')}."
        if self.proven:
            yield f"Of these a sample that was made again vouches for {counted(len(_files(self.proven)), 'file')}."
        for reason, jobs in sorted(self.rejected.items()):
            files = _files(jobs)
            yield f"To be made again, because of {reason}: {counted(len(files), 'file')}."
            yield from (f"  {file}" for file in files[:_NAMED])
            if len(files) > _NAMED:
                yield f"  and {len(files) - _NAMED} more"
        if not self.proven and any(reason == NO_CERTIFICATE or OTHER_CODE in reason for reason in self.rejected):
            yield "Networks without certificates or of other code can be proven instead: --prove 2."
        if self.aside:
            yield f"Of no job of this plan, and left as they are: {counted(len(self.aside), 'file')}."


def verdict(dag: Any, judged: Mapping[Job, Judged], proven: Collection[Job], stray: Iterable[Any]) -> Verdict:
    """What is to become of results.

    Args:
        dag: plan of Snakemake.
        judged: the jobs that have results.
        proven: those that a sample vouches for.
        stray: files that Snakemake does not remember.
    """
    found, planned = Verdict(), set()
    for job in in_order(dag):
        planned |= set(job.output)
        one = judged.get(job)
        if one and job in proven and not one.matches:
            found.proven.append(job)
        if existing(job) and (job in proven or (one.matches if one else is_download(job))):
            found.matching.append(job)
        elif existing(job):
            found.rejected.setdefault(one.reason if one else NO_CERTIFICATE, []).append(job)
    found.aside = [file for file in stray if file not in planned]
    return found


def adopt(workflow: Any, found: Verdict, judged: Mapping[Job, Judged], note: str) -> None:
    """Have Snakemake remember what matches, and make again what does not.

    Args:
        workflow: of Snakemake, with its plan.
        found: what is to become of results.
        judged: the jobs that have results.
        note: what certificates say about the proof.
    """
    memory = workflow.persistence
    for job in found.proven:
        for file in existing(job):
            certificates.certify(file, judged[job].recipes[file], note)
    for job in found.matching:
        # Snakemake holds inputs against the benchmark of a job, too.
        _make_newer([*existing(job), *filter(None, [job.benchmark])], job.input)
        workflow.async_run(memory.finished(job))
    # As if they had been interrupted: Snakemake runs them again, if a plan needs them.
    for job in (*itertools.chain(*found.rejected.values()), _Files(found.aside)):
        memory.started(job)


@dataclass
class _Files:
    """Files in place of a job."""

    output: Sequence[Any]


def _files(jobs: Iterable[Job]) -> list[str]:
    return [file for job in jobs for file in existing(job)]


def is_download(job: Job) -> bool:
    """Whether a job fetches what its own checksum, or a version that never changes, vouches for."""
    return job.params.get("code") is None and job.rule.script is not None


def _make_newer(files: Iterable[str], inputs: Iterable[str]) -> None:
    latest = max((path.stat().st_mtime for path in map(Path, inputs) if path.exists()), default=0.0)
    for file in map(Path, files):
        if file.exists() and file.stat().st_mtime < latest:
            os.utime(file)
