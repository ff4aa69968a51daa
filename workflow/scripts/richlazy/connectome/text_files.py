"""How a file of text is laid out: its encoding, what separates its fields, where its table begins.

Only what cannot change a number is found out: separators, byte-order marks, lines of comment before the table. What
numbers mean (a decimal comma, labels, a missing header) is declared in group ``format``.
"""

import csv
import gzip
import itertools
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from richlazy.wording import counted

ENDINGS = tuple(f".{kind}{packed}" for kind in ("csv", "tsv", "txt") for packed in ("", ".gz"))
# In this order, since a text with tabs or semicolons may have commas in its numbers.
SEPARATORS = {"\t": "tabs", ";": "semicolons", ",": "commas", " ": "blanks"}
_POINTER = b"version https://git-lfs"
_MARKS = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
# Lines that are looked at; others are checked as they are read.
_LINES = 50


@dataclass(frozen=True)
class Layout:
    """Layout of a file of text.

    Attributes:
        encoding: as Python names it.
        separator: one of ``SEPARATORS``; a blank stands for any number of blanks and tabs.
        skipped: lines before the table: comments, which begin with #, empty lines, and Excel's ``sep=;``.
        head: fields of its first lines, without blanks around them.
    """

    encoding: str
    separator: str
    skipped: int
    head: list[list[str]]


def refuse_pointer(path: Path) -> None:
    """Raise ValueError where a file is no more than the note that Git LFS leaves in place of a large one."""
    with path.open("rb") as stream:
        if stream.read(len(_POINTER)) == _POINTER:
            raise ValueError(f"{path.name} is a Git LFS pointer and not the file itself; run git lfs pull")


def layout(path: Path, wanted: Collection[str] = ()) -> Layout:
    """Find out how a file of text is laid out.

    Args:
        path: the file; ``.gz`` is unpacked.
        wanted: names of columns that its first line should have, by which its separator is known.

    Raises:
        ValueError: where it is empty, or in no encoding that is known.
    """
    encoding = _encoding(path)
    try:
        with _open(path, encoding) as stream:
            lines = list(itertools.islice(stream, _LINES))
    except UnicodeDecodeError as error:
        raise ValueError(f"{path.name} is not in UTF-8; save it as CSV in UTF-8") from error
    skipped = sum(1 for _ in itertools.takewhile(_is_before, lines))
    lines = [line.rstrip("\r\n") for line in lines[skipped:]]
    while lines and not lines[-1].strip():
        lines.pop()
    if not lines:
        raise ValueError(f"{path.name} cannot be read as a table: it has no rows")
    everywhere = [sign for sign in SEPARATORS if all(_splits(line, sign) for line in lines if line.strip())]
    naming = [sign for sign in SEPARATORS if wanted and set(wanted) <= set(_fields(lines[0], sign))]
    in_first = [sign for sign in SEPARATORS if _splits(lines[0], sign)]
    separator = [*naming, *everywhere, *in_first, ","][0]
    return Layout(encoding, separator, skipped, [_fields(line, separator) for line in lines if line.strip()])


def rows(path: Path, found: Layout) -> Iterator[list[str]]:
    """Fields of every line of the table, without blanks around them; empty lines are left out."""
    with _open(path, found.encoding) as stream:
        for line in itertools.islice(stream, found.skipped, None):
            if line.strip():
                yield _fields(line.rstrip("\r\n"), found.separator)


def refuse_longer(name: str, header: Sequence[str], lines: Sequence[Sequence[str]], header_is: str) -> None:
    """Raise ValueError at the first of some rows that has more fields than there are columns.

    Args:
        name: of the file.
        header: the columns.
        lines: fields of the rows that follow.
        header_is: what gives the number of columns, in words.
    """
    for number, line in enumerate(lines, start=1):
        if len(line) > len(header):
            raise ValueError(longer_row(name, number, len(line), len(header), header_is))


def longer_row(name: str, number: int, fields: int, columns: int, header_is: str = "the header") -> str:
    """Sentence about a row with more fields than there are columns; rows are counted from 1 after the header."""
    return (
        f"{name}: row {number} has {counted(fields, 'field')}, {header_is} {columns}; where commas are decimal marks, "
        "export it with semicolons or tabs between fields and write format.decimal: comma"
    )


def refuse_repeated(name: str, header: Sequence[str]) -> None:
    """Raise ValueError where two columns have one name."""
    repeated = next((column for column in header if column and header.count(column) > 1), None)
    if repeated is not None:
        raise ValueError(f"{name}: {header.count(repeated)} columns are named {repeated!r}; rename all but one of them")


def are_numbers(words: Sequence[str]) -> bool:
    """Whether every word is a number, with a point or a comma, as in a file without a line of names."""
    return all(re.fullmatch(r"[-+]?(\d+[.,]?\d*|[.,]\d+)([eE][-+]?\d+)?", word) for word in words)


def _encoding(path: Path) -> str:
    with gzip.open(path) if path.name.endswith(".gz") else path.open("rb") as stream:
        start = stream.read(3)
    return next((name for mark, name in _MARKS.items() if start.startswith(mark)), "utf-8")


def _open(path: Path, encoding: str) -> IO[str]:
    if path.name.endswith(".gz"):
        return gzip.open(path, "rt", encoding=encoding)
    return path.open(encoding=encoding)


def _is_before(line: str) -> bool:
    return not line.strip(" \r\n\t;,") or line.startswith("#") or re.fullmatch(r'"?sep=."?\s*', line) is not None


def _fields(line: str, separator: str) -> list[str]:
    if separator == " ":
        return [word.strip('"') for word in line.split()]
    return [word.strip() for word in next(csv.reader([line], delimiter=separator, skipinitialspace=True), [])]


def _splits(line: str, separator: str) -> bool:
    return len(_fields(line, separator)) > 1
