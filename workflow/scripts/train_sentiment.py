"""Train one network that reads sentiment, and keep its initial and final weights and its curves."""

from richlazy.models import lstm
from richlazy.storage import array_io, devices, logs
from richlazy.tasks import sentences
from richlazy.training import lstm_training


def train_sentiment(corpus, vectors, network, history, settings, seed):
    devices.prepare("cpu")
    vectors = array_io.load_array(vectors)
    initial = lstm.initial_weights(vectors.shape[1], settings["units"], seed)
    logs.LOGGER.info("%s numbers are trained", lstm.parameter_count(initial))
    final, course = lstm_training.train(initial, vectors, sentences.load(corpus), settings, seed)
    lstm.save(network, initial, final)
    array_io.save_json(history, course.record())


if __name__ == "__main__":
    logs.attach(snakemake.log[0], "numpy", "torch")
    inputs, output, params = snakemake.input, snakemake.output, snakemake.params
    train_sentiment(inputs.sentences, inputs.vectors, output.network, output.history, params.settings, params.seed)
