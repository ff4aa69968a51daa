"""Files of the configuration: what YAML passes over in them, and which belong to papers."""

import math
import re
from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from richlazy import wording

# Groups whose entries have names of their own.
NAMED_GROUPS = (
    "presets", "connectomes", "structures", "tasks", "image_sets", "sentence_sets", "word_vectors", "experiments",
)  # fmt: skip

# libyaml where PyYAML has it, which is ten times faster
_SafeLoader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass
class File:
    """A file of the configuration.

    Attributes:
        path: where it is.
        content: what YAML makes of it; None where it is not valid YAML.
        mistakes: a sentence each.
    """

    path: Path
    content: Any = None
    mistakes: list[str] = field(default_factory=list)


def read(path: str | Path) -> File:
    """Read a file and note what YAML itself would pass over."""
    file = File(Path(path))
    loader = _Loader(file.path.read_bytes())
    try:
        file.content = loader.get_single_data()
    except yaml.YAMLError as error:
        problem = getattr(error, "problem", None) or getattr(error, "reason", "unreadable")
        mark = getattr(error, "problem_mark", None)
        end = "," if mark else ""
        loader.note(mark, f"{end} is not valid YAML: {problem}; mend this line or the one before it")
    finally:
        loader.dispose()
    for line, text in sorted(set(loader.mistakes)):
        file.mistakes.append(f"{file.path.name}{f', line {line}' if line else ''}{text}")
    return file


def papers(folder: str | Path) -> list[Path]:
    """Files of the experiments of papers, in the order of the names of their folders."""
    return sorted(Path(folder).glob("*/experiments.yaml"))


def claims(folder: str | Path) -> list[Path]:
    """Files of the claims of papers, likewise; what no paper claims comes last."""
    found = Path(folder).glob("*/claims.yaml")
    return sorted(found, key=lambda path: (path.parent.name == "extensions", path))


def published_values(folder: str | Path) -> list[Path]:
    """Files of the numbers that papers give, likewise."""
    return sorted(Path(folder).glob("*/published_values.yaml"))


def disagreements(files: Iterable[File]) -> Iterator[str]:
    """Entries that two papers name alike and define differently, a sentence each."""
    first: dict[tuple[str, Any], tuple[str, Any]] = {}
    for file in files:
        content = file.content if isinstance(file.content, Mapping) else {}
        paper = file.path.parent.name
        for group in NAMED_GROUPS:
            entries = content.get(group)
            for name, entry in entries.items() if isinstance(entries, Mapping) else ():
                other, found = first.setdefault((group, name), (paper, entry))
                if found != entry:
                    yield (
                        f"{group}.{name} is one thing in the paper {other} and another in {paper}; give one of the two "
                        "another name"
                    )


def numbers_out_of_range(config: Any) -> Iterator[tuple[tuple[Any, ...], str]]:
    """Place and sentence of every number that is not finite or beyond 64 bits, wherever it stands."""
    for path, value in walk(config):
        if isinstance(value, float) and not math.isfinite(value):
            yield path, f"{wording.where(path)} is {value}; give a finite number"
        if isinstance(value, int) and abs(value) >= 2**63:
            yield path, f"{wording.where(path)} is {wording.shown(value)}, beyond 64 bits; give a smaller number"


def walk(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Every value of a configuration with its place, in the order of the file."""
    yield path, value
    children = value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list) else ()
    for key, child in children:
        yield from walk(child, (*path, key))


class _Loader(_SafeLoader):
    """YAML loader that notes keys that stand twice in one mapping, where YAML keeps the last, and odd whole numbers."""

    def __init__(self, text: bytes) -> None:
        super().__init__(text)
        self.mistakes: list[tuple[int, str]] = []

    def note(self, mark: Any, text: str) -> None:
        """A mistake at a mark of YAML, which tells the line; 0 stands for the whole file."""
        self.mistakes.append((mark.line + 1 if mark else 0, text))

    def construct_mapping(self, node: Any, deep: bool = False) -> Any:
        seen = set()
        for key_node, _ in node.value:
            if key_node.tag == "tag:yaml.org,2002:merge":  # `<<: *other`, whose keys may be overwritten
                continue
            key = self.construct_object(key_node, deep=True)
            if isinstance(key, Hashable) and key in seen:
                self.note(key_node.start_mark, f": {wording.shown(key)} stands twice; remove or rename one of the two")
            if isinstance(key, Hashable):  # YAML itself refuses the others
                seen.add(key)
        return super().construct_mapping(node, deep)

    def construct_number(self, node: Any) -> Any:
        """Whole numbers that YAML 1.1 reads to base 8 or 60 (010 is 8, 1:30 is 90)."""
        number = self.construct_yaml_int(node)
        if re.fullmatch(r"[-+]?0[0-9_]+", node.value):
            written = node.value.lstrip("-+0").replace("_", "") or "0"
            self.note(
                node.start_mark,
                f": YAML reads {node.value} to base 8, as {number}; write {written}, or a text in quotes",
            )
        if ":" in node.value:
            self.note(
                node.start_mark,
                f": YAML reads {node.value} to base 60, as {number}; write {number}, or a text in quotes",
            )
        return number


_Loader.add_constructor("tag:yaml.org,2002:int", _Loader.construct_number)
