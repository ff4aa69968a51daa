"""The Stanford Sentiment Treebank (Socher et al. 2013): its sentences in two classes, read from its trees."""

import re
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from richlazy.storage import data_sources

# Parts of the treebank, as keys of `members` in data/sources.yaml.
PARTS = ("training", "validation", "test")
_NEUTRAL = 2
# How the Penn Treebank writes signs that its format takes; word vectors know the signs themselves.
_ESCAPES = {"-LRB-": "(", "-RRB-": ")", r"\/": "/", r"\*": "*"}
# Blanks and line ends alone separate: some words hold no-break spaces.
_LEAF = re.compile(r"\([0-4] ([^() \n]+)\)")
_NODE = re.compile(r"\([0-4](?: \.)+\)")


@dataclass(frozen=True)
class Sentence:
    """A sentence with its sentiment.

    Attributes:
        words: its tokens, as they are written.
        positive: whether it is positive; otherwise it is negative.
    """

    words: tuple[str, ...]
    positive: bool


def read_tree(line: str) -> tuple[int, tuple[str, ...]]:
    """Label of the root of a tree, from 0 (very negative) to 4 (very positive), and the tokens at its leaves.

    Tokens are those of the treebank; the escapes of brackets and bars are undone.

    Raises:
        ValueError: when the line is no tree with a label at each node.
    """
    tree = line.strip("\r\n")
    rest, found = _LEAF.sub(".", tree), 1
    while found:  # nodes whose children are all read become one themselves
        rest, found = _NODE.subn(".", rest)
    if rest != ".":
        raise ValueError(f"{tree[:60]!r} is no tree of the treebank")
    words = (_unescaped(word) for word in _LEAF.findall(tree))
    return int(tree[1]), tuple(words)


def _unescaped(word: str) -> str:
    for escape, sign in _ESCAPES.items():
        word = word.replace(escape, sign)
    return word


def two_classes(lines: Iterable[str]) -> list[Sentence]:
    """Sentences of trees, one a line, that are negative (0, 1) or positive (3, 4); neutral ones are left out."""
    trees = (read_tree(line) for line in lines if line.strip())
    return [Sentence(words, label > _NEUTRAL) for label, words in trees if label != _NEUTRAL]


def read_archive(path: str | Path, file: Mapping[str, Any]) -> dict[str, list[Sentence]]:
    """Sentences of the archive as it is downloaded, by part.

    Args:
        path: the archive.
        file: its entry in the registry, with ``members``.

    Raises:
        ValueError: when the archive or a member is not the one that the registry describes.
    """
    data_sources.verify(path, file)
    with zipfile.ZipFile(path) as archive:
        contents = {part: archive.read(file["members"][part]["member"]) for part in PARTS}
    for part, content in contents.items():
        data_sources.verify_content(content, f"{path}/{file['members'][part]['member']}", file["members"][part])
    return {part: two_classes(content.decode().split("\n")) for part, content in contents.items()}


def read_files(paths: Mapping[str, str | Path], members: Mapping[str, Mapping[str, Any]]) -> dict[str, list[Sentence]]:
    """Sentences of copies of the members of the archive, by part.

    Args:
        paths: the files, by part.
        members: their entries in the registry, by part.

    Raises:
        ValueError: when a file is not the one that the registry describes.
    """
    for part in PARTS:
        data_sources.verify(paths[part], members[part])
    return {part: two_classes(Path(paths[part]).read_text(encoding="utf-8").split("\n")) for part in PARTS}


def read(paths: Mapping[str, str | Path], file: Mapping[str, Any]) -> dict[str, list[Sentence]]:
    """Sentences by part, from the archive (path ``archive``) or from copies of its members (paths by part)."""
    return read_archive(paths["archive"], file) if "archive" in paths else read_files(paths, file["members"])
