"""A small corpus of our own making, for where nothing can be downloaded: sentences by rule, with their sentiment.

A clause says of a part of a film that it is good or bad, and negation turns it round; of two clauses that are joined by
``but`` the second decides. Who can read negation and order can read all of it, which counting words cannot.
"""

import numpy as np

from richlazy.tasks.treebank import Sentence

SIZES = {"training": 400, "validation": 120, "test": 120}
_SEED = 0
_THINGS = (
    "film",
    "movie",
    "story",
    "plot",
    "script",
    "cast",
    "music",
    "ending",
    "humour",
    "direction",
    "dialogue",
    "camera",
)
_ADJECTIVES = {
    True: ("good", "moving", "funny", "clever", "brilliant", "charming", "fresh", "honest", "gripping", "lovely"),
    False: ("bad", "dull", "boring", "silly", "tired", "clumsy", "predictable", "lifeless", "awful", "empty"),
}
_ADVERBS = ("", "very", "really", "quite", "truly")
_NEGATIONS = ("not", "never", "hardly")
_NEGATED = 0.3  # share of clauses with a negation
_TWO_CLAUSES = 0.5


def corpus() -> dict[str, list[Sentence]]:
    """All sentences by part, always the same; each stands once, and half of each part is positive."""
    rng = np.random.default_rng(_SEED)
    seen: set[tuple[str, ...]] = set()
    return {part: [_new_sentence(rng, place % 2 == 0, seen) for place in range(size)] for part, size in SIZES.items()}


def _new_sentence(rng: np.random.Generator, positive: bool, seen: set[tuple[str, ...]]) -> Sentence:
    while True:
        words = tuple(_words(rng, positive))
        if words not in seen:
            seen.add(words)
            return Sentence(words, positive)


def _words(rng: np.random.Generator, positive: bool) -> list[str]:
    if rng.random() >= _TWO_CLAUSES:
        return [*_clause(rng, positive), "."]
    if rng.random() < 0.5:
        return [*_clause(rng, positive), "and", *_clause(rng, positive), "."]
    return [*_clause(rng, not positive), ",", "but", *_clause(rng, positive), "."]


def _clause(rng: np.random.Generator, positive: bool) -> list[str]:
    negated = rng.random() < _NEGATED
    words = ["the", _one(rng, _THINGS), "is", _one(rng, _NEGATIONS) if negated else "", _one(rng, _ADVERBS)]
    return [word for word in [*words, _one(rng, _ADJECTIVES[positive != negated])] if word]


def _one(rng: np.random.Generator, choices: tuple[str, ...]) -> str:
    return choices[rng.integers(len(choices))]
