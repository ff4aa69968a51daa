"""Closed forms for two-layer linear networks, and what a linear recurrent network can do without learning.

The two-layer network is f(x) = W2 W1 x with first layer W1 (N, d) and readout W2 (1, N); it learns targets
beta'x by gradient flow from small weights. Its tangent kernel is K = X' M X (Liu et al. 2024, Eq. 7): all that
the network contributes is the core M (d, d), so that the theory needs no trials, only their second moment XX'.
All alignments are those of the limit of small initial weights and steps of learning; at initial weights of norm
sigma they err by O(sigma² / |beta|).
"""

import numpy as np
import scipy  # imports scipy.stats when it is used

from richlazy.connectivity.draws import gaussian_entries
from richlazy.connectivity.truncation import truncate_rank

# Singular values of the states below this share of the largest one are rounding errors, and so are the squared
# errors of a readout below its square: a readout that used smaller ones would need weights beyond all measure.
TOLERANCE = 1e-10


# Tangent kernels of a two-layer linear network


def kernel_core(first_layer: np.ndarray, readout: np.ndarray) -> np.ndarray:
    """Core of the tangent kernel, M = W1'W1 + |W2|² I, (d, d) (Eq. 7).

    Args:
        first_layer: W1, (N, d).
        readout: W2, (1, N).

    Raises:
        ValueError: if the layers do not fit.
    """
    units, inputs = first_layer.shape
    if readout.shape != (1, units):
        raise ValueError(f"a first layer of {units} units needs a readout of shape (1, {units}), not {readout.shape}")
    return first_layer.T @ first_layer + np.sum(readout**2) * np.eye(inputs)


def final_kernel_core(beta: np.ndarray) -> np.ndarray:
    """Core of the tangent kernel after learning, |beta| (bb'/|b|² + I) with b = beta, (d, d) (Eq. 8).

    Gradient flow conserves W1 W1' - W2'W2. Where this is near zero at first, W1 ends as an outer product of the
    readout with the task, and both layers share the task's norm: |W1|² = |W2|² = |beta|. The argument uses the
    second moment of the inputs nowhere: they need not be white, as the paper assumes. It must have full rank, or
    beta lie in its range, because other parts of beta are never learned.

    Args:
        beta: task vector, (d,).

    Raises:
        ValueError: if beta is zero.
    """
    return np.linalg.norm(beta) * (np.outer(direction(beta), direction(beta)) + np.eye(len(beta)))


def direction(vector: np.ndarray) -> np.ndarray:
    """Unit vector along a vector (d,).

    Raises:
        ValueError: if the vector is zero.
    """
    length = np.linalg.norm(vector)
    if length == 0:
        raise ValueError("a vector of zeros has no direction")
    return vector / length


def kernel_alignment(
    first_layer: np.ndarray, readout: np.ndarray, beta: np.ndarray, second_moment: np.ndarray | None = None
) -> float:
    """Alignment of the initial tangent kernel with the final one of a given task, in [0, 1].

    Tr(Mf S M0 S) / sqrt(Tr(Mf S Mf S) Tr(M0 S M0 S)) with the initial and final cores M0 and Mf and S = XX'. For
    white inputs, S = I, this is (b'M0 b + Tr M0) / sqrt((d + 3) Tr M0²) with b the direction of beta (Eq. 14).

    Args:
        first_layer: initial W1, (N, d).
        readout: initial W2, (1, N).
        beta: task vector, (d,).
        second_moment: S, (d, d), up to a factor; white inputs if left out.

    Raises:
        ValueError: if layers, task and second moment do not fit, if beta is zero, or if all weights are.
    """
    initial, final = kernel_core(first_layer, readout), final_kernel_core(beta)
    if initial.shape != final.shape:
        raise ValueError(f"a first layer of {len(initial)} inputs cannot learn a task of {len(final)}")
    if second_moment is not None:
        initial, final = initial @ second_moment, final @ second_moment
    if not initial.any():
        raise ValueError("the kernel of a network without weights is zero and has no alignment")
    squares = np.sum(initial * initial.T) * np.sum(final * final.T)
    return float(np.sum(initial * final.T) / np.sqrt(squares))


def expected_kernel_alignment(singular_values: np.ndarray, readout_norm: float, inputs: int) -> float:
    """Alignment of initial and final kernel, averaged over tasks beta ~ N(0, I/d) and for white inputs (Eq. 18).

    (1 + c) Tr M0 / sqrt((d + 3) Tr M0²) with Tr M0 = sum s² + d |W2|² and Tr M0² = sum (s² + |W2|²)². The paper
    leaves the constant c of E[b'M b] = c Tr M open (Lemma 2); with M = I the left side is E[b'b] = 1 and the
    right side c d, so that c = 1/d.

    Only the ratio of the two norms counts. With |W1| = |W2| this is Eq. 21, the setting of Theorem 1. The paper's
    simulations draw the entries of both layers from N(0, sigma²), so that |W1|² = d |W2|² there. For any ratio the
    largest value, (d + 1) / sqrt(d (d + 3)), is that of d equal singular values.

    Args:
        singular_values: of the initial W1, at most d; those left out are zero.
        readout_norm: |W2|.
        inputs: d.

    Raises:
        ValueError: for more singular values than inputs, or if all weights are zero.
    """
    if len(singular_values) > inputs:
        raise ValueError(f"{inputs} inputs allow no more than {inputs} singular values, not {len(singular_values)}")
    eigenvalues = np.full(inputs, float(readout_norm) ** 2)
    eigenvalues[: len(singular_values)] += np.square(singular_values)
    if not eigenvalues.any():
        raise ValueError("the kernel of a network without weights is zero and has no alignment")
    share = 1.0 / inputs
    return float((1.0 + share) * eigenvalues.sum() / np.sqrt((inputs + 3) * np.sum(eigenvalues**2)))


# Initial weights that know the task


def aligned_first_layer(beta: np.ndarray, units: int, norm: float) -> np.ndarray:
    """First layer of rank one along a task: norm [b'; 0; ...; 0] with b the direction of beta (Proposition 1).

    Args:
        beta: task vector, (d,); F_(d/2)'w of the dominant features for partial alignment.
        units: N.
        norm: Frobenius norm of the layer.

    Returns:
        W1, (N, d).

    Raises:
        ValueError: if beta is zero.
    """
    first_layer = np.zeros((units, len(beta)))
    first_layer[0] = norm * direction(beta)
    return first_layer


def aligned_kernel_alignment(inputs: int, squared_norm_ratio: float, cosine: float = 1.0) -> float:
    """Alignment of initial and final kernel for a first layer of rank one and white inputs.

    (q cos² + q + 1 + d) / sqrt((d + 3)(q² + 2q + d)) with q = |W1|²/|W2|² and the cosine between the row of the
    first layer and beta: Eq. 14 for M0 = |W2|² (q uu' + I). Full alignment, cosine 1, is Proposition 1; its
    value of 1 holds for layers of equal norm alone, q = 1. Partial alignment is that of Figure 3.

    Args:
        inputs: d.
        squared_norm_ratio: q.
        cosine: in [-1, 1]; the sign makes no difference.
    """
    ratio = squared_norm_ratio
    return float((ratio * cosine**2 + ratio + 1 + inputs) / np.sqrt((inputs + 3) * (ratio**2 + 2 * ratio + inputs)))


def feature_modulation(inputs: int, condition_number: float, rng: np.random.Generator) -> np.ndarray:
    """Features of unequal strength, F = U S V' with z = Fx (Figure 3).

    U and V are uniform random orthogonal matrices. The top half of the singular values is the condition number,
    the rest is 1; for odd d the smaller half is on top. A teacher w of the features makes the task beta = F'w.

    Args:
        inputs: d.
        condition_number: kappa.
        rng: of the seed; the same state gives the same U and V for every condition number.

    Returns:
        F, (d, d).

    Raises:
        ValueError: for fewer than two inputs, or a condition number below 1.
    """
    if inputs < 2:
        raise ValueError(f"features of two strengths need at least two inputs, not {inputs}")
    if condition_number < 1:
        raise ValueError(f"the condition number is a ratio of at least 1, not {condition_number}")
    left, right = scipy.stats.ortho_group.rvs(inputs, size=2, random_state=rng)
    strengths = np.ones(inputs)
    strengths[: inputs // 2] = condition_number
    return (left * strengths) @ right.T


def dominant_features(modulation: np.ndarray) -> np.ndarray:
    """Truncation of a feature modulation (d, d) to its strong features, rank d/2 rounded down (Figure 3).

    At condition number 1 all features are equally strong, and which of them stay is a matter of rounding.

    Raises:
        ValueError: for fewer than two inputs.
    """
    return truncate_rank(modulation, len(modulation) // 2)


# Linear recurrent networks without learning in the recurrent weights (Proposition 2)


def last_state(recurrent: np.ndarray, inputs: np.ndarray) -> np.ndarray:
    """State of a linear recurrent network at the last step, W sum_t W^(T-t-1) X_t, (N, d) (Eq. 25).

    The last step has no input, so that the state lies in the range of W.

    Args:
        recurrent: W, (N, N).
        inputs: X_t for t = 1..T-1 and d data points, (T-1, N, d).

    Raises:
        ValueError: if weights and inputs do not fit.
    """
    state = np.zeros(inputs.shape[1:])
    for current in inputs:
        state = recurrent @ (state + current)
    return state


def readout_error(recurrent: np.ndarray, inputs: np.ndarray, targets: np.ndarray) -> float:
    """Least relative error that any readout w reaches, min |Y - w H|² / |Y|² with H the last state, in [0, 1].

    Args:
        recurrent: W, (N, N).
        inputs: (T-1, N, d).
        targets: Y at the last step, (N_out, d).

    Raises:
        ValueError: if weights, inputs and targets do not fit, or if all targets are zero.
    """
    _, strengths, patterns = np.linalg.svd(last_state(recurrent, inputs), full_matrices=False)
    patterns = patterns[strengths > TOLERANCE * strengths[0]]
    missed = targets - (targets @ patterns.T) @ patterns
    size = np.sum(targets**2)
    if size == 0:
        raise ValueError("the error relative to targets of zero is not defined")
    return float(np.sum(missed**2) / size)


def smallest_sufficient_rank(inputs: np.ndarray, targets: np.ndarray, rng: np.random.Generator) -> int | None:
    """Smallest rank of fixed recurrent weights from which some readout gives the targets without error.

    Proposition 2 says that less than rank N_out never suffices for targets of rank N_out; it does not say that
    N_out suffices. The targets must lie in the span of the rows of the last state; N_out is enough where they
    were made for the weights. Targets in general position need a state of rank d, hence weights of rank d however
    few the outputs, and no rank will do for more data points than units. (Data points that are sums of others, with
    targets that are the same sums, do not count.)

    Args:
        inputs: (T-1, N, d).
        targets: (N_out, d).
        rng: of the seed; the ranks are those of truncations of one Gaussian matrix (N, N).

    Returns:
        The rank, or None if none suffices.

    Raises:
        ValueError: if inputs and targets do not fit, or if all targets are zero.
    """
    size = inputs.shape[1]
    weights = gaussian_entries(size, size, 1.0, rng)
    for rank in range(1, size + 1):
        if readout_error(truncate_rank(weights, rank), inputs, targets) < TOLERANCE**2:
            return rank
    return None
