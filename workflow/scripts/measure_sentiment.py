"""Measure what training changed in one network that reads sentiment."""

from richlazy import devices, logs, records, sentences, sentiment_measures, sentiment_network


def measure_sentiment(network, history, corpus, vectors, output, settings, run):
    devices.prepare("cpu")
    initial, final = sentiment_network.load(network)
    course, parts, vectors = records.load_json(history), sentences.load(corpus), records.load_array(vectors)
    outcome = {name: value for name, value in course.items() if name.startswith(("final_", "diverged"))}
    readers = {part: sentiment_network.Reader(vectors, **vars(parts[part])) for part in ("validation", "test")}
    tested = None if course["diverged"] else readers["test"].evaluate(sentiment_network.build(final))[1]
    margin = settings["accuracy_margin"]
    how = (readers["validation"], settings["truncation_ranks"], margin)
    measures = sentiment_measures.measure(initial, final, *how)
    kept = {"network": network, "test_accuracy": tested, "accuracy_margin": margin}
    records.save_json(output, run | kept | outcome | measures)


if __name__ == "__main__":
    logs.attach(snakemake.log[0], "numpy", "torch")
    inputs, params = snakemake.input, snakemake.params
    measure_sentiment(
        inputs.network, inputs.history, inputs.sentences, inputs.vectors, snakemake.output[0], params.settings,
        params.run,
    )  # fmt: skip
