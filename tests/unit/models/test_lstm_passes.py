"""The explicit passes of the LSTM against PyTorch's own LSTM under automatic differentiation."""

import numpy as np
import pytest
import torch
from torch import nn

from oracles import TorchSentiment, relative_error
from richlazy.models import lstm

DIMENSIONS, UNITS = 6, 7
LENGTHS = {
    "equal": [5] * 4,
    "unequal": [3, 9, 1, 9, 4],
    "one longer": [2, 2, 3],
    "one word": [1, 1, 1],
    "one sentence": [8],
}
every_length = pytest.mark.parametrize("lengths", LENGTHS.values(), ids=LENGTHS)


def weights_of(seed=0, scale=2.0):
    """Large enough for gates that are neither all open nor all half open, float64."""
    weights = lstm.initial_weights(DIMENSIONS, UNITS, seed)
    return {name: scale * values.astype(float) for name, values in weights.items()}


class Batch:
    """Sentences of random word vectors, with errors of their logits and factors of dropout."""

    def __init__(self, lengths, seed=1):
        rng = np.random.default_rng(seed)
        self.lengths, self.longest = torch.tensor(lengths), max(lengths)
        self.sentences = [torch.from_numpy(rng.standard_normal((length, DIMENSIONS))) for length in lengths]
        self.errors = torch.from_numpy(rng.standard_normal(len(lengths)))
        last = (len(lengths), UNITS)
        self.kept = lstm.Kept(*(torch.from_numpy(2.0 * rng.integers(0, 2, s)) for s in ((self.longest, *last), last)))

    def passes(self, network, kept=None, padding=0.0):
        """Logits and gradients by the explicit passes; what stands before sentences must not be read."""
        shown = torch.full((self.longest, len(self.sentences), DIMENSIONS), padding, dtype=torch.float64)
        for place, sentence in enumerate(self.sentences):
            shown[self.longest - len(sentence) :, place] = sentence
        logits = network.forward(shown, self.lengths, kept)
        network.backward(self.errors)
        return logits.clone(), {name: values.clone() for name, values in network.gradients.items()}


def check(found, expected):
    assert set(found) == set(expected)
    for name, gradient in expected.items():
        assert found[name].shape == gradient.shape
        assert relative_error(found[name], gradient) < 1e-10, name


@every_length
def test_logits_and_gradients_are_those_of_autograd(lengths):
    batch, weights = Batch(lengths), weights_of()
    logits, gradients = batch.passes(lstm.SentimentNetwork(weights), padding=3.0)
    network = TorchSentiment(weights)
    expected = network(nn.utils.rnn.pad_sequence(batch.sentences, batch_first=True), batch.lengths)
    expected.backward(batch.errors)
    torch.testing.assert_close(logits, expected.detach(), rtol=1e-12, atol=1e-14)
    check(gradients, {name: parameter.grad for name, parameter in network.by_name().items()})


@every_length
def test_with_dropout_they_are_those_of_autograd_with_the_same_factors(lengths):
    """Sentence by sentence, each by layers of their own with the factors between them."""
    batch, weights = Batch(lengths), weights_of(2)
    logits, gradients = batch.passes(lstm.SentimentNetwork(weights), batch.kept, padding=-1.0)
    own = {name: torch.from_numpy(values).requires_grad_() for name, values in weights.items()}

    def layer(place, inputs):
        parts = {name[:-1] + "0": values for name, values in own.items() if name.endswith(f"_l{place}")}
        module = nn.LSTM(inputs.shape[1], UNITS, device="meta", dtype=torch.float64)
        return torch.func.functional_call(module, parts, (inputs,))[0]

    expected = []
    for place, sentence in enumerate(batch.sentences):
        between = layer(0, sentence) * batch.kept.between[batch.longest - len(sentence) :, place]
        last = layer(1, between)[-1] * batch.kept.before_decoder[place]
        expected.append(own["decoder_weight"][0] @ last + own["decoder_bias"][0])
    logits_expected = torch.stack(expected)
    logits_expected.backward(batch.errors)
    torch.testing.assert_close(logits, logits_expected.detach(), rtol=1e-12, atol=1e-14)
    check(gradients, {name: values.grad for name, values in own.items()})


def test_batches_before_leave_nothing_behind():
    """Arrays are used again for other batches: equal bytes whatever came before."""
    weights, batches = weights_of(), [Batch(lengths, seed) for seed, lengths in enumerate(LENGTHS.values())]
    used = lstm.SentimentNetwork(weights)
    for batch in (*batches, *reversed(batches)):
        for kept in (batch.kept, None):
            logits, gradients = batch.passes(used, kept, padding=1.0)
            fresh_logits, fresh = batch.passes(lstm.SentimentNetwork(weights), kept, padding=1.0)
            assert torch.equal(logits, fresh_logits)
            assert all(torch.equal(gradients[name], values) for name, values in fresh.items())


def test_a_network_leaves_the_weights_that_it_was_given():
    weights = weights_of()
    network = lstm.SentimentNetwork(weights)
    lstm.set_weights(network, {"weight_hh_l1": np.zeros((4 * UNITS, UNITS))})
    assert np.any(weights["weight_hh_l1"]) and not torch.any(network.layers[1].weights.weight_hh)


def test_sentences_end_together():
    words = np.array([[1, 2, 3, 0, 0], [4, 0, 0, 0, 0], [5, 6, 0, 0, 0]])
    found = lstm.ending_together(words, np.array([3, 1, 2]))
    assert found.tolist() == [[1, 4, 5], [2, 4, 5], [3, 4, 6]]
