"""Publishing of reference results: what is refused, and a page that says what made every published network."""

import hashlib
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from richlazy import packing, reference, wording
from richlazy.reference import BEFORE
from richlazy.storage import array_io, certificates, compact_tables, late_import, library_code, parquet

# Bytes of a picture, and of all that is published: whoever clones the repository downloads them.
MOST_OF_PICTURE, MOST_OF_ALL = 160_000, 20_000_000
# Columns that are drawn and not tested, by the table that holds them; they are published to four digits.
_DRAWN = {"curves": ("value",), "spectra": ("eigenvalue_modulus", "singular_value")}

# What of a network is in a row of a table: how it was trained, and what was measured of it.
_OF_NETWORK = ("network.npz", "measures.json")


def publish(folder: str | Path, selected: Iterable[str], files: Sequence[str], project: Path) -> None:
    """Copy small results of experiments to the published ones, with their provenance, unless something is refused.

    Args:
        folder: of the published results.
        selected: names of the experiments.
        files: to copy; the first is ``<results>/experiments/<name>/tables/<table>.parquet``.
        project: folder of the project, a git checkout or not.

    Raises:
        ValueError: as ``check`` does, and when a file is damaged.
    """
    root = Path(files[0]).parents[3]
    packs = {name: Path(root, packing.FOLDER, f"{name}.zip") for name in selected}
    packs = {name: pack for name, pack in packs.items() if pack.exists()}
    for experiment in selected:
        own = [file for file in files if Path(root, "experiments", experiment) in Path(file).parents]
        networks = check(experiment, own, project)
        if experiment in packs:
            packing.check_published(packs[experiment], root, networks)
    for file in map(Path, files):
        target = Path(folder, file.relative_to(root))
        reference.copy_whole(file, target)
        if target.suffix == ".parquet":
            compact(target)
    for experiment in selected:
        reference.save_origin(Path(folder, "experiments", experiment), root, project)
        compact(Path(folder, "experiments", experiment, "tables/fingerprints.parquet"))
    array_io.save_text(Path(folder, "provenance.md"), page(folder))
    packing.update_table(Path(folder, packing.TABLE), packs, reference.commit(project))


def compact(table: Path) -> None:
    """Make a published table small: values that are drawn and not tested keep four digits, all others stay equal."""
    drawn = [name for name in _DRAWN.get(table.stem, ()) if name in parquet.meanings(table)]
    compact_tables.compact(table, drawn)


def compact_all(folder: str | Path) -> None:
    """Make all published tables small."""
    for table in sorted(Path(folder).rglob("*.parquet")):
        compact(table)


def check_size(folder: str | Path) -> None:
    """Refuse published results that are too large to commit.

    Raises:
        ValueError: a sentence about the largest picture, or about all files together.
    """
    sizes = {path: path.stat().st_size for path in Path(folder).rglob("*") if path.is_file()}
    pictures = {path: size for path, size in sizes.items() if path.suffix == ".png"}
    largest = max(pictures, key=lambda path: pictures[path], default=None)
    if largest is not None and pictures[largest] > MOST_OF_PICTURE:
        raise ValueError(
            f"{largest} has {pictures[largest] // 1000} kB, and a committed picture at most {MOST_OF_PICTURE // 1000}; "
            "lower figures.resolution_dpi"
        )
    if sum(sizes.values()) > MOST_OF_ALL:
        raise ValueError(
            f"{folder} has {sum(sizes.values()) / 1e6:.1f} MB, and committed results at most {MOST_OF_ALL // 10**6}; "
            "publish fewer experiments, or lower figures.resolution_dpi"
        )


def check(experiment: str, files: Iterable[str], project: Path) -> list[Path]:
    """Refuse results of an experiment that its commit, or the tables of today, would not give.

    Networks, their measures, and all that is published of them have to be made by the library of the commit, or, in a
    folder that is no git checkout, by that of the folder. Results that were adopted with a proof count as made by it.

    Args:
        experiment: its name.
        files: what is to be published of it, ``tables/runs.parquet`` included.
        project: folder of the project.

    Returns:
        The files of its networks.

    Raises:
        ValueError: a sentence about the first thing that is refused.
    """
    paths = list(map(Path, files))
    runs = parquet.load_table(next(path for path in paths if path.name == "runs.parquet"))
    networks = [Path(network) for network in runs["network"].unique()]
    columns = late_import.load(reference.model_of(networks[0]).tabulating).RUN_COLUMNS
    missing = [name for name in columns if name not in runs]
    if missing:
        raise ValueError(
            f"runs.parquet of {experiment} lacks {wording.counted(len(missing), 'column')} that tables have today, "
            f"{wording.listed(missing)}; make it again with `snakemake {experiment}`"
        )
    found = {path: certificates.check(path) for path in [*paths, *_files_of(networks)]}
    bare = [network for network in networks if found[network] is None]
    if bare:
        raise ValueError(
            f"{len(bare)} of {wording.counted(len(networks), 'network')} of {experiment} have no certificate, such as "
            f"{bare[0]}, so that nothing says what trained them; train them again, or prove them "
            "(python workflow/scripts/adopt_results.py --prove 2)"
        )
    _check_code(experiment, {path: one.recipe.code for path, one in found.items() if one}, project)
    return networks


def _files_of(networks: Iterable[Path]) -> Iterator[Path]:
    yield from (file for network in networks for name in _OF_NETWORK if (file := network.with_name(name)).exists())


def _check_code(experiment: str, codes: Mapping[Path, Mapping[str, str]], project: Path) -> None:
    commit = reference.commit(project)
    for name in sorted({name for code in codes.values() for name in code}):
        current = _digest_at(commit, project, name)
        other = [path for path, code in codes.items() if code.get(name, current) != current]
        if other:
            whose = "this folder" if commit == reference.UNKNOWN else f"commit {commit[:7]}"
            raise ValueError(
                f"{wording.counted(len(other), 'file')} of {experiment}, such as {other[0]}, come from another {name} "
                f"than that of {whose}; commit what made them, make them again, or prove networks of older code "
                "(python workflow/scripts/adopt_results.py --prove 2)"
            )


def _digest_at(commit: str, project: Path, name: str) -> str:
    """Digest of a library file at a commit, or as it is in a folder that is no checkout; empty where it is missing."""
    if commit == reference.UNKNOWN:
        file = project / "workflow" / "scripts" / name
        return library_code.digests([file])[name] if file.exists() else ""
    command = ["git", "-C", str(project), "show", f"{commit}:./workflow/scripts/{name}"]
    shown = subprocess.run(command, capture_output=True)
    return hashlib.sha256(shown.stdout).hexdigest()[: library_code.DIGITS] if shown.returncode == 0 else ""


def page(folder: str | Path) -> str:
    """What made the networks of every published experiment, as a Markdown document."""
    lines = [
        "# What made the published networks",
        "",
        "Each row of `tables/fingerprints.parquet` names what trained its network (`trained_by`: digest of code, "
        "settings and inputs), the commit that has this code, and of a network of older code the proof that this code "
        f"makes it. *{BEFORE.capitalize()}*: published when nothing noted this. The commit is then that of the tables, "
        "and what is known of the networks stands in the README.",
        "",
        "| experiment | networks | commit | trained by | proof |",
        "|---|---|---|---|---|",
    ]
    for path in sorted(Path(folder).glob("experiments/*/provenance.json")):
        origin = array_io.load_json(path, sealed=False)  # the oldest carry no checksum
        lines.append(_line(path.parent.name, origin, path.parent / "tables" / "fingerprints.parquet"))
    return "\n".join(lines) + "\n"


def _line(experiment: str, origin: Mapping[str, Any], fingerprints: Path) -> str:
    prints = parquet.load_table(fingerprints)
    changed = ", with uncommitted changes of data or settings" if origin["uncommitted_changes"] else ""
    makers, proofs = (prints.get(name, pd.Series(default)) for name, default in (("trained_by", BEFORE), ("proof", "")))
    by = BEFORE if set(makers) == {BEFORE} else _codes(origin)
    shown = " ".join(proof for proof in proofs.unique() if proof)
    return f"| {experiment} | {len(prints)} | {origin['commit'][:7]}{changed} | {by} | {shown} |"


def _codes(origin: Mapping[str, Any]) -> str:
    return ", ".join(f"code {digest} ({count})" for digest, count in origin["training"]["code"].items())
