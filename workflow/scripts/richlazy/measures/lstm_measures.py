"""What training changed in the LSTM that reads sentences, and how much of it accuracy needs.

Figure 5 of Schuessler et al. 2020: singular values, and truncation of the change against truncation of the weights.

Weights are full matrices: the four gates of an LSTM layer stand below each other in one (4 N, inputs), as in the paper.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from richlazy.models import base, lstm
from richlazy.models.base import Files, Run
from richlazy.models.lstm import FROM_UNITS, FROM_WORDS, MATRICES, Reader, Weights
from richlazy.storage import array_io, devices
from richlazy.storage.logs import LOGGER
from richlazy.tasks import sentences

# What a singular value or a norm is of.
PARTS = ("initial_weights", "weights", "change")
# What is truncated: the change, with the initial weights kept, or all of the final weights.
TRUNCATED = ("weights", "change")
# Matrices that are truncated together: those that the paper truncates, and the one that it leaves.
TRUNCATIONS = {"from_units": FROM_UNITS, "from_words": FROM_WORDS}


def measure_networks(runs: Sequence[Run], files: Files, saved: Files, settings: Mapping[str, Any]) -> None:
    """Measure networks and evaluate them on the test set.

    Args:
        runs: parameters of each network.
        files: ``network`` and ``history`` of each; ``sentences`` and ``word_vectors`` of their task.
        saved: ``measures`` of each.
        settings: ``truncation_ranks`` and ``accuracy_margin`` of group ``lstm``; ``about``, what tables say of all of
            these networks.
    """
    devices.prepare("cpu")
    parts, vectors = sentences.load(files["sentences"][0]), array_io.load_array(files["word_vectors"][0])
    readers = {part: Reader(vectors, **vars(parts[part])) for part in ("validation", "test")}
    margin = settings["accuracy_margin"]
    each = zip(runs, files["network"], files["history"], saved["measures"], strict=True)
    for run, network, history, output in each:
        initial, final = base.load_network(network)
        course = array_io.load_json(history)
        tested = None if course["diverged"] else readers["test"].evaluate(lstm.SentimentNetwork(final))[1]
        record = {
            "task": run["task"],
            "seed": run["seed"],
            **settings["about"],
            "network": network,
            "test_accuracy": tested,
            "accuracy_margin": margin,
            **{name: value for name, value in course.items() if name.startswith(("final_", "diverged"))},
            **measure(initial, final, readers["validation"], settings["truncation_ranks"], margin),
        }
        array_io.save_json(output, record)


@dataclass(frozen=True)
class Truncatable:
    """A matrix as a kept term and singular components, from which truncations are made.

    Attributes:
        kept: (rows, columns), what stays whole; zero where all of the matrix is truncated.
        left: (rows, k) left singular vectors times singular values, the largest first.
        right: (k, columns) right singular vectors.
    """

    kept: np.ndarray
    left: np.ndarray
    right: np.ndarray

    def truncated(self, rank: int) -> np.ndarray:
        """The kept term and the first ``rank`` components, float32."""
        return (self.kept + self.left[:, :rank] @ self.right[:rank]).astype(np.float32)


def parts_of(initial: np.ndarray, final: np.ndarray) -> dict[str, np.ndarray]:
    """Initial weights, final weights and their difference, float64, by ``PARTS``."""
    before, after = initial.astype(float), final.astype(float)
    return dict(zip(PARTS, (before, after, after - before), strict=True))


def truncatable(initial: np.ndarray, final: np.ndarray, what: str) -> Truncatable:
    """A matrix whose ``change`` or whose final ``weights`` are to be truncated.

    Raises:
        ValueError: when ``what`` is neither.
    """
    if what not in TRUNCATED:
        raise ValueError(f"unknown part {what!r}; choose one of {', '.join(TRUNCATED)}")
    parts = parts_of(initial, final)
    left, values, right = np.linalg.svd(parts[what], full_matrices=False)
    kept = parts["initial_weights"] if what == "change" else np.zeros_like(left @ right)
    return Truncatable(kept, left * values, right)


def ranks_of(largest: int, wanted: Iterable[int] | str) -> list[int]:
    """Ranks at which a matrix is truncated, in order; the largest that it can have is always among them.

    Args:
        largest: the largest rank that it can have.
        wanted: a list, or ``all``.
    """
    chosen = range(largest) if isinstance(wanted, str) else wanted
    return sorted({rank for rank in chosen if rank < largest} | {largest})


def truncation_curve(
    initial: Weights, final: Weights, names: Sequence[str], what: str, wanted: Iterable[int] | str, reader: Reader
) -> list[dict[str, Any]]:
    """Loss and accuracy after matrices are truncated together, each to the same rank; all other weights stay.

    Args:
        initial, final: weights before and after training.
        names: the matrices.
        what: ``change`` or ``weights``.
        wanted: ranks, or ``all``.
        reader: sentences on which the network is evaluated.

    Returns:
        For each rank ``rank``, ``loss`` (nats) and ``accuracy``.
    """
    matrices = {name: truncatable(initial[name], final[name], what) for name in names}
    network = lstm.SentimentNetwork(final)
    rows = []
    for rank in ranks_of(min(min(final[name].shape) for name in names), wanted):
        chosen = {name: matrix.truncated(rank) for name, matrix in matrices.items()}
        lstm.set_weights(network, chosen)
        loss, accuracy = reader.evaluate(network)
        rows.append({"rank": rank, "loss": loss, "accuracy": accuracy})
    return rows


def rank_for_final_accuracy(curve: Sequence[Mapping[str, Any]], final: float, margin: float) -> int:
    """Smallest rank from which on the accuracy is at most ``margin`` below the final one.

    Args:
        curve: what ``truncation_curve`` gives; its largest rank leaves the network as it is.
        final: accuracy of the network as it is.
        margin: share of sentences.
    """
    kept = curve[-1]["rank"]
    for point in reversed(curve[:-1]):
        if point["accuracy"] < final - margin - 1e-12:
            break
        kept = point["rank"]
    return kept


def measure(
    initial: Weights, final: Weights, reader: Reader, ranks: Iterable[int] | str, margin: float
) -> dict[str, Any]:
    """Norms, singular values and truncations of one network, ready for JSON.

    Args:
        initial, final: weights before and after training; nothing is measured where the latter are not finite.
        reader: sentences of the validation set.
        ranks: at which matrices are truncated, or ``all``.
        margin: of ``rank_for_final_accuracy``.

    Returns:
        ``norms`` and ``singular_values``, a row for each matrix and part; ``truncations``, a row for each set of
        matrices, part and rank; ``ranks``, ``rank_for_final_accuracy`` of each set and part.
    """
    rows: dict[str, list[dict[str, Any]]] = {"norms": [], "singular_values": [], "truncations": [], "ranks": []}
    if not all(np.isfinite(matrix).all() for matrix in final.values()):
        return rows
    for name in MATRICES:
        for part, matrix in parts_of(initial[name], final[name]).items():
            values = np.linalg.svd(matrix, compute_uv=False)
            rows["norms"].append({"weights": name, "part": part, **_norms(values)})
            rows["singular_values"].append({"weights": name, "part": part, "values": values.tolist()})
    accuracy = reader.evaluate(lstm.SentimentNetwork(final))[1]
    for which, names in TRUNCATIONS.items():
        for part in TRUNCATED:
            curve = truncation_curve(initial, final, names, part, ranks, reader)
            where = {"weights": which, "part": part}
            rows["truncations"] += [where | point for point in curve]
            rank = rank_for_final_accuracy(curve, accuracy, margin)
            rows["ranks"].append({**where, "rank_for_final_accuracy": rank})
            LOGGER.info("%s: accuracy is kept to rank %s where the %s are truncated", which, rank, part)
    return rows


def _norms(values: np.ndarray) -> dict[str, float | None]:
    """Norms of a matrix with these singular values; a matrix of zeros has no stable rank."""
    squared = float(np.square(values).sum())
    return {
        "frobenius_norm": float(np.sqrt(squared)),
        "leading_singular_value": float(values[0]),
        "stable_rank": squared / float(values[0]) ** 2 if values[0] > 0 else None,
    }
