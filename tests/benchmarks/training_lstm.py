"""A training step of the LSTM that reads sentences against the same step with ``torch.nn.LSTM`` and autograd."""

import itertools
from dataclasses import dataclass

import numpy as np
import torch
from torch.nn.functional import binary_cross_entropy_with_logits

from oracles import TorchSentiment
from richlazy.models import lstm
from richlazy.tasks.sentences import Part
from richlazy.training import lstm_training

from .measuring import Row, Settings, interleaved

NAME = "training_lstm"
WORDS = 1000


@dataclass(frozen=True)
class Shape:
    """Networks and their batches.

    Attributes:
        units, dimensions, batch_size: N, D, B.
        sentences: of which batches are made.
        mean, deviation, longest: of their lengths in words, which are drawn from a normal distribution.
        calls: steps per measurement.
        dropout, learning_rate: of training.
    """

    units: int = 256
    dimensions: int = 100
    batch_size: int = 64
    sentences: int = 6920
    mean: float = 19.3
    deviation: float = 9.3
    longest: int = 52
    calls: int = 12
    dropout: float = 0.5
    learning_rate: float = 3.9e-5

    @property
    def name(self) -> str:
        """For the table."""
        return f"LSTM: N={self.units} B={self.batch_size} D={self.dimensions}, {self.mean:g} words"


# Lengths as in the Stanford Sentiment Treebank.
PAPER = Shape()


class Sentences:
    """Random sentences with word vectors, and batches of them by length in the order of an epoch, again and again."""

    def __init__(self, shape: Shape, dtype=np.float32):
        rng = np.random.default_rng(0)
        drawn = rng.normal(shape.mean, shape.deviation, shape.sentences).round()
        lengths = np.clip(drawn, 1, shape.longest).astype(np.int64)
        words = rng.integers(0, WORDS, (shape.sentences, lengths.max())).astype(np.int32)
        self.part = Part(words, lengths, rng.random(shape.sentences) < 0.5)
        self.vectors = rng.standard_normal((WORDS, shape.dimensions)).astype(dtype)
        self.weights = lstm.initial_weights(shape.dimensions, shape.units, 0)
        self.weights = {name: values.astype(dtype) for name, values in self.weights.items()}
        self.batches = list(lstm_training.length_buckets(lengths, shape.batch_size, rng))


class LibraryStep:
    """One update of the library. Each call takes the next batch."""

    def __init__(self, shape: Shape, sentences: Sentences):
        self.network = lstm.SentimentNetwork(sentences.weights)
        settings = {"learning_rate": shape.learning_rate, "dropout": shape.dropout, "divergence_loss": 100.0}
        self.descent = lstm_training.Descent(self.network, sentences.vectors, sentences.part, settings, 0)
        self.batches = itertools.cycle(sentences.batches)

    def __call__(self) -> float:
        return self.descent.step(next(self.batches))[0]


class TorchStep:
    """The same update as one writes it in PyTorch: packed sequences, ``backward()`` and ``torch.optim.Adam``."""

    def __init__(self, shape: Shape, sentences: Sentences):
        self.network, self.sentences = TorchSentiment(sentences.weights, shape.dropout), sentences
        self.optimiser = torch.optim.Adam(self.network.parameters(), shape.learning_rate)
        self.batches = itertools.cycle(sentences.batches)

    def __call__(self) -> float:
        part, vectors, chosen = self.sentences.part, self.sentences.vectors, next(self.batches)
        lengths = part.lengths[chosen]
        shown = torch.from_numpy(vectors[part.words[chosen, : lengths.max()]])
        positive = torch.from_numpy(part.positive[chosen].astype(vectors.dtype))
        loss = binary_cross_entropy_with_logits(self.network(shown, torch.from_numpy(lengths)), positive)
        self.optimiser.zero_grad()
        loss.backward()
        self.optimiser.step()
        return float(loss.detach())


def rows(settings: Settings, shape: Shape = PAPER) -> list[Row]:
    """How many times as fast the explicit passes are."""
    sentences = Sentences(shape)
    with torch.random.fork_rng(devices=[]):  # dropout of PyTorch draws from the global generator
        comparison = interleaved(
            LibraryStep(shape, sentences), TorchStep(shape, sentences), settings.repeats, shape.calls
        )
    note = (
        "Ours: one update of the LSTM by Adam, on batches of sentences of about equal length. Reference: the same "
        "batches by torch.nn.LSTM on packed sequences, backward(), torch.optim.Adam."
    )
    return [Row.of(NAME, shape.name, comparison, required=1.3, moonshot=1.8, note=note)]
