"""Losses of networks that know nothing: what guessing costs, from which the loss of a network is measured."""

import numpy as np


def guess_loss(targets: np.ndarray, loss: str, loss_steps: str = "all") -> float:
    """Loss of the best constant answer at each step that counts, on stored batches.

    Args:
        targets: classes (stored, T, B), whose best constant answer at a step is how often each class is asked for, and
            its loss their entropy, in nats; or target outputs (stored, T, B, N_out), to which a silent network
            answers 0.
        loss: as ``TrainingSettings`` has it.
        loss_steps: ``all`` steps, or the ``last`` one.

    Returns:
        The mean over the steps that count.
    """
    counted = targets if loss_steps == "all" else targets[:, -1:]
    if loss != "cross_entropy":
        return silent_loss(counted, loss)
    return float(np.mean([_entropy(counted[:, step]) for step in range(counted.shape[1])]))


def silent_loss(targets: np.ndarray, loss: str) -> float:
    """Mean loss of a network whose outputs are all 0, on stored batches of target outputs."""
    if loss == "squared_error":
        return float(np.square(targets).sum(-1).mean(dtype=float)) / 2
    return float(np.nanmean(np.square(targets), dtype=float)) / 2


def _entropy(classes: np.ndarray) -> float:
    """Entropy of the frequencies of some classes, in nats."""
    _, counts = np.unique(classes, return_counts=True)
    shares = counts / counts.sum()
    return float(-(shares * np.log(shares)).sum())
