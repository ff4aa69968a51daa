"""Second-order motifs of a weight matrix: how much pairs of connections that share a unit go together."""

import numpy as np

MOTIFS: dict[str, str] = {
    "chain": "correlation of W_ij and W_jk over chains k -> j -> i of different units",
    "reciprocal": "correlation of W_ij and W_ji",
    "convergent": "correlation of W_ij and W_ik, connections onto one unit",
    "divergent": "correlation of W_ik and W_jk, connections from one unit",
}


def second_order_motifs(weights: np.ndarray) -> dict[str, float]:
    """Correlations of pairs of connections (Zhao et al. 2011; Dahmen et al. 2020, section S3.10).

    Each is the mean product of two connections between different units over the mean square of a connection.
    Connections of a unit to itself are left out, and no mean is subtracted: the weights are taken as deviations
    from a mean of zero.

    Args:
        weights: (N, N), ``W[i, j]`` from j to i.

    Returns:
        A value for each key of ``MOTIFS``; nan where there are no connections, or fewer than three units.
    """
    size = len(weights)
    links = weights - np.diag(np.diag(weights))
    onto, out_of = links.sum(axis=1), links.sum(axis=0)
    squares, mutual = float((links**2).sum()), float((links * links.T).sum())
    pairs, triples = size * (size - 1), size * (size - 1) * (size - 2)
    if squares == 0 or triples == 0:
        return dict.fromkeys(MOTIFS, float("nan"))
    variance = squares / pairs
    sums = {
        "chain": (out_of @ onto - mutual) / triples,
        "reciprocal": mutual / pairs,
        "convergent": (onto @ onto - squares) / triples,
        "divergent": (out_of @ out_of - squares) / triples,
    }
    return {name: float(value / variance) for name, value in sums.items()}
