"""Packs: all trained networks of an experiment in one file, from which they can be used in place of training.

A pack is a zip. Its members are the files that training has made, each with its certificate, at their paths below the
results, and ``manifest.json``: the parameters of each network, the digest of the code that trained it, and size and
SHA-256 of each member. Members are stored as they are, in order and without times, so that equal networks give equal
packs. A zip and not safetensors, because certificates speak of the bytes of network.npz, and histories go along; it
needs no further package, and any tool opens it.
"""

import contextlib
import hashlib
import json
import struct
import zipfile
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from richlazy.storage import array_io, certificates

MANIFEST, FORMAT = "manifest.json", 1
# Where packs lie below the results, and the table of their checksums among the published ones.
FOLDER, TABLE = "artefacts", "packs.tsv"
_COLUMNS = ("experiment", "file", "sha256", "size_bytes", "networks", "commit")
# Earliest time that a zip can hold.
_TIME = (1980, 1, 1, 0, 0, 0)
# What reading raises where a zip, or the content of its manifest, is not what this module writes.
_BROKEN = (
    zipfile.BadZipFile, EOFError, struct.error, UnicodeDecodeError, NotImplementedError, RuntimeError, KeyError,
    TypeError, AttributeError,
)  # fmt: skip


def save(
    path: str | Path,
    experiment: str,
    results: str | Path,
    networks: Mapping[str, Sequence[str]],
    parameters: Mapping[str, Mapping[str, Any]],
) -> None:
    """Write the pack of an experiment, atomically.

    Args:
        path: the file to write.
        experiment: its name.
        results: folder of the results.
        networks: by the folder of each network, below the results, the files that training has made there.
        parameters: of each network, by the same folder.

    Raises:
        ValueError: when a file has no certificate, or is not the one that was made there.
    """
    described, members = [], dict[str, Path]()
    for folder, files in sorted(networks.items()):
        code, own = set(), dict[str, Path]()
        for file in map(Path, sorted(files)):
            certificate = certificates.check(file)
            if certificate is None:
                raise ValueError(f"{file} has no certificate, so that nothing says what trained it; train it again")
            code.add(certificate.recipe.digest_of_code)
            own |= {file.relative_to(results).as_posix(): file}
            own |= {certificates.path_of(file).relative_to(results).as_posix(): certificates.path_of(file)}
        about = {name: _about(file) for name, file in own.items()}
        described.append({"folder": folder, "parameters": parameters[folder], "code": sorted(code), "files": about})
        members |= own
    manifest = {"format": FORMAT, "experiment": experiment, "networks": described}
    with array_io.atomic(path) as temporary, zipfile.ZipFile(temporary, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(_member(MANIFEST), json.dumps(manifest, indent=1, sort_keys=True) + "\n")
        for name, file in members.items():
            archive.writestr(_member(name), file.read_bytes())


def _about(file: Path) -> dict[str, Any]:
    return {"sha256": array_io.checksum(file), "size_bytes": file.stat().st_size}


def _member(name: str) -> zipfile.ZipInfo:
    found = zipfile.ZipInfo(name, _TIME)
    found.create_system, found.external_attr = 3, 0o644 << 16  # as on Unix, wherever it is made
    return found


def manifest(path: str | Path) -> dict[str, Any]:
    """What a pack says of itself; the members are those of which it speaks.

    Raises:
        ValueError: when it is no pack, or not a whole one.
    """
    with _opened(path) as archive:
        return _manifest(path, archive)


def unpack(path: str | Path, folders: Collection[str], target: str | Path) -> set[str]:
    """Write the files of some networks of a pack, with their certificates, below a folder.

    Args:
        path: the pack.
        folders: of the networks that are wanted, below the results.
        target: folder that stands for the results; after an error it may hold some of the files.

    Returns:
        The folders of those that the pack has.

    Raises:
        ValueError: when it is no pack, or a member is not the one of which the manifest speaks.
    """
    found = set()
    with _opened(path) as archive:
        for network in _manifest(path, archive)["networks"]:
            if network["folder"] in folders:
                found.add(network["folder"])
                for name, about in network["files"].items():
                    content = archive.read(name)
                    if hashlib.sha256(content).hexdigest() != about["sha256"]:
                        raise _refused(path, f"{name} in it is not what its manifest describes")
                    file = Path(target, name)
                    file.parent.mkdir(parents=True, exist_ok=True)
                    file.write_bytes(content)
    return found


def check_published(path: str | Path, results: str | Path, networks: Iterable[str | Path]) -> None:
    """Refuse a pack that is not of the networks that are published with it.

    Args:
        path: the pack.
        results: folder of the results.
        networks: files of the networks.

    Raises:
        ValueError: when it lacks one of them as it is now, or is no pack.
    """
    packed = {name: about for network in manifest(path)["networks"] for name, about in network["files"].items()}
    for network in map(Path, networks):
        certificate = certificates.load(network)
        about = packed.get(network.relative_to(results).as_posix())
        if certificate is None or about is None or about["sha256"] != certificate.sha256:
            raise ValueError(
                f"{path} is no pack of the networks that are published, such as {network}; run `snakemake {path}`, or "
                "delete it to publish without"
            )


def update_table(table: Path, packs: Mapping[str, Path], commit: str) -> None:
    """Note the checksums of packs in a table of tab-separated values, beside those of other experiments.

    Args:
        table: the file; it is left alone, and not made, where there are no packs.
        packs: by experiment.
        commit: at which they are published.
    """
    rows = dict(line.split("\t", 1) for line in table.read_text().splitlines()[1:]) if table.exists() else {}
    for experiment, pack in packs.items():
        about, count = _about(pack), len(manifest(pack)["networks"])
        rows[experiment] = "\t".join([pack.name, about["sha256"], str(about["size_bytes"]), str(count), commit])
    if packs:
        lines = ["\t".join(_COLUMNS), *("\t".join(row) for row in sorted(rows.items()))]
        array_io.save_text(table, "\n".join(lines) + "\n")


@contextlib.contextmanager
def _opened(path: str | Path) -> Iterator[zipfile.ZipFile]:
    """A zip that is open for reading; whatever breaks while it is read is said of the pack."""
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except _BROKEN as error:
        raise _refused(path, error) from error


def _manifest(path: str | Path, archive: zipfile.ZipFile) -> dict[str, Any]:
    names = archive.namelist()
    for name in names:
        if PurePosixPath(name).is_absolute() or ".." in name.split("/") or "\\" in name or ":" in name:
            raise _refused(path, f"its member {name!r} would lie outside of the results")
    if any(one.compress_type != zipfile.ZIP_STORED or one.compress_size != one.file_size for one in archive.infolist()):
        raise _refused(path, "its members are compressed")
    try:
        found: dict[str, Any] = json.loads(archive.read(MANIFEST))
    except ValueError as error:
        raise _refused(path, f"its {MANIFEST} is no JSON") from error
    if found["format"] != FORMAT:
        raise _refused(path, f"it has format {found['format']!r}, and this version reads {FORMAT}")
    files = [(network["folder"], name) for network in found["networks"] for name in network["files"]]
    if any(PurePosixPath(name).parent != PurePosixPath(folder) for folder, name in files):
        raise _refused(path, "a file in it lies outside of the folder of its network")
    if sorted(names) != sorted([MANIFEST, *(name for _, name in files)]):
        raise _refused(path, f"its members are not those of its {MANIFEST}")
    return found


def _refused(path: str | Path, what: object) -> ValueError:
    return ValueError(f"{path} is no whole pack of networks ({what}); nothing was taken from it")
