"""Networks of a pack in place of training: fetched, compared with the plan, put where training would make them."""

import logging
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path, PurePath
from typing import Any

import pooch

from richlazy import packing
from richlazy.adoption import planning
from richlazy.adoption.adopting import is_download
from richlazy.adoption.judging import Job, Judged, existing, in_order, planned_recipes
from richlazy.models import kept_weights
from richlazy.storage import array_io, certificates, downloads, parquet
from richlazy.storage.certificates import Recipe
from richlazy.wording import counted, listed

# Source of the registry whose files are packs, each under the name of its experiment.
SOURCE = "networks"
_REGISTRY = "data/sources.yaml"
# The rule that makes what training alone reads, and is large.
_TRIALS = "sample_training_trials"
_ADOPT = Path(__file__).parents[2] / "adopt_results.py"


@dataclass(frozen=True)
class Training:
    """What a plan would train.

    Attributes:
        results: folder of the results.
        recipes: of each file that training makes.
        inputs: what training reads and others may read too, who would make it later, and outdate the networks by that:
            what other jobs of the plan read, and all but training trials that needs no download.
    """

    results: Path
    recipes: Mapping[str, Recipe]
    inputs: list[str]

    def missing(self) -> dict[str, list[str]]:
        """Files of the networks that are not whole here, by their folders below the results."""
        found: dict[str, list[str]] = {}
        for file in self.recipes:
            found.setdefault(PurePath(file).parent.relative_to(self.results).as_posix(), []).append(file)
        return {folder: files for folder, files in found.items() if not all(map(os.path.exists, files))}


def training(workflow: Any) -> Training:
    """What a planned workflow of Snakemake would train."""
    rules = {f"train_{kind}" for kind in workflow.globals["TRAINING"]}
    jobs = [job for job in in_order(workflow.dag) if job.rule.name in rules]
    recipes = planned_recipes(workflow.dag)
    made = {str(file): recipes[file] for job in jobs for file in job.output}
    return Training(Path(workflow.globals["RESULTS"]), made, sorted(_other_inputs(workflow.dag, jobs)))


def _other_inputs(dag: Any, jobs: Sequence[Job]) -> set[str]:
    among = set(jobs)
    return {
        str(file)
        for job in jobs
        for maker, files in dag.dependencies[job].items()
        if set(dag.depending[maker]) - among or not (maker.rule.name == _TRIALS or _downloads(dag, maker))
        for file in files
    }


def _downloads(dag: Any, job: Job) -> bool:
    """Whether a job, or one that it waits for, would download."""
    return not existing(job) and (is_download(job) or any(_downloads(dag, before) for before in dag.dependencies[job]))


def fetch(options: Sequence[str]) -> list[str]:
    """Fetch the networks of experiments, and have Snakemake take them for what it would train.

    Args:
        options: of Snakemake; its targets are the experiments.

    Returns:
        Lines that say what came of it.

    Raises:
        ValueError: a sentence, when the registry has no pack, no mirror sends it, it is not whole, or its networks are
            not what the plan would train. Then no network was put anywhere.
    """
    with planning.planned(options) as (workflow, args):
        packs = _entries(args.targets, workflow.globals)
        plan = training(workflow)
        missing, kept = plan.missing(), planning.without_targets(options, args)
        reference = workflow.globals["REFERENCE"]
    if args.dryrun:
        raise ValueError("networks are fetched or not, without --dry-run; `snakemake -n` shows what they leave to do")
    try:
        placed = _place(plan, missing, packs, kept)
    except OSError as error:
        full = error.errno in array_io.DISK_FULL
        raise ValueError(
            f"{'the disk is full' if full else error.strerror} ({error.filename or plan.results}); no network was taken"
        ) from error
    if subprocess.run([sys.executable, str(_ADOPT), *options]).returncode:
        raise ValueError(f"the networks are there, but not marked as done: run `python {_ADOPT.name}` for them")
    left, same = len(missing) - len(placed), _published(reference, args.targets, [missing[one] for one in placed])
    return [
        f"Fetched, in place of training: {counted(len(placed), 'network')} of {listed(args.targets)}.",
        f"Byte for byte those of the tables in {reference}: {counted(same, 'network')}.",
        *([f"Not in the pack, and to be trained: {counted(left, 'network')}."] if left else []),
    ]


def _entries(experiments: Iterable[str], given: Mapping[str, Any]) -> dict[Path, Mapping[str, Any]]:
    """Where the pack of each experiment is downloaded to, and its entry in the registry."""
    known, files = given["plan"].selected, given["SOURCES"].get(SOURCE, {}).get("files", {})
    unknown = [name for name in experiments if name not in known]
    if unknown or not experiments:
        raise ValueError("name experiments of your configuration whose networks are wanted, before any option")
    for name in experiments:
        if name not in files:
            raise ValueError(
                f"{_REGISTRY} has no file {name!r} in a source {SOURCE!r}: add one, with mirrors, sha256, size_bytes"
            )
    return {Path("data/downloads/sources", SOURCE, files[name]["file"]): files[name] for name in experiments}


def _published(reference: str, experiments: Iterable[str], networks: Iterable[Sequence[str]]) -> int:
    """How many networks have a file with a checksum that is published; each is given by its files."""
    tables = [Path(reference, "experiments", name, "tables/fingerprints.parquet") for name in experiments]
    known = {one for table in tables if table.exists() for one in parquet.load_table(table)["sha256"]}
    found = [file for files in networks for file in files if file.endswith(".npz")]
    return sum(kept_weights.checksum(array_io.load_arrays(file)) in known for file in found)


def _place(
    plan: Training, missing: Mapping[str, list[str]], packs: Mapping[Path, Mapping[str, Any]], options: Sequence[str]
) -> set[str]:
    """Put the missing networks that packs have where training would make them; their folders."""
    plan.results.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".fetched.", dir=plan.results) as folder:
        found: set[str] = set()
        pooch.get_logger().setLevel(logging.WARNING)  # a failure is one sentence
        for path, entry in packs.items():
            downloads.fetch(entry, path)
            found |= packing.unpack(path, missing.keys() - found, folder)
        if missing and not found:
            raise ValueError(
                f"none of the {counted(len(missing), 'network')} of this configuration is in {listed(packs)}: its "
                "experiments have other parameters than those that were packed"
            )
        files = [file for network in sorted(found) for file in missing[network]]
        _certify(plan, files, Path(folder))
        _make_inputs(plan, options)
        for file in files:
            staged = Path(folder, Path(file).relative_to(plan.results))
            Path(file).parent.mkdir(parents=True, exist_ok=True)
            certificates.path_of(staged).replace(certificates.path_of(file))
            staged.replace(file)
    return found


def _certify(plan: Training, files: Iterable[str], folder: Path) -> None:
    """Refuse files of a pack that are not what training would make; have their certificates name their place here."""
    found = Judged(None, {})
    for file in files:
        staged = folder / Path(file).relative_to(plan.results)
        certificate = certificates.load(staged) if staged.exists() else None
        if certificate is None or certificate.sha256 != array_io.checksum(staged):
            raise ValueError(f"the pack lacks {file}, as its certificate has it; no network was taken")
        for kind, names in plan.recipes[file].differences(certificate.recipe).items():
            found.differences.setdefault(kind, set()).update(names)
        here = replace(certificate, place=certificates.place(file))
        array_io.save_json(certificates.path_of(staged), asdict(here))
    if found.differences:
        raise ValueError(
            f"the packed networks come from {found.reason}, and no network was taken; use the configuration with which "
            "they were packed, and the commit that results/reference/provenance.md names"
        )


def _make_inputs(plan: Training, options: Sequence[str]) -> None:
    """Make what training reads and others do too, before the networks are there."""
    command = [sys.executable, "-m", "snakemake", *options, "--quiet", "all", "--", *plan.inputs]
    if plan.inputs and subprocess.run(command).returncode:
        raise ValueError("no network was taken: what else they are measured with could not be made, as Snakemake says")
