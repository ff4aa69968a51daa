"""Weights before and after a change of known rank, and a loss that is easy to know."""

import numpy as np
import torch


def matrices(seed, size, rank=None):
    """Initial recurrent weights, and final ones that differ by a matrix of a rank (full where None)."""
    rng = np.random.default_rng(seed)
    rank = size if rank is None else rank
    change = rng.standard_normal((size, rank)) @ rng.standard_normal((rank, size)) / size
    initial = rng.standard_normal((size, size)) / np.sqrt(size)
    return torch.from_numpy(initial), torch.from_numpy(initial + change)


def squares(recurrent):
    """A loss that is easy to know: the summed squares of the recurrent weights."""
    return recurrent.square().sum((1, 2)).tolist()
