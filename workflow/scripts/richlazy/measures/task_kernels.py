"""Effective rank of the kernel that a task asks for (Liu et al. 2024, Figure 15).

The paper finds that the effective rank Tr K / lambda_1 of the tangent kernel approaches "that of the task", and does
not say what that is. Here it is the effective rank of the kernel with which the task alone, and not the start, is
learned. For linear networks of two layers with one output this kernel is known (Eq. 8); for others it is taken to be
that of the targets, Y Y' for every output.
"""

import math

import numpy as np
import torch

from richlazy.theory import two_layer


def effective_rank_of_targets(targets: torch.Tensor) -> float:
    """Tr K / lambda_1 of the kernel (Y Y') ⊗ I, whose features are the targets, with one such block for each output.

    For balanced classes it is their number squared, for a single output 1.

    Args:
        targets: targets of the outputs of a kernel, (times, N_out, m), one-hot or numbers.
    """
    features = targets.double().transpose(0, 1).flatten(1)
    gram = features @ features.T
    return float(len(features) * gram.trace() / torch.linalg.eigvalsh(gram)[-1])


def effective_rank_of_linear_task(inputs: np.ndarray, targets: np.ndarray) -> float:
    """Tr K / lambda_1 of X'(bb'/|b|² + I)X, the kernel of a linear network after learning from small weights (Eq. 8).

    Args:
        inputs: trials X', (m, d), at least as many as inputs.
        targets: (m,), a linear function b of the inputs.
    """
    beta = np.linalg.lstsq(inputs, targets)[0]
    eigenvalues = np.linalg.eigvals(two_layer.final_kernel_core(beta) @ inputs.T @ inputs).real
    return float(eigenvalues.sum() / eigenvalues.max())


def approach(before: float, after: float, goal: float) -> float:
    """How much nearer to a goal a positive number came, on a logarithmic scale: |log(before/goal)| - |log(after/goal)|.

    Above 0 where it came nearer, below 0 where it went away.
    """
    return abs(math.log(before / goal)) - abs(math.log(after / goal))
