"""Proof that networks of other code, or without certificates, are what the plan would make: a sample is made again."""

import random
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

from richlazy.adoption import planning
from richlazy.adoption.judging import Job, Judged, existing
from richlazy.experiments.plan import SCALE_OF_PROOF
from richlazy.storage import certificates, equality
from richlazy.wording import counted

# Files of a network after training: with the way to them, what a sample that is made again vouches for.
_LAST_OF_NETWORK = ("measures.json", "followed.json", "truncation.json", "solutions.json", "unseen.json")
_STRATUM = re.compile(r"task~([^+/]+)|structure~([^+/]+)")


@dataclass(frozen=True)
class Proof:
    """How a sample compares with the results that it was to be equal to.

    Attributes:
        number: how many networks were measured again.
        differences: of each file on the way to them, as ``equality.difference`` has it.
        tolerance: largest difference that passes.
        grown: names of files that have more entries now, such as new measures: these are made again.
    """

    number: int
    differences: dict[Path, float]
    tolerance: float
    grown: frozenset[str] = frozenset()

    @property
    def far(self) -> dict[Path, float]:
        """Files that differ by more than the tolerance."""
        return {path: value for path, value in self.differences.items() if value > self.tolerance}

    @property
    def note(self) -> str:
        """What it came to, in a sentence."""
        unequal = [value for value in self.differences.values() if value]
        rest = f", the others differ by {max(unequal):.1e} at most" if unequal else ""
        equal = len(self.differences) - len(unequal)
        return (
            f"Measures of {counted(self.number, 'network')} were made again, with all on the way to them: "
            f"{equal} of {len(self.differences)} files have equal bytes{rest}."
        )

    def lines(self) -> list[str]:
        """What to tell the user."""
        grown = [f"  {name} has more entries now; all of its kind are made again" for name in sorted(self.grown)]
        return [self.note, *grown, *(f"  {path} differs by {value:.1e}" for path, value in self.far.items())]


def prove(files: Sequence[str], results: str, tolerance: float, options: Sequence[str], args: Any) -> Proof:
    """Make files of networks again, with all on the way to them, and compare.

    Args:
        files: to make again.
        results: folder in which they are.
        tolerance: largest difference that passes.
        options: of Snakemake.
        args: the same, as Snakemake has read them.

    Raises:
        ValueError: when they are not made again.
    """
    again = Path("results", SCALE_OF_PROOF)
    shutil.rmtree(again, ignore_errors=True)
    kept = planning.without_targets(options, args)
    own = ["--config", *(args.config or ()), f"scale={SCALE_OF_PROOF}", "--quiet", "all"]
    targets = [str(again / Path(file).relative_to(results)) for file in files]
    try:
        if subprocess.run([sys.executable, "-m", "snakemake", *kept, *own, "--", *targets]).returncode:
            raise ValueError("nothing was adopted: the sample could not be made again, as Snakemake says above")
        made = [path for path in again.rglob("*") if certificates.path_of(path).exists()]
        pairs = {path: Path(results, path.relative_to(again)) for path in made}
        found = {old: equality.growth(old, new) for new, old in pairs.items() if old.exists()}
        differences = {old: value for old, (value, _) in found.items()}
        grown = frozenset(old.name for old, (_, has_grown) in found.items() if has_grown)
        if not differences.keys() >= set(map(Path, files)):
            raise ValueError("nothing was adopted: the sample was not made again")
    finally:
        shutil.rmtree(again, ignore_errors=True)
    return Proof(len({Path(file).parent for file in files}), differences, tolerance, grown)


def sample(judged: Iterable[Judged], number: int, rng: random.Random) -> list[str]:
    """Files of a sample of the networks that could match though their certificates do not say so.

    Args:
        judged: jobs that have results.
        number: how many networks of each kind of job, task and structure.
        rng: of the draw.
    """
    strata: dict[tuple[Any, ...], list[Judged]] = {}
    for one in judged:
        if not one.matches and one.could_match and _is_last_of_network(one.job):
            key = (one.job.rule.name, *_STRATUM.findall(next(iter(one.recipes))))
            strata.setdefault(key, []).append(one)
    drawn = [one for members in strata.values() for one in rng.sample(members, min(number, len(members)))]
    return [rng.choice(existing(one.job)) for one in drawn]  # one network of a job, of those that it has finished


def vouched_for(dag: Any, judged: dict[Job, Judged], grown: frozenset[str] = frozenset()) -> set[Job]:
    """Jobs on the way to the measures of networks, which a sample that is made again vouches for.

    Args:
        dag: plan of Snakemake.
        judged: jobs that have results.
        grown: names of files that have more entries now, whose jobs it does not vouch for.
    """
    waiting = [job for job in judged if _is_last_of_network(job)]
    found = set(waiting)
    while waiting:
        before = set(dag.dependencies[waiting.pop()]) - found
        found |= before
        waiting += before
    known = {job for job in found if job in judged and judged[job].could_match}
    return {job for job in known if not any(PurePath(file).name in grown for file in job.output)}


def _is_last_of_network(job: Job) -> bool:
    return PurePath(job.output[0]).name in _LAST_OF_NETWORK
