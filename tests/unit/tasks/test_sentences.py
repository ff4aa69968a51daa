"""Sentences and their words: trees, vocabularies, word vectors, and the corpus of our own making."""

import re
import zipfile
from pathlib import Path

import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from richlazy.tasks import sentences, synthetic_sentences, treebank, word_vectors
from richlazy.tasks.treebank import Sentence

ROOT = Path(__file__).parents[3]
TREES = ROOT.parent / "shared/data/sst/trees"
ARCHIVE = yaml.safe_load((ROOT / "data/sources.yaml").read_text())["sst"]["files"]["trees"]


# Trees

words = st.text("abc'.-\xa0é21", min_size=1, max_size=4)
trees = st.recursive(words, lambda inner: st.lists(inner, min_size=1, max_size=3), max_leaves=12)


def written(tree, labels):
    """A tree in the format of the treebank, and the words at its leaves; labels are taken from an iterator."""
    label = next(labels)
    if isinstance(tree, str):
        return f"({label} {tree})", [tree]
    parts = [written(part, labels) for part in tree]
    return f"({label} {' '.join(text for text, _ in parts)})", [word for _, found in parts for word in found]


@given(tree=trees, labels=st.lists(st.integers(0, 4), min_size=60, max_size=60))
def test_a_tree_is_read_as_it_was_written(tree, labels):
    line, leaves = written(tree, iter(labels))
    assert treebank.read_tree(f"{line}\n") == (labels[0], tuple(leaves))


def test_escapes_of_the_penn_treebank_are_undone():
    assert treebank.read_tree(r"(2 (2 -LRB-) (3 (2 1\/2) (2 -RRB-)))") == (2, ("(", "1/2", ")"))


@pytest.mark.parametrize(
    "line",
    ["", "x", "(2)", "(2 )", "(5 good)", "(good)", "(2 good", "2 good)", "(2 good))", "(2 good bad)", "(2 (2 a) b)",
     "(2 (2 a)(2 b))", "(2 a) (2 b)", "(2 (a) (2 b))"],
)  # fmt: skip
def test_what_is_no_tree_is_refused(line):
    with pytest.raises(ValueError, match=f"{re.escape(repr(line))} is no tree of the treebank"):
        treebank.read_tree(line)


def test_neutral_sentences_are_left_out():
    lines = [f"({label} word{label})" for label in range(5)] + [""]
    assert treebank.two_classes(lines) == [
        Sentence(("word0",), False), Sentence(("word1",), False), Sentence(("word3",), True), Sentence(("word4",), True)
    ]  # fmt: skip


@pytest.fixture
def small_archive(tmp_path):
    """An archive with one sentence in each part, its entry in a registry, and copies of its members."""
    import hashlib

    def entry(content):
        return {"sha256": hashlib.sha256(content).hexdigest(), "size_bytes": len(content)}

    contents = {part: f"(4 (2 the) (3 {part}))\n(2 neutral)\n".encode() for part in treebank.PARTS}
    path = tmp_path / "trees.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for part, content in contents.items():
            archive.writestr(f"trees/{part}.txt", content)
            (tmp_path / f"{part}.txt").write_bytes(content)
    members = {part: {"member": f"trees/{part}.txt", **entry(content)} for part, content in contents.items()}
    return path, {**entry(path.read_bytes()), "members": members}


def test_archive_and_copies_of_its_members_hold_the_same_sentences(small_archive):
    path, file = small_archive
    expected = {part: [Sentence(("the", part), True)] for part in treebank.PARTS}
    assert treebank.read({"archive": path}, file) == expected
    assert treebank.read({part: path.with_name(f"{part}.txt") for part in treebank.PARTS}, file) == expected


def test_another_archive_and_another_member_are_refused(small_archive):
    path, file = small_archive
    file["members"]["test"]["sha256"] = "0" * 64
    copies = {part: path.with_name(f"{part}.txt") for part in treebank.PARTS}
    for paths, name in (({"archive": path}, r"trees\.zip/trees/test\.txt"), (copies, r"test\.txt")):
        with pytest.raises(ValueError, match=rf"{name} is not the file that data/sources\.yaml describes"):
            treebank.read(paths, file)
    with pytest.raises(ValueError, match=r"trees\.zip is not the file that data/sources\.yaml describes \(it has"):
        treebank.read({"archive": path}, file | {"size_bytes": 1})


@pytest.mark.skipif(not TREES.is_dir(), reason=f"the treebank in {TREES} is not here")
def test_the_treebank_has_the_sentences_that_the_literature_counts():
    copies = {part: TREES / Path(ARCHIVE["members"][part]["member"]).name for part in treebank.PARTS}
    corpus = treebank.read(copies, ARCHIVE)
    assert {part: len(found) for part, found in corpus.items()} == {"training": 6920, "validation": 872, "test": 1821}
    assert sum(sentence.positive for sentence in corpus["training"]) == 3610
    assert corpus["training"][0].words[:5] == ("The", "Rock", "is", "destined", "to")
    assert corpus["training"][0].positive


# Vocabulary


def corpus_of(*texts):
    return [Sentence(tuple(text.split()), index % 2 == 0) for index, text in enumerate(texts)]


def test_the_vocabulary_is_that_of_the_training_set_by_frequency_and_order():
    training = corpus_of("b a a", "B c")
    assert sentences.vocabulary(training, lower_case=True) == ["<padding>", "<unknown>", "a", "b", "c"]
    assert sentences.vocabulary(training, lower_case=False) == ["<padding>", "<unknown>", "a", "B", "b", "c"]


def test_sentences_are_padded_and_unknown_words_marked():
    known = ["<padding>", "<unknown>", "good", "film"]
    part = sentences.indexed(corpus_of("Good film", "bad film indeed <padding>", "film"), known, lower_case=True)
    assert part.words.tolist() == [[2, 3, 0, 0], [1, 3, 1, 1], [3, 0, 0, 0]]
    assert part.lengths.tolist() == [2, 4, 1] and part.positive.tolist() == [True, False, True]


@given(texts=st.lists(st.text("abc ", min_size=1).filter(str.strip), min_size=1, max_size=8))
def test_a_training_set_can_be_read_back_from_its_indices(texts):
    corpus = corpus_of(*texts)
    known = sentences.vocabulary(corpus, lower_case=True)
    part = sentences.indexed(corpus, known, lower_case=True)
    read = [[known[index] for index in row[:length]] for row, length in zip(part.words, part.lengths, strict=True)]
    assert read == [list(sentence.words) for sentence in corpus]


@pytest.mark.parametrize("corpus", [[], [Sentence((), True)]])
def test_nothing_to_read_is_refused(corpus):
    with pytest.raises(ValueError, match="is empty or has a sentence without words"):
        sentences.indexed(corpus, ["<padding>", "<unknown>"], lower_case=True)


def test_parts_survive_their_file(tmp_path):
    corpus = corpus_of("good film", "bad")
    known = sentences.vocabulary(corpus, True)
    counts = dict(zip(treebank.PARTS, (2, 1, 2), strict=True))
    parts = {name: sentences.indexed(corpus[:count], known, True) for name, count in counts.items()}
    sentences.save(tmp_path / "parts.npz", parts)
    for name, part in sentences.load(tmp_path / "parts.npz").items():
        for field, value in vars(parts[name]).items():
            assert np.array_equal(getattr(part, field), value) and getattr(part, field).dtype == value.dtype


# The corpus of our own making


def meaning(clause):
    """Whether a clause is positive, by a rule of its own: one negation turns the adjective at its end round."""
    good = clause[-1] in [
        "good",
        "moving",
        "funny",
        "clever",
        "brilliant",
        "charming",
        "fresh",
        "honest",
        "gripping",
        "lovely",
    ]
    return good != bool({"not", "never", "hardly"} & set(clause))


def test_every_synthetic_sentence_has_the_sentiment_that_its_words_say():
    corpus = synthetic_sentences.corpus()
    for part in corpus.values():
        for sentence in part:
            text = " ".join(sentence.words).removesuffix(" .")
            first, but, second = text.partition(" , but ")
            clauses = [clause.split() for clause in (second if but else first).split(" and ")]
            assert {meaning(clause) for clause in clauses} == {sentence.positive}
            if but:
                assert meaning(first.split()) != sentence.positive


def test_the_synthetic_corpus_is_balanced_without_repetition_and_always_the_same():
    corpus = synthetic_sentences.corpus()
    assert corpus == synthetic_sentences.corpus()
    assert {part: len(found) for part, found in corpus.items()} == synthetic_sentences.SIZES
    assert all(2 * sum(sentence.positive for sentence in part) == len(part) for part in corpus.values())
    everything = [sentence.words for part in corpus.values() for sentence in part]
    assert len(set(everything)) == len(everything)


# Word vectors

KNOWN = ["<padding>", "<unknown>", "good", "film", "zebra"]


def test_random_vectors_are_standard_normal_and_of_their_seed():
    many = ["<padding>", "<unknown>", *(f"word{index}" for index in range(2000))]
    vectors = word_vectors.random_vectors(many, 20, 3)
    assert vectors.shape == (2002, 20) and vectors.dtype == np.float32
    assert not vectors[:2].any()
    assert abs(vectors[2:].mean()) < 0.02 and abs(vectors[2:].std() - 1) < 0.02
    assert np.array_equal(vectors, word_vectors.random_vectors(many, 20, 3))
    assert not np.array_equal(vectors, word_vectors.random_vectors(many, 20, 4))


def test_vectors_are_read_from_a_file_and_words_that_it_lacks_have_zeros(tmp_path):
    path = tmp_path / "vectors.txt"
    # A word may hold blanks, or look like a number; the words of the file for padding are not ours.
    path.write_text("film 1 -2.5\n. . . 7 7\n2 3 4\ngood 0.5 1e-3\n<unknown> 9 9\n", encoding="utf-8")
    vectors, found = word_vectors.read_vectors(path, KNOWN)
    assert found == 2
    assert vectors.tolist() == np.array([[0, 0], [0, 0], [0.5, 1e-3], [1, -2.5], [0, 0]], np.float32).tolist()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("film 1 2\ngood 1\n", "line 2, has 1 numbers after its word, but line 1 2"),
        ("film\n", "line 1, has 0 numbers after its word"),
        ("film 1 2\ngood 1 x\n", "line 2, has something else than numbers"),
        ("film 1 nan\n", "line 1, has a number that is not finite"),
        ("other 1 2\n", "has no vector of any word of the training set"),
        ("", "has no vector of any word of the training set"),
    ],
)
def test_a_file_that_holds_no_vectors_is_refused(tmp_path, text, sentence):
    path = tmp_path / "vectors.txt"
    path.write_text(text)
    with pytest.raises(ValueError, match=sentence):
        word_vectors.read_vectors(path, KNOWN)
