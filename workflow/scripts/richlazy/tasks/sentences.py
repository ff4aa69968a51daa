"""Sentences as indices of words: the vocabulary of a training set, and every part of a corpus written with it."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from richlazy.storage import array_io
from richlazy.tasks.treebank import PARTS, Sentence

# The first indices of every vocabulary; neither has a word vector.
PADDING, UNKNOWN = 0, 1
_NO_WORDS = ("<padding>", "<unknown>")


@dataclass(frozen=True)
class Part:
    """Sentences of the same length, the shorter ones padded at their end.

    Attributes:
        words: (sentences, longest) int32, indices of words.
        lengths: (sentences,) int64, words of each.
        positive: (sentences,) bool.
    """

    words: np.ndarray
    lengths: np.ndarray
    positive: np.ndarray


def tokens(sentence: Sentence, lower_case: bool) -> list[str]:
    """Words of a sentence as a vocabulary knows them: its own tokens, in lower case where that is asked for."""
    return [word.lower() for word in sentence.words] if lower_case else list(sentence.words)


def vocabulary(training: Iterable[Sentence], lower_case: bool) -> list[str]:
    """Words of a training set, the frequent ones first and equally frequent ones in their order.

    The words stand at their indices; places ``PADDING`` and ``UNKNOWN`` are taken by none.
    """
    counts = Counter(word for sentence in training for word in tokens(sentence, lower_case))
    return [*_NO_WORDS, *sorted(counts, key=lambda word: (-counts[word], word))]


def indexed(corpus: Sequence[Sentence], words: Sequence[str], lower_case: bool) -> Part:
    """Sentences written with the indices of a vocabulary; words that it lacks are ``UNKNOWN``.

    Raises:
        ValueError: for a sentence without words, of which nothing can be learned.
    """
    places = {word: index for index, word in enumerate(words) if index > UNKNOWN}
    lines = [[places.get(word, UNKNOWN) for word in tokens(sentence, lower_case)] for sentence in corpus]
    lengths = np.array([len(line) for line in lines], np.int64)
    if not lines or not lengths.all():
        raise ValueError("a part of the corpus is empty or has a sentence without words; check its files")
    padded = np.full((len(lines), lengths.max()), PADDING, np.int32)
    for row, line in zip(padded, lines, strict=True):
        row[: len(line)] = line
    return Part(padded, lengths, np.array([sentence.positive for sentence in corpus]))


def save(path: str | Path, parts: Mapping[str, Part]) -> None:
    """Write the parts of a corpus to one .npz, atomically."""
    arrays = {f"{name}_{field}": value for name, part in parts.items() for field, value in vars(part).items()}
    array_io.save_arrays(path, **arrays)


def load(path: str | Path) -> dict[str, Part]:
    """Parts of a corpus that ``save`` wrote.

    Raises:
        ValueError: when the file is damaged.
    """
    arrays = array_io.load_arrays(path)
    return {name: Part(*(arrays[f"{name}_{field}"] for field in ("words", "lengths", "positive"))) for name in PARTS}
