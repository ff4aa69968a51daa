"""Vectors of words, which are not trained: from a file of the user, or random and fixed."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from richlazy.storage import seeds
from richlazy.tasks.sentences import UNKNOWN


def random_vectors(words: Sequence[str], dimensions: int, seed: int) -> np.ndarray:
    """Independent standard normal entries for each word, as PyTorch's embedding starts.

    Args:
        words: a vocabulary; its first places, padding and unknown words, get zeros.
        dimensions: D.
        seed: of the draw, which is the same for all networks.

    Returns:
        (words, D) float32.
    """
    vectors = seeds.generator(seed, "input_weights").standard_normal((len(words), dimensions)).astype(np.float32)
    vectors[: UNKNOWN + 1] = 0
    return vectors


def read_vectors(path: str | Path, words: Sequence[str]) -> tuple[np.ndarray, int]:
    """Vectors of the words of a vocabulary from a text file in the format of GloVe: a word and its numbers in a line.

    Args:
        path: the file.
        words: a vocabulary; its first places, and words that the file lacks, get zeros.

    Returns:
        (words, D) float32, and how many words the file has.

    Raises:
        ValueError: when a line has another number of dimensions than the first, or no numbers, or no word is known.
    """
    wanted = {word: index for index, word in enumerate(words) if index > UNKNOWN}
    found: dict[int, np.ndarray] = {}
    dimensions = None
    with Path(path).open(encoding="utf-8", newline="\n") as stream:
        for number, line in enumerate(stream, 1):
            pieces = line.rstrip().split(" ")
            dimensions = dimensions or len(pieces) - 1
            word, entries = " ".join(pieces[:-dimensions]), pieces[-dimensions:]  # some words hold blanks
            if not word or not dimensions:
                raise ValueError(
                    f"{path}, line {number}, has {len(pieces) - 1} numbers after its word, but line 1 {dimensions}; "
                    "give a text file in the format of GloVe"
                )
            if word in wanted:
                found[wanted[word]] = _numbers(entries, path, number)
    if not found:
        raise ValueError(f"{path} has no vector of any word of the training set; check the file")
    vectors = np.zeros((len(words), dimensions or 0), np.float32)
    for index, vector in found.items():
        vectors[index] = vector
    return vectors, len(found)


def _numbers(entries: Sequence[str], path: str | Path, number: int) -> np.ndarray:
    try:
        vector = np.array(entries, np.float32)
    except ValueError as error:
        raise ValueError(f"{path}, line {number}, has something else than numbers after its word: {error}") from error
    if not np.isfinite(vector).all():
        raise ValueError(f"{path}, line {number}, has a number that is not finite; give another file")
    return vector
