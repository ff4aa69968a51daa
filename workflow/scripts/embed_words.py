"""Vectors of the words of a vocabulary, from a file or random."""

from richlazy.storage import array_io, jobs, logs
from richlazy.tasks import word_vectors


def embed_words(vocabulary, file, settings, output):
    words = array_io.load_json(vocabulary)["words"]
    if settings["source"] == "file":
        vectors, found = word_vectors.read_vectors(file, words)
        logs.LOGGER.info("%s of %s words have a vector in %s", found, len(words) - 2, file)
    else:
        vectors = word_vectors.random_vectors(words, settings["dimensions"], settings["seed"])
    array_io.save_array(output, vectors)


if __name__ == "__main__":
    with jobs.running(snakemake, "numpy"):
        inputs = snakemake.input
        embed_words(inputs.vocabulary, inputs.get("file"), snakemake.params.settings, snakemake.output[0])
