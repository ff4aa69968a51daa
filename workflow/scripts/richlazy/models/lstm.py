"""The network that reads sentiment: an LSTM of two layers on fixed word vectors (Schuessler et al. 2020, section 4).

Here PyTorch's own LSTM and autograd are used: the explicit passes of ``training`` are for rate networks.
"""

import math
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence

from richlazy.storage import array_io, seeds

Weights = dict[str, np.ndarray]

# Weights whose columns are units of the network, which the paper truncates together, and those that read word vectors.
FROM_UNITS = ("weight_hh_l0", "weight_ih_l1", "weight_hh_l1")
FROM_WORDS = ("weight_ih_l0",)
MATRICES = (*FROM_UNITS, *FROM_WORDS)
# Sentences that are evaluated together; any number gives the same answers up to rounding.
_EVALUATED = 256


class SentimentNetwork(nn.Module):
    """Two LSTM layers, dropout between them and before the decoder, and the decoder: one logit of the last state.

    Args:
        dimensions: of a word vector, D.
        units: of a layer, N.
        dropout: share of the activity that is dropped in training.
    """

    def __init__(self, dimensions: int, units: int, dropout: float):
        super().__init__()
        self.lstm = nn.LSTM(dimensions, units, num_layers=2, dropout=dropout, batch_first=True)
        self.dropout = nn.Dropout(dropout)
        self.decoder = nn.Linear(units, 1)

    def forward(self, vectors: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        """Logits (B,) that sentences are positive.

        Args:
            vectors: (B, longest, D) word vectors; what stands behind the end of a sentence is not read.
            lengths: (B,) words of each sentence.
        """
        packed = pack_padded_sequence(vectors, lengths, batch_first=True, enforce_sorted=False)
        _, (state, _) = self.lstm(packed)
        return self.decoder(self.dropout(state[-1]))[:, 0]


def build(weights: Mapping[str, np.ndarray], dropout: float = 0.0) -> SentimentNetwork:
    """Network with given weights; no global random number is drawn."""
    units, dimensions = weights["decoder_weight"].shape[1], weights["weight_ih_l0"].shape[1]
    with torch.device("meta"):
        network = SentimentNetwork(dimensions, units, dropout)
    network = network.to_empty(device="cpu").to(torch.from_numpy(weights["decoder_weight"]).dtype)
    set_weights(network, weights)
    return network


def set_weights(network: SentimentNetwork, weights: Mapping[str, np.ndarray]) -> None:
    """Overwrite weights of a network, all or some of them."""
    parameters = dict(_parameters(network))
    with torch.no_grad():
        for name, values in weights.items():
            parameters[name].copy_(torch.as_tensor(values))


def weights_of(network: SentimentNetwork) -> Weights:
    """Copies of all weights of a network, float32."""
    return {name: parameter.detach().numpy().copy() for name, parameter in _parameters(network)}


def gradients_of(network: SentimentNetwork) -> Weights:
    """Gradients of all weights of a network after a backward pass, by name."""
    return {name: parameter.grad.numpy().copy() for name, parameter in _parameters(network)}


def _parameters(network: SentimentNetwork):
    for name, parameter in network.named_parameters():
        yield name.removeprefix("lstm.").replace(".", "_"), parameter


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
    with torch.device("meta"):
        shapes = {name: tuple(value.shape) for name, value in _parameters(SentimentNetwork(dimensions, units, 0.0))}
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
            longest = lengths[chosen].max()
            arrays = (vectors[words[chosen, :longest]], lengths[chosen], positive[chosen].astype(np.float32))
            self.batches.append(tuple(map(torch.from_numpy, arrays)))

    def evaluate(self, network: SentimentNetwork) -> tuple[float, float]:
        """Mean loss and accuracy, without dropout; the network stays in the mode in which it was."""
        training, loss, right, count = network.training, 0.0, 0, 0
        network.eval()
        with torch.no_grad():
            for vectors, lengths, positive in self.batches:
                logits = network(vectors, lengths)
                loss += float(nn.functional.binary_cross_entropy_with_logits(logits, positive, reduction="sum"))
                right += int(((logits > 0) == (positive > 0)).sum())
                count += len(positive)
        network.train(training)
        return loss / count, right / count
