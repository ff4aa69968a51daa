"""Measure what training changed in one network that reads sentiment."""

from richlazy.measures import lstm_measures
from richlazy.models import lstm
from richlazy.storage import array_io, devices, logs
from richlazy.tasks import sentences


def measure_sentiment(network, history, corpus, vectors, output, settings, run):
    devices.prepare("cpu")
    initial, final = lstm.load(network)
    course, parts, vectors = array_io.load_json(history), sentences.load(corpus), array_io.load_array(vectors)
    outcome = {name: value for name, value in course.items() if name.startswith(("final_", "diverged"))}
    readers = {part: lstm.Reader(vectors, **vars(parts[part])) for part in ("validation", "test")}
    tested = None if course["diverged"] else readers["test"].evaluate(lstm.build(final))[1]
    margin = settings["accuracy_margin"]
    how = (readers["validation"], settings["truncation_ranks"], margin)
    measures = lstm_measures.measure(initial, final, *how)
    kept = {"network": network, "test_accuracy": tested, "accuracy_margin": margin}
    array_io.save_json(output, run | kept | outcome | measures)


if __name__ == "__main__":
    logs.attach(snakemake.log[0], "numpy", "torch")
    inputs, params = snakemake.input, snakemake.params
    measure_sentiment(
        network=inputs.network,
        history=inputs.history,
        corpus=inputs.sentences,
        vectors=inputs.vectors,
        output=snakemake.output[0],
        settings=params.settings,
        run=params.run,
    )
