"""Train one network that reads sentiment, and keep its initial and final weights and its curves."""

from richlazy import devices, logs, records, sentences, sentiment_network, sentiment_training


def train_sentiment(corpus, vectors, network, history, settings, seed):
    devices.prepare("cpu")
    vectors = records.load_array(vectors)
    initial = sentiment_network.initial_weights(vectors.shape[1], settings["units"], seed)
    logs.LOGGER.info("%s numbers are trained", sentiment_network.parameter_count(initial))
    final, course = sentiment_training.train(initial, vectors, sentences.load(corpus), settings, seed)
    sentiment_network.save(network, initial, final)
    records.save_json(history, course.record())


if __name__ == "__main__":
    logs.attach(snakemake.log[0], "numpy", "torch")
    inputs, output, params = snakemake.input, snakemake.output, snakemake.params
    train_sentiment(inputs.sentences, inputs.vectors, output.network, output.history, params.settings, params.seed)
