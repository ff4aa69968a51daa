"""Committed reference results: what is published of networks, and where they came from."""

import importlib.metadata
import platform
import shutil
import subprocess
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
import yaml

from richlazy.configuration import loading
from richlazy.experiments.paths import MARK, part_of_condition
from richlazy.models import kept_weights
from richlazy.models.base import Model
from richlazy.models.registry import MODELS
from richlazy.storage import array_io, certificates, integrity, parquet

PROJECTIONS = 8
# Of networks that were published when there were no certificates, and of folders that are no git checkouts.
BEFORE, UNKNOWN = "before certificates", "unknown"

ORIGIN_COLUMNS = {
    "trained_by": "digest of the code, settings and inputs that trained it, as its certificate has them",
    "commit": "of the workflow that has this code; unknown outside of a git checkout",
    "proof": "that this code makes a network that was made by older code; empty for one that it has made",
}


# Rules that train and measure networks, as their timings are filed.
_TIMED_RULES = ("train", "measure")


def model_of(network: str | Path) -> Model:
    """Model of a network, by the folder in which it lies.

    Raises:
        ValueError: for a network of no model.
    """
    *_, folder = Path(network).parent.parts[: -len(Path(run_of(network)).parts)] or [""]
    for model in MODELS.values():
        if model.folder == folder:
            return model
    folders = ", ".join(dict.fromkeys(model.folder for model in MODELS.values()))
    raise ValueError(f"{network} lies in no folder of networks; they are {folders}")


def run_of(network: str | Path) -> str:
    """Path of the run of a network below the folder of its model: from its task on."""
    parts = Path(network).parent.parts
    first = next((place for place, part in enumerate(parts) if part.startswith("task~")), len(parts))
    return "/".join(parts[first:])


def fingerprint_columns(model: Model) -> dict[str, str]:
    """Columns of fingerprints.parquet with their meanings."""
    projections = {
        f"{matrix}_{index}": f"u'W v of the final {matrix} weights with fixed Gaussian u, v, number {index}"
        for matrix in model.matrices
        for index in range(PROJECTIONS)
    }
    identity = model.identity
    named = {
        identity: f"identity of the {identity}, as in runs.parquet",
        "sha256": "of network.npz, without what it keeps of its way",
    }
    return named | ORIGIN_COLUMNS | projections


def copy_whole(file: Path, target: Path) -> None:
    """Copy a file to a folder that may not exist yet.

    Raises:
        ValueError: when the file is damaged.
    """
    integrity.check(file)
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(file, target)


def fingerprint(network: str | Path, matrices: Iterable[str]) -> dict[str, Any]:
    """Checksum of a network file, and projections of its final weights, to commit in place of 0.7 MB or more.

    The checksum is that of the file as if it kept nothing of its way: a network that is trained again is not followed,
    and the first that were published had other files for that.

    The projections u'W v have fixed Gaussian vectors, so that two networks can be compared within a tolerance
    where their bytes differ.

    Args:
        network: .npz file.
        matrices: names of the arrays in it that are projected, each of two dimensions.

    Returns:
        ``sha256``, and eight projections of each matrix, named by it and a number.

    Raises:
        ValueError: when the file is damaged.
    """
    rng = np.random.default_rng(0)
    arrays = array_io.load_arrays(network)
    values: dict[str, Any] = {"sha256": kept_weights.checksum(arrays)}
    for matrix in matrices:
        weights = arrays[matrix].astype(float)
        left, right = (rng.standard_normal((PROJECTIONS, length)) for length in weights.shape)
        projections = np.einsum("ki,ij,kj->k", left, weights, right)
        values |= {f"{matrix}_{index}": float(value) for index, value in enumerate(projections)}
    return values


def fingerprints(runs: pd.DataFrame, commit: str) -> pd.DataFrame:
    """Fingerprint and origin of every network of a table of runs, each once; columns ``fingerprint_columns``."""
    networks = runs.drop_duplicates("network").to_dict("records")
    model = model_of(networks[0]["network"])
    rows = [
        {model.identity: row[model.identity]}
        | fingerprint(row["network"], model.matrices)
        | origin(row["network"], commit)
        for row in networks
    ]
    return pd.DataFrame(rows, columns=list(fingerprint_columns(model)))


def origin(network: str | Path, commit: str) -> dict[str, str]:
    """What trained a network, by its certificate; columns ``ORIGIN_COLUMNS``.

    Args:
        network: file of the network.
        commit: whose code its certificate names.
    """
    certificate = certificates.load(network)
    if certificate is None:
        return {"trained_by": BEFORE, "commit": UNKNOWN, "proof": ""}
    return {"trained_by": certificate.recipe.digest, "commit": commit, "proof": certificate.adopted}


def machine_class() -> dict[str, str]:
    """What decides the last bits of a result: processor, its instructions as torch uses them, and library versions."""
    return {
        "processor": _processor(),
        "instructions": torch.backends.cpu.get_cpu_capability(),
        "system": f"{platform.system()} {platform.machine()}",
        **{name: importlib.metadata.version(name) for name in ("torch", "numpy", "scipy")},
    }


def same_class(origin: Mapping[str, Any]) -> bool:
    """Whether results of some provenance come from this class of machine."""
    return bool(origin["machine_class"] == machine_class())


def _processor() -> str:
    information = Path("/proc/cpuinfo")
    if not information.exists():
        return platform.processor() or "unknown"
    fields = {}
    for line in information.read_text().split("\n\n")[0].splitlines():
        name, _, value = line.partition(":")
        fields[name.strip()] = value.strip()
    return f"{fields.get('model name', 'unknown')}, family {fields.get('cpu family')} model {fields.get('model')}"


def commit(folder: str | Path) -> str:
    """Commit of the git checkout in which a folder lies; ``UNKNOWN`` where it lies in none."""
    return _git(folder, "rev-parse", "HEAD")


def provenance(folder: str | Path, wall_seconds: Mapping[str, float | None]) -> dict[str, Any]:
    """Where results came from: commit, versions, machine class and time.

    Args:
        folder: of the workflow, a git checkout.
        wall_seconds: for each rule the summed wall time of its jobs.
    """
    packages = ("snakemake", "neurogym", "pandas", "pyarrow", "matplotlib")
    changes = _git(folder, "status", "--porcelain", "--", "workflow", "data", "config.yaml", "Snakefile")
    return {
        "commit": commit(folder),
        "uncommitted_changes": changes not in ("", UNKNOWN),
        "python": platform.python_version(),
        "versions": {name: importlib.metadata.version(name) for name in packages},
        "machine_class": machine_class(),
        "wall_seconds": dict(wall_seconds),
    }


def wall_seconds(benchmarks: Path, runs: Iterable[str], rules: Iterable[str] = _TIMED_RULES) -> dict[str, float | None]:
    """Summed wall time of the jobs of some runs, for each rule that is timed; a job is a run, or part of a condition.

    It is None where results were adopted without the timings of their jobs.
    """
    paths, seconds = list(runs), dict[str, float | None]()
    for rule in rules:
        jobs = {_timing_of_job(benchmarks / rule, path) for path in paths}
        known = all(job.exists() for job in jobs)
        seconds[rule] = round(sum(float(pd.read_csv(job, sep="\t")["s"].sum()) for job in jobs), 1) if known else None
    return seconds


def makers(networks: Iterable[str | Path]) -> dict[str, Any]:
    """What made networks, by their certificates.

    Returns:
        ``code``: how many networks each training code made, by its digest; ``adopted``: by what proof those that were
        made by another code than that of their certificates were adopted. Networks without certificate are left out.
    """
    found = [certificate for network in networks if (certificate := certificates.load(network))]
    return {
        "code": dict(Counter(certificate.recipe.digest_of_code for certificate in found)),
        "adopted": sorted({certificate.adopted for certificate in found} - {""}),
    }


def _timing_of_job(folder: Path, run: str) -> Path:
    alone = Path(folder, f"{run}.tsv")
    condition, _, seed = run.rpartition("/")
    part = part_of_condition(int(seed.partition(MARK)[2]))
    return alone if alone.exists() else Path(folder, f"{condition}{part}.tsv")


def save_origin(target: Path, results: Path, workflow_folder: Path) -> None:
    """Write fingerprints and provenance of a published experiment beside its tables.

    Args:
        target: folder of the published experiment.
        results: folder of the results that it is copied from, with networks and timings of their jobs.
        workflow_folder: the git checkout that made it.

    Raises:
        ValueError: when the table of runs or a network is damaged.
    """
    runs = parquet.load_table(target / "tables" / "runs.parquet")
    columns = fingerprint_columns(model_of(runs["network"].iloc[0]))
    parquet.save_table(target / "tables" / "fingerprints.parquet", fingerprints(runs, commit(workflow_folder)), columns)
    networks = runs["network"].unique()
    found = provenance(workflow_folder, wall_seconds(results / "benchmarks", map(run_of, networks)))
    array_io.save_json(target / "provenance.json", found | {"training": makers(networks)})


def merged_configuration(
    earlier: Mapping[str, Any], latest: Mapping[str, Any], selected: Collection[str]
) -> dict[str, Any]:
    """Configuration of all published results: the latest, with what only earlier ones named.

    Of paths to the files of whoever publishes, the name alone is kept.

    Args:
        earlier: of what is published.
        latest: of what is published now.
        selected: experiments that are published now. The others stay as they were when their tables were made.
    """
    merged = _without_local_folders(latest)
    for group in loading.NAMED_GROUPS:  # of which a later publication may lack some entries
        merged[group] = {**earlier.get(group, {}), **merged[group]}
    kept = {name: entry for name, entry in earlier.get("experiments", {}).items() if name not in selected}
    merged["experiments"] |= kept
    return merged


def update_configuration(path: Path, config: Mapping[str, Any], selected: Collection[str]) -> dict[str, Any]:
    """Merge a configuration into the published one in a file, which may not exist yet, and return both together."""
    published = yaml.safe_load(path.read_text()) if path.exists() else {}
    merged = merged_configuration(published, config, selected)
    array_io.save_text(path, yaml.safe_dump(merged, sort_keys=False))
    return merged


def _without_local_folders(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _without_local_folders(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_without_local_folders(inner) for inner in value]
    return Path(value).name if isinstance(value, str) and Path(value).is_absolute() else value


def _git(folder: str | Path, *arguments: str) -> str:
    try:
        command = ["git", "-C", str(folder), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return UNKNOWN
