"""Sentences of a set as indices of words, with the vocabulary of its training set."""

from richlazy.storage import array_io, jobs, logs
from richlazy.tasks import sentences, synthetic_sentences, treebank


def prepare_sentences(paths, file, lower_case, indices, vocabulary):
    corpus = treebank.read(paths, file) if file else synthetic_sentences.corpus()
    words = sentences.vocabulary(corpus["training"], lower_case)
    parts = {name: sentences.indexed(part, words, lower_case) for name, part in corpus.items()}
    sentences.save(indices, parts)
    array_io.save_json(vocabulary, {"words": words})
    for name, part in parts.items():
        found = (len(part.words), int(part.positive.sum()), int((part.words == sentences.UNKNOWN).sum()))
        logs.LOGGER.info("%s: %s sentences, %s positive, %s words unknown", name, *found)


if __name__ == "__main__":
    with jobs.running(snakemake, "numpy"):
        output, params = snakemake.output, snakemake.params
        paths = dict(snakemake.input.items())
        prepare_sentences(paths, params.file, params.lower_case, output.indices, output.vocabulary)
