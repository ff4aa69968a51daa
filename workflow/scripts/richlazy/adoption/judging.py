"""Whether results are what the plan would make, by their certificates. Jobs are those of Snakemake."""

import functools
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import Any

from richlazy import wording
from richlazy.storage import certificates, library_code
from richlazy.storage.certificates import Recipe

Job = Any

NO_CERTIFICATE, OTHER_CODE = "no certificate", "other code"
_OTHER = {"parameters": "other parameters", "code": OTHER_CODE, "inputs": "other inputs"}


@dataclass
class Judged:
    """A job that has results, and what speaks against them.

    Attributes:
        job: of which an output exists.
        recipes: that the plan gives its outputs.
        uncertified: outputs without certificate.
        displaced: sentences about outputs that are not what their certificates say.
        differences: of the recipes of its outputs from the plan's, names by kind.
        could_match: whether, as far as is known, only code can have made them otherwise, their own or of their inputs.
    """

    job: Job
    recipes: dict[str, Recipe]
    uncertified: list[str] = field(default_factory=list)
    displaced: list[str] = field(default_factory=list)
    differences: dict[str, set[str]] = field(default_factory=dict)
    could_match: bool = True

    @property
    def matches(self) -> bool:
        """Whether those of its outputs that exist are what the plan would make."""
        return not (self.uncertified or self.displaced or self.differences)

    @property
    def reason(self) -> str:
        """Why they are not."""
        if self.displaced:
            return "content that is not theirs"
        if self.differences:
            # Parameters, which explain most, first. An input without name is one file.
            named = {kind: [name or "its file" for name in sorted(names)] for kind, names in self.differences.items()}
            kinds = sorted(named, reverse=True)
            return ", ".join(f"{_OTHER[kind]} ({wording.listed(named[kind])})" for kind in kinds)
        return NO_CERTIFICATE


def in_order(dag: Any) -> Iterator[Job]:
    """Jobs of a plan, each after those whose files it reads."""
    return itertools.chain.from_iterable(dag.toposorted())


def planned_recipes(dag: Any) -> dict[str, Recipe]:
    """Recipe of every file of a plan whose job certifies it, whether the file is there or not."""
    found: dict[str, Recipe] = {}

    def digest_of(file: str) -> str:
        if file in found:
            return found[file].digest
        return certificates.digest_of_input(file) if Path(file).exists() else certificates.GONE

    for job in in_order(dag):
        if certifies(job):
            found |= certificates.recipes(job.params, job.input, job.output, digest_of)
    return found


def judge(dag: Any, content: bool = True) -> dict[Job, Judged]:
    """Compare what all jobs of a plan have made with what it would make.

    Args:
        dag: plan of Snakemake.
        content: whether the content of the files is compared with their certificates too.

    Returns:
        The jobs that certify and of which an output exists.
    """
    digests: dict[str, str] = {}
    could_match: dict[str, bool] = {}

    def digest_of(file: str) -> str:
        if file not in digests:
            digests[file] = certificates.digest_of_input(file) if Path(file).exists() else certificates.GONE
        return digests[file]

    found = {}
    for job in in_order(dag):
        if certifies(job):
            judged = Judged(job, certificates.recipes(job.params, job.input, job.output, digest_of))
            for file, recipe in judged.recipes.items():
                digests[file] = _judge_file(judged, file, recipe, content)
            inputs_could = all(could_match.get(file, True) for file in job.input)
            judged.could_match = inputs_could and not (judged.displaced or "parameters" in judged.differences)
            could_match |= dict.fromkeys(judged.recipes, judged.could_match)
            if existing(job):
                found[job] = judged
    return found


def _judge_file(judged: Judged, file: str, recipe: Recipe, content: bool) -> str:
    """Note what speaks against a file; the digest with which others read it."""
    if not Path(file).exists():
        return recipe.digest
    try:
        certificate = certificates.check(file) if content else certificates.load(file)
    except ValueError as error:
        judged.displaced.append(str(error))
        return recipe.digest
    if certificate is None:
        judged.uncertified.append(file)
        return recipe.digest
    differences = recipe.differences(certificate.recipe)
    for kind, names in differences.items():
        judged.differences.setdefault(kind, set()).update(names)
    return recipe.digest if differences else certificate.recipe.digest


def existing(job: Job) -> list[str]:
    """Outputs of a job that exist."""
    return [file for file in job.output if Path(file).exists()]


def certifies(job: Job) -> bool:
    """Whether a job certifies what it makes: all do that make results; downloads, checks and publishing do not."""
    if not job.output or job.rule.script is None:
        return False
    name, described = PurePath(job.rule.script).name, job.params.get("code", "")
    return any(_is_certifying(script) for script in library_code.scripts(described) if script.name == name)


@functools.cache
def _is_certifying(script: Path) -> bool:
    return "with jobs.running(" in script.read_text()
