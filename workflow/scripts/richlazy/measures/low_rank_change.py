"""How low in rank the change of the recurrent weights is, and how it depends on the initial ones.

With W_0 the initial recurrent weights and dW = W - W_0 their change in training (Schuessler et al. 2020, Eq. 3), the
network is asked again with other recurrent weights, its input and readout weights being the final ones:

    truncated:  W_0 + dW^(R),  dW^(R) the R leading components of the singular value decomposition of dW   (Eq. 4)
    shuffled:   W_0 with its N^2 entries in random order, + dW                                (Figures 2(c) and 4(d))

What a network with other recurrent weights loses is given by a function ``losses``: from recurrent weights (K, N, N)
the loss of each of K networks on the probe.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import scipy  # imports scipy.linalg when it is used: planning does without

from richlazy.measures.base import measure, recurrent_networks
from richlazy.storage.seeds import generator

if TYPE_CHECKING:
    import torch

    from richlazy.measures.probed_network import ProbedNetwork

    Losses = Callable[[torch.Tensor], Sequence[float]]

# The change is truncated to at most this many components (authors' notebooks).
LARGEST_RANK = 25
# The functional rank is the first at which the loss is below this share of that without the change.
FUNCTIONAL_SHARE = 0.05
# Truncated networks that are asked together while the functional rank is sought.
_RANKS_TOGETHER = 4


@dataclass(frozen=True)
class Truncation:
    """Loss against the number of components of the change that are kept.

    Attributes:
        losses: on the probe, with 0, 1, ... components, at most ``LARGEST_RANK`` or N.
        singular_values: all N of the change, descending.
    """

    losses: list[float]
    singular_values: np.ndarray


def change(initial: torch.Tensor, final: torch.Tensor) -> np.ndarray:
    """Change of recurrent weights (N, N), in double precision."""
    return (final.double() - initial.double()).cpu().numpy()


def truncations(initial: torch.Tensor, final: torch.Tensor) -> tuple[torch.Tensor, np.ndarray]:
    """Recurrent weights W_0 + dW^(R) for R = 0, 1, ..., min(25, N), and the singular values of dW (Eq. 4).

    Args:
        initial, final: recurrent weights (N, N).

    Returns:
        (ranks, N, N) of the type and place of the initial weights, and (N,).
    """
    import torch

    left, singular_values, right = scipy.linalg.svd(change(initial, final))
    kept = min(LARGEST_RANK, len(singular_values))
    recurrent = initial.double().cpu().numpy().copy()
    found = initial.new_empty(kept + 1, *initial.shape)
    found[0] = initial
    for rank in range(kept):
        recurrent += singular_values[rank] * np.outer(left[:, rank], right[rank])
        found[rank + 1] = torch.from_numpy(recurrent)
    return found, singular_values


def truncate(initial: torch.Tensor, final: torch.Tensor, losses: Losses) -> Truncation:
    """Loss on the probe against the number of components of the change that are kept (Figure 1(j-l))."""
    recurrent, singular_values = truncations(initial, final)
    return Truncation([float(loss) for loss in losses(recurrent)], singular_values)


def record(initial: torch.Tensor, final: torch.Tensor, losses: Losses) -> dict[str, list[float]]:
    """What truncation.json says of one network: ``ranks``, ``losses`` and all ``singular_values``.

    They are empty where the final weights are not finite.
    """
    if not final.isfinite().all():
        return {"ranks": [], "losses": [], "singular_values": []}
    found = truncate(initial, final, losses)
    ranks = list(range(len(found.losses)))
    return {"ranks": ranks, "losses": found.losses, "singular_values": found.singular_values.tolist()}


def functional_rank(losses: Sequence[float]) -> float:
    """First number of components with which the loss is below 5 % of that with none (Figure 2(d)).

    It is infinite where none is, and nan where there is no loss to begin with.

    The paper writes "of the initial loss L_0"; its notebooks, as here, take the loss of the truncated network at
    R = 0, whose input and readout weights are the final ones.
    """
    if not losses[0] > 0:
        return float("nan")
    bound = FUNCTIONAL_SHARE * losses[0]
    return next((float(rank) for rank, loss in enumerate(losses) if loss < bound), float("inf"))


def _functional_rank_of(truncated: torch.Tensor, final: torch.Tensor, losses: Losses) -> float:
    """Functional rank of the change of a network, from its truncations.

    It is infinite where the network itself is not below 5 %, and one more than ``LARGEST_RANK`` where it is and none of
    its truncations. Responses are costly: there are no more of them than the rank needs.
    """
    import torch

    without, whole = losses(torch.stack([truncated[0], final]))
    if not whole < FUNCTIONAL_SHARE * without:
        return float("inf") if without > 0 else float("nan")
    found = [without]
    for part in truncated[1:].split(_RANKS_TOGETHER):
        found += losses(part)
        if np.isfinite(rank := functional_rank(found)):
            return rank
    return float(len(truncated))


def stable_rank_of(singular_values: np.ndarray) -> float:
    """|dW|_F² / s_1²; nan without a change."""
    largest = singular_values[0]
    return float(np.sum((singular_values / largest) ** 2)) if largest > 0 else float("nan")


def relative_change(initial: torch.Tensor, final: torch.Tensor) -> float:
    """|dW| / |W_0|, Frobenius norms (section 2, effects of initial connectivity); nan where W_0 is zero."""
    before = float(initial.double().norm())
    return float(np.linalg.norm(change(initial, final))) / before if before > 0 else float("nan")


def shuffled_initial(initial: torch.Tensor, final: torch.Tensor, seed: int) -> torch.Tensor:
    """Recurrent weights W_0^shuffle + dW, all N² entries of W_0 in an order of the seed (Figure 2(c))."""
    import torch

    before = initial.double().cpu().numpy()
    shuffled = generator(seed, "shuffling").permutation(before.ravel()).reshape(before.shape)
    return torch.from_numpy(shuffled + change(initial, final)).to(initial)


@measure(
    "functional_rank",
    unit="components",
    meaning="components of the change of W_h that bring the loss below 5 % of that without it; 26 for more, infinite "
    "where the whole change does not",
    label="functional rank\nof the change",
    defined_for=recurrent_networks,
    censored=True,
)
def functional_rank_of_change(network: ProbedNetwork) -> float:
    """Figure 2(d)."""
    truncated, _ = network.truncations
    return _functional_rank_of(truncated, network.placed.final.recurrent, network.losses)


@measure(
    "relative_weight_change_recurrent",
    unit="1",
    meaning="|dW| / |W_0| of the recurrent weights; null without initial ones",
    label="relative change\n$\\|\\Delta W_h\\|\\,/\\,\\|W_0\\|$",
    lazier=-1,
    defined_for=recurrent_networks,
)
def relative_weight_change_recurrent(network: ProbedNetwork) -> float:
    """Section 2."""
    return relative_change(network.placed.initial.recurrent, network.placed.final.recurrent)


@measure(
    "stable_rank_change",
    unit="1",
    meaning="|dW|_F^2 / s_1^2 of the change of the recurrent weights",
    label="stable rank\nof the change",
    defined_for=recurrent_networks,
)
def stable_rank_change(network: ProbedNetwork) -> float:
    """No paper has it."""
    return stable_rank_of(network.truncations[1])


@measure(
    "leading_singular_value_change",
    unit="unit of the weights",
    meaning="largest singular value of the change of the recurrent weights",
    label="leading singular\nvalue of\nthe change",
    defined_for=recurrent_networks,
)
def leading_singular_value_change(network: ProbedNetwork) -> float:
    """Figure 3(d, e)."""
    return float(network.truncations[1][0])


@measure(
    "loss_ratio_shuffled_initial",
    unit="1",
    meaning="probe loss with the initial recurrent weights shuffled, over that before training",
    label="loss with start\nshuffled, over\nthat at start",
    defined_for=recurrent_networks,
)
def loss_ratio_shuffled_initial(network: ProbedNetwork) -> float:
    """Figure 2(c); nan for a network that loses nothing before training."""
    placed, before = network.placed, network.loss_before
    (shuffled,) = network.losses(shuffled_initial(placed.initial.recurrent, placed.final.recurrent, network.seed)[None])
    return float(shuffled) / before if before > 0 else float("nan")
