"""Training of the LSTM that reads sentences (Schuessler et al. 2020, section 4)."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import torch
from torch.nn.functional import binary_cross_entropy_with_logits

from richlazy.models import lstm
from richlazy.models.base import Files, Run
from richlazy.models.lstm import Kept, Reader, SentimentNetwork, Weights
from richlazy.storage import array_io, devices, seeds
from richlazy.storage.logs import LOGGER
from richlazy.tasks import sentences
from richlazy.tasks.sentences import Part

# Batches of a pool, within which sentences are sorted by length.
_POOL = 100


@dataclass
class Course:
    """What was followed in training, once an epoch; the first entry is from before training.

    Attributes:
        training_loss: nats per sentence, mean over the epoch, with dropout; null before training.
        training_accuracy: likewise.
        validation_loss: nats per sentence after the epoch, without dropout.
        validation_accuracy: likewise.
        diverged: whether the loss was not finite or rose above the stated bound, where training ended.
        diverged_at: the epoch in which it did, from 1.
    """

    training_loss: list[float | None] = field(default_factory=lambda: [None])
    training_accuracy: list[float | None] = field(default_factory=lambda: [None])
    validation_loss: list[float] = field(default_factory=list)
    validation_accuracy: list[float] = field(default_factory=list)
    diverged: bool = False
    diverged_at: int | None = None

    def record(self) -> dict[str, Any]:
        """Ready for JSON, with the loss and accuracies of the last epoch as ``final_...``; null where it diverged."""
        final = {
            f"final_{name}": None if self.diverged else getattr(self, name)[-1]
            for name in ("training_loss", "training_accuracy", "validation_loss", "validation_accuracy")
        }
        return asdict(self) | final


def initial_weights(runs: Sequence[Run], files: Files, settings: Mapping[str, Any]) -> list[Weights]:
    """Weights of each network before training, float32, by name as in PyTorch (``lstm.initial_weights``)."""
    dimensions = array_io.load_array(files["word_vectors"][0], mapped=True).shape[1]
    return [lstm.initial_weights(dimensions, settings["units"], run["seed"]) for run in runs]


def train_networks(runs: Sequence[Run], files: Files, saved: Files, settings: Mapping[str, Any]) -> None:
    """Train networks one after the other and keep their weights and what was followed.

    Args:
        runs: parameters of each network; the seed decides weights, order and dropout.
        files: ``sentences`` of their task, and ``word_vectors`` of it, (words, D).
        saved: ``network`` and ``history`` of each network.
        settings: group ``lstm`` of the configuration.
    """
    devices.prepare("cpu")
    vectors, parts = array_io.load_array(files["word_vectors"][0]), sentences.load(files["sentences"][0])
    starts = initial_weights(runs, files, settings)
    for run, initial, network, history in zip(runs, starts, saved["network"], saved["history"], strict=True):
        LOGGER.info("%s numbers are trained", lstm.parameter_count(initial))
        final, course = train(initial, vectors, parts, settings, run["seed"])
        lstm.save(network, initial, final)
        array_io.save_json(history, course.record())


def gradients(run: Run, weights: Weights, files: Files, settings: Mapping[str, Any]) -> tuple[float, Weights]:
    """Loss of the first batch, without dropout, and its gradient for all weights, in their precision."""
    part = sentences.load(files["sentences"][0])["training"]
    chosen = next(length_buckets(part.lengths, settings["batch_size"], seeds.generator(run["seed"], "order")))
    network = SentimentNetwork(weights)
    vectors = array_io.load_array(files["word_vectors"][0]).astype(weights[lstm.MATRICES[0]].dtype)
    loss, _, errors = _loss(network, vectors, part, chosen)
    network.backward(errors)
    return loss, lstm.arrays_of(network.gradients)


def length_buckets(lengths: np.ndarray, batch_size: int, rng: np.random.Generator) -> Iterator[np.ndarray]:
    """Batches of sentences of about equal length, in random order: each sentence once.

    All sentences are shuffled and dealt into pools of 100 batches; a pool is sorted by length and cut into batches.

    Args:
        lengths: (sentences,) words of each.
        batch_size: B; the last batch of a pool may be smaller.
        rng: decides the order.

    Yields:
        Places of the sentences of a batch.
    """
    order = rng.permutation(len(lengths))
    batches = []
    for start in range(0, len(order), _POOL * batch_size):
        pool = order[start : start + _POOL * batch_size]
        pool = pool[np.argsort(lengths[pool], kind="stable")]
        batches += [pool[first : first + batch_size] for first in range(0, len(pool), batch_size)]
    for place in rng.permutation(len(batches)):
        yield batches[place]


def train(
    initial: Weights, vectors: np.ndarray, parts: Mapping[str, Part], settings: Mapping[str, Any], seed: int
) -> tuple[Weights, Course]:
    """Train a network with Adam on the binary cross-entropy of its logit.

    Args:
        initial: weights before training.
        vectors: (words, D) word vectors, which are not trained.
        parts: sentences; those of ``training`` are trained on, those of ``validation`` followed.
        settings: ``epochs``, ``batch_size``, ``learning_rate``, ``dropout``, ``divergence_loss``.
        seed: of the run; decides order and dropout.

    Returns:
        Weights after training, and what was followed.
    """
    rng = seeds.generator(seed, "order")
    reader = Reader(vectors, **vars(parts["validation"]))
    course = Course()
    network = SentimentNetwork(initial)
    descent = Descent(network, vectors, parts["training"], settings, seed)
    _follow(course, reader, network)
    for epoch in range(1, settings["epochs"] + 1):
        batches = length_buckets(parts["training"].lengths, settings["batch_size"], rng)
        loss, accuracy = _epoch(descent, batches)
        course.training_loss.append(loss)
        course.training_accuracy.append(accuracy)
        _follow(course, reader, network)
        if not in_bounds(loss, settings["divergence_loss"]):
            course.diverged, course.diverged_at = True, epoch
            LOGGER.warning("epoch %s: the loss is %s, training diverged", epoch, loss)
            break
        trained, validated = (loss, accuracy), (course.validation_loss[-1], course.validation_accuracy[-1])
        words = "epoch %s of %s: loss %.4f, accuracy %.4f; validation %.4f, %.4f"
        LOGGER.info(words, epoch, settings["epochs"], *trained, *validated)
    return lstm.arrays_of(network.weights), course


def _follow(course: Course, reader: Reader, network: SentimentNetwork) -> None:
    loss, accuracy = reader.evaluate(network)
    course.validation_loss.append(loss)
    course.validation_accuracy.append(accuracy)


class Descent:
    """Adam (Kingma & Ba 2015, with PyTorch's defaults) on the mean loss of batches of sentences.

    Args:
        network: whose weights are changed in place.
        vectors: (words, D) word vectors, which are not trained.
        part: sentences to be trained on.
        settings: ``learning_rate``, ``dropout``, ``divergence_loss``.
        seed: of the run; decides dropout.
    """

    def __init__(
        self, network: SentimentNetwork, vectors: np.ndarray, part: Part, settings: Mapping[str, Any], seed: int
    ):
        self.network, self.vectors, self.part = network, vectors, part
        self.dropout, self.largest_loss = settings["dropout"], settings["divergence_loss"]
        self.generator = torch.Generator().manual_seed(seeds.legacy_seed(seed, "trials"))
        for name, values in network.weights.items():
            values.grad = network.gradients[name]
        self.optimiser = torch.optim.Adam(network.weights.values(), settings["learning_rate"], fused=True)

    def step(self, chosen: np.ndarray) -> tuple[float, int]:
        """One update on the sentences at some places, unless their loss is out of bounds.

        Returns:
            Their mean loss before it in nats, and how many of them were judged rightly, with dropout.
        """
        loss, right, errors = _loss(self.network, self.vectors, self.part, chosen, self.kept(chosen))
        if in_bounds(loss, self.largest_loss):
            self.network.backward(errors)
            self.optimiser.step()
        return loss, right

    def kept(self, chosen: np.ndarray) -> Kept | None:
        """What dropout keeps of a batch, drawn anew by each call; None without dropout."""
        if not self.dropout:
            return None
        last = (len(chosen), self.network.weights["decoder_weight"].shape[1])
        shapes = ((int(self.part.lengths[chosen].max()), *last), last)
        return Kept(*(self._factors(shape) for shape in shapes))

    def _factors(self, shape: tuple[int, ...]) -> torch.Tensor:
        drawn = torch.rand(shape, generator=self.generator)
        return drawn.ge_(self.dropout).mul_(1 / (1 - self.dropout))


def in_bounds(loss: float, largest: float) -> bool:
    """Whether a loss is finite, and no larger than the stated bound."""
    return math.isfinite(loss) and loss <= largest


def _epoch(descent: Descent, batches: Iterator[np.ndarray]) -> tuple[float, float]:
    """Train on every batch once; mean loss and accuracy over the sentences seen, until the loss is out of bounds."""
    total, right, count = 0.0, 0, 0
    for chosen in batches:
        loss, correct = descent.step(chosen)
        if not in_bounds(loss, descent.largest_loss):
            return loss, math.nan
        total, count = total + loss * len(chosen), count + len(chosen)
        right += correct
    return total / count, right / count


def _loss(
    network: SentimentNetwork, vectors: np.ndarray, part: Part, chosen: np.ndarray, kept: Kept | None = None
) -> tuple[float, int, torch.Tensor]:
    """Mean loss of a batch in nats, how many of its sentences are judged rightly, and dL/d(logit), (B,)."""
    lengths = part.lengths[chosen]
    shown = torch.from_numpy(vectors[lstm.ending_together(part.words[chosen], lengths)])
    positive = torch.from_numpy(part.positive[chosen].astype(vectors.dtype))
    logits = network.forward(shown, torch.from_numpy(lengths), kept)
    loss = float(binary_cross_entropy_with_logits(logits, positive))
    right = int(((logits > 0) == (positive > 0)).sum())
    return loss, right, (logits.sigmoid() - positive) / len(chosen)
