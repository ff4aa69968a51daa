"""Certificates: what a file of results is, beside it, so that it cannot be taken for another.

The job that makes ``name`` writes ``.name.made`` into the same folder, with the place and the SHA-256 of the file and
its ``Recipe``: digests of all that decides its content. Every job that reads the file compares both first, and the plan
of a later start, here or on another machine, compares the recipe. Records stay what was computed, byte for byte.

A recipe knows parameters by name, library files by their paths in the library, and inputs by the digests of their own
recipes (files without certificate by their content). It knows no machine, folder, time or number of jobs: of a job that
trains all seeds of a condition, each network has the recipe that it has alone.
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path, PurePath
from typing import Any

from richlazy.storage import array_io, library_code

# Where a job computes and where a download keeps its chunks: no part of a result.
_WHERE = frozenset({"device", "chunks"})
# In place of the digest of an input file that is not there.
GONE = ""


@dataclass(frozen=True)
class Recipe:
    """Digests of what decides the content of a file.

    Attributes:
        parameters: by name; those of a group of settings singly, such as ``settings.loss``.
        code: of library files, by their paths below the folder of the scripts.
        inputs: of the input files, by the name that the job gives them.
    """

    parameters: Mapping[str, str]
    code: Mapping[str, str]
    inputs: Mapping[str, str]

    @property
    def digest(self) -> str:
        """Digest of the whole."""
        return _digest(asdict(self))

    @property
    def digest_of_code(self) -> str:
        """Digest of the code alone."""
        return _digest(self.code)

    def differences(self, other: "Recipe") -> dict[str, list[str]]:
        """Names of what differs from another recipe, by kind: ``parameters``, ``code``, ``inputs``.

        Inputs that are not there, as downloads are not where results alone were copied, count as equal.
        """
        found = {}
        for kind, ours in asdict(self).items():
            theirs = getattr(other, kind)
            names = ours.keys() | theirs.keys()
            differ = sorted(name for name in names if ours.get(name) != theirs.get(name) and ours.get(name) != GONE)
            if differ:
                found[kind] = differ
        return found


@dataclass(frozen=True)
class Certificate:
    """What is known of a file of results.

    Attributes:
        place: where it belongs, below the results.
        sha256: of its content.
        recipe: what made it.
        adopted: how it came to this recipe where the file is older than the recipe; empty otherwise.
    """

    place: str
    sha256: str
    recipe: Recipe
    adopted: str = ""


def path_of(file: str | Path) -> Path:
    """Where the certificate of a file stands."""
    file = Path(file)
    return file.with_name(f".{file.name}.made")


def place(file: str | Path) -> str:
    """Path of a file from the folder ``results`` on, which is the same wherever the project lies."""
    parts = PurePath(file).parts
    start = len(parts) - parts[::-1].index("results") if "results" in parts else 0
    return "/".join(parts[start:])


def certify(file: str | Path, recipe: Recipe, adopted: str = "") -> None:
    """Write the certificate of a finished file."""
    certificate = Certificate(place(file), array_io.checksum(file), recipe, adopted)
    array_io.save_json(path_of(file), asdict(certificate))


def load(file: str | Path) -> Certificate | None:
    """Certificate of a file; None where it has none.

    Raises:
        ValueError: when the certificate is damaged.
    """
    path = path_of(file)
    if not path.exists():
        return None
    try:
        values = array_io.load_json(path)
        return Certificate(**values | {"recipe": Recipe(**values["recipe"])})
    except (ValueError, KeyError, TypeError) as error:
        raise array_io.damaged(file, "its certificate is") from error


def check(file: str | Path) -> Certificate | None:
    """Certificate of a file, which is what was made, where it was made; None where it has none.

    Raises:
        ValueError: when the file is another one, or the certificate is damaged.
    """
    certificate = load(file)
    if certificate is not None:
        if certificate.place != place(file):
            raise array_io.damaged(file, f"its certificate is that of {certificate.place}")
        if certificate.sha256 != array_io.checksum(file):
            raise array_io.damaged(file, "it is not the file that was made there")
    return certificate


def digest_of_input(file: str | Path) -> str:
    """Digest of the recipe of an input file, or of its content where it has no certificate.

    Raises:
        ValueError: as ``check`` does.
    """
    certificate = check(file)
    return array_io.checksum(file) if certificate is None else certificate.recipe.digest


def recipes(
    params: Any, inputs: Any, outputs: Any, digest_of: Callable[[str], str] = digest_of_input
) -> dict[str, Recipe]:
    """Recipe of each output file of a job.

    Args:
        params, inputs, outputs: of the Snakemake job. ``params.code`` describes its code; where ``params.runs`` and the
            first output have several members, they are one network each, and so are the other outputs and inputs of as
            many members.
        digest_of: gives the digest of an input file, ``GONE`` where it is not there.

    Raises:
        ValueError: when an input has a certificate and is not the file that was made there.
    """
    settings, read, made = dict(params.items()), _by_name(inputs), _by_name(outputs)
    by_file = library_code.digests_of(settings.pop("code"))
    digests = {name: [digest_of(str(file)) for file in _listed(files)] for name, files in read.items()}
    runs = settings.get("runs", ())
    together = len(runs) if 1 < len(runs) == len(_listed(next(iter(made.values())))) else 1
    found: dict[str, Recipe] = {}
    for member in range(together):
        one, own_inputs = settings, digests
        if together > 1:
            one = settings | {"runs": [runs[member]]}
            own_inputs = {name: [each[member]] if len(each) == together else each for name, each in own_inputs.items()}
        names_of_inputs = {name: GONE if GONE in each else _digest(each) for name, each in own_inputs.items() if each}
        recipe = Recipe(_parameters(one), by_file, names_of_inputs)
        for files in made.values():
            own = _listed(files)[member : member + 1] if together > 1 else _listed(files)
            found |= dict.fromkeys(map(str, own), recipe)
    return found


def _by_name(items: Any) -> dict[str, Any]:
    """Named members of what Snakemake gives a job, and under an empty name those without one."""
    named = dict(items.items())
    known = {file for value in named.values() for file in (map(str, _listed(value)))}
    rest = [item for item in items if str(item) not in known]
    return named | {"": rest} if rest else named


def _listed(value: Any) -> Sequence[Any]:
    return [value] if isinstance(value, (str, Path)) or not isinstance(value, Sequence) else value


def _parameters(settings: Mapping[str, Any]) -> dict[str, str]:
    flat: dict[str, Any] = {}
    for name, value in settings.items():
        flat |= (
            {f"{name}.{key}": inner for key, inner in value.items()} if isinstance(value, Mapping) else {name: value}
        )
    return {name: _digest(value) for name, value in flat.items() if name.rpartition(".")[2] not in _WHERE}


def _digest(value: Any) -> str:
    text = json.dumps(_plain(value), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[: library_code.DIGITS]


def _plain(value: Any) -> Any:
    """A value as JSON has it, so that 1 and 1.0, a list and a tuple are the same."""
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(inner) for inner in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if value is None or isinstance(value, (str, int, float)):
        return value
    raise TypeError(f"a parameter of type {type(value).__name__} has no digest")
