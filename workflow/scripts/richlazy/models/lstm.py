"""The network that reads sentiment: an LSTM of two layers on fixed word vectors (Schuessler et al. 2020, section 4).

Its layers are those of ``lstm_passes``: an explicit forward and backward pass.
"""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch.nn.functional import binary_cross_entropy_with_logits

from richlazy.models.lstm_passes import Layer, LayerWeights, Room, laid_out
from richlazy.storage import array_io, seeds

Weights = dict[str, np.ndarray]

# Weights whose columns are units of the network, which the paper truncates together, and those that read word vectors.
FROM_UNITS = ("weight_hh_l0", "weight_ih_l1", "weight_hh_l1")
FROM_WORDS = ("weight_ih_l0",)
MATRICES = (*FROM_UNITS, *FROM_WORDS)
# Sentences that are evaluated together; any number gives the same answers up to rounding.
_EVALUATED = 64


class Kept(NamedTuple):
    """What dropout multiplies states with: 0, or 1 / (1 - dropout).

    Attributes:
        between: the layers, (longest, B, N).
        before_decoder: those of the last step, (B, N).
    """

    between: torch.Tensor
    before_decoder: torch.Tensor


class SentimentNetwork:
    """Two LSTM layers, dropout between them and before the decoder, and the decoder: one logit of the last state.

    Args:
        weights: by name as in PyTorch, of one precision; they are copied.

    Attributes:
        weights: what the passes read: whoever changes them in place trains this network.
        gradients: those of the last ``backward``, by the same names.
    """

    def __init__(self, weights: Mapping[str, np.ndarray]):
        self.weights = {name: laid_out(torch.from_numpy(values)) for name, values in weights.items()}
        self.gradients = {name: torch.zeros_like(values) for name, values in self.weights.items()}
        self.layers = [Layer(_of_layer(self.weights, place), _of_layer(self.gradients, place)) for place in (0, 1)]
        self.room = Room(self.weights["decoder_bias"].dtype)
        self.kept: Kept | None = None

    def forward(self, vectors: torch.Tensor, lengths: torch.Tensor, kept: Kept | None = None) -> torch.Tensor:
        """Logits (B,) that sentences are positive.

        Args:
            vectors: (longest, B, D) word vectors of sentences that end together (``ending_together``); what stands
                before the start of a sentence is not read.
            lengths: (B,) words of each sentence.
            kept: by dropout; without it all.
        """
        first, second = self.layers
        before = torch.arange(len(vectors))[:, None] < len(vectors) - lengths
        padding = before.flatten().nonzero()[:, 0]
        states, self.kept = first.forward(vectors, padding), kept
        if kept:
            states = torch.mul(states, kept.between, out=self.room("between", *states.shape))
        last = second.forward(states, padding)[-1]
        self.last = last * kept.before_decoder if kept else last
        return torch.addmv(self.weights["decoder_bias"], self.last, self.weights["decoder_weight"][0])

    def backward(self, errors: torch.Tensor) -> None:
        """Set the gradients of all weights after ``forward``.

        Args:
            errors: dL/d(logit), (B,).
        """
        first, second = self.layers
        torch.mm(errors[None], self.last, out=self.gradients["decoder_weight"])
        torch.sum(errors, 0, keepdim=True, out=self.gradients["decoder_bias"])
        of_states = self.room("of_states", *second.states.shape).zero_()
        torch.outer(errors, self.weights["decoder_weight"][0], out=of_states[-1])
        if self.kept:
            of_states[-1].mul_(self.kept.before_decoder)
        second.backward(of_states)
        torch.mm(second.deltas, self.weights["weight_ih_l1"], out=of_states.flatten(0, 1))
        first.backward(of_states.mul_(self.kept.between) if self.kept else of_states)


def _of_layer(values: Mapping[str, torch.Tensor], place: int) -> LayerWeights:
    return LayerWeights(*(values[f"{name}_l{place}"] for name in LayerWeights._fields))


def ending_together(words: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Words of sentences with a row for each step, so that all end in the last row: (longest, B).

    Args:
        words: (B, longest or more), each sentence from its first column on.
        lengths: (B,) words of each. Its first word stands before the start of a sentence, too.
    """
    places = np.arange(lengths.max())[:, None] - (lengths.max() - lengths)
    return words[np.arange(len(words)), np.maximum(places, 0)]


def set_weights(network: SentimentNetwork, weights: Mapping[str, np.ndarray]) -> None:
    """Overwrite weights of a network, all or some of them."""
    for name, values in weights.items():
        network.weights[name].copy_(torch.from_numpy(values))


def arrays_of(tensors: Mapping[str, torch.Tensor]) -> Weights:
    """Copies of all weights of a network, or of their gradients, by name."""
    return {name: values.numpy().copy() for name, values in tensors.items()}


def initial_weights(dimensions: int, units: int, seed: int) -> Weights:
    """Weights before training: uniform in +-1/sqrt(N), input weights of the first layer in +-1/sqrt(D).

    These are PyTorch's own but for the input weights, as in the authors' script.

    Args:
        dimensions: of a word vector, D.
        units: of a layer, N.
        seed: of the run.

    Returns:
        float32, by name as in PyTorch, with ``decoder_weight`` and ``decoder_bias``.
    """
    rng = seeds.generator(seed, "connectivity")
    shapes: dict[str, tuple[int, ...]] = {}
    for layer, inputs in enumerate((dimensions, units)):
        matrices = {f"weight_ih_l{layer}": (4 * units, inputs), f"weight_hh_l{layer}": (4 * units, units)}
        shapes |= matrices | {f"bias_ih_l{layer}": (4 * units,), f"bias_hh_l{layer}": (4 * units,)}
    shapes |= {"decoder_weight": (1, units), "decoder_bias": (1,)}
    bounds = dict.fromkeys(shapes, 1 / math.sqrt(units)) | dict.fromkeys(FROM_WORDS, 1 / math.sqrt(dimensions))
    return {name: rng.uniform(-bounds[name], bounds[name], shape).astype(np.float32) for name, shape in shapes.items()}


def parameter_count(weights: Mapping[str, np.ndarray]) -> int:
    """How many numbers are trained; word vectors are not among them."""
    return sum(matrix.size for matrix in weights.values())


def save(path: str | Path, initial: Weights, final: Weights) -> None:
    """Write weights before and after training to one .npz, atomically."""
    arrays = {f"{name}_initial": matrix for name, matrix in initial.items()}
    array_io.save_arrays(path, **arrays, **final)


class Reader:
    """Evaluates networks on sentences: mean loss in nats (binary cross-entropy) and share of right answers.

    Args:
        vectors: (words, D) word vectors.
        words: (sentences, longest) indices.
        lengths: (sentences,).
        positive: (sentences,) bool.
    """

    def __init__(self, vectors: np.ndarray, words: np.ndarray, lengths: np.ndarray, positive: np.ndarray):
        order = np.argsort(-lengths, kind="stable")
        self.batches = []
        for start in range(0, len(order), _EVALUATED):
            chosen = order[start : start + _EVALUATED]
            ends = vectors[ending_together(words[chosen], lengths[chosen])]
            arrays = (ends, lengths[chosen], positive[chosen].astype(vectors.dtype))
            self.batches.append(tuple(map(torch.from_numpy, arrays)))

    def evaluate(self, network: SentimentNetwork) -> tuple[float, float]:
        """Mean loss and accuracy, without dropout."""
        loss, right, count = 0.0, 0, 0
        for vectors, lengths, positive in self.batches:
            logits = network.forward(vectors, lengths)
            loss += float(binary_cross_entropy_with_logits(logits, positive, reduction="sum"))
            right += int(((logits > 0) == (positive > 0)).sum())
            count += len(positive)
        return loss / count, right / count
